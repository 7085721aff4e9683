"""A report as plain text, for a file or a clipboard."""

from __future__ import annotations

from dicom_io.report.document import (
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    Sentence,
)
from dicom_io.report.notices import DRAFT_NOTICE, PRELIMINARY_NOTICE, RESEARCH_NOTICE

_MARKS = {
    Origin.AI: "[AI]",
    Origin.AI_EDITED: "[AI, edited]",
    Origin.TEMPLATE: "[template]",
    Origin.HUMAN: "",
}


def as_text(document: ReportDocument) -> str:
    """The report under its headings, each sentence with a mark of its origin; rejected ones are
    left out, undecided ones say so. Lines end with LF; the last one too."""
    lines = [document.title, "=" * len(document.title), "", RESEARCH_NOTICE]
    if document.state is ReportState.DRAFT:
        lines.append(DRAFT_NOTICE)
    if document.state is ReportState.PRELIMINARY:
        lines.append(PRELIMINARY_NOTICE)
    for section in document.sections:
        shown = [one for one in section.sentences if one.state is not Decision.REJECTED]
        if shown:
            lines += ["", section.kind.value, "-" * len(section.kind.value)]
            lines += [_line(one) for one in shown]
    lines.append("")
    if document.state is ReportState.SIGNED and document.reader is not None:
        reader = document.reader
        lines.append(f"Signed by {reader.name} ({reader.organization}), {document.signed_at}")
    if document.state is ReportState.PRELIMINARY and document.reader is not None:
        reader = document.reader
        lines.append(f"Released by {reader.name} ({reader.organization}), not signed")
    for model in document.algorithms():
        weights = f", weights sha256:{model.sha256}" if model.sha256 else ""
        lines.append(f"Model: {model.name} {model.version}{weights}")
    lines.append(f"Patient ID: {document.identity.patient_id}")
    lines.append(f"Study: {document.identity.study}")
    return "\n".join(lines) + "\n"


def _line(sentence: Sentence) -> str:
    marks = _MARKS[sentence.origin]
    if sentence.state is Decision.SUGGESTED:
        marks = f"{marks} [not decided]".strip()
    if sentence.note:
        marks = f"{marks} ({sentence.note})".strip()
    return f"{sentence.text}  {marks}".rstrip()
