"""The export dialogue: what it writes, what it asks first, and what is left when it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.audit import AuditLog
from dicom_io.image.frame import open_frames
from dicom_io.image.render import Window, render
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from tests.plugin.desk import Desk
from tests.ui.hands import KEYS
from ui.export_dialog import ExportDialog, What
from ui.exporting import image_of

Reader = Callable[[str], Desk]


def file_of(name: str) -> Path:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return Path(path)


@pytest.fixture
def reading(qtbot: QtBot, archive: Archive, tmp_path: Path) -> Iterator[Reader]:
    """A window with the study of one of pydicom's files open."""
    desks: list[Desk] = []

    def read(name: str) -> Desk:
        archive.add([file_of(name)])
        desk = Desk(qtbot, tmp_path / "home", [DimseSource(archive.node)], plugins=())
        desks.append(desk)
        desk.search("")
        desk.open(str(dcmread(file_of(name), stop_before_pixels=True).StudyInstanceUID))
        return desk

    yield read
    for desk in desks:
        desk.close()


def asked(desk: Desk, what: What, to: Path, *, deidentify: bool = False) -> ExportDialog:
    """The dialogue with everything chosen."""
    desk.window.table.perform("study.export")
    dialog = desk.window.exporting.dialog
    assert dialog is not None
    dialog.choices[what].setChecked(True)
    dialog.deidentify.setChecked(deidentify)
    dialog.place.setText(str(to))
    return dialog


def done(desk: Desk) -> None:
    desk.wait(lambda: desk.window.exporting.dialog is None)


def test_a_view_is_written_as_it_is_seen_with_texts_only_when_asked(
    reading: Reader, tmp_path: Path
) -> None:
    desk = reading("CT_small.dcm")
    pane = desk.window.viewport
    seen = image_of(pane, texts=False)
    assert image_of(pane, texts=True) != seen

    asked(desk, What.VIEW, tmp_path / "view.png").export.click()
    done(desk)

    with Image.open(tmp_path / "view.png") as picture:
        assert picture.size == (seen.width(), seen.height())
        assert int(np.asarray(picture).max()) > 100
    assert pane.overlays_shown()
    (entry,) = (one for one in AuditLog(desk.root.audit).entries() if one.event == "EXPORTED")
    assert dict(entry.details)["form"] == "view"


def test_a_series_is_written_as_it_is_seen(reading: Reader, tmp_path: Path) -> None:
    desk = reading("CT_small.dcm")
    desk.window.viewport.set_window(Window(60, 300))

    asked(desk, What.PICTURES, tmp_path / "series").export.click()
    done(desk)

    (path,) = (tmp_path / "series").rglob("*.png")
    (frame,) = open_frames(file_of("CT_small.dcm"))
    with Image.open(path) as picture:
        assert np.array_equal(np.asarray(picture), render(frame, frame.stored(), Window(60, 300)))


def test_a_study_without_identity_holds_no_name(reading: Reader, tmp_path: Path) -> None:
    desk = reading("CT_small.dcm")

    asked(desk, What.STUDY, tmp_path / "study", deidentify=True).export.click()
    done(desk)

    files = [path for path in (tmp_path / "study").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"DICOMDIR", "IM000001"}
    assert not any(b"CompressedSamples" in path.read_bytes() for path in files)
    assert "Exported to" in desk.window.report.said()


def test_images_that_often_show_names_must_be_looked_at_first(
    reading: Reader, tmp_path: Path
) -> None:
    desk = reading("US1_UNCR.dcm")
    dialog = asked(desk, What.SERIES, tmp_path / "series", deidentify=True)

    assert not dialog.export.isEnabled()
    assert "name in their pixels" in dialog.said()
    dialog.looked.setChecked(True)
    assert dialog.export.isEnabled()
    dialog.export.click()
    done(desk)

    assert (tmp_path / "series" / "DICOMDIR").is_file()


def test_a_taken_folder_a_stop_and_escape_leave_nothing_behind(
    reading: Reader, tmp_path: Path
) -> None:
    desk = reading("CT_small.dcm")
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "letter.txt").write_text("mine")
    dialog = asked(desk, What.STUDY, taken)

    dialog.export.click()
    desk.wait(lambda: "not empty" in dialog.said())
    dialog.place.setText(str(tmp_path / "stopped"))
    dialog.export.click()
    dialog.reject()
    assert "Nothing was exported" in dialog.said()
    dialog.place.setText(str(tmp_path / "free"))
    dialog.export.click()
    done(desk)
    dialog = asked(desk, What.STUDY, tmp_path / "never")
    KEYS.keyClick(dialog, Qt.Key.Key_Escape)
    done(desk)

    assert (tmp_path / "free" / "DICOMDIR").is_file()
    assert [path.name for path in taken.iterdir()] == ["letter.txt"]
    assert not (tmp_path / "never").exists()
    desk.wait(lambda: not any(path.suffix == ".part" for path in tmp_path.iterdir()))
