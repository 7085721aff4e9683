"""Dragging a thumbnail: what it carries, and when a press is a drag and when a click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QMimeData, QPoint, Qt, QTimer
from PyQt6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from tests.ui.hands import KEYS, LEFT, NONE
from ui.viewport.dragging import SERIES_DRAG, SeriesDrag, as_drag, dragged

SERIES = Identity("P1", "EAST", "1.2", "1.2.3")
NEAR, FAR = QPoint(51, 50), QPoint(90, 50)


class Watched(SeriesDrag):
    """Notes that a real drag began and ended."""

    drags = 0

    def _drag(self) -> None:
        QTimer.singleShot(50, self._let_go)
        super()._drag()  # waits until the button is let go
        self.drags += 1

    def _let_go(self) -> None:
        window = self._button.windowHandle()
        KEYS.mouseRelease(window, LEFT, NONE, FAR)


@pytest.fixture
def button(qtbot: QtBot) -> Iterator[QToolButton]:
    button = QToolButton()
    button.setFixedSize(100, 100)
    qtbot.addWidget(button)
    button.show()
    qtbot.waitExposed(button)
    yield button


@pytest.mark.parametrize(("way", "drags", "clicks"), [(NEAR, 0, 1), (FAR, 1, 0)])
def test_a_press_that_goes_far_is_a_drag_and_no_click(
    button: QToolButton, way: QPoint, drags: int, clicks: int
) -> None:
    carrier = Watched(button, SERIES)
    clicked: list[bool] = []
    button.clicked.connect(clicked.append)
    window = button.windowHandle()

    KEYS.mousePress(window, LEFT, NONE, QPoint(50, 50))
    KEYS.mouseMove(window, way)
    QApplication.processEvents()
    if not drags:
        KEYS.mouseRelease(window, LEFT, NONE, way)
    QApplication.processEvents()

    assert (carrier.drags, len(clicked)) == (drags, clicks)
    assert not button.isDown()


def test_what_is_carried_names_the_series_with_its_patient_and_issuer() -> None:
    assert dragged(as_drag(SERIES)) == SERIES


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"patient_id": 1}', b"[]"])
def test_anything_else_that_is_dragged_is_no_series(content: bytes) -> None:
    carried = QMimeData()
    carried.setData(SERIES_DRAG, content)

    assert dragged(carried) is None
    assert dragged(QMimeData()) is None
    assert dragged(None) is None


def test_the_left_button_alone_drags(button: QToolButton) -> None:
    carrier = Watched(button, SERIES)

    KEYS.mousePress(button, Qt.MouseButton.RightButton, NONE, QPoint(50, 50))
    KEYS.mouseMove(button, FAR)
    KEYS.mouseRelease(button, Qt.MouseButton.RightButton, NONE, FAR)

    assert carrier.drags == 0
