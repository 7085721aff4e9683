"""`report` writes a signed report in the form that is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dicom_io.report import sr
from dicom_io.report.document import human_sentence
from tests.commands import Wetread
from tests.reports import SOFTWARE, draft, film, signed


@pytest.fixture
def report(tmp_path: Path) -> Path:
    image = film()
    path = tmp_path / "report.dcm"
    sr.write(sr.build(signed(draft(image, human_sentence("Normal."))), [image], SOFTWARE), path)
    return path


def test_the_ending_or_the_option_says_the_form(
    wetread: Wetread, report: Path, tmp_path: Path
) -> None:
    assert wetread("report", report, "--to", tmp_path / "a.json").code == 0
    assert wetread("report", report, "--to", tmp_path / "a.oru", "--as", "hl7").code == 0
    assert wetread("report", report, "--to", tmp_path / "a.txt").code == 0

    assert json.loads((tmp_path / "a.json").read_text())["resourceType"] == "DiagnosticReport"
    assert (tmp_path / "a.oru").read_bytes().startswith(b"MSH|^~\\&|WETREAD")
    assert "Normal." in (tmp_path / "a.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("qapp")
def test_a_pdf_is_written_without_a_window(wetread: Wetread, report: Path, tmp_path: Path) -> None:
    assert wetread("report", report, "--to", tmp_path / "a.pdf").code == 0

    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


def test_nothing_is_written_over_and_no_form_is_guessed(
    wetread: Wetread, report: Path, tmp_path: Path
) -> None:
    (tmp_path / "there.txt").write_text("mine", encoding="utf-8")

    assert wetread("report", report, "--to", tmp_path / "there.txt").code == 2
    assert wetread("report", report, "--to", tmp_path / "a.doc").code == 2
    assert (tmp_path / "there.txt").read_text(encoding="utf-8") == "mine"


def test_an_unsigned_report_is_refused(wetread: Wetread, tmp_path: Path) -> None:
    image = film()
    path = tmp_path / "draft.dcm"
    sr.write(sr.build(draft(image, human_sentence("Normal.")), [image], SOFTWARE), path)

    ran = wetread("report", path, "--to", tmp_path / "a.txt")

    assert ran.code == 1
    assert "not signed" in ran.err and not (tmp_path / "a.txt").exists()
