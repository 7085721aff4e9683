"""`wetread model connect`: a model that a server at the site runs."""

from __future__ import annotations

import argparse


def add(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands below `wetread model`."""
