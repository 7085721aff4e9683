"""`wetread find`, `wetread fetch` and `wetread send`: the archive from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from dicom_io.audit import Event, Outcome
from dicom_io.errors import NotDicom, OperationFailed
from dicom_io.identity import Identity
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox
from dicom_io.source import Query
from dicom_io.study import Study
from plugin._commands.context import NODE_TEXT, Context


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the three commands."""
    find = commands.add_parser("find", help="search an archive for studies")
    find.add_argument("text", nargs="?", default="", help="name, patient ID or accession number")
    find.add_argument("--patient-id", default="")
    find.add_argument("--accession", default="")
    find.add_argument("--modality", default="")
    find.add_argument("--date", default="", help="YYYYMMDD or YYYYMMDD-YYYYMMDD")
    find.add_argument("--limit", type=int, default=200)
    find.add_argument("--node", default="", help=NODE_TEXT)
    find.set_defaults(run=run_find)

    fetch = commands.add_parser("fetch", help="bring a study here")
    fetch.add_argument("study", metavar="STUDY_UID")
    fetch.add_argument("--to", type=Path, help="a folder; by default Wetread's own cache")
    fetch.add_argument("--node", default="", help=NODE_TEXT)
    fetch.set_defaults(run=run_fetch)

    send = commands.add_parser("send", help="store a signed report and prove that it is there")
    send.add_argument("report", type=Path, metavar="REPORT.dcm")
    send.add_argument("--node", default="", help=NODE_TEXT)
    send.set_defaults(run=run_send)


def run_find(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line a study."""
    query = Query(
        text=arguments.text,
        patient_id=arguments.patient_id,
        accession=arguments.accession,
        modality=arguments.modality,
        date=arguments.date,
        limit=arguments.limit,
    )
    count = 0
    source = context.source(arguments)
    for found in source.find(query):
        count = found.count
        if found.study is not None:
            show_study(context, found.study)
        if found.incomplete:
            context.printer.progress(found.incomplete)
    context.audit.record(Event.QUERY, node=source.name, count=count)
    context.printer.progress(f"{count} {'study' if count == 1 else 'studies'} found.")
    return 0


def show_study(context: Context, study: Study) -> None:
    """One line of a study list."""
    context.printer.say(
        f"{study.identity.study}  {study.date or '–':8}  {'/'.join(study.modalities) or '–':5}  "
        f"{study.patient_name.replace('^', ', ', 1) or '–'}  {study.identity.patient_id or '–'}  "
        f"{study.description or '–'}",
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
    source = context.source(arguments)
    cache = Cache(context.root)
    if arguments.to:
        arguments.to.mkdir(parents=True, exist_ok=True)
        events = source.fetch(arguments.study, arguments.to)
    else:
        events = cache.fetch(source, arguments.study)
    completed = failed = 0
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
    cache.close()
    context.audit.record(
        Event.RECEIVED,
        Identity("", "", arguments.study),
        outcome=Outcome.MINOR_FAILURE if failed else Outcome.SUCCESS,
        node=source.name,
        count=completed,
    )
    context.printer.progress(f"{completed} fetched, {failed} failed.")
    return 1 if failed else 0


def run_send(arguments: argparse.Namespace, context: Context) -> int:
    """Put the report into the outbox, store it, fetch it back, compare."""
    node = context.node(arguments)
    try:
        report = pydicom.dcmread(arguments.report)
    except (InvalidDicomError, OSError, EOFError) as error:
        raise NotDicom(
            f"{arguments.report} cannot be read as a DICOM report ({error}).", arguments.report
        ) from error
    outbox = Outbox(context.root.outbox)
    item = outbox.put(report, Identity.of(report), node)
    deliver(context, node, outbox, item)
    return 0


def deliver(context: Context, node: Node, outbox: Outbox, item: Item) -> Item:
    """Deliver one item of the outbox, printing each state.

    Raises OperationFailed when it is not proved to be stored; then it waits in the outbox.
    """
    for state in outbox.deliver(item, source_for(node)):
        item = state
        context.printer.say(
            f"{item.state}{': ' + item.problem if item.problem else ''}",
            state=str(item.state),
            uid=item.uid,
            problem=item.problem,
            coerced=list(item.coerced),
        )
    context.audit.record(
        Event.SENT,
        item.identity,
        outcome=Outcome.SUCCESS if item.is_stored else Outcome.SERIOUS_FAILURE,
        node=node.name,
    )
    if not item.is_stored:
        raise OperationFailed(
            f"Not stored. {item.problem} The report waits in the outbox; send it again later.",
            node.name,
            0,
        )
    return item
