"""Wrong words are underlined in the report's language, and the editor works without a library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, Qt
from PyQt6.QtGui import QTextCharFormat
from PyQt6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from dicom_io.errors import NoSpelling
from dicom_io.pacs.folder import FolderSource
from dicom_io.report.document import ReportDocument, SectionKind
from tests.plugin.desk import Desk, write_films
from ui.report.editor import Editor
from ui.report.spell_menu import spelling_menu
from ui.report.speller import Speller

KEY = Qt.Key


def need(language: str, tmp_path: Path) -> Speller:
    try:
        return Speller(language, tmp_path / "words.txt")
    except NoSpelling as missing:
        pytest.skip(str(missing))


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path) -> Iterator[Desk]:
    source = FolderSource(write_films(tmp_path / "study", 1))
    opened = Desk(qtbot, own_home, [source], plugins=())
    opened.search("")
    opened.open("1.2.826.0")
    yield opened
    opened.close()


def field(desk: Desk) -> Editor:
    found = desk.window.report.panel.field_of("Findings")
    found.setFocus()
    return found


def underlined(editor: Editor) -> list[str]:
    document = editor.document()
    assert document is not None
    block = document.firstBlock()
    wave = QTextCharFormat.UnderlineStyle.SpellCheckUnderline
    layout = block.layout()
    assert layout is not None
    return [
        block.text()[one.start : one.start + one.length]
        for one in layout.formats()
        if one.format.underlineStyle() == wave
    ]


def test_general_and_medical_words_of_english_are_right_and_slips_wrong(tmp_path: Path) -> None:
    speller = need("en", tmp_path)
    for word in ("Pneumothorax", "cardiomegaly", "CT", "patient's", "patient’s", "the", "山田"):
        assert speller.is_right(word), word
    for word in ("effussion", "Teh", "pnuemothorax"):
        assert not speller.is_right(word), word
    assert "effusion" in speller.suggest("effussion")


def test_german_has_its_own_words(tmp_path: Path) -> None:
    speller = need("de", tmp_path)
    for word in ("Lunge", "Größe", "Pneumothorax", "Abasie"):
        assert speller.is_right(word), word
    for word in ("Lugne", "fracture", "Grösze"):
        assert not speller.is_right(word), word


def test_a_language_without_a_dictionary_is_told(tmp_path: Path) -> None:
    need("en", tmp_path)
    with pytest.raises(NoSpelling, match="xx-YY"):
        Speller("xx-YY", tmp_path / "words.txt")


def test_a_slip_is_underlined_and_mended_from_the_menu(desk: Desk, tmp_path: Path) -> None:
    need("en", tmp_path)
    editor = field(desk)
    desk.type("Small effussion.")
    desk.wait(lambda: underlined(editor) == ["effussion"])

    menu, cursor = QMenu(), editor.textCursor()
    cursor.setPosition(8)
    spelling_menu(menu, editor, cursor, desk.window.report.panel.aids)
    chosen = next(one for one in menu.actions() if one.text() == "effusion")
    chosen.trigger()
    assert editor.words() == "Small effusion."
    desk.wait(lambda: underlined(editor) == [])


def test_a_learnt_word_is_right_here_and_the_next_time(desk: Desk, tmp_path: Path) -> None:
    need("en", tmp_path)
    editor = field(desk)
    desk.type("Wetreadish sign.")
    desk.wait(lambda: underlined(editor) == ["Wetreadish"])
    desk.window.report.panel.aids.learn("Wetreadish")
    own = desk.root.macros / "words.txt"
    desk.wait(own.exists)

    assert underlined(editor) == []
    assert Speller("en", own).is_right("Wetreadish")


def test_the_language_is_that_of_the_report(desk: Desk, tmp_path: Path) -> None:
    need("en", tmp_path)
    need("de", tmp_path)
    editor = field(desk)
    desk.type("Lunge frei")
    desk.wait(lambda: "Lunge" not in underlined(editor) and "frei" in underlined(editor))
    ledger = desk.window.session.ledger
    assert isinstance(ledger.document, ReportDocument)
    ledger.replace(replace(ledger.document, language="de"))
    desk.wait(lambda: underlined(editor) == [])


def test_without_the_library_the_editor_works_and_says_so_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "enchant", None)
    field(desk)
    desk.type("Teh heart.")
    desk.wait(lambda: "no spell check" in desk.window.report.said())
    desk.window.report.say("")
    desk.type(" Agian.")
    desk.key(KEY.Key_Return)

    assert [one.text for one in desk.sentences()] == ["Teh heart. Agian."]
    assert desk.window.report.said() == ""


def test_ten_thousand_pasted_words_do_not_hold_the_window(desk: Desk, tmp_path: Path) -> None:
    need("en", tmp_path)
    editor, data = field(desk), QMimeData()
    data.setText(" ".join(f"wrd{'abcdefghij'[n % 10]}{n}x" for n in range(10_000)))
    editor.insertFromMimeData(data)
    desk.type(" Fine.")
    desk.key(KEY.Key_Return)

    report = desk.report()
    assert report is not None
    assert report.section(SectionKind.FINDINGS).sentences[-1].text.endswith(" Fine.")
