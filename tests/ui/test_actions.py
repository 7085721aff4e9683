"""One list of actions gives menus, tool bar, keys; letters never fire while somebody types."""

from __future__ import annotations

from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QLineEdit, QMainWindow, QPushButton, QToolBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from ui.actions import Action, ActionTable, assigned, conflicts, context_of, types_text

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


FIT = Action("fit", "Fit", "F", nothing, context="viewport")
FLIP = Action("flip", "Flip", "H", nothing, context="viewport", more_shortcuts=("Ctrl+H",))
SIGN = Action("sign", "Sign", "F8", nothing)
STEP = Action("back", "Step back", "Esc", nothing, rebindable=False)


def test_own_keys_come_before_those_of_the_profile_and_these_before_what_is_declared(
    qtbot: QtBot,
) -> None:
    given = assigned([FIT, FLIP, SIGN], own={"sign": ("H",)}, profile={"fit": ("ctrl+h", "H")})

    assert given.keys == {"sign": ("H",), "fit": ("Ctrl+H",), "flip": ()}
    assert given.refused == ()


def test_two_claims_of_one_place_are_told_and_the_first_wins(qtbot: QtBot) -> None:
    given = assigned([FIT, FLIP], own={"flip": ("X",), "fit": ("X", "no key")})

    assert given.keys == {"fit": ("X",), "flip": ()}
    assert given.refused == (
        "'no key' is no key; Fit is in the menu only.",
        "X already belongs to Fit; Flip does without it.",
    )


def test_esc_can_be_taken_from_nobody(qtbot: QtBot) -> None:
    given = assigned([STEP, FIT], own={"back": ("F12",), "unknown": ("Q",)})

    assert given.keys == {"back": ("Esc",), "fit": ("F",)}


def test_another_key_works_at_once_and_the_old_one_no_more(window: Window, qtbot: QtBot) -> None:
    ran: list[str] = []
    window.table.add(
        [
            Action("fit", "Fit", "F", lambda: ran.append("fit"), context="viewport"),
            Action("sign", "Sign", "F8", lambda: ran.append("sign")),
        ]
    )
    window.film.setFocus()

    with qtbot.waitSignal(window.table.keys_changed, timeout=1000):
        assert window.table.bind({"fit": ("F8",), "sign": ("Y",)}) == ()
    for key in (Qt.Key.Key_F, Qt.Key.Key_F8, Qt.Key.Key_Y):
        HANDS.keyClick(window.film, key)

    assert ran == ["fit", "sign"]
    assert window.table.entry("fit").toolTip() == "Fit (F8)"
    window.field.setFocus()
    HANDS.keyClick(window.field, Qt.Key.Key_Y)
    assert (ran, window.field.text()) == (["fit", "sign"], "y")
    window.table.bind({})
    HANDS.keyClick(window.field, Qt.Key.Key_F8)
    assert ran == ["fit", "sign", "sign"]


def test_of_two_keys_the_one_that_types_text_is_heard_over_the_film_alone(
    window: Window, qtbot: QtBot
) -> None:
    ran: list[str] = []
    sheet = Action("keys", "Keys", "F1", lambda: ran.append("keys"), more_shortcuts=("?",))
    window.table.add([sheet])

    window.field.setFocus()
    HANDS.keyClick(window.field, Qt.Key.Key_F1)
    HANDS.keyClick(window.field, "?")
    assert (ran, window.field.text()) == (["keys"], "?")
    window.film.setFocus()
    HANDS.keyClick(window.film, "?")
    assert ran == ["keys", "keys"]
    window.table.bind({"keys": ("F1",)})
    HANDS.keyClick(window.film, "?")
    assert ran == ["keys", "keys"]
