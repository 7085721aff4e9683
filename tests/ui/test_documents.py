"""Objects that are no images: told in a sentence in the window, their documents saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels.utils import set_pixel_data
from PyQt6.QtWidgets import QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from dicom_io.audit import AuditLog
from dicom_io.identity import Identity
from dicom_io.image.frame import open_frames
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.study import Study
from model_backend.request import BadRequest
from plugin._seen import look
from tests.dicom_io.image.test_kinds import made, pdf
from tests.plugin.desk import Desk
from ui.documents import Documents
from ui.jobs import Jobs
from ui.reading import Arrival, Reading, Way, arrival_of

STUDY = "1.2.826.0.1.3680043.8.498.55.1"


def test_what_is_no_image_arrives_with_its_sentence_and_no_frames(tmp_path: Path) -> None:
    made("9.1.1").save_as(tmp_path / "ecg.dcm", enforce_file_format=True)
    dose = Path(str(get_testdata_file("rtdose_1frame.dcm")))
    paths = {dose: "dose", tmp_path / "ecg.dcm": "ECG", pdf(tmp_path / "a.dcm", b"%PDF"): "PDF"}

    for path, word in paths.items():
        arrival = arrival_of(path, Arrival())

        assert arrival.frames == () and arrival.objects == (path,)
        assert word in arrival.problem


def test_no_model_is_shown_what_is_no_image() -> None:
    (frame,) = open_frames(Path(str(get_testdata_file("rtdose_1frame.dcm"))))

    with pytest.raises(BadRequest, match="dose"):
        look(frame)


def test_documents_of_the_open_study_are_saved_and_audited(
    tmp_path: Path, jobs: Jobs, qtbot: QtBot
) -> None:
    said: list[str] = []
    window = QWidget()
    qtbot.addWidget(window)
    reading = Reading(jobs)
    audit = AuditLog(tmp_path / "audit")
    documents = Documents(reading, jobs, audit, lambda text, role: said.append(text), window)
    enabled = documents.action().enabled
    assert enabled is not None and not enabled()
    image = made("7")
    set_pixel_data(image, np.zeros((4, 4), np.uint8), "MONOCHROME2", 8)
    image.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    own = pdf(tmp_path / "own.dcm", b"%PDF one")
    stranger = pdf(tmp_path / "stranger.dcm", b"%PDF two", PatientID="K2")
    files = [own, tmp_path / "image.dcm", stranger]
    out = tmp_path / "out"
    out.mkdir()

    with qtbot.waitSignal(reading.ended, timeout=5000):
        reading.open(Study(Identity("K1", "", STUDY)), Way(lambda: files))
    assert enabled()
    documents.save(out)
    qtbot.waitUntil(lambda: len(said) == 1, timeout=5000)
    documents.save(out)
    qtbot.waitUntil(lambda: len(said) == 2, timeout=5000)

    assert sorted(path.name for path in out.iterdir()) == ["Report of A 2.pdf", "Report of A.pdf"]
    assert (out / "Report of A.pdf").read_bytes() == b"%PDF one"
    assert [entry.event for entry in audit.entries()] == ["EXPORTED"] * 2


@pytest.mark.parametrize("patient", ["K1", "K2"])
def test_without_any_image_the_study_that_was_chosen_decides(
    tmp_path: Path, jobs: Jobs, qtbot: QtBot, patient: str
) -> None:
    said: list[str] = []
    window = QWidget()
    qtbot.addWidget(window)
    reading = Reading(jobs)
    audit = AuditLog(tmp_path / "audit")
    documents = Documents(reading, jobs, audit, lambda text, role: said.append(text), window)
    file = pdf(tmp_path / "a.dcm", b"%PDF", PatientID=patient)
    out = tmp_path / "out"
    out.mkdir()

    with qtbot.waitSignal(reading.ended, timeout=5000):
        reading.open(Study(Identity("K1", "", STUDY)), Way(lambda: [file]))
    documents.save(out)
    qtbot.waitUntil(lambda: bool(said), timeout=5000)

    assert len(list(out.iterdir())) == (1 if patient == "K1" else 0)
    assert ("no document" in said[0]) == (patient == "K2")


def test_the_menu_saves_the_document_of_the_study_that_is_open(
    tmp_path: Path, qtbot: QtBot, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = made("7", SOPInstanceUID="2.25.7")
    set_pixel_data(film, np.zeros((4, 4), np.uint8), "MONOCHROME2", 8)
    film.save_as(tmp_path / "film.dcm", enforce_file_format=True)
    archive.add(
        [tmp_path / "film.dcm", pdf(tmp_path / "a.dcm", b"%PDF one", SOPInstanceUID="2.25.8")]
    )
    desk = Desk(qtbot, tmp_path / "home", [DimseSource(archive.node)], plugins=())
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "out"))
    (tmp_path / "out").mkdir()

    entry = desk.window.table.entry("study.documents")
    assert entry in {one for menu in desk.window.findChildren(QMenu) for one in menu.actions()}
    desk.search("")
    desk.open(STUDY)
    desk.wait(lambda: desk.window.documents.action().enabled())  # type: ignore[misc]
    desk.window.table.refresh()  # as the menu does when it opens
    assert entry.isEnabled()
    entry.trigger()
    desk.wait((tmp_path / "out" / "Report of A.pdf").exists)

    desk.close()
