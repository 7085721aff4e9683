"""Macros in the real window: listed, added, changed, and used at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.report.document import Origin
from tests.plugin.desk import Desk, write_films
from tests.ui.hands import CTRL, KEYS

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path) -> Iterator[Desk]:
    source = FolderSource(write_films(tmp_path / "study", 1))
    opened = Desk(qtbot, own_home, [source], plugins=())
    opened.search("")
    opened.open("1.2.826.0")
    opened.wait(lambda: opened.window.writing.macros.is_ready)
    yield opened
    opened.close()


def test_a_macro_is_added_by_keys_and_expands_in_the_report_with_a_value_of_the_image(
    desk: Desk,
) -> None:
    desk.key(KEY.Key_M, CTRL)
    dialog = desk.window.writing.macros.dialog
    assert dialog is not None and dialog.list.count() >= 16
    KEYS.keyClicks(dialog.code, "h")
    KEYS.keyClicks(dialog.words, "{Modality} film, [side].")
    desk.click(dialog.save)
    assert "2 to 32 characters" in dialog.problem()
    KEYS.keyClicks(dialog.code, "i")
    before = dialog.list.count()
    desk.click(dialog.save)
    desk.wait(lambda: dialog.list.count() == before + 1)
    dialog.accept()

    desk.window.report.panel.field_of("Findings").setFocus()
    desk.type("hi")
    desk.key(KEY.Key_Tab)
    desk.type("left")
    desk.key(KEY.Key_Return)

    assert [(s.text, s.origin) for s in desk.sentences()] == [("CR film, left.", Origin.TEMPLATE)]


def test_a_macro_that_holds_itself_is_told_and_the_code_stays(desk: Desk) -> None:
    own = desk.root.macros
    own.mkdir(parents=True, exist_ok=True)
    loop = '[[macro]]\ncode = "aa"\ntext = "x {macro:aa}"\n'
    (own / "loop.toml").write_text(loop, encoding="utf-8")
    desk.key(KEY.Key_M, CTRL)
    dialog = desk.window.writing.macros.dialog
    assert dialog is not None
    KEYS.keyClicks(dialog.code, "hi")
    KEYS.keyClicks(dialog.words, "Hello.")
    before = dialog.list.count()
    desk.click(dialog.save)
    desk.wait(lambda: dialog.list.count() == before + 2)
    dialog.accept()

    field = desk.window.report.panel.field_of("Findings")
    field.setFocus()
    desk.type("aa ")
    assert field.words() == "aa "
    assert "holds itself" in desk.window.report.said()
