"""BiomedGPT as its specification has it: network, tokenizer, search, scoring, loss, checkpoints."""
