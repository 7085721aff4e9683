"""The look is written in one place and can be read, in every theme, by every eye."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from PyQt6.QtGui import QColor, QPalette
from PyQt6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from dicom_io.settings import THEMES as OFFERED
from ui import theme

READ = ("TEXT", "QUIET", "PLACE", "AI", "PROVEN", "ALARM")
BEHIND = ("GROUND", "PANEL", "RAISED")
ON_FILM = ("FILM_TEXT", "FILM_PLACE", "FILM_AI", "FILM_ALARM", "MARK")
MEANINGS = ("PLACE", "AI", "PROVEN", "ALARM")
LEAST = {"dark": 4.5, "light room": 4.5, "high contrast": 7.0}  # to 1; WCAG 2.2, 1.4.3 and 1.4.6
APART = 10.0  # CIE 1976 colour difference; 2.3 is just noticed side by side

# What a dichromat's eye makes of linear sRGB (Machado, Oliveira and Fernandes 2009, severity 1).
DEUTERANOPE = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
               (-0.011820, 0.042940, 0.968881))  # fmt: skip
SRGB_TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.95047, 1.0, 1.08883)  # D65

Triple = tuple[float, float, float]


@pytest.fixture(autouse=True)
def undressed() -> Iterator[None]:
    """Every test leaves the theme as it found it."""
    yield
    theme.wear()


def times(matrix: Sequence[Sequence[float]], colour: Triple) -> Triple:
    rows = [sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix]
    return rows[0], rows[1], rows[2]


def linear(colour: str) -> Triple:
    parts = [part or 0.0 for part in QColor(colour).getRgbF()[:3]]
    bent = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return bent[0], bent[1], bent[2]


def lab(colour: Triple) -> Triple:
    """CIE L*a*b* of linear sRGB."""
    scaled = [part / white for part, white in zip(times(SRGB_TO_XYZ, colour), WHITE, strict=True)]
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in scaled)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def seen(colour: str) -> Triple:
    """How a deuteranope sees a colour, in CIE L*a*b*."""
    r, g, b = (min(1.0, max(0.0, part)) for part in times(DEUTERANOPE, linear(colour)))
    return lab((r, g, b))


def test_the_settings_offer_the_themes_that_there_are() -> None:
    assert set(OFFERED) == set(theme.THEMES) == set(LEAST)


@pytest.mark.parametrize("name", LEAST)
def test_what_must_be_read_stands_out(name: str) -> None:
    theme.wear(name)

    for colour, behind in itertools.product(READ, BEHIND):
        found = theme.contrast(getattr(theme, colour), getattr(theme, behind))
        assert found >= LEAST[name], (colour, behind, found)
    for colour in ON_FILM:
        assert theme.contrast(getattr(theme, colour), theme.FILM) >= LEAST[name], colour
    for behind in (theme.BUTTON, theme.BUTTON_HOVER):
        assert theme.contrast(theme.TEXT, behind) >= LEAST[name]


@pytest.mark.parametrize("name", LEAST)
def test_the_four_meanings_stay_apart_for_a_colour_blind_reader(name: str) -> None:
    theme.wear(name)
    colours = {meaning: seen(getattr(theme, meaning)) for meaning in MEANINGS}

    for one, other in itertools.combinations(MEANINGS, 2):
        assert math.dist(colours[one], colours[other]) >= APART, (one, other)


def test_the_film_is_black_in_every_theme() -> None:
    for name in theme.THEMES:
        theme.wear(name)

        assert theme.FILM == "#000000"


def test_the_simulated_eye_takes_red_for_green_and_keeps_grey() -> None:
    assert math.dist(seen("#808080"), lab(linear("#808080"))) < 0.1
    assert math.dist(seen("#ff0000"), seen("#00ff00")) < math.dist(
        lab(linear("#ff0000")), lab(linear("#00ff00"))
    )


def test_contrast_agrees_with_the_published_ends_of_its_scale() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1.0)


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


def test_a_theme_reaches_widgets_that_are_there_already(qapp: QApplication, qtbot: QtBot) -> None:
    label = QLabel("draft")
    label.setProperty("role", "alarm")
    qtbot.addWidget(label)
    label.show()
    before, sheet = qapp.palette(), qapp.styleSheet()

    try:
        theme.dress(qapp, "high contrast", 18)
        label.ensurePolished()

        assert label.palette().color(label.foregroundRole()) == QColor(theme.ALARM)
        assert theme.ALARM == theme.THEMES["high contrast"]["ALARM"]
        assert label.fontInfo().pixelSize() == 18
        assert qapp.palette().color(QPalette.ColorRole.Window) == QColor("#000000")
        assert theme.worn() == ("high contrast", 18)
    finally:
        qapp.setStyleSheet(sheet)
        qapp.setPalette(before)


def test_a_theme_that_nobody_knows_is_the_dark_one() -> None:
    theme.wear("high contrast")

    theme.wear("pink")

    assert theme.worn()[0] == theme.DARK
    assert theme.TEXT == theme.THEMES[theme.DARK]["TEXT"]


def test_no_other_file_of_the_viewer_writes_a_colour(root: Path) -> None:
    colour = re.compile(r"""["']#[0-9a-fA-F]{3,8}["']|(?<!\.)\brgba?\(|QColor\(\s*\d""")

    for file in (root / "ui").rglob("*.py"):
        if file.name != "theme.py":
            assert not colour.search(file.read_text(encoding="utf-8")), file


def test_colours_are_read_when_they_are_painted_never_kept(root: Path) -> None:
    """A colour kept by a constant or a default argument would stay when the theme changes."""
    kept = [
        f"{file.relative_to(root)}:{node.lineno}"
        for folder in ("ui", "plugin")
        for file in (root / folder).rglob("*.py")
        for part in lasting(ast.parse(file.read_text(encoding="utf-8")))
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "theme"
        and node.attr in theme.THEMES[theme.DARK]
    ]

    assert kept == []


def lasting(tree: ast.Module) -> Iterator[ast.AST]:
    """Statements of the module and of its classes that run once, and every default argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from (one for one in (*node.args.defaults, *node.args.kw_defaults) if one)
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from (one for one in node.body if isinstance(one, ast.Assign | ast.AnnAssign))
