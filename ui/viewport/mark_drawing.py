"""Drawing a mark: from the first press to the last point, by dragging or by single clicks."""

from __future__ import annotations

import math

from PyQt6.QtCore import QPointF

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.image.shapes import thinned
from ui.viewport.annotations import new_id
from ui.viewport.mark_shapes import extent, with_short_axis
from ui.viewport.placement import Placement
from ui.viewport.tools import THRESHOLD, Tool

KINDS = {
    Tool.PROBE: Kind.PROBE,
    Tool.LENGTH: Kind.LENGTH,
    Tool.BIDIRECTIONAL: Kind.BIDIRECTIONAL,
    Tool.ANGLE: Kind.ANGLE,
    Tool.COBB: Kind.COBB,
    Tool.ELLIPSE: Kind.ELLIPSE,
    Tool.RECTANGLE: Kind.RECTANGLE,
    Tool.FREEHAND: Kind.FREEHAND,
    Tool.ARROW: Kind.ARROW,
    Tool.TEXT: Kind.TEXT,
}
# Points that the hand sets; the short axis of a bidirectional mark is proposed.
_BY_HAND = {Kind.PROBE: 1, Kind.TEXT: 1, Kind.ANGLE: 3, Kind.COBB: 4}
_STEP = 2.0  # logical pixels between the points of a freehand line
_THINNING = 0.25  # logical pixels that thinning a freehand line may change


class Drawing:
    """One mark that is half drawn, on one frame.

    A press sets a point, and a drag from there another one where it ends; between clicks the next
    point follows the mouse.
    """

    def __init__(self, kind: Kind, identity: Identity, aspect: float) -> None:
        self.kind = kind
        self.identity = identity
        self._aspect = aspect
        self._name = new_id()
        self._set: list[Point] = []
        self._next: Point | None = None  # follows the mouse
        self._pressed: QPointF | None = None
        self._last = QPointF()

    def press(self, point: Point, at: QPointF) -> None:
        """The button went down at a point of the image, which is `at` in the pane."""
        if self.kind is Kind.FREEHAND or len(self._set) < self._needed:
            self._set.append(point)
        else:  # pressed again although it was never let go here
            self._set[-1] = point
        self._next = None
        self._pressed = self._last = at

    def move(self, point: Point, at: QPointF) -> None:
        """The mouse moved, with the button down or not."""
        if self._pressed is None:
            self._next = point
        elif self.kind is Kind.FREEHAND:
            if _way(at, self._last) >= _STEP:
                self._set.append(point)
                self._last = at
        elif len(self._set) >= self._needed:
            self._set[-1] = point  # the last point can be put right before it is let go
        elif _way(at, self._pressed) >= THRESHOLD or self._next is not None:
            self._next = point

    def release(self, point: Point, at: QPointF) -> bool:
        """The button was let go; True when the mark is whole, or as whole as it will be."""
        self.move(point, at)
        far = self._pressed is not None and _way(at, self._pressed) >= THRESHOLD
        self._pressed = None
        if self.kind is not Kind.FREEHAND and far and len(self._set) < self._needed:
            self._set.append(point)
        self._next = None
        return self.kind is Kind.FREEHAND or len(self._set) >= self._needed

    @property
    def _needed(self) -> int:
        return _BY_HAND.get(self.kind, 2)

    def mark(self) -> Annotation:
        """The mark as it stands, with the point that follows the mouse."""
        points = [*self._set] if self._next is None else [*self._set, self._next]
        if self.kind is Kind.BIDIRECTIONAL and len(points) == 2:
            points = list(with_short_axis(points, self._aspect))
        return Annotation(self._name, self.identity, self.kind, tuple(points))

    def finished(self, place: Placement) -> Annotation | None:
        """The whole mark; None when it is too small to be meant, or has no extent at all."""
        mark = self.mark()
        if self.kind in (Kind.PROBE, Kind.TEXT):
            return mark
        if extent(mark, place) < THRESHOLD or _has_double(mark):
            return None
        if self.kind is Kind.FREEHAND:
            size = max(place.across, place.down)  # logical pixels for a stored one
            points = thinned(mark.points, _THINNING / size)
            if len(points) < 3:
                return None
            mark = Annotation(mark.id, mark.identity, mark.kind, points)
        return mark


def _has_double(mark: Annotation) -> bool:
    """True when two points that make a line are the same."""
    starts = mark.points[::2] if mark.kind is Kind.COBB else mark.points[:-1]
    ends = mark.points[1::2] if mark.kind is Kind.COBB else mark.points[1:]
    if mark.kind is Kind.FREEHAND:
        return False
    if mark.kind in (Kind.ELLIPSE, Kind.RECTANGLE):
        (x0, y0), (x1, y1) = mark.points
        return x0 == x1 or y0 == y1
    return any(one == other for one, other in zip(starts, ends, strict=False))


def _way(one: QPointF, other: QPointF) -> float:
    return math.hypot(one.x() - other.x(), one.y() - other.y())
