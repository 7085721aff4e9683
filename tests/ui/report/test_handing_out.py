"""A signed report leaves the window as a PDF or another file; its words are all there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pytestqt.qtbot import QtBot

from dicom_io.audit import AuditLog
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.samples import sample_files
from dicom_io.report import sr
from dicom_io.report.document import SectionKind, human_sentence
from dicom_io.report.export.letter import letter_of
from tests.plugin.desk import Desk
from tests.reports import SOFTWARE, draft, film, signed
from ui.report.pdf import as_pdf

ODD = "Größe ≥ 5 mm & <b>Ω</b>"


def words_of(path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing (Debian package poppler-utils)")
    told = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, timeout=30)
    return " ".join(told.stdout.decode("utf-8").split())


@pytest.mark.usefixtures("qapp")
def test_a_pdf_holds_every_word_and_names_nobody_in_its_properties(tmp_path: Path) -> None:
    image = film()
    report = sr.build(
        signed(draft(image, *[human_sentence(f"{ODD} {n}.") for n in range(60)])),
        [image],
        SOFTWARE,
    )
    path = tmp_path / "report.pdf"

    path.write_bytes(as_pdf(letter_of(report)))

    said = words_of(path)
    assert "Research use only. Not for clinical use." in said
    assert all(f"{ODD} {n}." in said for n in range(60))
    assert "Patient: Doe, Jane" in said and "Signed by Demo, Reader (DEMONSTRATION)" in said
    assert b"Doe" not in path.read_bytes()
    assert path.read_bytes().startswith(b"%PDF-") and b"%%EOF" in path.read_bytes()[-16:]


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, archive: Archive) -> Iterator[Desk]:
    path = next(path for path in sample_files() if path.name == "CT_small.dcm")
    archive.add([path])
    opened = Desk(qtbot, own_home, [DimseSource(archive.node)], plugins=())
    opened.search("")
    opened.open(str(dcmread(path, stop_before_pixels=True).StudyInstanceUID))
    yield opened
    opened.close()


def test_a_signed_report_is_saved_in_every_form_and_audited(desk: Desk, tmp_path: Path) -> None:
    window = desk.window
    assert not window.table.entry("report.export").isEnabled()
    window.handing.write(tmp_path / "early.pdf")
    assert "no signed report" in window.report.said()
    desk.viewer.session.ledger.write(SectionKind.FINDINGS, "A nodule of 30 mm.")
    desk.sign("Demo, Reader", "DEMONSTRATION", "correct horse")
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))
    desk.wait(lambda: window.table.entry("report.export").isEnabled())

    for name in ("report.pdf", "report.txt", "report.json", "report.hl7"):
        window.handing.write(tmp_path / name)
        desk.wait(lambda name=name: name in window.report.said())

    assert "A nodule of 30 mm." in words_of(tmp_path / "report.pdf")
    for name in ("report.txt", "report.json", "report.hl7"):
        assert "A nodule of 30 mm." in (tmp_path / name).read_text(encoding="utf-8") or (
            name == "report.json"
        )
    entries = AuditLog(desk.root.audit).entries()
    assert [one.event for one in entries].count("EXPORTED") == 4
    assert not (tmp_path / "early.pdf").exists()
