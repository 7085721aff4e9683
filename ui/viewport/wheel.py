"""Wheel and touchpad: what they report, gathered into whole images and into zoom.

A wheel reports angles, coarse or fine. A touchpad reports pixels, in phases: fingers down, moving,
lifted, and often a momentum after that, which the desktop invents. Momentum suits a page of text;
here it would run past the image that the reader stopped at, so it is left out.
"""

from __future__ import annotations

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QWheelEvent

from ui.viewport.tools import FASTER_FRAMES

NOTCH = 120  # eighths of a degree
PIXELS_A_FRAME = 20.0  # of two fingers on a touchpad
MOST_FRAMES = 25  # that one report of a touchpad may go on by
DOUBLING_NOTCHES = 4.0  # of the wheel
DOUBLING_PIXELS = 200.0  # of two fingers
LEAST_PINCH, MOST_PINCH = 0.5, 2.0  # that one report may zoom by


class Wheel:
    """Keeps what does not make a whole image yet."""

    def __init__(self) -> None:
        self._rest = 0.0  # of a frame
        self._is_touch = False

    def frames(self, event: QWheelEvent, fast: bool) -> int:
        """Images to go on by after another report; negative for back."""
        steps = self._steps(event)
        if steps * self._rest < 0:
            self._rest = 0.0  # turned round: what was gathered the other way is void
        self._rest += steps * (FASTER_FRAMES if fast else 1)
        whole = int(self._rest)
        self._rest -= whole
        return max(-MOST_FRAMES, min(MOST_FRAMES, whole)) if self._is_touch else whole

    def factor(self, event: QWheelEvent) -> float:
        """How much larger the picture gets; away from the hand is larger."""
        if is_momentum(event):
            return 1.0
        if is_touch(event):
            return float(2.0 ** (along(event.pixelDelta(), touch=True) / DOUBLING_PIXELS))
        return float(2.0 ** (along(event.angleDelta()) / NOTCH / DOUBLING_NOTCHES))

    def _steps(self, event: QWheelEvent) -> float:
        """Images, not yet whole; down or towards the hand is onwards."""
        begins = event.phase() in (Qt.ScrollPhase.ScrollBegin, Qt.ScrollPhase.ScrollEnd)
        if begins or is_touch(event) != self._is_touch:
            self._rest = 0.0
            self._is_touch = is_touch(event)
        if is_momentum(event):
            return 0.0
        if is_touch(event):
            return -along(event.pixelDelta(), touch=True) / PIXELS_A_FRAME
        return -along(event.angleDelta()) / NOTCH


def is_momentum(event: QWheelEvent) -> bool:
    """True when no finger moves any more."""
    return event.phase() == Qt.ScrollPhase.ScrollMomentum


def is_touch(event: QWheelEvent) -> bool:
    """True for fingers on a touchpad. Some desktops report pixels for wheels too, but no phase."""
    return event.phase() != Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull()


def along(delta: QPoint, *, touch: bool = False) -> float:
    """The part that scrolls: up and down; a wheel that Alt or Shift has laid on its side counts
    too, a finger that slips sideways does not."""
    if touch:
        return float(delta.y()) if abs(delta.y()) >= abs(delta.x()) else 0.0
    return float(delta.y() or delta.x())


def pinched(value: float) -> float:
    """The zoom of one report of two fingers that move apart (above 0) or together."""
    return max(LEAST_PINCH, min(MOST_PINCH, 1.0 + value))
