"""Mouse and keys for tests: real Qt events, sent to the widget under the hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QMouseEvent, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

KEYS: Any = QTest  # its static functions are typed as methods in PyQt's stubs
LEFT, MIDDLE, RIGHT = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
)
NONE = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Point = tuple[float, float]


def press(widget: QWidget, at: Point, button: Qt.MouseButton, held: Any = NONE) -> None:
    """Press a button and keep it down."""
    _send(widget, QEvent.Type.MouseButtonPress, at, button, button, held)


def move(widget: QWidget, at: Point, button: Qt.MouseButton, held: Any = NONE) -> None:
    """Move with the button down."""
    _send(widget, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, button, held)


def release(widget: QWidget, at: Point, button: Qt.MouseButton, held: Any = NONE) -> None:
    """Let the button go."""
    _send(widget, QEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton, held)


def drag(
    widget: QWidget, way: Sequence[Point], button: Qt.MouseButton = LEFT, held: Any = NONE
) -> None:
    """Press at the first point, move through the others, let go at the last."""
    press(widget, way[0], button, held)
    for point in way[1:]:
        move(widget, point, button, held)
    release(widget, way[-1], button, held)


def click(widget: QWidget, at: Point, button: Qt.MouseButton = LEFT, held: Any = NONE) -> None:
    """Press and let go in one place."""
    drag(widget, [at], button, held)


def double_click(widget: QWidget, at: Point) -> None:
    """What Qt sends for two clicks: press, release, double click, release."""
    click(widget, at)
    _send(widget, QEvent.Type.MouseButtonDblClick, at, LEFT, LEFT, NONE)
    release(widget, at, LEFT)


def turn_wheel(widget: QWidget, eighths: int, held: Any = NONE) -> None:
    """Turn the wheel over the middle; 120 is one notch away from the hand."""
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at,
        widget.mapToGlobal(at),
        QPoint(),
        QPoint(0, eighths),
        Qt.MouseButton.NoButton,
        held,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def key(widget: QWidget, which: Qt.Key, held: Any = NONE) -> None:
    """Press and let go a key; shortcuts see it as they see a real one."""
    KEYS.keyClick(widget, which, held)


def _send(
    widget: QWidget,
    kind: QEvent.Type,
    at: Point,
    button: Qt.MouseButton,
    down: Qt.MouseButton,
    held: Any,
) -> None:
    here = QPointF(*at)
    event = QMouseEvent(kind, here, widget.mapToGlobal(here), button, down, held)
    QApplication.sendEvent(widget, event)
