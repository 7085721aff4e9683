"""`wetread model check` and `wetread model calibrate`: a model against a labelled set."""

from __future__ import annotations

import argparse


def add(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands below `wetread model`."""
