"""Recipes that ship with the program: what to train, on what, with which numbers."""
