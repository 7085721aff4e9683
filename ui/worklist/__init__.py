"""Searching studies and choosing a series."""
