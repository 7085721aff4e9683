"""What a process settles before anything large is imported."""

from __future__ import annotations

import io
import sys

STOPPED = 130  # as a shell says it of a program ended by Ctrl+C


def settle_process() -> None:
    """Streams that print and read any text."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def settle_warnings() -> None:
    """Library warnings in the log, not before the user."""
    import logging

    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)


class NoWindow(Exception):
    """The window's libraries are missing; the text says which."""
