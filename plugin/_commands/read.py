"""`wetread read`: a report of any maker as a readable page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dicom_io.audit import Event
from dicom_io.errors import FileProblem, NothingFound
from dicom_io.pacs.cache import Cache
from dicom_io.report.pages.content import is_report_file
from dicom_io.report.pages.page import with_successors
from dicom_io.report.pages.reading import read_page
from dicom_io.report.pages.words import as_data, as_text
from plugin._commands.context import Context


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "read",
        help="print a structured report of any maker as a page",
        description="Print structured reports (SR, key objects) as readable pages: names, values, "
        "codes, units, references and coordinates, and whether each is a draft, verified or "
        "superseded by another one that was given. Nothing needs a template.",
    )
    command.add_argument(
        "places",
        nargs="+",
        metavar="SR.dcm|FOLDER|STUDY_UID",
        help="a file, a folder of them, or a study that is on this workstation",
    )
    command.set_defaults(run=run_read)


def run_read(arguments: argparse.Namespace, context: Context) -> int:
    """One page after the other; 1 when any file could not be read."""
    pages, failed = [], False
    for path in _files(arguments.places, context):
        try:
            pages.append(read_page(path))
        except FileProblem as problem:
            context.printer.fail(str(problem))
            failed = True
    for page in with_successors(pages):
        context.audit.record(Event.ACCESSED, page.identity, kind="report")
        context.printer.say(as_text(page), **as_data(page))
    return 1 if failed else 0


def _files(places: list[str], context: Context) -> Iterator[Path]:
    """The files that are meant. Raises NothingFound where a place holds no report."""
    for place in places:
        path = Path(place)
        if path.is_dir():
            found = [one for one in sorted(path.rglob("*")) if is_report_file(one)]
        elif path.exists() or not place.replace(".", "").isdigit():
            found = [path]
        else:
            with closing(Cache(context.root)) as cache:
                found = [one for one in cache.files(place) if is_report_file(one)]
        if not found:
            raise NothingFound(f"{place} holds no structured report. Choose another place.")
        yield from found
