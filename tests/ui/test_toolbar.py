"""The top line: which tool is in hand, and menus whose order a reader can follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.plugin.desk import Desk
from tests.ui.hands import SHIFT
from ui.toolbar import LAST, PARTED

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path) -> Iterator[Desk]:
    opened = Desk(qtbot, own_home, [])
    yield opened
    opened.close()


def test_a_tool_that_has_no_place_on_the_bar_stands_there_while_it_is_in_hand(desk: Desk) -> None:
    hand = desk.window.top.hand
    desk.go_to_film()
    assert not hand.isVisible()

    desk.key(KEY.Key_A, SHIFT)
    assert (hand.text(), hand.isVisible(), hand.isChecked()) == ("Cobb angle", True, True)
    hand.trigger()  # a click on it lets nothing go
    assert hand.isChecked()
    desk.key(KEY.Key_J)
    assert hand.text() == "Crosshair"

    desk.key(KEY.Key_D)  # a length has its own place
    assert not hand.isVisible()


def test_quit_is_the_last_of_its_menu_and_lines_part_the_others(desk: Desk) -> None:
    table = desk.window.table
    menus = [entry.menu() for entry in desk.window.top.menu.actions()]
    of_study = menus[0]
    assert isinstance(of_study, QMenu)

    entries = of_study.actions()
    assert entries[-1] is table.entry(LAST) and entries[-2].isSeparator()
    for menu in menus:
        assert isinstance(menu, QMenu)
        lines = [entry.isSeparator() for entry in menu.actions()]
        assert not lines[0] and not lines[-1]
        assert (True, True) not in zip(lines, lines[1:], strict=False)


def test_every_line_of_a_menu_stands_before_an_action_that_there_is(desk: Desk) -> None:
    assert {action.name for action in desk.window.table.actions()} >= PARTED
