"""What only the AI needs, and the front door; every public module here is a plug-in."""
