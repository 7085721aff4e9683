"""Editing, deciding and signing a report."""
