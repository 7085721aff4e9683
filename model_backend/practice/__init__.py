"""A small model trained on drawings of our own, so that every task has an example that is right."""
