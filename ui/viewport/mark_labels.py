"""Where the labels of marks stand: beside their own mark, clear of other lines and other labels.

A label keeps its place while its mark, its words and the view stay the same, whatever is drawn
elsewhere, so that nothing jumps under the reader's eye.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF

from ui.viewport.mark_shapes import Line
from ui.viewport.overlay import GAP

APART = 10.0  # logical pixels between a mark and its label
CELL = 6  # logical pixels: lines are looked up in squares of this size
_MANY = 60  # points that stand for one line
ON_MIDDLE, ON_LINE = 1e6, 100.0  # how bad it is to stand there, beside a pixel of another label

Box = NDArray[np.float64]  # left, top, right, bottom


class Room:
    """The room in a pane: which squares lines run through, and where labels stand already."""

    def __init__(self, pane: QRectF, lines: Sequence[Line]) -> None:
        self._pane = pane.adjusted(GAP, GAP, -GAP, -GAP)
        self._taken = np.empty((0, 4))
        columns, rows = int(pane.width() // CELL) + 2, int(pane.height() // CELL) + 2
        self._sums = np.zeros((rows + 1, columns + 1), np.int64)
        if lines:
            points = np.vstack([_dotted(line) for line in lines]) / CELL
            at = points.clip(-1, (columns, rows)).astype(np.int64)
            at = at[(at >= 0).all(axis=1) & (at[:, 0] < columns) & (at[:, 1] < rows)]
            ink = np.bincount(at[:, 1] * columns + at[:, 0], minlength=rows * columns)
            self._sums[1:, 1:] = (ink.reshape(rows, columns) > 0).cumsum(axis=0).cumsum(axis=1)

    def kept(self, place: QRectF) -> QRectF:
        """Inside the pane, as far as it fits."""
        room = self._pane
        x = min(max(place.x(), room.left()), max(room.left(), room.right() - place.width()))
        y = min(max(place.y(), room.top()), max(room.top(), room.bottom() - place.height()))
        return QRectF(x, y, place.width(), place.height())

    def take(self, place: QRectF) -> None:
        """A label stands there now."""
        self._taken = np.vstack([self._taken, _box(place)])

    def beside(self, points: Line, size: QRectF, closed: bool) -> QRectF:
        """The best place for a label of that size beside a mark with these points."""
        tops = _tops(points, size, closed)
        places = [self.kept(size.translated(*top)) for top in tops]
        boxes = np.array([_box(place) for place in places])
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        wide = boxes + (-GAP, -GAP, GAP, GAP)
        on_middle = ((wide[:, :2] <= middle) & (middle <= wide[:, 2:])).all(axis=1)
        faults = on_middle * ON_MIDDLE + self._ink_in(wide) * ON_LINE + self._shared(boxes)
        return places[int((faults + np.arange(len(places))).argmin())]  # the earlier of equals

    def _ink_in(self, boxes: Box) -> NDArray[np.int64]:
        """How many squares with a line each box covers."""
        last = np.array(self._sums.shape)[::-1] - 1
        low = (boxes[:, :2] // CELL).clip(0, last).astype(np.int64)
        high = (boxes[:, 2:] // CELL + 1).clip(0, last).astype(np.int64)
        sums = self._sums
        return np.asarray(
            sums[high[:, 1], high[:, 0]]
            - sums[low[:, 1], high[:, 0]]
            - sums[high[:, 1], low[:, 0]]
            + sums[low[:, 1], low[:, 0]]
        )

    def _shared(self, boxes: Box) -> NDArray[np.float64]:
        """How much of each box other labels have taken, in square pixels."""
        low = np.maximum(boxes[:, None, :2], self._taken[None, :, :2])
        high = np.minimum(boxes[:, None, 2:], self._taken[None, :, 2:])
        return np.asarray((high - low).clip(0).prod(axis=2).sum(axis=1))


def _tops(points: Line, size: QRectF, closed: bool) -> list[tuple[float, float]]:
    """Where a label's top left corner may go, the best liked first."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    wide, high = size.width(), size.height()
    middle = (left + right - wide) / 2
    if closed:
        right_ends, left_ends = [top, bottom - high], [top, bottom - high]
    else:  # level with the very ends
        right_ends = [points[points[:, 0].argmax(), 1] - high / 2]
        left_ends = [points[points[:, 0].argmin(), 1] - high / 2]
    return [
        *((right + APART, y) for y in right_ends),
        *((left - APART - wide, y) for y in left_ends),
        (middle, bottom + APART),
        (middle, top - APART - high),
    ]


def _dotted(line: Line) -> Line:
    """Points along a line, close enough that it is not looked through; no more than are needed."""
    if len(line) < 2 or len(line) > _MANY:
        return line
    share = np.linspace(0, 1, max(2, _MANY // (len(line) - 1)))[:, None, None]
    return np.asarray((line[:-1] * (1 - share) + line[1:] * share).reshape(-1, 2))


def _box(place: QRectF) -> tuple[float, float, float, float]:
    return place.left(), place.top(), place.right(), place.bottom()


def nearest(points: Line, place: QRectF) -> tuple[QPointF, QPointF, float]:
    """The points where a label and a mark are closest, and how far apart they are."""
    low, high = (place.left(), place.top()), (place.right(), place.bottom())
    near = points.clip(low, high)
    ways = np.hypot(*(points - near).T)
    closest = int(ways.argmin())
    return QPointF(*near[closest]), QPointF(*points[closest]), float(ways[closest])
