"""The report panel: rows, keys, editors, and what stands at the foot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Asked,
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
)
from tests.ui.hands import CTRL, KEYS, LEFT
from ui.actions import ActionTable
from ui.report.ledger import Ledger
from ui.report.report_panel import ReportPanel
from ui.report.sentence_row import SentenceRow

FILM = Identity("P1", "", "1.2", "1.2.3", "1.2.3.4", 1)
KEY = Qt.Key


def suggestion(identifier: str, text: str, **known: object) -> Sentence:
    return replace(
        Sentence(identifier, text, Origin.AI, Decision.SUGGESTED, request="r"),
        **known,  # type: ignore[arg-type]  # whatever the test knows of it
    )


def draft(*sentences: Sentence) -> ReportDocument:
    findings = Section(SectionKind.FINDINGS, sentences)
    return ReportDocument(FILM, sections=(findings,), asked=(Asked("r", "findings", "x"),))


class Room:
    """A ledger and its panel in an active window, with the keys."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.ledger = Ledger()
        self.panel = ReportPanel(self.ledger)
        self.window = QMainWindow()
        self.window.setCentralWidget(self.panel)
        self.panel.setMinimumSize(480, 700)
        table = ActionTable(self.window, {"report": self.panel})
        assert table.add(self.panel.actions_of_report()) == ()
        self.ledger.document_changed.connect(table.refresh)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow, timeout=5000)

    def open(self, *sentences: Sentence) -> None:
        self.ledger.open(ReportDocument(FILM))
        self.ledger.merge_draft(draft(*sentences))
        for sentence in sentences:
            self.qtbot.waitUntil(self.row(sentence.id).isVisible, timeout=5000)

    def row(self, sentence: str) -> SentenceRow:
        row = self.panel.row(sentence)
        assert row is not None
        return row

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier | None = None) -> None:
        widget = QApplication.focusWidget() or self.window
        KEYS.keyClick(widget, key, held or Qt.KeyboardModifier.NoModifier)

    def type(self, text: str) -> None:
        KEYS.keyClicks(QApplication.focusWidget(), text)

    def marks(self) -> list[str]:
        return [self.row(one).marked() for one in ("a", "b")]

    def states(self) -> list[Decision]:
        assert self.ledger.document is not None
        return [one.state for one in self.ledger.document.sentences()]

    def texts(self) -> list[str]:
        assert self.ledger.document is not None
        return [one.text for one in self.ledger.document.sentences()]


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    room = Room(qtbot)
    yield room
    room.window.close()


def test_accepting_goes_on_to_the_next_undecided_sentence(room: Room) -> None:
    room.open(suggestion("a", "One."), suggestion("b", "Two."), suggestion("c", "Three."))
    KEYS.mouseClick(room.row("a"), LEFT)

    room.key(KEY.Key_Return, CTRL)
    room.key(KEY.Key_Delete)

    assert room.states() == [Decision.ACCEPTED, Decision.REJECTED, Decision.SUGGESTED]
    assert room.row("c").hasFocus()


def test_undo_and_redo_by_key(room: Room) -> None:
    room.open(suggestion("a", "One."))
    KEYS.mouseClick(room.row("a"), LEFT)
    room.key(KEY.Key_Delete)

    room.key(KEY.Key_Z, CTRL)
    assert room.states() == [Decision.SUGGESTED]
    room.key(KEY.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert room.states() == [Decision.REJECTED]


@pytest.mark.parametrize("way", ["Esc", "focus"])
def test_words_typed_in_a_sentence_are_kept_however_the_editor_is_left(
    way: str, room: Room
) -> None:
    room.open(suggestion("a", "One."), suggestion("b", "Two."))
    KEYS.mouseClick(room.row("a"), LEFT)
    room.key(KEY.Key_F2)
    room.type("Mine")

    if way == "Esc":
        room.key(KEY.Key_Escape)
    else:
        KEYS.mouseClick(room.row("b"), LEFT)

    assert room.texts() == ["Mine", "Two."]
    assert not room.row("a").is_edited


def test_an_editor_left_as_it_was_decides_nothing(room: Room) -> None:
    room.open(suggestion("a", "One."))
    KEYS.mouseClick(room.row("a"), LEFT)
    room.key(KEY.Key_F2)

    room.key(KEY.Key_Escape)

    assert room.states() == [Decision.SUGGESTED]
    assert room.row("a").hasFocus()


def test_enter_in_an_unchanged_editor_accepts(room: Room) -> None:
    room.open(suggestion("a", "One."))
    KEYS.mouseClick(room.row("a"), LEFT)
    room.key(KEY.Key_F2)

    room.key(KEY.Key_Return)

    assert room.states() == [Decision.ACCEPTED]


def test_keys_of_the_editor_stay_in_the_editor(room: Room) -> None:
    room.open(suggestion("a", "One."), suggestion("b", "Two."))
    KEYS.mouseClick(room.row("a"), LEFT)
    room.key(KEY.Key_F2)

    room.key(KEY.Key_Home)
    room.key(KEY.Key_Delete)  # deletes a letter, not the sentence
    room.key(KEY.Key_Down)  # stays in the field
    room.key(KEY.Key_Return)

    assert room.texts() == ["ne.", "Two."]
    assert room.states() == [Decision.ACCEPTED, Decision.SUGGESTED]


def test_an_editor_survives_what_arrives_meanwhile(room: Room) -> None:
    room.open(suggestion("a", "The hea"))
    KEYS.mouseClick(room.row("a"), LEFT)
    room.key(KEY.Key_F2)
    room.type("The heart is normal")

    room.ledger.merge_draft(draft(suggestion("a", "The heart is large."), suggestion("b", "Two.")))
    room.type(".")
    room.key(KEY.Key_Return)

    assert room.texts() == ["The heart is normal.", "Two."]


def test_words_in_a_section_become_the_readers_sentence(room: Room) -> None:
    room.open()
    field = room.panel.field_of("Impression")
    KEYS.mouseClick(field, LEFT)
    KEYS.keyClicks(field, "  No acute   disease.  ")

    room.key(KEY.Key_Return)

    assert room.ledger.document is not None
    (sentence,) = room.ledger.document.section(SectionKind.IMPRESSION).sentences
    assert (sentence.text, sentence.origin) == ("No acute disease.", Origin.HUMAN)
    assert field.words() == ""


def test_up_and_down_walk_through_the_rows(room: Room) -> None:
    room.open(suggestion("a", "One."), suggestion("b", "Two."))
    KEYS.mouseClick(room.row("a"), LEFT)

    room.key(KEY.Key_Down)
    assert room.row("b").hasFocus()
    room.key(KEY.Key_Down)
    assert room.row("b").hasFocus()
    room.key(KEY.Key_Up)
    assert room.row("a").hasFocus()


def test_the_foot_counts_what_is_left(room: Room) -> None:
    def foot() -> str:
        return room.panel.left_over()

    room.open()
    assert foot() == "Nothing written yet"
    room.ledger.merge_draft(draft(suggestion("a", "One."), suggestion("b", "Two.")))
    assert foot() == "2 sentences left to decide"
    room.ledger.accept("a")
    assert foot() == "1 sentence left to decide"
    room.ledger.reject("b")
    assert foot() == "Nothing left to decide"


def test_a_signed_report_shows_what_it_says_and_nothing_to_press(room: Room) -> None:
    room.open(suggestion("a", "One."), suggestion("b", "Two."))
    room.ledger.accept("a")
    room.ledger.reject("b")
    assert room.ledger.document is not None

    room.ledger.replace(replace(room.ledger.document, state=ReportState.SIGNED))

    assert room.panel.row("b") is None
    assert room.panel.row("a") is not None
    assert not room.panel.field_of("Findings").isVisible()


def test_a_tab_walks_from_row_to_row_to_the_field(room: Room) -> None:
    room.open(suggestion("a", "One."), suggestion("b", "Two."))
    room.panel.tabs_after(room.panel.field_of("Indication"))
    KEYS.mouseClick(room.row("a"), LEFT)

    room.key(KEY.Key_Tab)
    assert room.row("b").hasFocus()
    room.key(KEY.Key_Tab)
    assert room.panel.field_of("Findings").hasFocus()


# --- what a check says ---


def test_a_mark_stands_below_its_sentence_until_the_words_change(room: Room) -> None:
    room.ledger.open(draft(suggestion("a", "The lungs are clear."), suggestion("b", "Normal.")))
    checked = room.ledger.document
    assert checked is not None

    assert room.ledger.mark(checked, {"b": "The findings say otherwise."})

    assert room.marks() == ["", "The findings say otherwise."]
    room.ledger.accept("b")
    assert room.marks()[1] == "The findings say otherwise."
    room.ledger.edit("a", "The left lung is clear.")
    assert room.marks() == ["", ""]


@pytest.mark.parametrize("change", ["edit", "reject", "open"])
def test_a_check_of_words_that_are_gone_marks_nothing(room: Room, change: str) -> None:
    room.ledger.open(draft(suggestion("a", "The lungs are clear."), suggestion("b", "Normal.")))
    checked = room.ledger.document
    assert checked is not None
    if change == "edit":
        room.ledger.edit("a", "The left lung is clear.")
    elif change == "reject":
        room.ledger.reject("a")
    else:
        room.ledger.open(draft(suggestion("a", "The lungs are clear."), suggestion("b", "Normal.")))

    assert not room.ledger.mark(checked, {"b": "The findings say otherwise."})

    assert room.marks() == ["", ""]
