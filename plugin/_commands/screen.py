"""`wetread window`, and whether there is a screen to show it on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from plugin._commands.context import NODE_TEXT, Context, UsageProblem, require_place

if TYPE_CHECKING:
    import argparse

    from dicom_io.source import Source


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "window",
        help="open the window, on a study if one is named",
        description="Open the window. Without a command the program does the same.",
    )
    command.add_argument("--study", default="", metavar="STUDY_UID", help="opened at once")
    command.add_argument("--node", default="", help=NODE_TEXT)
    command.add_argument(
        "--picture", type=Path, metavar="WINDOW.png", help="draw the window into a file and end"
    )
    command.add_argument(
        "--list-all", action="store_true", help="list all studies of the archive at once"
    )
    command.set_defaults(run=run_window)


def plainly_the_window(words: Sequence[str]) -> argparse.Namespace | None:
    """What the parser would make of words that ask for the window and nothing else; None for all
    others.

    >>> plainly_the_window(["--home", "data"]).home
    'data'
    """
    left, home = list(words), ""
    if left[:1] == ["--home"] and len(left) > 1 and not left[1].startswith("-"):
        home, left = left[1], left[2:]
    if left not in ([], ["window"]):
        return None
    found: Any = SimpleNamespace(
        home=home, as_json=False, study="", node="", picture=None, list_all=False, run=run_window
    )
    return cast("argparse.Namespace", found)


def run_window(arguments: argparse.Namespace, context: Context) -> int:
    """Open the window, on a study if one is named."""
    if arguments.picture:
        require_place(arguments.picture)
        if not can_show():
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif not can_show():
        raise UsageProblem(
            "There is no screen here to open the window on. The other commands need none: "
            "wetread --help."
        )

    def sources() -> Sequence[Source]:
        from dicom_io.audit import Event
        from dicom_io.pacs.connect import source_for

        context.audit.record(Event.APPLICATION_START)
        nodes = [context.node(arguments)] if arguments.node else context.settings.nodes
        return [source_for(node, context.root.ways) for node in nodes]

    code = context.open_window(
        context.root,
        lambda: context.settings,
        sources,
        open_study=arguments.study or None,
        list_all=arguments.list_all,
        picture=arguments.picture,
    )
    from dicom_io.audit import Event

    context.audit.record(Event.APPLICATION_STOP)
    return code


def can_show() -> bool:
    """True where Qt finds a platform to draw on; it ends the whole program where there is none."""
    return has_screen() or bool(os.environ.get("QT_QPA_PLATFORM"))


def has_screen() -> bool:
    """True where a person would see the window."""
    if sys.platform in ("win32", "darwin"):
        return True
    wanted = os.environ.get("QT_QPA_PLATFORM", "")
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) and (
        wanted != "offscreen"
    )
