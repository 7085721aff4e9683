"""A signed report as FHIR and HL7: what other systems need is there, escaped, and nothing else."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from dicom_io.errors import FileProblem, NotDicom, NotVerified, ReportProblem
from dicom_io.report import sr
from dicom_io.report.document import ReportDocument, human_sentence
from dicom_io.report.export.fhir import as_fhir, as_json
from dicom_io.report.export.forms import form_of, read_letter
from dicom_io.report.export.hl7 import as_oru, escaped
from dicom_io.report.export.letter import Letter, letter_of
from tests.reports import MODEL, SOFTWARE, draft, film, signed, suggestion

ODD = "A & B | C ≥ 5^ \\ ~ <i>结节</i>"
REJECTED = "There is a fracture."
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def document(image: Dataset) -> ReportDocument:
    return signed(
        draft(
            image,
            human_sentence(ODD),
            suggestion("The heart is large.").accepted(),
            suggestion(REJECTED).rejected(),
            IMPRESSION=(human_sentence("Normal."), human_sentence("No follow-up.")),
        )
    )


def letter(**attributes: object) -> Letter:
    image = film(**attributes)
    return letter_of(sr.build(document(image), [image], SOFTWARE))


def amended() -> Letter:
    image = film()
    before = sr.build(document(image), [image], SOFTWARE)
    later = replace(document(image), predecessor=str(before.SOPInstanceUID))
    return letter_of(sr.build(later, [image, before], SOFTWARE))


def contained(resource: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in resource["contained"] if one["resourceType"] == kind
    )
    return found


def segments(message: str) -> list[list[str]]:
    assert message.endswith("\r") and "\n" not in message
    return [segment.split("|") for segment in message.split("\r")[:-1]]


def every_value(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [one for item in value.values() for one in every_value(item)] + list(value.values())
    if isinstance(value, list):
        return [one for item in value for one in every_value(item)] + value
    return [value]


def test_a_fhir_report_has_what_the_standard_requires() -> None:
    resource = json.loads(as_json(letter()))

    assert resource["resourceType"] == "DiagnosticReport"
    assert resource["status"] == "final"
    assert resource["code"]["coding"] == [
        {"system": "http://loinc.org", "code": "43468-8", "display": "X-Ray Report"}
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", resource["issued"])
    assert resource["effectiveDateTime"] == "2026-03-01"
    assert resource["conclusion"] == "Normal. No follow-up."
    assert resource["basedOn"][0]["identifier"]["value"] == "A-99"
    named = [resource["subject"], *resource["resultsInterpreter"], *resource["imagingStudy"]]
    ids = {f"#{one['id']}" for one in resource["contained"]}
    assert {one["reference"] for one in named} <= ids


def test_patient_reader_and_study_of_a_fhir_report_are_the_reports() -> None:
    resource = as_fhir(letter(PatientName="Doe^Jane^M^Dr^PhD"))

    patient, study = contained(resource, "Patient"), contained(resource, "ImagingStudy")
    assert patient["name"][0] == {
        "text": "Dr Jane M Doe PhD", "family": "Doe", "given": ["Jane", "M"],
        "prefix": ["Dr"], "suffix": ["PhD"],
    }  # fmt: skip
    assert (patient["gender"], patient["birthDate"]) == ("female", "1970-01-02")
    assert patient["identifier"][0]["assigner"] == {"display": "HOSPITAL"}
    assert study["identifier"][0]["value"] == "urn:oid:2.25.1003"
    assert study["referrer"] == {"display": "Gregory House"}
    assert contained(resource, "Practitioner")["name"][0]["family"] == "Demo"
    assert contained(resource, "Organization")["name"] == "DEMONSTRATION"


def test_words_are_whole_in_both_forms_of_a_fhir_report_and_never_mark_up() -> None:
    resource = as_fhir(letter())
    form = resource["presentedForm"][0]

    assert ODD in base64.b64decode(form["data"]).decode("utf-8")
    assert "&lt;i&gt;结节&lt;/i&gt;" in resource["text"]["div"]
    assert "<i>" not in resource["text"]["div"]
    assert "Research use only" in resource["text"]["div"]


def test_a_fhir_report_holds_nothing_empty() -> None:
    resource = as_fhir(letter(AccessionNumber="", PatientBirthDate="", ReferringPhysicianName=""))

    assert not [one for one in every_value(resource) if one in ("", [], {}, None)]
    assert "basedOn" not in resource
    assert "birthDate" not in contained(resource, "Patient")


@pytest.mark.parametrize("form", [as_json, as_oru], ids=["fhir", "hl7"])
def test_what_was_rejected_is_in_no_form(form: Any) -> None:
    assert REJECTED not in form(letter())


def test_a_later_version_says_that_it_amends() -> None:
    assert as_fhir(amended())["status"] == "amended"
    statuses = {line[11] for line in segments(as_oru(amended())) if line[0] == "OBX"}
    assert statuses == {"C"}


def test_an_oru_message_has_its_segments_in_order() -> None:
    message = segments(as_oru(letter(), NOW, "1"))

    assert [line[0] for line in message] == ["MSH", "PID", "ORC", "OBR", *["OBX"] * 6]
    msh, pid, orc, obr = message[:4]
    assert msh[1:12] == [
        "^~\\&", "WETREAD", "DEMONSTRATION", "", "", msh[6], "", "ORU^R01^ORU_R01", "1", "P",
        "2.5.1",
    ]  # fmt: skip
    assert re.fullmatch(r"20260304\d{6}[+-]\d{4}", msh[6])
    assert msh[17] == "UNICODE UTF-8"
    assert (pid[3], pid[5], pid[7], pid[8]) == (
        "P-17^^^HOSPITAL^MR", "Doe^Jane", "19700102", "F"
    )  # fmt: skip
    assert (orc[1], orc[3]) == ("RE", "A-99")
    assert (obr[3], obr[4], obr[25]) == ("A-99", "43468-8^X-Ray Report^LN", "F")
    assert obr[7].startswith("20260301101112")
    assert obr[32] == "&Demo&Reader"


def test_every_sentence_is_an_observation_under_its_section() -> None:
    lines = [line for line in segments(as_oru(letter())) if line[0] == "OBX"]

    assert [line[1] for line in lines] == ["1", "2", "3", "4", "5", "6"]
    assert lines[0][3:6] == ["113014^DICOM Study^DCM", "1", "2.25.1003"]
    assert [(line[3].split("^")[0], line[4], line[5]) for line in lines[2:5]] == [
        ("59776-5", "2", "The heart is large."),
        ("19005-8", "1", "Normal."),
        ("19005-8", "2", "No follow-up."),
    ]
    assert unescaped(lines[1][5]) == ODD
    assert lines[5][5].startswith("Research use only")


def unescaped(text: str) -> str:
    table = {"E": "\\", "F": "|", "S": "^", "T": "&", "R": "~", ".br": "\n"}
    return re.sub(r"\\(E|F|S|T|R|\.br)\\", lambda found: table[found[1]], text)


def test_separators_and_lines_inside_of_words_are_escaped() -> None:
    assert escaped("a|b^c&d~e\\f\r\ng") == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\.br\\g"


def test_all_groups_of_a_name_are_told_apart() -> None:
    (pid,) = [
        line
        for line in segments(as_oru(letter(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう")))
        if line[0] == "PID"
    ]

    assert pid[5] == "Yamada^Tarou^^^^^^A~山田^太郎^^^^^^I~やまだ^たろう^^^^^^P"


def test_the_model_is_named_where_people_read() -> None:
    assert letter().models() == (f"{MODEL.name} {MODEL.version}",)


def test_unsigned_and_foreign_objects_are_refused(tmp_path: Path) -> None:
    image = film()
    unsigned = tmp_path / "draft.dcm"
    sr.write(sr.build(draft(image, human_sentence("Normal.")), [image], SOFTWARE), unsigned)
    text = tmp_path / "a.txt"
    text.write_text("no report", encoding="utf-8")

    with pytest.raises(NotVerified):
        read_letter(unsigned)
    with pytest.raises(ReportProblem, match="no structured report"):
        read_letter(Path(str(get_testdata_file("CT_small.dcm"))))
    with pytest.raises(NotDicom):
        read_letter(text)
    with pytest.raises(FileProblem, match="cannot be opened"):
        read_letter(tmp_path / "missing.dcm")


def test_a_signed_report_of_another_maker_goes_out_too() -> None:
    foreign = read_letter(Path(str(get_testdata_file("test-SR.dcm"))))

    assert as_fhir(foreign)["code"]["text"] == "Diagnosis"
    assert "A mass of" in as_oru(foreign)


def test_the_ending_of_a_file_says_the_form() -> None:
    assert [form_of(Path(f"a.{end}")) for end in ("PDF", "txt", "json", "hl7", "dcm")] == [
        "pdf", "text", "fhir", "hl7", ""
    ]  # fmt: skip
