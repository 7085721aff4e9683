"""Training from a recipe, in a process of its own."""
