"""Checks of what a model says: did it look at the picture, and does it compare with nothing."""
