"""Reports of other makers in the window: read with the study, shown, followed to the film."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.pacs.samples import sample_files
from tests.foreign_reports import mammography_cad, take_identity, write, write_deep
from tests.plugin.desk import Desk
from tests.ui.hands import CTRL, KEYS, NONE
from ui.report.page_window import PageWindow

KEY = Qt.Key


def of_study(report: Dataset, film: Dataset) -> Dataset:
    """The report as one about the patient and study of a film, with its evidence."""
    take_identity(report, film)
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID = film.SOPClassUID
    instance.ReferencedSOPInstanceUID = film.SOPInstanceUID
    series.SeriesInstanceUID = film.SeriesInstanceUID
    series.ReferencedSOPSequence = Sequence([instance])
    study.StudyInstanceUID = film.StudyInstanceUID
    study.ReferencedSeriesSequence = Sequence([series])
    report.CurrentRequestedProcedureEvidenceSequence = Sequence([study])
    return report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A CT slice; a CAD report about it; a stranger's report; one 4,000 levels deep."""
    path = next(path for path in sample_files() if path.name == "CT_small.dcm")
    film = dcmread(path)
    place = tmp_path / "study"
    place.mkdir()
    film.save_as(place / "film.dcm")
    cad = of_study(mammography_cad(str(film.SOPInstanceUID)), film)
    write(cad, place / "cad.dcm")
    stranger = of_study(mammography_cad(), film)
    stranger.PatientID = "another"
    write(stranger, place / "stranger.dcm")
    write_deep(place / "deep.dcm", 4000, about=film)
    return place


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, folder: Path) -> Iterator[Desk]:
    opened = Desk(qtbot, own_home, [FolderSource(folder)], plugins=())
    yield opened
    opened.close()


def opened(desk: Desk, folder: Path) -> PageWindow:
    """The study opened and its reports shown with the key."""
    study = str(dcmread(folder / "film.dcm").StudyInstanceUID)
    desk.search("")
    desk.open(study)
    desk.wait(lambda: len(desk.window.pages.pages()) == 2)
    desk.key(KEY.Key_R, CTRL)
    page = desk.window.pages.dialog
    desk.wait(page.isVisible)
    return page


def row_of(page: PageWindow, words: str) -> int:
    texts = [str(page.rows.index(row).data()) for row in range(page.rows.rowCount())]
    return next(row for row, text in enumerate(texts) if words in text)


def choose(page: PageWindow, title: str) -> None:
    page.choice.setCurrentIndex(page.choice.findText(title, Qt.MatchFlag.MatchContains))


def test_a_line_leads_to_its_film_and_its_region_is_drawn(desk: Desk, folder: Path) -> None:
    page = opened(desk, folder)
    choose(page, "Mammography CAD Report")
    pane = desk.window.viewport
    before = pane.grab().toImage()

    page.list.setCurrentIndex(page.rows.index(row_of(page, "Outline")))
    KEYS.keyClick(page.list, KEY.Key_Return, NONE)

    desk.wait(lambda: pane.grab().toImage() != before)
    at = pane.placement().to_pane(25.0, 10.0)  # the middle of the outline's upper edge
    ink = pane.grab().toImage().pixelColor(round(at[0]), round(at[1]))
    assert ink.blue() > ink.red() + 30  # the colour of place, on a grey film
    assert page.badge.text() == "not verified"

    desk.window.step_back()
    desk.wait(lambda: pane.grab().toImage() == before)


def test_the_deep_report_stands_beside_it_and_the_strangers_does_not(
    desk: Desk, folder: Path
) -> None:
    page = opened(desk, folder)

    choose(page, "Summary")

    assert page.choice.count() == 2
    assert page.rows.rowCount() == 3999
    assert "Level 4000" in str(page.rows.index(3998).data())
    page.list.scrollToBottom()
    QApplication.processEvents()


def test_an_image_of_another_study_is_told_and_nothing_is_drawn(desk: Desk, folder: Path) -> None:
    page = opened(desk, folder)
    choose(page, "Mammography CAD Report")
    before = desk.window.viewport.grab().toImage()

    page.list.activated.emit(page.rows.index(row_of(page, "2.25.42")))

    assert "not in the open study" in desk.window.report.said()
    assert desk.window.viewport.grab().toImage() == before


def test_a_hidden_identity_hides_the_report_and_another_study_closes_it(
    desk: Desk, folder: Path
) -> None:
    page = opened(desk, folder)
    page.hide_identity(True)
    assert page.rows.rowCount() == 0
    assert not page.choice.isVisible()
    page.hide_identity(False)
    assert page.rows.rowCount() > 0

    desk.window.session.close()

    assert not page.isVisible()
    assert desk.window.pages.pages() == ()


def test_codes_are_shown_when_they_are_wanted_and_the_page_is_copied(
    desk: Desk, folder: Path
) -> None:
    page = opened(desk, folder)
    choose(page, "Mammography CAD Report")
    assert "111012" not in str(page.rows.index(row_of(page, "Certainty")).data())

    page.codes.click()
    page.copy()

    assert "(111012, DCM)" in str(page.rows.index(row_of(page, "Certainty")).data())
    board = QApplication.clipboard()
    assert board is not None and "87.5 %" in board.text()
