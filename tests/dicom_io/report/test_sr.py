"""A report becomes an SR that strangers accept, and comes back from it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.errors import (
    InvalidReport,
    ReportProblem,
    StorageProblem,
    UndecidedSentences,
    UnusableText,
)
from dicom_io.identity import Identity
from dicom_io.pacs.samples import sample_files
from dicom_io.report import codes, sr
from dicom_io.report.check import check
from dicom_io.report.compare import compare
from dicom_io.report.document import (
    Algorithm,
    Asked,
    Decision,
    Link,
    Origin,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
    human_sentence,
    new_id,
)
from dicom_io.report.tree import walk
from tests.judges import dump, judge, judge_alone
from tests.reports import (
    MODEL,
    READER,
    SOFTWARE,
    asked_about,
    draft,
    film,
    header,
    sample,
    signed,
    suggestion,
)


def texts(report: Dataset) -> list[str]:
    return [here.text for here in walk(report) if here.value_type == "TEXT"]


def sentences_of(document: ReportDocument) -> list[tuple[str, Origin, Decision]]:
    return [(one.text, one.origin, one.state) for one in document.sentences()]


def written(report: Dataset) -> Dataset:
    """The report as another program reads it from the file."""
    return pydicom.dcmread(BytesIO(sr.to_bytes(report)))


# ---------------------------------------------------------------- judged by others


@pytest.mark.parametrize("path", sample_files(), ids=lambda path: path.name)
@pytest.mark.parametrize("state", ["draft", "signed"])
def test_the_report_of_every_sample_study_is_accepted(
    path: Path, state: str, tmp_path: Path
) -> None:
    image = header(path)
    document = draft(image, IMPRESSION=(human_sentence("Follow up in ≥ 5 days, 山 µ ° 😀."),))
    document = signed(document) if state == "signed" else document

    report = sr.build(document, [image], SOFTWARE)
    sr.write(report, tmp_path / "report.dcm")

    assert check(pydicom.dcmread(tmp_path / "report.dcm"), [image]) == ()
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_reports_of_real_studies_of_many_makers_are_accepted(shared: Path, tmp_path: Path) -> None:
    images = {
        path: header(path)
        for path in sorted((shared / "data" / "dicom_misc").glob("*.dcm"))
        if "Rows" in header(path)
    }
    assert images

    for path, image in images.items():
        sr.write(sr.build(signed(draft(image)), [image], SOFTWARE), tmp_path / "report.dcm")

        complaints = judge(tmp_path / "report.dcm", image, tmp_path, ("PatientAge",))
        assert complaints == (), path.name


def test_a_value_that_its_vr_forbids_is_not_repeated_unless_it_is_identity() -> None:
    image = film()
    for keyword, value in (("PatientAge", "42"), ("PatientBirthDate", "1970.01.02")):
        element = DataElement(keyword, dictionary_VR(keyword), value, validation_mode=config.IGNORE)
        image.add(element)

    report = sr.build(draft(image), [image], SOFTWARE)

    assert "PatientAge" not in report
    assert report.PatientBirthDate == "1970.01.02"


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "CT_small.dcm", "MR_small.dcm"])
def test_the_identity_of_a_real_image_is_kept(name: str) -> None:
    image = sample(name)

    back = written(sr.build(signed(draft(image)), [image], SOFTWARE))

    assert Identity.of(back).of_study() == Identity.of(image).of_study()
    for keyword in ("PatientName", "PatientBirthDate", "StudyDate", "StudyTime", "StudyID"):
        assert str(back.get(keyword) or "") == str(image.get(keyword) or "")


NAMES = {
    "latin 1": ("ISO_IR 100", "Müller^Bärbel^^Dr."),
    "greek": ("ISO_IR 126", "Διονυσιος"),
    "cyrillic": ("ISO_IR 144", "Люкceмбypг^Анна"),
    "arabic": ("ISO_IR 127", "قباني^لنزار"),
    "hebrew": ("ISO_IR 138", "שרון^דבורה"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "chinese": ("GB18030", "Wang^XiaoDong=王^小东"),
    "utf-8": ("ISO_IR 192", "Ærøskøbing^Łukasz=李^😀"),
    "none": (None, "Plain^Name"),
    "five components": (None, "Adams^John Robert Quincy^^Rev.^B.A. M.Div."),
    "no caret": (None, "WARD"),
}


@pytest.mark.parametrize("label", NAMES)
def test_a_name_in_any_character_set_stays_the_same_code_points(label: str, tmp_path: Path) -> None:
    declared, name = NAMES[label]
    image = film(PatientName=name, StudyDescription=name.split("=")[-1].replace("^", " "))
    if declared is None:
        del image.SpecificCharacterSet
    else:
        image.SpecificCharacterSet = declared
    item = Dataset()
    item.PatientID, item.TypeOfPatientID = "X", "TEXT"
    image.OtherPatientIDsSequence = DicomSequence([item])
    image.OtherPatientNames = [name, "Second^Name"]
    buffer = BytesIO()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    image.save_as(buffer, enforce_file_format=True)
    source = pydicom.dcmread(BytesIO(buffer.getvalue()))

    report = sr.build(draft(source), [source], SOFTWARE)
    sr.write(report, tmp_path / "report.dcm")

    back = pydicom.dcmread(tmp_path / "report.dcm")
    assert str(source.PatientName) == name  # the source itself was encoded without loss
    assert str(back.PatientName) == name
    assert [str(one) for one in back.OtherPatientNames] == [name, "Second^Name"]
    assert back.StudyDescription == source.StudyDescription
    assert back.SpecificCharacterSet == "ISO_IR 192"
    assert judge(tmp_path / "report.dcm", source, tmp_path) == ()


@pytest.mark.parametrize(
    "missing",
    [
        "PatientName",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "StudyTime",
        "StudyID",
        "AccessionNumber",
        "ReferringPhysicianName",
        "IssuerOfPatientID",
        "StudyDescription",
        "Modality",
        "BodyPartExamined",
        "SpecificCharacterSet",
    ],
)
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_an_image_that_lacks_an_attribute_still_gets_a_report(
    missing: str, how: str, tmp_path: Path
) -> None:
    image = film()
    if how == "absent":
        delattr(image, missing)
    else:
        setattr(image, missing, "")

    sr.write(sr.build(signed(draft(image)), [image], SOFTWARE), tmp_path / "report.dcm")

    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_an_image_without_any_optional_attribute_still_gets_a_report(tmp_path: Path) -> None:
    image = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        setattr(image, keyword, film()[keyword].value)

    report = sr.build(signed(draft(image)), [image], SOFTWARE)

    assert check(written(report), [image]) == ()


def test_a_stranger_reads_every_section(tmp_path: Path) -> None:
    image = film()
    said = {kind.name: (human_sentence(f"Text of {kind.value}."),) for kind in SectionKind}
    findings = said.pop("FINDINGS")
    report = sr.build(signed(draft(image, *findings, **said)), [image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")

    shown = dump(tmp_path / "report.dcm")
    for kind in SectionKind:
        assert codes.SECTIONS[kind][0].meaning in shown
        assert f"Text of {kind.value}." in shown


# ---------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    "text",
    [
        "≥ 5 mm, 3 µm, 37 °, 山, 😀",
        "First line\nsecond line\n\tindented",
        "A\\B^C=D",
        "x" * (16 * 1024),
        "é" * 8000,
        "< 5 mm and > 3 mm <b>",
        "Zażółć gęślą jaźń",
    ],
    ids=["symbols", "lines", "delimiters", "16 KiB", "16 KB of é", "angles", "polish"],
)
def test_a_text_survives_the_file(text: str) -> None:
    image = film()

    report = written(sr.build(draft(image, human_sentence(text)), [image], SOFTWARE))

    assert sr.read(report).sentences()[0].text == text
    assert text.replace("\n", "\r\n") in texts(report)


def test_random_texts_survive_the_file() -> None:
    chance = random.Random(20261123)
    image = film()
    alphabet = [chr(c) for c in range(0x20, 0x7F)] + list("\t\nµ°≥山東京äöüßéñœΩжשع😀🩻")
    for _ in range(15):
        words = tuple(
            human_sentence("a" + "".join(chance.choices(alphabet, k=chance.randint(1, 300))) + "z")
            for _ in range(chance.randint(1, 6))
        )

        back = sr.read(written(sr.build(draft(image, *words), [image], SOFTWARE)))

        assert [one.text for one in back.sentences()] == [one.text for one in words]


@pytest.mark.parametrize("text", ["", "  \n", "\x00\x1b", "lost \ufffd", "x" * (16 * 1024 + 1)])
def test_a_text_that_cannot_be_written_is_refused(text: str) -> None:
    image = film()

    with pytest.raises(UnusableText):
        sr.build(draft(image, human_sentence(text)), [image], SOFTWARE)


def test_a_document_over_the_limit_is_refused() -> None:
    image = film()
    many = tuple(human_sentence("y" * 16_000) for _ in range(70))

    report = sr.build(draft(image, *many), [image], SOFTWARE)

    with pytest.raises(ReportProblem, match="1 MiB"):
        sr.to_bytes(report)


def test_loss_on_the_way_to_the_file_is_noticed() -> None:
    image = film()
    report = sr.build(draft(image, human_sentence("≥ 5 mm")), [image], SOFTWARE)
    report.SpecificCharacterSet = "ISO_IR 100"  # what pydicom then writes is "? 5 mm"

    with pytest.warns(UserWarning), pytest.raises(UnusableText):
        sr.to_bytes(report)


def test_rejected_sentences_are_in_no_object() -> None:
    image = film()
    for document in (draft(image), signed(draft(image))):
        content = sr.to_bytes(sr.build(document, [image], SOFTWARE))

        assert b"fracture" not in content
        assert b"heart is large" not in content  # what the model said before a person edited it


def test_a_suggestion_stands_only_in_an_unsigned_object() -> None:
    image = film()
    document = draft(image, suggestion("Perhaps."), human_sentence("Surely."))

    report = sr.build(document, [image], SOFTWARE)

    assert "Perhaps." in texts(report)
    with pytest.raises(UndecidedSentences):
        sr.build(signed(document), [image], SOFTWARE)


# ---------------------------------------------------------------- labels and flags


def test_a_draft_says_what_it_is_everywhere() -> None:
    image = film()

    report = sr.build(draft(image), [image], SOFTWARE)

    flags = (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag)
    assert flags == ("PARTIAL", "UNVERIFIED", "PRELIMINARY")
    assert report.SeriesDescription.startswith("AI DRAFT – UNVERIFIED")
    assert "Research use only" in report.SeriesDescription
    assert len(report.SeriesDescription) <= 64
    assert "not" in report.CompletionFlagDescription
    findings = next(here for here in walk(report) if codes.FINDINGS.names(here.concept))
    assert findings.item.ContentSequence[0].TextValue.startswith("AI DRAFT – UNVERIFIED")
    assert sum("Research use only" in text for text in texts(report)) == 1
    assert "VerifyingObserverSequence" not in report


def test_a_signed_report_carries_the_signer_and_no_label_of_a_draft() -> None:
    image = film()

    report = sr.build(signed(draft(image)), [image], SOFTWARE)

    flags = (report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag)
    assert flags == ("COMPLETE", "VERIFIED", "FINAL")
    signer = report.VerifyingObserverSequence[0]
    assert signer.VerifyingObserverName == "Demo^Reader"
    assert signer.VerifyingOrganization == "DEMONSTRATION"
    assert signer.VerificationDateTime == "20260304050607+0100"
    assert report.SeriesDescription.startswith("Research use only")
    assert b"AI DRAFT" not in sr.to_bytes(report)
    assert sum("Research use only" in text for text in texts(report)) == 1


def test_a_signed_document_without_signer_is_not_built() -> None:
    image = film()
    document = replace(draft(image), state=ReportState.SIGNED)

    with pytest.raises(InvalidReport):
        sr.build(document, [image], SOFTWARE)


def test_the_model_is_named_with_version_and_hash() -> None:
    image = film()

    report = sr.build(signed(draft(image)), [image], SOFTWARE)

    said = texts(report)
    assert "wetread-demo 1.0.0" in said
    assert f"sha256:{MODEL.sha256}" in said
    author = report.AuthorObserverSequence[0]
    assert (author.ObserverType, author.ManufacturerModelName) == ("DEV", "wetread-demo 1.0.0")
    assert report.AuthorObserverSequence[1].PersonName == READER.name
    equipment = report.ContributingEquipmentSequence[0]
    assert list(equipment.SoftwareVersions) == ["1.0.0", f"sha256:{MODEL.sha256[:16]}"]
    assert "beam=1, seed=0" in equipment.ContributionDescription
    assert list(report.SoftwareVersions) == ["Wetread 1.2.3", "wetread-demo 1.0.0"]


def test_two_models_are_both_named(tmp_path: Path) -> None:
    image = film()
    other = Algorithm("second", "v2", "f" * 64)
    document = replace(
        draft(image, suggestion("One.").accepted(), suggestion("Two.", "r2").accepted()),
        asked=(asked_about(image), asked_about(image, other, "r2")),
    )

    report = sr.build(signed(document), [image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")
    assert sr.read(report).algorithms() == (MODEL, other)
    assert [one.request for one in sr.read(report).sentences()] == ["model 1", "model 2"]
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_a_report_without_ai_names_the_person_first_and_this_program(tmp_path: Path) -> None:
    image = film()
    document = replace(draft(image, human_sentence("All mine.")), asked=())

    report = sr.build(signed(document), [image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")
    kinds = [one.ObserverType for one in report.AuthorObserverSequence]
    assert kinds == ["PSN", "DEV"]
    assert "Wetread 1.2.3" in texts(report)
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()
    assert sr.read(report).sentences()[0].origin is Origin.HUMAN


def test_a_model_whose_every_sentence_was_rejected_is_not_an_author() -> None:
    image = film()
    document = draft(image, suggestion("No.").rejected(), human_sentence("Mine."))

    report = sr.build(signed(document), [image], SOFTWARE)

    assert b"wetread-demo" not in sr.to_bytes(report)


def test_a_sentence_by_an_unknown_model_is_refused() -> None:
    image = film()
    document = replace(draft(image), asked=())

    with pytest.raises(InvalidReport, match="which model"):
        sr.build(document, [image], SOFTWARE)


def test_a_long_model_name_is_cut_where_dicom_is_short_and_whole_where_it_is_not(
    tmp_path: Path,
) -> None:
    image = film()
    model = Algorithm("m" * 90 + "\\x", "version " * 12 + "9", "a" * 64, "Maker " * 20)
    document = replace(draft(image), asked=(asked_about(image, model),))

    report = sr.build(signed(document), [image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()
    assert model.name in texts(report)


# ---------------------------------------------------------------- references


def test_the_document_stands_in_the_study_in_a_new_series_with_uids_of_its_own() -> None:
    image = film()

    first, second = (sr.build(draft(image), [image], SOFTWARE) for _ in range(2))

    assert first.StudyInstanceUID == image.StudyInstanceUID
    uids = {first.SOPInstanceUID, first.SeriesInstanceUID}
    uids |= {second.SOPInstanceUID, second.SeriesInstanceUID, image.SeriesInstanceUID}
    assert len(uids) == 5
    assert all(uid.startswith("2.25.") for uid in uids)


def test_the_request_is_referenced_when_there_is_an_accession_number() -> None:
    issuer = Dataset()
    issuer.LocalNamespaceEntityID = "HIS"
    attributes = Dataset()
    attributes.RequestedProcedureID = "RP1"
    attributes.RequestedProcedureDescription = "Chest two views"
    image = film(
        IssuerOfAccessionNumberSequence=DicomSequence([issuer]),
        RequestAttributesSequence=DicomSequence([attributes]),
    )

    with_one = sr.build(draft(image), [image], SOFTWARE)
    bare = film(AccessionNumber="")
    without = sr.build(draft(bare), [bare], SOFTWARE)

    request = with_one.ReferencedRequestSequence[0]
    assert request.AccessionNumber == "A-99"
    assert request.RequestedProcedureID == "RP1"
    assert request.IssuerOfAccessionNumberSequence[0].LocalNamespaceEntityID == "HIS"
    assert "ReferencedRequestSequence" not in without


def test_evidence_lists_every_image_and_a_prior_study_apart(tmp_path: Path) -> None:
    image = film()
    later = film(SOPInstanceUID="2.25.1007")
    prior = film(StudyInstanceUID="2.25.3", SeriesInstanceUID="2.25.2", SOPInstanceUID="2.25.1")

    report = sr.build(signed(draft(image)), [prior, later, image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")
    back = sr.read(report)
    assert [one.instance for one in back.evidence] == ["2.25.1001", "2.25.1007", "2.25.1"]
    assert report.PertinentOtherEvidenceSequence[0].StudyInstanceUID == "2.25.3"
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_a_frame_of_a_multi_frame_image_is_referenced_and_of_others_not() -> None:
    for sop_class, expected in (
        ("1.2.840.10008.5.1.4.1.1.3.1", 3),
        ("1.2.840.10008.5.1.4.1.1.7", 0),
    ):
        image = film(SOPClassUID=sop_class, NumberOfFrames=5)
        asked = replace(asked_about(image), images=(Identity.of(image, 3),))
        report = sr.build(replace(draft(image), asked=(asked,)), [image], SOFTWARE)

        reference = next(
            here.item.ReferencedSOPSequence[0]
            for here in walk(report)
            if here.value_type == "IMAGE"
        )

        assert reference.get("ReferencedFrameNumber", 0) == expected


def test_an_amended_report_names_the_version_before(tmp_path: Path) -> None:
    image = film()
    before = sr.build(signed(draft(image)), [image], SOFTWARE)
    chain = [before]
    for _ in range(2):
        document = replace(
            signed(draft(image, human_sentence("Amended."))),
            predecessor=str(chain[-1].SOPInstanceUID),
        )
        chain.append(sr.build(document, [image, chain[-1]], SOFTWARE))

    sr.write(chain[-1], tmp_path / "report.dcm")

    assert [sr.read(one).predecessor for one in chain] == [
        "",
        chain[0].SOPInstanceUID,
        chain[1].SOPInstanceUID,
    ]
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_a_predecessor_that_is_not_given_is_missed() -> None:
    image = film()

    with pytest.raises(ReportProblem, match="version before"):
        sr.build(replace(draft(image), predecessor="2.25.9"), [image], SOFTWARE)


@pytest.mark.parametrize(
    "other",
    [
        {"PatientID": "P-18"},
        {"IssuerOfPatientID": "CLINIC"},
    ],
)
def test_images_of_another_patient_are_refused(other: dict[str, object]) -> None:
    image = film()

    with pytest.raises(ReportProblem, match="another patient"):
        sr.build(draft(image), [image, film(SOPInstanceUID="2.25.8", **other)], SOFTWARE)


def test_a_report_without_its_film_is_refused() -> None:
    image = film()

    with pytest.raises(ReportProblem):
        sr.build(draft(image), [], SOFTWARE)
    with pytest.raises(ReportProblem):
        sr.build(draft(image), [film(SOPInstanceUID="2.25.8")], SOFTWARE)


def test_an_image_that_the_model_saw_must_be_given() -> None:
    image = film()
    asked = replace(asked_about(image), images=(Identity.of(film(SOPInstanceUID="2.25.8")),))

    with pytest.raises(ReportProblem, match="1 of the images"):
        sr.build(replace(draft(image), asked=(asked,)), [image], SOFTWARE)


def test_an_image_without_uids_is_refused() -> None:
    image = film()
    document = draft(image)
    del image.SOPClassUID

    with pytest.raises(ReportProblem, match="lacks"):
        sr.build(document, [image], SOFTWARE)


def test_messages_name_no_patient() -> None:
    image = film()
    stranger = film(PatientID="P-18", PatientName="ZZCANARY^X", SOPInstanceUID="2.25.8")

    with pytest.raises(ReportProblem) as caught:
        sr.build(draft(image), [image, stranger], SOFTWARE)

    assert not any(secret in str(caught.value) for secret in ("P-1", "ZZCANARY", "Doe"))


# ---------------------------------------------------------------- time, title, language


@pytest.mark.parametrize(
    ("stated", "hours", "expected"),
    [("", 1, "+0100"), ("+0100", 1, "+0100"), ("-0400", 1, None), ("", -3.5, "-0330")],
)
def test_the_offset_is_written_only_when_it_does_not_move_the_study(
    stated: str, hours: float, expected: str | None
) -> None:
    image = film(TimezoneOffsetFromUTC=stated)
    now = datetime(2026, 7, 8, 9, 10, 11, tzinfo=timezone(timedelta(hours=hours)))

    report = sr.build(draft(image), [image], SOFTWARE, now=now)

    assert (report.ContentDate, report.ContentTime) == ("20260708", "091011")
    assert report.get("TimezoneOffsetFromUTC") == expected


@pytest.mark.parametrize(
    ("modality", "part", "title"),
    [
        ("DX", "CHEST", "X-Ray Report"),
        ("CT", "CHEST", "CT Chest Report"),
        ("CT", "", "CT Report"),
        ("MR", "KNEE", "MRI Report"),
        ("US", "", "Ultrasound Report"),
        ("XX", "", "Diagnostic Imaging Report"),
    ],
)
def test_the_title_follows_the_modality(modality: str, part: str, title: str) -> None:
    image = film(Modality=modality, BodyPartExamined=part)

    assert sr.read(sr.build(draft(image), [image], SOFTWARE)).title == title


def test_a_title_of_the_reports_own_is_kept() -> None:
    image = film()
    document = replace(draft(image), title="Radiology Report")

    assert sr.read(sr.build(document, [image], SOFTWARE)).title == "Radiology Report"


@pytest.mark.parametrize("language", ["en", "en-US", "de", "de-CH", "eo"])
def test_the_language_is_stated(language: str, tmp_path: Path) -> None:
    image = film()

    report = sr.build(replace(draft(image), language=language), [image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")
    assert sr.read(report).language == language
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_the_procedure_is_reported_and_a_broken_code_left_out(tmp_path: Path) -> None:
    good, bad, private = Dataset(), Dataset(), codes.Code("1", "99SIEMENS", "Ours").item()
    good.CodeValue, good.CodingSchemeDesignator, good.CodeMeaning = "36643-5", "LN", "XR Chest"
    bad.CodeMeaning = "no value"
    image = film(ProcedureCodeSequence=DicomSequence([private, good, bad]))

    report = sr.build(draft(image), [image], SOFTWARE)

    sr.write(report, tmp_path / "report.dcm")
    assert codes.PROCEDURE_REPORTED.names(report.ContentSequence[0].ConceptNameCodeSequence[0])
    assert len(report.ProcedureCodeSequence) == 2
    assert codes.LANGUAGE.names(report.ContentSequence[1].ConceptNameCodeSequence[0])
    assert judge_alone(tmp_path / "report.dcm") == ()  # dcentvfy would miss the broken code


# ---------------------------------------------------------------- there and back


def test_a_report_comes_back_as_it_was() -> None:
    image = film()
    document = signed(draft(image, IMPRESSION=(human_sentence("Large heart."),)))

    back = sr.read(written(sr.build(document, [image], SOFTWARE)))

    kept = tuple(
        Section(one.kind, tuple(s for s in one.sentences if s.state is not Decision.REJECTED))
        for one in document.sections
    )
    assert sentences_of(back) == sentences_of(replace(document, sections=kept))
    assert [one.kind for one in back.sections] == [one.kind for one in document.sections]
    assert [one.id for one in back.sentences()] == [s.id for k in kept for s in k.sentences]
    assert (back.id, back.identity, back.evidence) == (
        document.id,
        document.identity,
        document.evidence,
    )
    assert (back.state, back.reader, back.signed_at) == (
        document.state,
        document.reader,
        document.signed_at,
    )
    assert back.algorithms() == document.algorithms()
    assert back.asked[0].parameters == document.asked[0].parameters


def test_random_ledgers_come_back() -> None:
    chance = random.Random(7)
    image = film()
    kinds = [
        (Origin.AI, Decision.ACCEPTED),
        (Origin.AI, Decision.SUGGESTED),
        (Origin.AI_EDITED, Decision.ACCEPTED),
        (Origin.TEMPLATE, Decision.ACCEPTED),
        (Origin.TEMPLATE, Decision.SUGGESTED),
        (Origin.HUMAN, Decision.ACCEPTED),
    ]
    for _ in range(15):
        said = tuple(
            Sentence(new_id(), f"Sentence {n}.", *chance.choice(kinds), request="r1")
            for n in range(chance.randint(1, 40))
        )
        document = draft(image, *said[1:], INDICATION=said[:1])

        back = sr.read(written(sr.build(document, [image], SOFTWARE)))

        assert sentences_of(back) == sentences_of(document)


def test_no_sentence_of_a_model_is_taken_for_a_persons_when_the_ledger_is_too_long() -> None:
    image = film()
    said = tuple(
        suggestion(f"Sentence {n}.").accepted() if n % 2 else human_sentence(f"Sentence {n}.")
        for n in range(900)
    )

    report = sr.build(draft(image, *said), [image], SOFTWARE)

    assert len(report.ContributingEquipmentSequence[0].ContributionDescription) <= 1024
    back = sr.read(report).sentences()
    assert all(one.origin is Origin.AI for one in back if int(one.text[9:-1]) % 2)


def test_a_document_read_back_can_be_built_again() -> None:
    image = film()
    first = sr.build(signed(draft(image)), [image], SOFTWARE)

    again = sr.build(sr.read(first), [image], SOFTWARE)

    assert sentences_of(sr.read(again)) == sentences_of(sr.read(first))
    assert texts(again) == texts(first)


def test_what_is_no_report_is_said() -> None:
    with pytest.raises(ReportProblem, match="no structured report"):
        sr.read(film())


def test_the_file_of_a_report_is_explicit_little_endian_and_equal() -> None:
    image = film()
    report = sr.build(signed(draft(image)), [image], SOFTWARE)

    back = written(report)

    assert back.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert back.file_meta.MediaStorageSOPInstanceUID == report.SOPInstanceUID
    assert compare(report, back).equal


def test_a_report_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    image = film()
    report = sr.build(signed(draft(image)), [image], SOFTWARE)

    with pytest.raises(StorageProblem):
        sr.write(report, tmp_path / "missing" / "report.dcm")

    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- other makers' documents


def foreign(*sections: tuple[codes.Code, tuple[Dataset, ...]]) -> Dataset:
    """A Basic Text SR as somebody else writes it."""
    report = film(Modality="SR")
    del report.SOPClassUID
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    report.ValueType = "CONTAINER"
    report.ConceptNameCodeSequence = DicomSequence([codes.DIAGNOSTIC_IMAGING_REPORT.item()])
    report.ContentSequence = DicomSequence()
    for heading, items in sections:
        section = Dataset()
        section.RelationshipType, section.ValueType = "CONTAINS", "CONTAINER"
        section.ConceptNameCodeSequence = DicomSequence([heading.item()])
        section.ContentSequence = DicomSequence(items)
        report.ContentSequence.append(section)
    return report


def foreign_text(text: str) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", text
    item.ConceptNameCodeSequence = DicomSequence([codes.FINDING.item()])
    return item


def test_the_older_headings_are_read() -> None:
    report = foreign(
        (codes.Code("121060", "DCM", "History"), (foreign_text("Cough"),)),
        (codes.Code("121070", "DCM", "Findings"), (foreign_text("Clear"),)),
        (codes.Code("121072", "DCM", "Impressions"), (foreign_text("Normal"),)),
    )

    back = sr.read(report)

    said = {one.kind: [s.text for s in one.sentences] for one in back.sections}
    assert said == {
        SectionKind.INDICATION: ["Cough"],
        SectionKind.FINDINGS: ["Clear"],
        SectionKind.IMPRESSION: ["Normal"],
    }
    assert all(one.origin is Origin.HUMAN for one in back.sentences())


def test_nothing_of_a_foreign_document_is_lost() -> None:
    number = Dataset()
    number.RelationshipType, number.ValueType = "CONTAINS", "NUM"
    number.ConceptNameCodeSequence = DicomSequence([codes.Code("1", "99X", "Length").item()])
    value = Dataset()
    value.NumericValue = "12.5"
    value.MeasurementUnitsCodeSequence = DicomSequence([codes.Code("mm", "UCUM", "mm").item()])
    number.MeasuredValueSequence = DicomSequence([value])
    inner = foreign((codes.Code("2", "99X", "Left lung"), (foreign_text("Nodule"), number)))

    report = foreign(
        (codes.Code("3", "99X", "Chest"), tuple(inner.ContentSequence)),
    )
    report.ContentSequence.append(foreign_text("Loose"))

    said = [one.text for one in sr.read(report).sentences()]
    assert said == ["Chest: Left lung: Nodule", "Chest: Left lung: Length: 12.5 mm", "Loose"]


def test_reports_of_other_makers_are_read(shared: Path) -> None:
    everything = map(header, sorted((shared / "data" / "dicom_sr").rglob("*.dcm")))
    reports = [one for one in everything if one.Modality == "SR"]
    assert reports

    for report in reports:
        assert sr.read(report).sentences()


def test_asked_questions_alone_make_no_author() -> None:
    image = film()
    asked = (asked_about(image), Asked("q", "answer", "Is it large?", algorithm=MODEL))

    report = sr.build(replace(draft(image), asked=asked), [image], SOFTWARE)

    assert len(report.ContributingEquipmentSequence) == 1
    assert b"Is it large" not in sr.to_bytes(report)


def test_a_linked_measurement_is_plain_text_inferred_from_its_image() -> None:
    image = film()
    frame = Identity.of(image, 1)
    links = (Link(frame, "5 mm", "a"), Link(frame, "image 1"))
    own = replace(human_sentence("Nodule of 5 mm, image 1."), links=links)
    report = written(sr.build(signed(draft(image, own)), [image], SOFTWARE))

    items = report.ContentSequence[-1].ContentSequence
    (item,) = [one for one in items if one.TextValue == own.text]
    (child,) = item.ContentSequence
    assert (child.RelationshipType, child.ValueType) == ("INFERRED FROM", "IMAGE")
    assert child.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == image.SOPInstanceUID
    back = [one for one in sr.read(report).sentences() if one.text == own.text]
    assert [(one.origin, one.links) for one in back] == [(Origin.HUMAN, ())]


def test_words_of_a_model_pasted_from_another_report_are_never_signed_as_a_persons() -> None:
    image = film()
    pasted = Sentence(new_id(), "Pasted.", Origin.AI, Decision.ACCEPTED)
    document = replace(signed(draft(image, pasted)), asked=())

    with pytest.raises(InvalidReport, match="does not say which model wrote it"):
        sr.build(document, [image], SOFTWARE)
