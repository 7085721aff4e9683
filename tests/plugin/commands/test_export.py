"""`wetread export`: what a person gets on the disk, and the one sentence when there is nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_io.audit import AuditLog
from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.samples import sample_files
from dicom_io.storage import DataRoot
from tests.commands import Wetread


@pytest.fixture
def study(tmp_path: Path, wetread: Wetread) -> Identity:
    """A study with one CT image, fetched to this workstation."""
    film = next(path for path in sample_files() if path.name == "CT_small.dcm")
    identity = Identity.of(dcmread(film, stop_before_pixels=True))
    with Archive(tmp_path / "archive") as archive:
        archive.add([film])
        assert wetread("fetch", identity.study, "--node", archive.node.address).code == 0
    return identity


def test_a_study_becomes_a_folder_with_dicomdir(
    study: Identity, wetread: Wetread, tmp_path: Path
) -> None:
    out = tmp_path / "cd"

    ran = wetread("export", study.study, "--to", out, "--as", "dicomdir", "--json")

    assert ran.code == 0
    assert json.loads(ran.out)["objects"] == 1
    (image,) = out.rglob("IM*")
    assert dcmread(image).PatientID == study.patient_id
    assert (out / "DICOMDIR").is_file()
    assert "EXPORTED" in {one.event for one in AuditLog(DataRoot.choose().audit).entries()}


def test_without_identity_no_name_is_left(
    study: Identity, wetread: Wetread, tmp_path: Path
) -> None:
    out = tmp_path / "cd"

    ran = wetread("export", study.study, "--to", out, "--as", "dicomdir", "--deidentify")

    assert ran.code == 0
    content = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert study.patient_id.encode() not in content
    assert study.study.encode() not in content


def test_a_series_becomes_pictures(study: Identity, wetread: Wetread, tmp_path: Path) -> None:
    ran = wetread("export", study.study, "--to", tmp_path / "png", "--as", "png", "--series", "1")

    assert ran.code == 0
    assert [path.name for path in (tmp_path / "png").rglob("*.png")] == ["IM000001.png"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--as", "png", "--series", "77"], "no series 77"),
        (["--as", "png", "--looked-at-pixels"], "belongs to --deidentify"),
        (["--as", "dicomdir", "--to", "."], "not empty"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    words: list[str],
    told: str,
    study: Identity,
    wetread: Wetread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = wetread("export", study.study, "--to", "out", *words)

    assert ran.code != 0
    assert told in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_study_that_is_not_here_is_said(wetread: Wetread, tmp_path: Path) -> None:
    ran = wetread("export", "1.2.3", "--to", tmp_path / "out", "--as", "png")

    assert ran.code == 1
    assert ran.err.startswith("wetread: ")
