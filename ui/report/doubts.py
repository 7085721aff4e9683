"""What a reader is asked about once before a report is signed."""

from __future__ import annotations

from dicom_io.report.document import Decision, ReportDocument
from dicom_io.report.macros.expanding import places
from ui.language import tr


def doubt_of(document: ReportDocument) -> str:
    """A sentence that names a measurement that was deleted, or that has a place left to fill in;
    "" when there is none."""
    for one in document.added():
        if one.state is not Decision.ACCEPTED:
            continue
        gone = next((link for link in one.links if link.is_gone), None)
        if gone is not None:
            return tr(
                "What “{words}” stood for was deleted. Change the sentence, or sign again to keep "
                "the words.",
                words=gone.words,
            )
        left = places(one.text)
        if left:
            return tr("{place} is not filled in. Fill it in, or sign again.", place=left[0])
    return ""
