"""`wetread audit`: who did what to which study, as lines or as the messages of PS3.15 A.5."""

from __future__ import annotations

import argparse

from dicom_io.audit import Entry, Event
from dicom_io.audit_message import message_of
from plugin._commands.context import Context


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "audit",
        help="print who did what to which study",
        description="Print the audit, oldest first. It names patients by their ID. That it was "
        "read is itself an entry.",
    )
    command.add_argument("--since", default="", metavar="YYYY-MM-DD", help="from this day on")
    command.add_argument(
        "--xml", action="store_true", help="one DICOM audit message (PS3.15 A.5) a line"
    )
    command.set_defaults(run=run_audit)


def run_audit(arguments: argparse.Namespace, context: Context) -> int:
    """Print one entry a line."""
    entries = [one for one in context.audit.entries() if one.time >= arguments.since]
    for entry in entries:
        _show(context, entry, as_xml=arguments.xml)
    context.audit.record(Event.AUDIT_READ, count=len(entries))
    return 0


def _show(context: Context, entry: Entry, *, as_xml: bool) -> None:
    identity, details = entry.identity, dict(entry.details)
    whose = f"{identity.patient_id or '–'} {identity.study}" if identity else "–"
    facts = " ".join(f"{name}={value}" for name, value in entry.details)
    plain = f"{entry.time}  {entry.event}  {entry.outcome}  {entry.user or '–'}  {whose}  {facts}"
    message = message_of(entry) if as_xml else ""
    context.printer.say(
        message or plain,
        time=entry.time,
        event=entry.event,
        outcome=entry.outcome,
        user=entry.user,
        patient_id=identity.patient_id if identity else "",
        study=identity.study if identity else "",
        details=details,
        **({"message": message} if as_xml else {}),
    )
