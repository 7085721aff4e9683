"""The look is written in one place and can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from ui import theme


@pytest.mark.parametrize("colour", [theme.TEXT, theme.QUIET, theme.PLACE, theme.AI, theme.ALARM])
@pytest.mark.parametrize("behind", [theme.GROUND, theme.PANEL, theme.RAISED, theme.FILM])
def test_what_must_be_read_stands_out_four_and_a_half_to_one(colour: str, behind: str) -> None:
    assert theme.contrast(colour, behind) >= 4.5


def test_contrast_agrees_with_the_published_ends_of_its_scale() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1.0)


def test_the_main_button_can_be_read() -> None:
    assert theme.contrast(theme.TEXT, theme.BUTTON) >= 4.5
    assert theme.contrast(theme.TEXT, theme.BUTTON_HOVER) >= 4.5


@pytest.mark.parametrize("size", [12, 14, 20])
def test_the_sheet_is_understood_by_qt_and_scales(qtbot: QtBot, size: int) -> None:
    label = QLabel("Findings")
    qtbot.addWidget(label)
    label.setStyleSheet(theme.style_sheet(size))
    label.ensurePolished()

    assert label.font().pixelSize() == size
    assert "$" not in theme.style_sheet(size)


def test_roles_reach_the_widget(qtbot: QtBot) -> None:
    label = QLabel("draft")
    label.setProperty("role", "ai")
    button = QPushButton("Sign")
    button.setProperty("role", "main")
    for widget in (label, button):
        qtbot.addWidget(widget)
        widget.setStyleSheet(theme.style_sheet())
        widget.ensurePolished()

    assert label.palette().color(label.foregroundRole()) == QColor(theme.AI)
    assert button.font().weight() >= 600


def test_no_other_file_of_the_viewer_writes_a_colour(root: Path) -> None:
    colour = re.compile(r"""["']#[0-9a-fA-F]{3,8}["']|\brgba?\(|QColor\(\s*\d""")

    for file in (root / "ui").rglob("*.py"):
        if file.name != "theme.py":
            assert not colour.search(file.read_text(encoding="utf-8")), file
