"""The whole command line: its parser, and its one place for failures."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from dicom_io.audit import AuditLog
from dicom_io.errors import DicomProblem
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot
from model_backend.request import ModelError
from plugin._commands import (
    addendum,
    dataset,
    demo,
    doctor,
    draft,
    evaluate,
    export,
    film,
    model,
    monitor,
    network,
    node,
    question,
    read,
    report,
    screen,
    sign,
    task,
    template,
)
from plugin._commands.context import Context, Printer, UsageProblem
from plugin._model import close_models
from plugin._starting import STOPPED, NoWindow

GROUPS = (
    demo,
    network,
    node,
    doctor,
    draft,
    sign,
    addendum,
    read,
    report,
    template,
    question,
    task,
    film,
    export,
    model,
    monitor,
    dataset,
    evaluate,
    screen,
)


def carry_out(words: Sequence[str], open_window: Callable[..., int]) -> int:
    """Run one command; 0 when it did what was asked, 2 for a wrong command, STOPPED after Ctrl+C,
    else 1. Whatever is known to go wrong is told in one sentence."""
    printer = Printer("--json" in words)
    try:
        return run(parser().parse_args(_joined(words)), printer, open_window)
    except UsageProblem as problem:
        printer.fail(str(problem))
        return 2
    except (DicomProblem, ModelError, NoWindow) as problem:
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


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    shared = argparse.ArgumentParser(add_help=False)
    top = _Plain(
        prog="wetread",
        description="A DICOM viewer whose local model drafts the report that you sign. "
        "Research use only, not for diagnosis. Without a command the window opens.",
    )
    for one, default in ((top, ""), (shared, argparse.SUPPRESS)):
        one.add_argument(
            "--home", default=default, metavar="DIR", help="the data folder (or WETREAD_HOME)"
        )
        one.add_argument(
            "--json",
            dest="as_json",
            action="store_true",
            default=False if default == "" else argparse.SUPPRESS,
            help="print one JSON object a line",
        )
    top.add_argument("--version", action="version", version=f"wetread {own_version()}")
    commands = top.add_subparsers(metavar="COMMAND", parser_class=_with(shared))
    for group in GROUPS:
        group.add(commands)
    top.set_defaults(run=screen.run_window, study="", node="", picture=None, list_all=False)
    return top


class _Plain(argparse.ArgumentParser):
    """A parser that tells what is wrong in one sentence, as everything else here does."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageProblem."""
        raise UsageProblem(f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.")


def _with(shared: argparse.ArgumentParser) -> type[argparse.ArgumentParser]:
    """A parser class whose every command takes the shared options too."""

    class Command(_Plain):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options, parents=[shared])

    return Command


def _joined(words: Sequence[str]) -> list[str]:
    """`--window -600,1500` as one word: argparse takes a leading minus for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in ("--window", "--box", "--date"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def own_version() -> str:
    """The version that the package states."""
    try:
        return version("wetread")
    except PackageNotFoundError:
        return "0+source"


def run(parsed: argparse.Namespace, printer: Printer, open_window: Callable[..., int]) -> int:
    """Open the data root and carry the command out."""
    root = DataRoot.choose(parsed.home).create()
    settings = Settings.read(root.settings)
    for key in settings.unknown:
        printer.progress(f"settings.toml has a key that nothing here knows: {key}")
    context = Context(root, settings, AuditLog(root.audit), printer, open_window)
    return int(parsed.run(parsed, context))
