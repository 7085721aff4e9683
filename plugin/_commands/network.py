"""`wetread find`, `wetread fetch` and `wetread send`: the archive from the command line."""

from __future__ import annotations

import argparse
import re
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicom_io.audit import Event, Outcome
from dicom_io.errors import NotDicom, OperationFailed, ReportProblem
from dicom_io.identity import Identity
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox
from dicom_io.pacs.together import find_together
from dicom_io.sealing import read_unsealed
from dicom_io.source import Query
from dicom_io.study import Study
from plugin._commands.context import NODE_TEXT, Context, UsageProblem, made_folder, several

_DATE = re.compile(r"\d{8}|\d{8}-(\d{8})?|-\d{8}")
WAITS = "The report waits in the outbox; send it again later."
_UID = re.compile(r"[0-9.]{1,64}")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the three commands."""
    find = commands.add_parser(
        "find",
        help="search an archive for studies",
        description="Search an archive for studies, one line each. Without a word to look for "
        "every study is listed; * stands for any letters.",
    )
    find.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="name, patient ID or accession number"
    )
    find.add_argument("--patient-id", default="", metavar="ID")
    find.add_argument("--accession", default="", metavar="NUMBER")
    find.add_argument("--modality", default="", metavar="CR", help="CR, DX, CT, MR, SR and so on")
    find.add_argument(
        "--date", default="", metavar="YYYYMMDD", help="or a range YYYYMMDD-YYYYMMDD, open too"
    )
    find.add_argument("--limit", type=int, default=200, metavar="N", help="200 by default")
    find.add_argument(
        "--node", default="", help=f"{NODE_TEXT}; without one all of the settings at once"
    )
    find.set_defaults(run=run_find)

    fetch = commands.add_parser(
        "fetch",
        help="bring a study here",
        description="Bring a study here, one line an object: by DICOMweb, C-GET or C-MOVE, "
        "whichever works; the last line says which it was and why.",
    )
    fetch.add_argument("study", metavar="STUDY_UID", help="as find prints it")
    fetch.add_argument(
        "--to", type=Path, metavar="DIR", help="a folder; by default Wetread's own cache"
    )
    fetch.add_argument("--node", default="", help=NODE_TEXT)
    fetch.set_defaults(run=run_fetch)

    send = commands.add_parser(
        "send",
        help="store a signed report and prove that it is there",
        description="Store a signed report by C-STORE, fetch it back and compare. What cannot be "
        "stored waits in the outbox and is not lost.",
    )
    send.add_argument("report", type=Path, metavar="REPORT.dcm", help="as sign wrote it")
    send.add_argument("--node", default="", help=NODE_TEXT)
    send.set_defaults(run=run_send)


def run_find(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line a study."""
    require_limit(arguments.limit)
    if arguments.date and not is_dates(arguments.date):
        raise UsageProblem(
            f"--date takes YYYYMMDD or YYYYMMDD-YYYYMMDD, for example 20260131, not "
            f"{arguments.date}."
        )
    query = Query(
        text=arguments.text,
        patient_id=arguments.patient_id,
        accession=arguments.accession,
        modality=arguments.modality.upper(),
        date=arguments.date,
        limit=arguments.limit,
    )
    sources = context.sources(arguments)
    count, shown = 0, len(sources) > 1
    for answer in find_together(sources, query):
        count = answer.count
        if answer.study is not None and len(answer.sources) == 1:
            show_study(context, answer.study, answer.source if shown else "")
        elif answer.study is not None:
            context.printer.say(
                f"{answer.study.identity.study}  also at {answer.source}",
                study=answer.study.identity.study,
                sources=list(answer.sources),
            )
        if answer.problem:
            context.printer.progress(answer.problem)
    for source in sources:
        context.audit.record(Event.QUERY, node=source.name, count=count)
    context.printer.progress(f"{several(count, 'study', 'studies')} found.")
    return 0


def require_limit(limit: int) -> None:
    """Raise UsageProblem unless `--limit` leaves room for an answer."""
    if limit < 1:
        raise UsageProblem(f"--limit is a number from 1 on, not {limit}.")


def is_dates(text: str) -> bool:
    """True for a date or a range as DICOM asks for them (PS3.4 C.2.2.2.5)."""
    return _DATE.fullmatch(text) is not None


def show_study(context: Context, study: Study, source: str = "") -> None:
    """One line of a study list; with the archive's name where several were asked."""
    where = {"source": source} if source else {}
    context.printer.say(
        f"{study.identity.study}  {study.date or '–':8}  {'/'.join(study.modalities) or '–':5}  "
        f"{study.patient_name.replace('^', ', ', 1) or '–'}  {study.identity.patient_id or '–'}  "
        f"{study.description or '–'}{f'  {source}' if source else ''}",
        **where,
        study=study.identity.study,
        patient_id=study.identity.patient_id,
        issuer=study.identity.issuer,
        patient_name=study.patient_name,
        date=study.date,
        accession=study.accession,
        modalities=list(study.modalities),
        description=study.description,
        instances=study.instance_count,
    )


def run_fetch(arguments: argparse.Namespace, context: Context) -> int:
    """Bring the study's objects into a folder; one line an object."""
    study = arguments.study.strip()
    if not _UID.fullmatch(study):
        raise UsageProblem(
            f"{study or 'An empty text'} is no study's UID, which is digits and dots."
        )
    source = context.source(arguments)
    completed = failed = 0
    with closing(Cache(context.root)) as cache:
        if arguments.to:
            events = source.fetch(study, made_folder(arguments.to))
        else:
            events = cache.fetch(source, study)
        for event in events:
            completed, failed = event.completed, event.failed
            context.printer.say(
                str(event.path) if event.path else event.problem,
                path=str(event.path) if event.path else None,
                instance=event.identity.instance,
                problem=event.problem,
                completed=completed,
                failed=failed,
            )
    context.audit.record(
        Event.RECEIVED,
        Identity("", "", study),
        outcome=Outcome.MINOR_FAILURE if failed else Outcome.SUCCESS,
        node=source.name,
        count=completed,
    )
    if failed:
        raise OperationFailed(
            f"{several(failed, 'object')} of {completed + failed} did not arrive. Fetch again.",
            source.name,
            0,
        )
    objects = several(completed, "object")
    context.printer.progress(f"{objects} fetched by {source.way}: {source.why}")
    return 0


def run_send(arguments: argparse.Namespace, context: Context) -> int:
    """Put the report into the outbox, store it, fetch it back, compare."""
    node = context.node(arguments)
    report = read_report(arguments.report)
    outbox = Outbox(context.root.outbox)
    item = outbox.put(report, Identity.of(report), node)
    deliver(context, node, outbox, item)
    return 0


def read_report(path: Path) -> Dataset:
    """A structured report from a file. Raises NotDicom, ReportProblem."""
    try:
        report = pydicom.dcmread(BytesIO(read_unsealed(path)))
    except InvalidDicomError as error:
        raise NotDicom(f"{path} is no DICOM file. Choose a report.", path) from error
    except OSError as error:
        raise NotDicom(f"{path} cannot be read ({error.strerror}).", path) from error
    except (EOFError, ValueError) as error:
        raise NotDicom(f"{path} is damaged ({error}).", path) from error
    if report.get("Modality") != "SR":
        raise ReportProblem(f"{path} is no structured report. Choose one of modality SR.")
    return report


def show_item(context: Context, item: Item) -> None:
    """How far a report has come."""
    notes = [
        item.problem,
        item.instead,
        item.commitment,
        *(f"changed by the archive: {one}" for one in item.coerced),
    ]
    state = f"{item.state.value} at {item.verified_at}" if item.is_stored else item.state.value
    state += f", committed at {item.committed_at}" if item.is_committed else ""
    context.printer.say(
        ": ".join([state, *(note for note in notes if note)]),
        state=item.state.value,
        verified_at=item.verified_at or None,
        committed_at=item.committed_at or None,
        uid=item.uid,
        problem=item.problem,
        coerced=list(item.coerced),
    )


def deliver(context: Context, node: Node, outbox: Outbox, item: Item) -> Item:
    """Deliver one item of the outbox, printing each state.

    Raises OperationFailed when it is not proved to be stored; then it waits in the outbox.
    """
    try:
        for state in outbox.deliver(item, source_for(node)):
            item = state
            show_item(context, item)
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(f"Stopped. {WAITS}") from stopped
    context.audit.record(
        Event.SENT,
        item.identity,
        outcome=Outcome.SUCCESS if item.is_stored else Outcome.SERIOUS_FAILURE,
        node=node.name,
    )
    if not item.is_stored:
        raise OperationFailed(
            f"Not stored. {item.problem} {WAITS}",
            node.name,
            0,
        )
    return item
