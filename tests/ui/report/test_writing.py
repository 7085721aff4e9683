"""A reader writes by keys: macros expand, Tab walks, and pasted words keep their origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.report.document import Decision, Origin, ReportDocument, SectionKind, Sentence
from tests.ui.hands import CTRL, SHIFT
from tests.ui.report.test_report_panel import FILM, Room, suggestion
from ui.report.editor import Editor
from ui.report.row_clipboard import RowClipboard
from ui.report.typed import ORIGIN_FORMAT

KEY = Qt.Key
WORDS = {
    ".nad": "No acute abnormality.",
    ".nod": "Nodule of [size] mm in the [lobe].",
}
AI = "There is a small pleural effusion on the left."


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    room = Room(qtbot)
    room.panel.aids.expand = WORDS.get
    yield room
    room.window.close()


def field(room: Room) -> Editor:
    room.panel.field_of("Findings").setFocus()
    return room.panel.field_of("Findings")


def said(room: Room) -> list[tuple[str, Origin]]:
    document = room.ledger.document
    assert document is not None
    return [(one.text, one.origin) for one in document.sentences()]


def last(room: Room) -> Sentence:
    document = room.ledger.document
    assert document is not None
    return document.sentences()[-1]


# --- macros and places ---


def test_tab_after_a_code_puts_its_words_in_as_the_forms(room: Room) -> None:
    room.open()
    field(room)
    room.type(".nad")
    room.key(KEY.Key_Tab)
    room.key(KEY.Key_Return)

    assert said(room) == [("No acute abnormality.", Origin.TEMPLATE)]


def test_a_space_after_a_code_expands_it_and_the_readers_own_words_go_on(room: Room) -> None:
    room.open()
    editor = field(room)
    room.type("Chest: .nad Really.")

    assert editor.words() == "Chest: No acute abnormality. Really."
    room.key(KEY.Key_Return)
    assert said(room)[0][1] is Origin.HUMAN


def test_a_code_within_a_word_is_no_code_and_undo_gives_the_code_back(room: Room) -> None:
    room.open()
    editor = field(room)
    room.type("end.nad ")
    assert editor.words() == "end.nad "
    editor.clear()
    room.type(".nad ")
    room.key(KEY.Key_Z, CTRL)
    room.key(KEY.Key_Z, CTRL)
    assert editor.words() in (".nad", "")


def test_tab_walks_through_the_places_and_back_and_only_then_leaves(room: Room) -> None:
    room.open()
    editor = field(room)
    room.type(".nod")
    room.key(KEY.Key_Tab)
    assert editor.textCursor().selectedText() == "[size]"
    room.key(KEY.Key_Tab)
    assert editor.textCursor().selectedText() == "[lobe]"
    room.key(KEY.Key_Backtab, SHIFT)
    assert editor.textCursor().selectedText() == "[size]"
    room.type("7")
    room.key(KEY.Key_Tab)
    room.type("left lower lobe")
    assert editor.hasFocus()
    room.key(KEY.Key_Tab)

    assert not editor.hasFocus()
    assert said(room) == [("Nodule of 7 mm in the left lower lobe.", Origin.TEMPLATE)]


def test_a_sentence_of_a_form_becomes_the_readers_own_when_edited(room: Room) -> None:
    room.open()
    written = room.ledger.write(SectionKind.FINDINGS, "Normal heart.", Origin.TEMPLATE)
    assert written is not None
    room.ledger.edit(written.id, "Large heart.")

    assert said(room) == [("Large heart.", Origin.HUMAN)] and last(room).suggested == ""


# --- whose words they are ---


def copied(room: Room, start: int, end: int) -> None:
    """Copy a piece of the suggestion out of its editor, as a reader does."""
    room.panel.edit("a")
    editor = room.row("a").editor()
    assert editor is not None
    cursor = editor.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, cursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)
    room.key(KEY.Key_C, CTRL)
    room.key(KEY.Key_Escape)


def test_a_whole_sentence_by_ai_stays_by_ai_when_pasted(room: Room) -> None:
    room.open(suggestion("a", AI))
    copied(room, 0, len(AI))
    field(room)
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_Return)

    assert (last(room).text, last(room).origin, last(room).request) == (AI, Origin.AI, "r")
    assert last(room).id != "a"


def test_half_a_sentence_by_ai_is_edited_ai_and_remembers_the_whole(room: Room) -> None:
    room.open(suggestion("a", AI))
    copied(room, 11, 33)
    field(room)
    room.type("I see ")
    room.key(KEY.Key_V, CTRL)
    room.type(".")
    room.key(KEY.Key_Return)

    assert last(room).origin is Origin.AI_EDITED
    assert last(room).suggested == AI and last(room).request == "r"


def test_pasting_into_a_sentence_of_the_readers_makes_it_edited_ai(room: Room) -> None:
    room.open(suggestion("a", AI))
    own = room.ledger.write(SectionKind.FINDINGS, "Mine.")
    assert own is not None
    copied(room, 0, 20)
    room.panel.edit(own.id)
    room.key(KEY.Key_End)
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_Return)

    assert last(room).origin is Origin.AI_EDITED and last(room).id == own.id
    room.ledger.undo()
    assert (last(room).text, last(room).origin) == ("Mine.", Origin.HUMAN)


def test_pasted_words_that_were_taken_back_or_overwritten_count_no_more(room: Room) -> None:
    room.open(suggestion("a", AI))
    copied(room, 0, len(AI))
    editor = field(room)
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_Z, CTRL)
    assert editor.words() == ""
    room.type("No effusion at all.")
    room.key(KEY.Key_Return)
    assert last(room).origin is Origin.HUMAN

    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_A, CTRL)
    room.type("Only mine.")
    room.key(KEY.Key_Return)
    assert (last(room).text, last(room).origin) == ("Only mine.", Origin.HUMAN)


def test_a_program_between_that_keeps_only_the_words_does_not_wash_them(room: Room) -> None:
    room.open(suggestion("a", AI))
    copied(room, 0, len(AI))
    board = QApplication.clipboard()
    assert board is not None
    board.setText(AI)  # as a clipboard history gives it back
    field(room)
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_Return)

    assert last(room).origin is Origin.AI


def test_dragged_words_take_their_origin_along(room: Room) -> None:
    room.open(suggestion("a", AI))
    room.panel.edit("a")
    editor = room.row("a").editor()
    assert editor is not None
    data = editor.createMimeDataFromSelection()
    assert data is not None and data.hasFormat(ORIGIN_FORMAT)
    target = field(room)
    viewport = target.viewport()
    assert viewport is not None
    none = Qt.KeyboardModifier.NoModifier
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    target.dropEvent(QDropEvent(QPointF(2, 2), copy, data, left, none))
    room.key(KEY.Key_Return)

    assert last(room).origin is Origin.AI


def test_a_copy_of_a_copy_that_was_not_given_yet_is_still_by_ai(room: Room) -> None:
    room.open(suggestion("a", AI))
    copied(room, 0, 20)
    editor = field(room)
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_A, CTRL)
    room.key(KEY.Key_X, CTRL)
    assert editor.words() == ""
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_Return)

    assert last(room).origin is Origin.AI_EDITED


def test_a_row_is_copied_and_pasted_by_keys_with_its_origin(room: Room) -> None:
    room.open(suggestion("a", AI, note="same on noise"))
    clipboard = RowClipboard(room.panel, room.ledger)
    clipboard.copy()
    clipboard.paste()
    clipboard.paste()

    assert said(room) == [(AI, Origin.AI)] * 3
    assert last(room).note == "same on noise"
    room.ledger.undo()
    room.ledger.undo()
    assert len(said(room)) == 1


def test_ai_words_of_another_report_stay_by_ai_without_its_request(room: Room) -> None:
    room.open(suggestion("a", AI))
    copied(room, 0, len(AI))
    room.ledger.open(ReportDocument(FILM))
    field(room)
    room.key(KEY.Key_V, CTRL)
    room.key(KEY.Key_Return)

    assert (last(room).origin, last(room).request) == (Origin.AI, "")


def test_undo_walks_back_through_accept_edit_reject_and_paste_sentence_by_sentence(
    room: Room,
) -> None:
    room.open(suggestion("a", AI), suggestion("b", "The heart is large."))
    steps = [room.ledger.document]
    acts: tuple[Callable[[], object], ...] = (
        lambda: room.ledger.accept("a"),
        lambda: room.ledger.edit("b", "The heart is small."),
        lambda: room.ledger.reject("a"),
        lambda: room.ledger.write(SectionKind.FINDINGS, "Mine."),
        lambda: room.ledger.reject("b"),
    )
    for act in acts:
        act()
        steps.append(room.ledger.document)

    for step in reversed(steps[:-1]):
        room.ledger.undo()
        assert room.ledger.document == step
    for step in steps[1:]:
        room.ledger.redo()
        assert room.ledger.document == step


# --- odd input ---


@pytest.mark.parametrize(
    "text",
    [
        "Яковлев: без изменений.",
        "Ναί, φυσιολογικό.",
        "القلب طبيعي، ولا انصباب.",
        "ヤマダ^タロウ=山田^太郎=やまだ^たろう",
        "김희중: ≤ µ é 结节",
        "王^小东 Buc^Jérôme Äneas^Rüdiger",
    ],
)
def test_right_to_left_text_and_names_of_any_script_stay_as_they_are(room: Room, text: str) -> None:
    room.open()
    editor = field(room)
    data = QMimeData()
    data.setText(text)
    editor.insertFromMimeData(data)
    room.key(KEY.Key_Return)

    assert said(room) == [(text, Origin.HUMAN)]


def test_control_characters_and_reversed_order_never_get_in(room: Room) -> None:
    room.open()
    editor = field(room)
    data = QMimeData()
    data.setText("One\x00\x07\x1b[31m\u202etwo\r\nthree\x85\tfour")
    editor.insertFromMimeData(data)
    room.key(KEY.Key_Return)

    assert said(room)[0][0] == "One[31mtwo three four"


def test_ten_thousand_words_become_sentences_that_a_report_can_hold(room: Room) -> None:
    room.open()
    editor = field(room)
    data = QMimeData()
    data.setText(" ".join(["Word after word stands here."] * 2000))
    editor.insertFromMimeData(data)
    room.key(KEY.Key_Return)

    texts = [text for text, _ in said(room)]
    assert " ".join(texts) == data.text()
    assert max(map(len, texts)) <= 2000
    assert last(room).state is Decision.ACCEPTED
