"""The front door: the command line, or the window with its plug-ins."""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from dicom_io.audit import AuditLog
from dicom_io.errors import DicomProblem
from dicom_io.settings import Settings
from dicom_io.source import Source
from dicom_io.storage import DataRoot
from model_backend.request import ModelError
from plugin._commands import demo, draft, film, model, network, question, screen, sign
from plugin._commands.context import Context, Printer, UsageProblem
from plugin._model import close_models

GROUPS = (demo, network, draft, sign, question, film, model, screen)
STOPPED = 130  # as a shell says it of a program ended by Ctrl+C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 2 for a wrong command, else 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--model-worker"]:  # the frozen program starts itself as the model process
        from model_backend.worker import main as work

        return work(words[1:])
    if arguments is not None:
        return carry_out(words)
    settle_process()
    code = carry_out(words)
    if code == STOPPED:  # a network thread may wait for a silent node; nobody waits for it now
        sys.stdout.flush()
        os._exit(code)
    return code


def carry_out(words: Sequence[str]) -> int:
    """The exit code of these words; whatever is known to go wrong is told in one sentence."""
    printer = Printer("--json" in words)
    try:
        return run(parser().parse_args(_joined(words)), printer)
    except UsageProblem as problem:
        printer.fail(str(problem))
        return 2
    except (DicomProblem, ModelError) as problem:
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


def settle_process() -> None:
    """Streams that print and read any text; library warnings in the log, not before the user."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.getLogger().addHandler(logging.NullHandler())
    logging.captureWarnings(True)


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
    top.set_defaults(run=screen.run_window, study="", node="", picture=None)
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


def run(parsed: argparse.Namespace, printer: Printer) -> int:
    """Open the data root and carry the command out."""
    root = DataRoot.choose(parsed.home).create()
    settings = Settings.read(root.settings)
    for key in settings.unknown:
        printer.progress(f"settings.toml has a key that nothing here knows: {key}")
    context = Context(root, settings, AuditLog(root.audit), printer, open_window)
    return int(parsed.run(parsed, context))


def open_window(
    root: DataRoot,
    settings: Settings,
    sources: Sequence[Source],
    *,
    open_study: str | None = None,
    picture: Path | None = None,
) -> int:
    """The window with all plug-ins; Qt is loaded here and not before."""
    try:
        from plugin._discover import discover
        from ui.app import run as run_app
    except ImportError as error:
        raise UsageProblem(
            f"The window cannot be opened here ({error}). Install PyQt6 and what it needs; all "
            "other commands work without."
        ) from error

    return run_app(discover(), root, settings, sources, open_study=open_study, picture=picture)


if __name__ == "__main__":
    raise SystemExit(main())
