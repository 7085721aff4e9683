"""The states of a report as DICOM writes them; no other combination of the flags can be built."""

from __future__ import annotations

from enum import Enum

from pydicom.dataset import Dataset

from dicom_io.report.document import ReportState

KEYWORDS = ("CompletionFlag", "VerificationFlag", "PreliminaryFlag")


class Flags(Enum):
    """CompletionFlag, VerificationFlag, PreliminaryFlag (PS3.3 C.17.2). VERIFIED asks for COMPLETE,
    FINAL for VERIFIED; PARTIAL and COMPLETE say whether the text is whole, not who has read it."""

    DRAFT = ("PARTIAL", "UNVERIFIED", "PRELIMINARY")
    PRELIMINARY = ("COMPLETE", "UNVERIFIED", "PRELIMINARY")
    FINAL = ("COMPLETE", "VERIFIED", "FINAL")

    @property
    def is_verified(self) -> bool:
        return self is Flags.FINAL


OF_STATE = {
    ReportState.DRAFT: Flags.DRAFT,
    ReportState.PRELIMINARY: Flags.PRELIMINARY,
    ReportState.SIGNED: Flags.FINAL,
}


def flags_of(dataset: Dataset) -> Flags | None:
    """The flags of a document; None for a combination that the standard or we forbid."""
    values = tuple(str(dataset.get(keyword) or "").strip() for keyword in KEYWORDS)
    return next((one for one in Flags if one.value == values), None)


def is_released(dataset: Dataset) -> bool:
    """True for a preliminary document that a person answers for; one by a device alone is none."""
    authors = dataset.get("AuthorObserverSequence") or ()
    if isinstance(authors, str | bytes):
        return False
    persons = [one for one in authors if isinstance(one, Dataset) and one.get("PersonName")]
    return flags_of(dataset) is Flags.PRELIMINARY and any(
        one.get("ObserverType") == "PSN" for one in persons
    )
