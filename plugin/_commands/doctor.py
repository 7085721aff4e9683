"""`wetread doctor`: what works between us and an archive, and what to ask its administrator."""

from __future__ import annotations

import argparse
from functools import partial

from dicom_io.audit import Event
from dicom_io.pacs.doctor import Verdict, examine, line_of
from dicom_io.pacs.secrets import secret_of
from plugin._commands.context import NODE_TEXT, Context


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "doctor",
        help="check the connection to an archive",
        description="Check the connection to an archive, line by line: what works (+), works in "
        "part (~) or does not (-), and what to ask its administrator. Nothing is stored there; "
        "one object is fetched and thrown away.",
    )
    command.add_argument("--node", default="", help=NODE_TEXT)
    command.set_defaults(run=run_doctor)


def run_doctor(arguments: argparse.Namespace, context: Context) -> int:
    """Print each check as it ends; 1 when one fails."""
    node = context.node(arguments)
    failed = 0
    for check in examine(node, partial(secret_of, node.name)):
        failed += check.verdict is Verdict.FAILS
        context.printer.say(
            line_of(check),
            name=check.name,
            verdict=check.verdict.value,
            said=check.said,
            ask=check.ask,
        )
    context.audit.record(Event.QUERY, node=node.name, kind="connection check")
    return 1 if failed else 0
