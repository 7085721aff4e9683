"""What an archive gives back is compared with what was sent, element by element."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ImplicitVRLittleEndian

from dicom_io.report import codes, sr
from dicom_io.report.compare import compare
from dicom_io.report.document import human_sentence
from dicom_io.report.tree import walk
from tests.reports import SOFTWARE, draft, film, signed

Change = Callable[[Dataset], object]


@pytest.fixture(scope="module")
def sent() -> Dataset:
    image = film(PatientWeight="70.50", PatientName="Müller^Bärbel")
    document = signed(draft(image, human_sentence("≥ 5 mm\nnext line"), human_sentence("Two.")))
    return sr.build(document, [image], SOFTWARE)


def fetched(report: Dataset) -> Dataset:
    return pydicom.dcmread(BytesIO(sr.to_bytes(report)))


def first_text(report: Dataset) -> Dataset:
    section = next(here.item for here in walk(report) if codes.FINDINGS.names(here.concept))
    found: Dataset = section.ContentSequence[1]
    return found


def test_another_transfer_syntax_makes_no_difference(sent: Dataset) -> None:
    other = fetched(sent)
    other.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    buffer = BytesIO()
    other.save_as(buffer, implicit_vr=True, enforce_file_format=True)

    outcome = compare(sent, pydicom.dcmread(BytesIO(buffer.getvalue())))

    assert (outcome.equal, outcome.coerced, outcome.differences) == (True, (), ())


def add_private(report: Dataset) -> None:
    report.private_block(0x0099, "ARCHIVE", create=True).add_new(1, "LO", "x")


COERCED: dict[str, tuple[Change, str]] = {
    "study description": (lambda r: setattr(r, "StudyDescription", "Thorax"), "StudyDescription"),
    "original attributes": (
        lambda r: setattr(r, "OriginalAttributesSequence", DicomSequence([Dataset()])),
        "OriginalAttributesSequence",
    ),
    "retrieve": (lambda r: setattr(r, "RetrieveAETitle", "PACS"), "RetrieveAETitle"),
    "private": (add_private, "(0099,"),
    "empty one dropped": (
        lambda r: delattr(r, "PerformedProcedureCodeSequence"),
        "PerformedProcedureCodeSequence",
    ),
    "empty one added": (lambda r: setattr(r, "PatientComments", ""), "PatientComments"),
}

DIFFERENT: dict[str, tuple[Change, str]] = {
    "text": (lambda r: setattr(first_text(r), "TextValue", "? 5 mm"), "TextValue"),
    "line ends": (
        lambda r: setattr(first_text(r), "TextValue", "≥ 5 mm\nnext line"),
        "TextValue",
    ),
    "text dropped": (lambda r: delattr(first_text(r), "TextValue"), "TextValue"),
    "name": (lambda r: setattr(r, "PatientName", "Muller^Barbel"), "PatientName"),
    "id": (lambda r: setattr(r, "PatientID", "P-18"), "PatientID"),
    "issuer": (lambda r: delattr(r, "IssuerOfPatientID"), "IssuerOfPatientID"),
    "accession": (lambda r: setattr(r, "AccessionNumber", "A-1"), "AccessionNumber"),
    "study": (lambda r: setattr(r, "StudyInstanceUID", "2.25.4"), "StudyInstanceUID"),
    "instance": (lambda r: setattr(r, "SOPInstanceUID", "2.25.4"), "SOPInstanceUID"),
    "flag": (lambda r: setattr(r, "VerificationFlag", "UNVERIFIED"), "VerificationFlag"),
    "signer": (
        lambda r: setattr(r.VerifyingObserverSequence[0], "VerifyingObserverName", "A^B"),
        "VerifyingObserverSequence[1].VerifyingObserverName",
    ),
    "item lost": (lambda r: r.ContentSequence.pop(), "ContentSequence"),
    "offset": (lambda r: setattr(r, "TimezoneOffsetFromUTC", "+0900"), "TimezoneOffsetFromUTC"),
    "label": (lambda r: setattr(r, "SeriesDescription", "Report"), "SeriesDescription"),
    "private inside": (lambda r: add_private(first_text(r)), "(0099,"),
    "something added": (lambda r: setattr(r, "BodyPartExamined", "CHEST"), "BodyPartExamined"),
}


@pytest.mark.parametrize("name", COERCED)
def test_what_an_archive_may_change_is_named(sent: Dataset, name: str) -> None:
    change, keyword = COERCED[name]
    other = fetched(sent)
    change(other)

    outcome = compare(sent, other)

    assert outcome.equal
    assert any(keyword in sentence for sentence in outcome.coerced)


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_an_archive_must_not_change_is_a_difference(sent: Dataset, name: str) -> None:
    change, keyword = DIFFERENT[name]
    other = fetched(sent)
    change(other)

    outcome = compare(sent, other)

    assert not outcome.equal
    assert any(keyword in sentence for sentence in outcome.differences)
    assert not any("Doe" in s or "5 mm" in s or "P-1" in s for s in outcome.differences)


def test_padding_and_the_writing_of_numbers_and_names_make_no_difference(sent: Dataset) -> None:
    other = fetched(sent)
    other.PatientWeight = "70.5"
    other.PatientName = "Müller^Bärbel^^^"
    other.PatientID = "P-17 "
    first_text(other).TextValue += " "

    assert compare(sent, other) == compare(sent, sent)


def test_a_padded_or_shortened_tree_is_never_equal(sent: Dataset) -> None:
    for number in range(len(sent.ContentSequence)):
        other = deepcopy(sent)
        del other.ContentSequence[number]

        assert not compare(sent, other).equal
