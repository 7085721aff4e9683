"""`wetread report`: a signed report as PDF, text, FHIR DiagnosticReport or HL7 message."""

from __future__ import annotations

import argparse
from pathlib import Path

from dicom_io.audit import Event
from dicom_io.report.export.forms import PDF, SUFFIXES, WORDS, form_of, read_letter
from dicom_io.storage import write_safely
from plugin._commands.context import Context, UsageProblem, require_place


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    endings = ", ".join(f"{form} {suffix}" for form, suffix in SUFFIXES.items())
    command = commands.add_parser(
        "report",
        help="write a signed report as PDF, text, FHIR or HL7 file",
        description="Write a signed structured report in another form: a PDF, plain text, a FHIR "
        "R4 DiagnosticReport (JSON) or an HL7 v2.5.1 ORU message for a RIS. Unsigned reports are "
        "refused.",
    )
    command.add_argument("report", type=Path, metavar="REPORT.dcm")
    command.add_argument(
        "--as", dest="form", choices=sorted(SUFFIXES), help="by default what the ending says"
    )
    command.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help=f"never written over ({endings})"
    )
    command.set_defaults(run=run_report)


def run_report(arguments: argparse.Namespace, context: Context) -> int:
    """Write the file."""
    require_place(arguments.to)
    form = arguments.form or form_of(arguments.to)
    if not form:
        raise UsageProblem("Say in which form: --as pdf, text, fhir or hl7.")
    if arguments.to.exists():
        raise UsageProblem(f"{arguments.to} exists. Choose another name with --to.")
    letter = read_letter(arguments.report)
    if form == PDF:
        from ui.host import write_pdf  # sets type with Qt, which the other forms do without

        write_pdf(letter, arguments.to)
    else:
        write_safely(arguments.to, WORDS[form](letter).encode("utf-8"))
    context.audit.record(Event.EXPORTED, letter.document.identity, kind=f"report as {form}")
    context.printer.say(f"{arguments.to}: {letter.title.meaning}", out=str(arguments.to), form=form)
    return 0
