"""The parser of the command line: all commands, in the order of the help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from plugin._commands import (
    addendum,
    audit,
    dataset,
    demo,
    doctor,
    draft,
    evaluate,
    export,
    film,
    listen,
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
    worklist,
)
from plugin._commands.context import UsageProblem

GROUPS = (
    demo,
    network,
    worklist,
    node,
    listen,
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
    audit,
    dataset,
    evaluate,
    screen,
)


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


def joined(words: Sequence[str]) -> list[str]:
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
