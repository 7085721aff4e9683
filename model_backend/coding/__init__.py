"""Our own image tokenizer: pictures as codes of 8 x 8 pixels, learnt; not the paper's."""
