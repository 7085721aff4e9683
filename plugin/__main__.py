"""The front door: the command line, or the window with its plug-ins."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dicom_io.audit import AuditLog, Event
from dicom_io.errors import DicomProblem
from dicom_io.pacs.connect import source_for
from dicom_io.settings import Settings
from dicom_io.source import Source
from dicom_io.storage import DataRoot
from model_backend.request import ModelError
from plugin._commands import demo, film, model, network, question, report
from plugin._commands.context import NODE_TEXT, Context, Printer, UsageProblem
from plugin._model import close_models

GROUPS = (demo, network, report, question, film, model)
STOPPED = 130  # as a shell says it of a program ended by Ctrl+C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 2 for a wrong command, else 1."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["--model-worker"]:  # the frozen program starts itself as the model process
        from model_backend.worker import main as work

        return work(words[1:])
    parsed = parser().parse_args(_joined(words))
    printer = Printer(parsed.as_json)
    try:
        return run(parsed, printer)
    except UsageProblem as problem:
        printer.fail(str(problem))
        return 2
    except (DicomProblem, ModelError) as problem:
        printer.fail(str(problem))
        return 1
    except KeyboardInterrupt:
        printer.fail("Stopped.")
        return STOPPED
    except OSError as problem:
        printer.fail(f"{problem.filename or 'The system'}: {problem.strerror}.")
        return 1
    finally:
        close_models()


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    shared = argparse.ArgumentParser(add_help=False)
    top = argparse.ArgumentParser(
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
    window = commands.add_parser("window", help="open the window on a study")
    window.add_argument("--study", default="", metavar="STUDY_UID")
    window.add_argument("--node", default="", help=NODE_TEXT)
    window.add_argument("--picture", type=Path, metavar="WINDOW.png", help="draw it and end")
    window.set_defaults(run=run_window)
    top.set_defaults(run=run_window, study="", node="", picture=None)
    return top


def _with(shared: argparse.ArgumentParser) -> type[argparse.ArgumentParser]:
    """A parser class whose every command takes the shared options too."""

    class Command(argparse.ArgumentParser):
        def __init__(self, **options: Any) -> None:
            if options.get("add_help", True):
                options["parents"] = [shared]
            super().__init__(**options)

    return Command


def _joined(words: Sequence[str]) -> list[str]:
    """`--window -600,1500` as one word: argparse takes a leading minus for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] in ("--window", "--box"):
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


def run_window(arguments: argparse.Namespace, context: Context) -> int:
    """Open the window, on a study if one is named."""
    nodes = [context.node(arguments)] if arguments.node else list(context.settings.nodes)
    context.audit.record(Event.APPLICATION_START)
    code = open_window(
        context.root,
        context.settings,
        [source_for(node) for node in nodes],
        open_study=arguments.study or None,
        picture=arguments.picture,
    )
    context.audit.record(Event.APPLICATION_STOP)
    return code


def open_window(
    root: DataRoot,
    settings: Settings,
    sources: Sequence[Source],
    *,
    open_study: str | None = None,
    picture: Path | None = None,
) -> int:
    """The window with all plug-ins; Qt is loaded here and not before."""
    from plugin._discover import discover
    from ui.app import run as run_app

    return run_app(discover(), root, settings, sources, open_study=open_study, picture=picture)


if __name__ == "__main__":
    raise SystemExit(main())
