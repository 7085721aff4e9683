"""The whole command line: what is meant, and the one place for failures."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dicom_io.errors import DicomProblem
from dicom_io.storage import DataRoot
from plugin._commands.context import Context, Printer, UsageProblem
from plugin._commands.screen import plainly_the_window, run_window
from plugin._starting import STOPPED, NoWindow, settle_warnings

if TYPE_CHECKING:
    import argparse


def carry_out(words: Sequence[str], open_window: Callable[..., int]) -> int:
    """Run one command; 0 when it did what was asked, 2 for a wrong command, STOPPED after Ctrl+C,
    else 1. Whatever is known to go wrong is told in one sentence."""
    printer = Printer("--json" in words)
    try:
        return run(_meant(words), printer, open_window)
    except UsageProblem as problem:
        printer.fail(str(problem))
        return 2
    except _known() as problem:
        printer.fail(str(problem))
        return 1
    except KeyboardInterrupt as stopped:
        printer.fail(str(stopped) or "Stopped.")
        return STOPPED
    except BrokenPipeError:  # as in `wetread find | head -1`: nobody reads on, nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as problem:
        printer.fail(f"{problem.filename or 'The system'}: {problem.strerror or problem}.")
        return 1
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            close_models()


def close_models() -> None:
    """End the model processes, if any command has had one."""
    if "plugin._model" in sys.modules:
        from plugin._model import close_models

        close_models()


def _known() -> tuple[type[Exception], ...]:
    """What is told in one sentence; looked up only when something went wrong."""
    from model_backend.request import ModelError

    return DicomProblem, ModelError, NoWindow


def _meant(words: Sequence[str]) -> argparse.Namespace:
    """The command with its options. The window alone, which a person waits for, is understood
    without the parser of all commands."""
    found = plainly_the_window(words)
    if found is None:
        from plugin._commands.parsing import joined, parser

        found = parser().parse_args(joined(words))
    return found


def run(parsed: argparse.Namespace, printer: Printer, open_window: Callable[..., int]) -> int:
    """Open the data root and carry the command out."""
    root = DataRoot.choose(parsed.home).create()
    context = Context(root, printer, open_window)
    if parsed.run is not run_window:  # which does this once it stands
        settle_warnings()
        _ = context.settings  # told now, whether the command looks at them or not
    return int(parsed.run(parsed, context))
