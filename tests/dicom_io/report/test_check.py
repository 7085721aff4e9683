"""Each rule of the checklist finds what breaks it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.errors import InvalidReport
from dicom_io.report import codes, sr
from dicom_io.report.check import check, require
from dicom_io.report.document import human_sentence
from dicom_io.report.tree import walk
from tests.reports import SOFTWARE, draft, film, signed

Fault = Callable[[Dataset], object]


def report_of(state: str) -> Dataset:
    document = draft(film(), IMPRESSION=(human_sentence("Normal."),))
    return sr.build(signed(document) if state == "signed" else document, [film()], SOFTWARE)


def item(report: Dataset, concept: codes.Code) -> Dataset:
    return next(here.item for here in walk(report) if concept.names(here.concept))


def without(report: Dataset, concept: codes.Code) -> None:
    report.ContentSequence = DicomSequence(
        one for one in report.ContentSequence if not concept.names(one.ConceptNameCodeSequence[0])
    )


def section(report: Dataset) -> Dataset:
    return item(report, codes.FINDINGS)


def first_text(report: Dataset) -> Dataset:
    found: Dataset = section(report).ContentSequence[-1]
    return found


def put(**attributes: object) -> Fault:
    def change(report: Dataset) -> None:
        for keyword, value in attributes.items():
            if isinstance(value, str):  # values that the VR forbids, too
                element = DataElement(
                    keyword, dictionary_VR(keyword), value, validation_mode=config.IGNORE
                )
                report.add(element)
            else:
                setattr(report, keyword, value)

    return change


def drop(keyword: str) -> Fault:
    return lambda report: delattr(report, keyword)


def misname(report: Dataset) -> None:
    """Name the image by what is no UID, as a broken or hostile file might."""
    series = report.CurrentRequestedProcedureEvidenceSequence[0].ReferencedSeriesSequence[0]
    put(ReferencedSOPInstanceUID="../../etc/x")(series.ReferencedSOPSequence[0])


def deepen(report: Dataset) -> None:
    here = section(report)
    for _ in range(12):
        inner = Dataset()
        inner.ValueType, inner.RelationshipType = "CONTAINER", "CONTAINS"
        inner.ConceptNameCodeSequence = DicomSequence([codes.FINDING.item()])
        here.ContentSequence = DicomSequence([*(here.get("ContentSequence") or ()), inner])
        here = inner


def unversion(report: Dataset) -> None:
    without(report, codes.DEVICE_SERIAL)
    item(report, codes.DEVICE_NAME).TextValue = "wetread-demo"


def unname(report: Dataset) -> None:
    without(report, codes.DEVICE_MODEL)
    without(report, codes.DEVICE_NAME)


def flood(report: Dataset) -> None:
    section(report).ContentSequence = DicomSequence([first_text(report)] * 20_001)


FAULTS: dict[str, tuple[str, Fault, str]] = {
    "bad uid": ("draft", put(SeriesInstanceUID="1.02"), "SeriesInstanceUID is not a valid UID"),
    "other meta": (
        "draft",
        lambda r: setattr(r.file_meta, "MediaStorageSOPInstanceUID", "2.25.5"),
        "names another instance",
    ),
    "other class": (
        "draft",
        lambda r: setattr(r.file_meta, "MediaStorageSOPClassUID", "1.2.3"),
        "names another SOP class",
    ),
    "modality": ("draft", put(Modality="DX"), "Modality is not SR"),
    "image series": ("draft", put(SeriesInstanceUID="2.25.1002"), "a series of images"),
    "series number": ("draft", drop("SeriesNumber"), "SeriesNumber is missing"),
    "patient id": ("signed", put(PatientID="P-18"), "PatientID differs"),
    "patient name": ("signed", put(PatientName="Doe^John"), "PatientName differs"),
    "birth date": ("signed", put(PatientBirthDate="19700103"), "PatientBirthDate differs"),
    "issuer": ("signed", drop("IssuerOfPatientID"), "IssuerOfPatientID differs"),
    "study": ("signed", put(StudyInstanceUID="2.25.4"), "StudyInstanceUID differs"),
    "study time": ("signed", put(StudyTime="101113"), "StudyTime differs"),
    "absent": ("signed", drop("StudyID"), "StudyID is absent"),
    "request": ("signed", drop("ReferencedRequestSequence"), "does not carry the accession"),
    "title": (
        "draft",
        put(ConceptNameCodeSequence=DicomSequence([codes.FINDING.item()])),
        "none of CID 7000",
    ),
    "root": ("draft", put(ValueType="TEXT"), "no CONTAINER"),
    "template": ("draft", drop("ContentTemplateSequence"), "does not name template 2000"),
    "flags": ("draft", put(PreliminaryFlag="FINAL"), "do not go together"),
    "no flag": ("draft", drop("PreliminaryFlag"), "do not go together"),
    "verified by nobody": (
        "signed",
        drop("VerifyingObserverSequence"),
        "has no verifying observer",
    ),
    "no name": (
        "signed",
        lambda r: setattr(r.VerifyingObserverSequence[0], "VerifyingObserverName", ""),
        "VerifyingObserverName of the signer is empty",
    ),
    "no organization": (
        "signed",
        lambda r: setattr(r.VerifyingObserverSequence[0], "VerifyingOrganization", ""),
        "VerifyingOrganization of the signer is empty",
    ),
    "no offset": (
        "signed",
        lambda r: setattr(r.VerifyingObserverSequence[0], "VerificationDateTime", "20260101"),
        "no time with an offset",
    ),
    "no code sequence": (
        "signed",
        lambda r: delattr(
            r.VerifyingObserverSequence[0], "VerifyingObserverIdentificationCodeSequence"
        ),
        "IdentificationCodeSequence is absent",
    ),
    "observer of a draft": (
        "draft",
        put(VerifyingObserverSequence=DicomSequence([Dataset()])),
        "unverified document has a verifying observer",
    ),
    "role in a draft": (
        "signed",
        lambda r: (
            put(
                CompletionFlag="PARTIAL",
                VerificationFlag="UNVERIFIED",
                PreliminaryFlag="PRELIMINARY",
            )(r),
            drop("VerifyingObserverSequence")(r),
        ),
        "in the role Verifying",
    ),
    "own predecessor": (
        "draft",
        lambda r: put(
            PredecessorDocumentsSequence=DicomSequence(r.CurrentRequestedProcedureEvidenceSequence),
            SOPInstanceUID="2.25.1001",
        )(r),
        "names itself as its predecessor",
    ),
    "no research label": (
        "signed",
        put(SeriesDescription="X-Ray Report"),
        "SeriesDescription does not say",
    ),
    "no research paragraph": (
        "signed",
        lambda r: section(r).ContentSequence.pop(0),
        "No paragraph says",
    ),
    "long description": (
        "signed",
        put(SeriesDescription="Research use only" + "x" * 60),
        "longer than 64",
    ),
    "draft label left": (
        "signed",
        put(SeriesDescription="AI DRAFT – UNVERIFIED Research use only"),
        "still carries the label",
    ),
    "draft notice left": (
        "signed",
        lambda r: setattr(first_text(r), "TextValue", "AI DRAFT – UNVERIFIED"),
        "still carries the label",
    ),
    "no draft label": (
        "draft",
        put(SeriesDescription="Research use only"),
        "does not begin",
    ),
    "no device": ("draft", lambda r: without(r, codes.OBSERVER_TYPE), "No device observer"),
    "no version": (
        "draft",
        unversion,
        "no model version",
    ),
    "no model": (
        "draft",
        unname,
        "no model name",
    ),
    "no device uid": ("draft", lambda r: without(r, codes.DEVICE_UID), "has no UID"),
    "no language": ("draft", lambda r: without(r, codes.LANGUAGE), "language item is missing"),
    "foreign heading": (
        "draft",
        lambda r: setattr(section(r).ConceptNameCodeSequence[0], "CodeValue", "121070"),
        "none of CID 7001",
    ),
    "foreign element": (
        "draft",
        lambda r: setattr(first_text(r).ConceptNameCodeSequence[0], "CodeValue", "121111"),
        "none of CID 7002",
    ),
    "empty section": (
        "signed",
        lambda r: setattr(item(r, codes.IMPRESSIONS), "ContentSequence", DicomSequence()),
        "is empty",
    ),
    "blank text": ("draft", lambda r: setattr(first_text(r), "TextValue", " "), "is empty"),
    "lost character": (
        "draft",
        lambda r: setattr(first_text(r), "TextValue", "a \ufffd"),
        "lost character",
    ),
    "no meaning": (
        "draft",
        lambda r: setattr(section(r).ConceptNameCodeSequence[0], "CodeMeaning", ""),
        "no meaning of 1 to 64",
    ),
    "no scheme": (
        "draft",
        lambda r: delattr(section(r).ConceptNameCodeSequence[0], "CodingSchemeDesignator"),
        "no value or no scheme",
    ),
    "private scheme": (
        "draft",
        lambda r: setattr(
            section(r).ConceptNameCodeSequence[0], "CodingSchemeDesignator", "99OTHER"
        ),
        "private scheme that is not ours",
    ),
    "no evidence": (
        "draft",
        drop("CurrentRequestedProcedureEvidenceSequence"),
        "No image of the study",
    ),
    "other evidence": (
        "draft",
        lambda r: setattr(
            r.CurrentRequestedProcedureEvidenceSequence[0]
            .ReferencedSeriesSequence[0]
            .ReferencedSOPSequence[0],
            "ReferencedSOPInstanceUID",
            "2.25.77",
        ),
        "is not in its evidence",
    ),
    "evidence uid": ("draft", misname, "no valid SOPInstanceUID"),
    "image without evidence": (
        "draft",
        lambda r: setattr(
            item(r, codes.BEST_ILLUSTRATION).ReferencedSOPSequence[0],
            "ReferencedSOPInstanceUID",
            "2.25.77",
        ),
        "is in no evidence sequence",
    ),
    "number": ("draft", lambda r: setattr(first_text(r), "ValueType", "NUM"), "has no NUM"),
    "depth": ("draft", deepen, "deeper than 12"),
    "flood": ("draft", flood, "more than 20000"),
    "offset form": ("draft", put(TimezoneOffsetFromUTC="+01:00"), "±HHMM"),
    "character set": ("draft", put(SpecificCharacterSet="ISO_IR 100"), "not ISO_IR 192"),
}


@pytest.mark.parametrize("state", ["draft", "signed"])
def test_a_sound_report_has_no_findings(state: str) -> None:
    assert check(report_of(state), [film()]) == ()


@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_rule_is_found(name: str) -> None:
    state, fault, expected = FAULTS[name]
    report = report_of(state)

    fault(report)

    findings = check(report, [film()])
    assert any(expected in finding for finding in findings), findings


def test_a_label_in_other_words_still_needs_machine_and_draft() -> None:
    report = report_of("draft")
    report.SeriesDescription = "Research use only"
    report.CompletionFlagDescription = "waiting"
    for here in walk(report):
        if here.text.startswith("AI DRAFT"):
            here.item.TextValue = "A text"

    assert any("Nothing readable" in finding for finding in check(report, [film()]))


def test_an_issuer_of_the_accession_number_must_be_kept() -> None:
    issuer = Dataset()
    issuer.LocalNamespaceEntityID = "HIS"
    image = film(IssuerOfAccessionNumberSequence=DicomSequence([issuer]))

    findings = check(report_of("draft"), [image])

    assert findings == ("IssuerOfAccessionNumberSequence is absent though the image has it.",)


def test_require_raises_with_every_finding_and_no_patient() -> None:
    report = report_of("signed")
    report.PatientID = "ZZCANARY"
    report.Modality = "XX"

    with pytest.raises(InvalidReport) as caught:
        require(report, [film()])

    assert len(caught.value.findings) == 2
    assert caught.value.uid == report.SOPInstanceUID
    assert "ZZCANARY" not in " ".join([str(caught.value), *caught.value.findings])
