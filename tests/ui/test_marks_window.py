"""Marks in the whole window: by key and mouse, counted, evidence, there again next time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.pacs.folder import FolderSource
from tests.plugin.desk import Desk
from tests.ui.hands import CTRL, SHIFT

KEY = Qt.Key
Open = Callable[[], Desk]


@pytest.fixture
def film(tmp_path: Path) -> ImageFrame:
    """The one film in a folder that stands for the archive."""
    folder = tmp_path / "films"
    folder.mkdir()
    path = folder / "film.dcm"
    path.write_bytes(Path(str(get_testdata_file("CT_small.dcm"))).read_bytes())
    return open_frames(path)[0]


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path, film: ImageFrame) -> Iterator[Open]:
    """Opens the window on the same data root, again and again."""
    desks: list[Desk] = []

    def sit_down() -> Desk:
        desk = Desk(qtbot, tmp_path / "home", [FolderSource(film.path.parent)], plugins=())
        desks.append(desk)
        desk.search("")
        desk.open(film.identity.study)
        desk.go_to_film()
        return desk

    yield sit_down
    desks[-1].close()


def marks(desk: Desk, film: ImageFrame) -> tuple[Annotation, ...]:
    return desk.window.marking.annotations.of(film.identity)


def test_marks_and_key_images_are_there_again_next_time(opened: Open, film: ImageFrame) -> None:
    desk = opened()
    store = desk.window.marking.annotations
    desk.key(KEY.Key_D)
    desk.drag_film(120, 40)
    desk.key(KEY.Key_W, SHIFT)
    desk.type("nodule")
    desk.key(KEY.Key_Escape)  # gives up the words, and nothing else
    assert [mark.text for mark in marks(desk, film)] == [""]
    desk.key(KEY.Key_W, SHIFT)
    desk.type("K 3 mm")
    desk.key(KEY.Key_Return)
    desk.key(KEY.Key_Q)
    desk.drag_film(-60, -50)
    desk.key(KEY.Key_Z, CTRL)
    desk.key(KEY.Key_K)
    report = desk.report()
    assert report is not None and film.identity.of_frame(0) in report.evidence
    tile = desk.window.worklist.thumbnails._tiles[0]
    assert tile.keys.text() == "◆ 1 key image"

    before = store.take(film.identity)
    desk.wait(lambda: not store.is_changed(film.identity))
    desk.close()
    desk = opened()
    desk.wait(lambda: marks(desk, film) != ())

    assert [(mark.kind, mark.text) for mark in before.annotations] == [(Kind.LENGTH, "K 3 mm")]
    assert marks(desk, film) == before.annotations
    assert desk.window.marking.annotations.is_key_image(film.identity)
    assert not desk.window.marking.annotations.is_changed(film.identity)


def test_the_report_has_its_own_undo_and_marks_have_theirs(opened: Open, film: ImageFrame) -> None:
    desk = opened()
    desk.key(KEY.Key_D)
    desk.drag_film(120, 40)
    fields = desk.window.report.panel.findChildren(QPlainTextEdit)
    field = next(one for one in fields if one.isVisible())

    field.setFocus()
    desk.type("Two words")
    desk.key(KEY.Key_Z, CTRL)
    assert field.toPlainText() == ""
    assert len(marks(desk, film)) == 1

    desk.go_to_film()
    desk.key(KEY.Key_Z, CTRL)
    assert marks(desk, film) == ()
