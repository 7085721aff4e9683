"""Mouse tools: which drag means what, and what it does to window, zoom and place in the series."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from PyQt6.QtCore import QPointF, Qt

from dicom_io.image.render import Window
from ui.viewport.presets import set_by_hand

THRESHOLD = 4.0  # logical pixels; a shorter way is a click
FASTER = 4.0  # with Ctrl
FASTER_FRAMES = 5  # with Ctrl
PIXELS_A_FRAME = 12.0  # of a scroll drag
DOUBLING = 150.0  # logical pixels of a zoom drag that double or halve the picture
WIDENING = 200.0  # logical pixels of a window drag that multiply the width by e
SHIFTING = 400.0  # logical pixels of a window drag that move the centre by one width


class Tool(StrEnum):
    """What a drag does."""

    WINDOW = "window/level"
    PAN = "pan"
    ZOOM = "zoom"
    SCROLL = "scroll"
    MAGNIFY = "magnifying glass"
    BOX = "box"  # for a question to the model
    PROBE = "probe"
    LENGTH = "length"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"
    COBB = "Cobb angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    FREEHAND = "freehand"
    ARROW = "arrow"
    TEXT = "text"
    CROSSHAIR = "crosshair"  # the same place in every pane


# What is drawn; the drag goes to the layers, not to the pane.
DRAWING = frozenset(
    (
        Tool.PROBE,
        Tool.LENGTH,
        Tool.BIDIRECTIONAL,
        Tool.ANGLE,
        Tool.COBB,
        Tool.ELLIPSE,
        Tool.RECTANGLE,
        Tool.FREEHAND,
        Tool.ARROW,
        Tool.TEXT,
        Tool.CROSSHAIR,
    )
)


@dataclass
class Drag:
    """A button that is held down: where it was pressed and what has happened since."""

    tool: Tool | None  # None for a button that moves nothing; it may still be a click
    button: Qt.MouseButton
    start: QPointF
    last: QPointF = field(default_factory=QPointF)
    is_far: bool = False  # beyond the threshold: no longer a click
    window: Window | None = None  # when it began
    center: float = 0.0  # so far, before rounding
    width: float = 0.0
    frames: float = 0.0  # part of a frame that a scroll drag has not used yet
    ctrl_hurries: bool = True  # Ctrl is not part of the gesture that began this
    reverses_window: bool = False

    def move(self, to: QPointF) -> tuple[float, float]:
        """The way since the last move; 0, 0 while the drag is still a click."""
        way = to - self.start
        if not self.is_far:
            if math.hypot(way.x(), way.y()) < THRESHOLD:
                return 0.0, 0.0
            self.is_far = True
            self.last = self.start
        step = to - self.last
        self.last = to
        return step.x(), step.y()

    def windowed(self, dx: float, dy: float, fast: bool) -> Window | None:
        """The window after another step: right widens, up lowers the centre, or the reverse.

        Steps are relative to the width when the drag began, so that a narrow window moves finely
        and a wide one far. None when the drag has no window (colour).
        """
        if self.window is None:
            return None
        speed = (FASTER if fast else 1.0) * (-1 if self.reverses_window else 1)
        self.width = max(self.width * math.exp(speed * dx / WIDENING), self.window.width * 1e-4)
        self.center += speed * dy * self.window.width / SHIFTING
        return set_by_hand(self.window, self.center, self.width)

    def scrolled(self, dy: float, fast: bool) -> int:
        """Frames to go on after another step; down is onwards."""
        self.frames += dy / PIXELS_A_FRAME * (FASTER_FRAMES if fast else 1)
        whole = int(self.frames)
        self.frames -= whole
        return whole


def zoom_factor(dy: float, fast: bool) -> float:
    """How much larger after a step of a zoom drag; up is larger."""
    return math.pow(2.0, -dy * (FASTER if fast else 1.0) / DOUBLING)
