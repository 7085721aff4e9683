"""Running one of our own modules in a process of its own, so that torch never meets Qt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

# As `python -m`, but Ctrl+C ends it without a traceback; this process says that it was stopped.
_QUIETLY = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def command_of(name: str, rest: Sequence[str] = ()) -> list[str]:
    """The words that start our module `name`; the one place that a frozen build must change."""
    return [sys.executable, "-c", _QUIETLY, name, *rest]


def run_module(name: str, rest: Sequence[str]) -> int:
    """Run one of our own modules; its exit code. It prints its own lines and its own sentence."""
    code = subprocess.run(command_of(name, rest), check=False).returncode
    return code if code >= 0 else 1
