"""Bringing published checkpoints in: found, read, described and written as our own folder."""
