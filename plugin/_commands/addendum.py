"""`wetread addendum`: a draft that follows a signed report and adds to it."""

from __future__ import annotations

import argparse
from pathlib import Path

from dicom_io.errors import NotVerified, ReportProblem
from dicom_io.report import sr
from dicom_io.report.document import (
    ReportState,
    Section,
    SectionKind,
    human_sentence,
)
from dicom_io.report.drafts import Drafts
from dicom_io.report.plain import as_text
from plugin._commands.context import Context
from plugin._commands.network import read_report


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "addendum",
        help="begin an addendum to a signed report",
        description="Begin a draft that follows a signed report: what was signed stays word for "
        "word, and the texts are added in a section of their own. Sign it with wetread sign DRAFT "
        "--follows REPORT.dcm.",
    )
    command.add_argument("report", type=Path, metavar="REPORT.dcm")
    command.add_argument("texts", nargs="+", metavar="TEXT", help="a sentence each")
    command.set_defaults(run=run_addendum)


def run_addendum(arguments: argparse.Namespace, context: Context) -> int:
    """Keep the draft and print it."""
    dataset = read_report(arguments.report)
    before = sr.read(dataset)
    if before.state is not ReportState.SIGNED:
        raise NotVerified(f"{arguments.report} is not signed. Change its draft instead.")
    texts = [" ".join(text.split()) for text in arguments.texts]
    if not all(texts):
        raise ReportProblem("One of the texts to add is empty. Leave it out.")
    document = before.addendum(str(dataset.SOPInstanceUID))
    said = document.section(SectionKind.ADDENDUM).sentences
    new = tuple(human_sentence(text) for text in texts)
    document = document.with_section(Section(SectionKind.ADDENDUM, (*said, *new)))
    Drafts(context.root.drafts).save(document)
    context.printer.say(
        f"{as_text(document)}\nDraft {document.id}. Sign it with: "
        f"wetread sign {document.id} --follows {arguments.report}",
        draft=document.id,
        follows=document.predecessor,
    )
    return 0
