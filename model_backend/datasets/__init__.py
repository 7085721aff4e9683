"""Data sets for training and measuring: one form on the disk, and ways into it; no torch."""
