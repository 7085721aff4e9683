"""Speaking to a server that offers the OpenAI-compatible chat API; standard library only."""
