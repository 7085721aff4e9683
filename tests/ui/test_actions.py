"""One list of actions gives menus, tool bar, keys; letters never fire while somebody types."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QMainWindow, QPushButton, QToolBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.actions import Action, ActionTable, conflicts, context_of, types_text

HANDS: Any = QTest  # its static functions are typed as methods in PyQt's stubs


def nothing() -> None:
    """An action that does nothing."""


class Window(QMainWindow):
    """A field to type in, a button and a film."""

    def __init__(self) -> None:
        super().__init__()
        middle = QWidget()
        self.field = QLineEdit()
        self.button = QPushButton("Sign")
        self.film = QWidget()
        self.film.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(middle)
        for widget in (self.field, self.button, self.film):
            layout.addWidget(widget)
        self.setCentralWidget(middle)
        self.table = ActionTable(self, {"viewport": self.film})


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    shown = Window()
    qtbot.addWidget(shown)
    shown.show()
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow, timeout=5000)
    return shown


@pytest.mark.parametrize("key", ["E", "Shift+E", "1", "Space", "+"])
def test_keys_that_type_text_belong_to_the_viewport(qtbot: QtBot, key: str) -> None:
    assert types_text(key)
    assert context_of(Action("a", "A", key, nothing)) == "viewport"


@pytest.mark.parametrize("key", ["F8", "Ctrl+E", "Alt+1", "Left", "Del", "Esc", "Ctrl+Return", ""])
def test_other_keys_stay_where_they_were_declared(qtbot: QtBot, key: str) -> None:
    assert not types_text(key)
    assert context_of(Action("a", "A", key, nothing)) == "anywhere"


def test_a_letter_works_over_the_film_and_never_while_typing(window: Window, qtbot: QtBot) -> None:
    ran: list[str] = []
    window.table.add([Action("ask", "Ask", "E", lambda: ran.append("ask"))])

    window.field.setFocus()
    HANDS.keyClick(window.field, Qt.Key.Key_E)
    assert (ran, window.field.text()) == ([], "e")
    window.button.setFocus()
    HANDS.keyClick(window.button, Qt.Key.Key_E)
    assert ran == []
    window.film.setFocus()
    HANDS.keyClick(window.film, Qt.Key.Key_E)
    assert ran == ["ask"]


def test_a_function_key_works_anywhere(window: Window, qtbot: QtBot) -> None:
    ran: list[str] = []
    window.table.add([Action("sign", "Sign", "F8", lambda: ran.append("sign"))])

    window.field.setFocus()
    HANDS.keyClick(window.field, Qt.Key.Key_F8)

    assert ran == ["sign"]


def test_the_first_claim_to_a_key_wins_and_the_second_is_named(window: Window) -> None:
    first = Action("one", "Open", "Ctrl+O", nothing)
    second = Action("two", "Other", "ctrl+o", nothing)

    assert window.table.add([first]) == ()
    told = window.table.add([second])

    assert told == ("Ctrl+O already belongs to Open; Other does without it.",)
    assert window.table.entry("two").shortcut().isEmpty()


def test_a_key_anywhere_collides_with_one_in_the_viewport_but_places_do_not(
    qtbot: QtBot,
) -> None:
    film = Action("film", "Film", "Home", nothing, context="viewport")
    report = Action("report", "Report", "Home", nothing, context="report")
    everywhere = Action("all", "All", "Home", nothing)

    assert conflicts([film, report]) == ()
    assert len(conflicts([film, everywhere])) == 1


def test_a_name_used_twice_leaves_the_second_out(window: Window) -> None:
    ran: list[int] = []
    told = window.table.add(
        [
            Action("one", "One", "", lambda: ran.append(1)),
            Action("one", "Again", "", lambda: ran.append(2)),
        ]
    )

    window.table.perform("one")

    assert told == ("Two actions are called one; the second is left out.",)
    assert ran == [1]


def test_an_action_that_is_not_enabled_does_not_run(window: Window) -> None:
    ran: list[int] = []
    window.table.add([Action("a", "A", "F7", lambda: ran.append(1), enabled=lambda: False)])

    assert not window.table.perform("a")
    assert not window.table.entry("a").isEnabled()
    assert ran == []


def test_menus_tool_bar_and_key_list_come_from_the_same_actions(window: Window) -> None:
    hand = ["pan"]
    window.table.add(
        [
            Action("pan", "Pan", "H", nothing, group="View", checked=lambda: hand == ["pan"]),
            Action("fit", "Fit", "F", nothing, group="View"),
            Action("quit", "Quit", "Ctrl+Q", nothing, group="File"),
        ]
    )
    bar = window.menuBar()
    assert bar is not None
    tools = QToolBar()

    window.table.fill_menu_bar(bar, ("File",))
    window.table.fill_tool_bar(tools, ("pan", "", "fit"))

    assert [entry.text() for entry in bar.actions()] == ["File", "View"]
    assert window.table.entry("pan").isChecked()
    assert [entry.text() for entry in tools.actions()] == ["Pan", "", "Fit"]
    assert window.table.entry("fit").toolTip() == "Fit (F)"
    assert [(key.text, key.shortcut) for key in window.table.keys()] == [
        ("Pan", "H"),
        ("Fit", "F"),
        ("Quit", "Ctrl+Q"),
    ]
