"""The whole window: focus is seen everywhere, words scale, and right to left mirrors no film."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QRect, Qt
from PyQt6.QtGui import QFontMetrics, QImage
from PyQt6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from dicom_io.settings import Settings, WindowSettings
from dicom_io.storage import DataRoot
from tests.ui.films import as_array, sample
from ui import theme
from ui.app import Viewer, build_window
from ui.preferences import Preferences
from ui.settings_pages.window_page import WindowPage
from ui.viewport.viewport import Viewport

Show = Callable[[Sequence[ImageFrame]], Viewport]
EDGE = 3  # pixels around a widget that belong to how its focus looks


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[QApplication]:
    """The application, whose look and direction are given back."""
    sheet, palette, direction = qapp.styleSheet(), qapp.palette(), qapp.layoutDirection()
    yield qapp
    qapp.setLayoutDirection(direction)
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    theme.wear()


@pytest.fixture
def opened(dressed: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., Viewer]]:
    """Open a window of its own in a theme and a size of words."""
    viewers: list[Viewer] = []

    def make(look: str = "dark", font_size: int = 14) -> Viewer:
        theme.dress(dressed, look, font_size)
        settings = Settings(window=WindowSettings(font_size=font_size, theme=look))
        viewer = build_window([], DataRoot(tmp_path / "home").create(), settings, [])
        viewers.append(viewer)
        viewer.window.resize(1600, 900)
        viewer.window.show()
        viewer.window.activateWindow()
        qtbot.waitUntil(viewer.window.isActiveWindow, timeout=5000)
        return viewer

    yield make
    for viewer in viewers:
        viewer.window.close()
        qtbot.waitUntil(partial(_is_gone, viewer), timeout=5000)
        viewer.close()


def _is_gone(viewer: Viewer) -> bool:
    return not viewer.window.isVisible()


def reached_by_tab(window: QWidget) -> list[QWidget]:
    """What the Tab key leads to."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisibleTo(window)
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.visibleRegion().isEmpty()
    ]


def around(window: QWidget, widget: QWidget) -> QImage:
    """A widget with what is close to it, as it is seen."""
    corner = widget.mapTo(window, QPoint(0, 0))
    place = QRect(corner, widget.size()).adjusted(-EDGE, -EDGE, EDGE, EDGE)
    return window.grab(place.intersected(window.rect())).toImage()


@pytest.mark.parametrize("look", theme.THEMES)
def test_whatever_has_the_focus_looks_so(opened: Callable[..., Viewer], look: str) -> None:
    window = opened(look).window
    for field in window.findChildren(QLineEdit):
        field.setCursor(Qt.CursorShape.IBeamCursor)
    unseen = []

    for widget in reached_by_tab(window):
        window.setFocus()
        without = around(window, widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if widget.hasFocus() and around(window, widget) == without:
            unseen.append(f"{type(widget).__name__} {widget.objectName()}")

    assert len(reached_by_tab(window)) >= 5
    assert unseen == []


def test_words_rows_and_buttons_grow_together(opened: Callable[..., Viewer]) -> None:
    sizes = []
    for font_size in (12, 20):
        window = opened("dark", font_size).window
        fields = max(one.sizeHint().height() for one in window.findChildren(QLineEdit))
        buttons = max(one.sizeHint().height() for one in window.findChildren(QPushButton))
        row = window.worklist.studies.list.fontMetrics().lineSpacing()
        over_film = QFontMetrics(theme.overlay_font(font_size)).height()
        sizes.append((fields, buttons, row, over_film))

    for small, large in zip(*sizes, strict=True):
        assert large >= 1.2 * small


def test_nothing_is_cut_off_at_the_largest_words(opened: Callable[..., Viewer]) -> None:
    window = opened("dark", 20).window

    for bar in (window.top, window.banner, window.status):
        for child in bar.findChildren(QWidget):
            if child.isVisibleTo(window) and not child.visibleRegion().isEmpty():
                assert child.height() >= child.fontMetrics().height(), child.objectName()


def test_right_to_left_mirrors_the_panels(
    opened: Callable[..., Viewer], dressed: QApplication, qtbot: QtBot
) -> None:
    window = opened().window
    places = [window.worklist, window.grid, window.report]
    order = [widget.mapTo(window, QPoint(0, 0)).x() for widget in places]

    dressed.setLayoutDirection(Qt.LayoutDirection.RightToLeft)

    def mirrored() -> bool:
        now = [widget.mapTo(window, QPoint(0, 0)).x() for widget in places]
        return now == sorted(now, reverse=True)

    assert order == sorted(order)
    qtbot.waitUntil(mirrored, timeout=5000)


def test_right_to_left_leaves_the_film_and_its_corners(
    showing: Show, dressed: QApplication, qtbot: QtBot
) -> None:
    pane = showing(sample("RG1_UNCR.dcm"))
    before = as_array(pane.grab().toImage())

    dressed.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    qtbot.waitUntil(lambda: not pane.visibleRegion().isEmpty(), timeout=5000)

    assert before.max() > 0
    assert np.array_equal(as_array(pane.grab().toImage()), before)
    assert pane.placement().to_pane(0, 0)[0] < pane.placement().to_pane(100, 0)[0]


def test_what_is_chosen_in_the_settings_holds_at_once(opened: Callable[..., Viewer]) -> None:
    window = opened().window
    preferences = window.findChild(Preferences)
    assert preferences is not None
    dialog = preferences.open()
    page = next(page for page in dialog.pages if isinstance(page, WindowPage))

    page.theme.setCurrentIndex(page.theme.findData("high contrast"))
    page.theme.activated.emit(page.theme.currentIndex())
    page.font_size.setValue(18)
    page.language.setCurrentIndex(page.language.findData("de"))
    page.language.activated.emit(page.language.currentIndex())

    assert theme.worn() == ("high contrast", 18)
    assert window.viewport._overlay.font.pixelSize() == theme.small(18)
    assert "started again" in page.said()
    dialog.reject()
