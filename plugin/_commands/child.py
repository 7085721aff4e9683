"""Running one of our own modules in a process of its own, so that torch never meets Qt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

# As `python -m`, but Ctrl+C ends it without a traceback; this process says that it was stopped.
_QUIETLY = (
    "import runpy, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
# And it ends with us: nobody would be there to audit what it does. Its input, which is ours, ends
# when we do; `os.read` holds no lock that the interpreter wants at its own end.
_ATTENDED = (
    "import os, signal, threading; "
    "end = lambda: (os.read(0, 1), os.kill(os.getpid(), signal.SIGTERM)); "
    "threading.Thread(target=end, daemon=True).start(); "
)
_TO_TIDY_UP = 10.0  # seconds that a stopped module has


def command_of(name: str, rest: Sequence[str] = (), *, attended: bool = False) -> list[str]:
    """The words that start our module `name`; the one place that a frozen build must change."""
    return [sys.executable, "-c", f"{_ATTENDED if attended else ''}{_QUIETLY}", name, *rest]


def run_module(name: str, rest: Sequence[str]) -> int:
    """Run one of our own modules; its exit code. It prints its own lines and its own sentence."""
    code = subprocess.run(command_of(name, rest), check=False).returncode
    return code if code >= 0 else 1


def ask_module(name: str, rest: Sequence[str]) -> dict[str, Any]:
    """Run a module that prints one JSON object, and give it back; {} when it ended without one.

    Its error stream is ours. After Ctrl+C it has time to tidy up; when we die it is stopped.
    """
    words = command_of(name, rest, attended=True)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        try:
            out = child.stdout.read()  # `communicate` would close its input
        except KeyboardInterrupt:  # the child has it too, from the terminal
            try:
                child.wait(_TO_TIDY_UP)
            except subprocess.TimeoutExpired:
                child.kill()
            raise
    try:
        said = json.loads(out)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
