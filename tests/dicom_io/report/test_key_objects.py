"""Key images as a document: what the judges say of it, and what is found in it again."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from dicom_io.errors import InvalidReport, ReportProblem
from dicom_io.identity import Identity
from dicom_io.report.codes import Code
from dicom_io.report.key_objects import (
    FOR_REPORT,
    build_key_objects,
    check,
    read_key_objects,
)
from dicom_io.report.presentation_state import encoded
from tests.judges import judge_entities, require_judges
from tests.reports import SOFTWARE, film, sample


def image_of(header: Dataset, frame: int = 1) -> Identity:
    return Identity.of(header, frame)


@pytest.mark.parametrize(
    "header",
    [sample("CT_small.dcm"), sample("emri_small.dcm"), film(), film(AccessionNumber="")],
    ids=["ct", "multi-frame", "film", "no accession"],
)
def test_the_judges_have_nothing_against_a_document(header: Dataset, tmp_path: Path) -> None:
    require_judges()
    document = build_key_objects(
        [image_of(header)], [header], SOFTWARE, description="Größe ≤ 5 mm", creator="Doe^Jane"
    )
    path = tmp_path / "key.dcm"
    path.write_bytes(encoded(document))

    verdict = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, timeout=30)
    dumped = subprocess.run(["dsrdump", str(path)], capture_output=True, timeout=30)

    lines = verdict.stderr.decode().splitlines()
    harmless = ("Retired Person Name", "Value is zero", "needed to build DICOMDIR")
    assert [line for line in lines if line and not any(one in line for one in harmless)] == [
        "KeyObjectSelectionDocument"
    ]
    known = ("specific Character Set".lower(), "template constraints not yet supported")
    heard = dumped.stderr.decode().splitlines()
    assert dumped.returncode == 0
    assert [line for line in heard if line and not any(one in line.lower() for one in known)] == []
    assert judge_entities(path, header, tmp_path) == ()
    assert check(document, [header]) == ()


def test_key_images_are_found_again_with_their_frames() -> None:
    header = sample("emri_small.dcm")
    chosen = (image_of(header, 3), image_of(header, 7))

    document = build_key_objects(chosen, [header], SOFTWARE, title=FOR_REPORT, creator="Doe^Jane")
    found = read_key_objects(pydicom.dcmread(BytesIO(encoded(document))))

    assert found.images == chosen
    assert (found.title, found.creator) == ("For Report Attachment", "Doe^Jane")
    assert "Research use only" in found.description
    assert found.is_ours and found.notices == ()


def test_the_only_frame_of_an_image_is_named_as_the_image() -> None:
    header = sample("CT_small.dcm")

    document = build_key_objects([image_of(header)], [header], SOFTWARE)

    assert read_key_objects(document).images == (image_of(header, 0),)


def test_nothing_marked_gives_no_document() -> None:
    with pytest.raises(ReportProblem, match="No key image"):
        build_key_objects([], [film()], SOFTWARE)


def test_an_image_of_another_patient_is_refused() -> None:
    header = film()
    stray = replace(image_of(header), patient_id="another")

    with pytest.raises(ReportProblem, match="one patient"):
        build_key_objects([image_of(header), stray], [header], SOFTWARE)


def test_a_title_that_is_none_of_the_context_group_is_refused() -> None:
    header = film()

    with pytest.raises(InvalidReport, match="CID 7010"):
        build_key_objects([image_of(header)], [header], SOFTWARE, title=Code("1", "DCM", "Wrong"))


def test_the_check_finds_each_broken_rule() -> None:
    header = film()
    document = build_key_objects([image_of(header)], [header], SOFTWARE)
    breaks = {
        "PatientID": "another",
        "Modality": "SR",
        "SeriesInstanceUID": header.SeriesInstanceUID,
        "SpecificCharacterSet": "ISO_IR 100",
        "ContentTemplateSequence": [],
    }

    for keyword, value in breaks.items():
        broken = pydicom.dcmread(BytesIO(encoded(document)))
        broken[keyword].value = value
        assert check(broken, [header]), keyword


def test_an_image_outside_of_the_evidence_is_left_out_and_said() -> None:
    header = film()
    document = build_key_objects([image_of(header)], [header], SOFTWARE)
    document.ContentSequence[-1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "2.25.9"

    found = read_key_objects(document)

    assert found.images == ()
    assert found.notices == ("A key image is not in the document's evidence; it is left out.",)
