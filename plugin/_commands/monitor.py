"""`wetread monitor`: what became of the models' suggestions."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from dicom_io.report.drafts import Drafts
from dicom_io.report.monitoring import as_csv, as_svg, count
from dicom_io.storage import write_safely
from plugin._commands.context import Context, require_place, several


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "monitor",
        help="count accepted, edited and rejected suggestions by model and month",
        description="Count what readers did with the suggestions in the reports that were signed "
        "here, by version of the model and month. Nothing is sent anywhere, readers are not "
        "counted apart, and no word of a report is shown.",
    )
    command.add_argument("--csv", type=Path, metavar="FILE.csv", help="the numbers, written anew")
    command.add_argument("--plot", type=Path, metavar="FILE.svg", help="the picture, written anew")
    command.set_defaults(run=run_monitor)


def run_monitor(arguments: argparse.Namespace, context: Context) -> int:
    """Print the counts, and write what was asked for."""
    for path in (arguments.csv, arguments.plot):
        if path is not None:
            require_place(path)
    counts = count(Drafts(context.root.drafts).list(), context.audit.entries())
    for one in counts:
        kept = "" if one.acceptance is None else f", {one.acceptance:.0%} accepted as they were"
        context.printer.say(
            f"{one.month}  {one.model} {one.version}: {several(one.drafts, 'report')}, "
            f"{one.accepted} accepted, {one.edited} edited, {one.rejected} rejected{kept}, "
            f"{several(one.refusals, 'refusal')}",
            **asdict(one),
            acceptance=one.acceptance,
            edit_distance=one.edit_distance,
        )
    if not counts:
        context.printer.progress("No report with a model's suggestion was signed here yet.")
    if arguments.csv is not None:
        write_safely(arguments.csv, as_csv(counts).encode("utf-8"))
    if arguments.plot is not None:
        write_safely(arguments.plot, as_svg(counts).encode("utf-8"))
    return 0
