"""Hanging: which series goes into which pane, by hand, by protocol, and beside its prior."""
