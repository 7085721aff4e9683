"""Macros: short codes that stand for words which are written often."""
