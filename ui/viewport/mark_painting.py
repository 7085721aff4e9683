"""Painting marks: lines with a dark edge that can be seen over bright and dark film, handles, and
labels that stand beside the mark and not on it.

Colour is one and the same for all of a reader's marks; which is in hand is told by the thicker
line, the handles and the frame around its label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from dicom_io.image.annotation import Annotation, Kind
from ui import theme
from ui.viewport.mark_shapes import Line, handles, is_closed, lines
from ui.viewport.overlay import EDGE, GAP
from ui.viewport.placement import Placement

THIN, THICK, HALO = 1.5, 2.5, 2.5  # logical pixels
TICK = 5.0  # half of the stroke that ends a length
HEAD = 11.0  # of an arrow
CROSS_FROM, CROSS_TO = 3.0, 9.0  # a probe leaves its pixel free
ARC = 18.0  # radius at an angle's vertex
HANDLE = 3.5
APART = 10.0  # between a mark and its label
_MANY = 60  # points that stand for a line when labels look for room
_NOTHING = np.empty((0, 2))
FAR = 18.0  # a label farther away is tied to its mark by a line


@dataclass(frozen=True)
class Look:
    """How one mark is painted."""

    mark: Annotation
    words: tuple[str, ...]
    is_hovered: bool = False
    is_selected: bool = False


class MarkPainter:
    """Paints all marks of one frame in one go, so that their labels keep clear of each other."""

    def __init__(self, painter: QPainter, place: Placement, pane: QRectF, font: QFont) -> None:
        self._painter = painter
        self._place = place
        self._pane = pane
        self._metrics = QFontMetricsF(font)
        self._ink = _NOTHING  # points on all lines, for labels to keep clear of
        self.labels: dict[str, QRectF] = {}  # where the words of each mark stand
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def paint(self, looks: Sequence[Look]) -> None:
        """Lines first, then all labels; the one in hand last, over the others."""
        for look in looks:
            self._lines(look)
        shapes = [line for look in looks for line in lines(look.mark, self._place)]
        self._ink = np.vstack([_dotted(line) for line in shapes]) if shapes else _NOTHING
        for look in sorted(looks, key=lambda look: look.mark.label_at is None):
            if look.words:
                self.labels[look.mark.id] = self._label_place(look)
        for look in sorted(looks, key=lambda look: (look.is_selected, look.is_hovered)):
            if look.mark.id in self.labels:
                self._label(look, self.labels[look.mark.id])

    # --- lines ---

    def _lines(self, look: Look) -> None:
        mark, shapes = look.mark, lines(look.mark, self._place)
        thick = look.is_hovered or look.is_selected
        path, filled = self._path(mark, shapes), _head(mark, shapes)
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in _strokes(THICK if thick else THIN):
            pen = QPen(QColor(colour), width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            self._painter.setPen(pen)
            self._painter.drawPath(path)
        if filled is not None:
            self._painter.setPen(QPen(QColor(theme.SHADE), 1))
            self._painter.setBrush(QColor(theme.MARK))
            self._painter.drawPolygon(filled)
        if mark.kind is Kind.COBB and len(mark.points) == 4:
            self._dashes(shapes[0].mean(axis=0), shapes[1].mean(axis=0))
        if thick:
            self._handles(mark)

    def _path(self, mark: Annotation, shapes: Sequence[Line]) -> QPainterPath:
        """All that is stroked of a mark."""
        path = QPainterPath()
        for line in shapes:
            if len(line) > 1:
                path.addPolygon(_polygon(line))
        if mark.kind in (Kind.LENGTH, Kind.BIDIRECTIONAL):
            for line in shapes:
                if len(line) == 2:
                    _end_strokes(path, line)
        if mark.kind is Kind.ANGLE and len(mark.points) == 3:
            _arc(path, shapes[0])
        if mark.kind is Kind.PROBE:
            _cross(path, QPointF(*shapes[0][0]))
        return path

    def _dashes(self, start: Line, end: Line) -> None:
        """A fine broken line: what belongs together."""
        for colour, width in _strokes(1.0):
            pen = QPen(QColor(colour), width)
            pen.setDashPattern([3.0 / width, 4.0 / width])
            self._painter.setPen(pen)
            self._painter.drawLine(QPointF(*start), QPointF(*end))

    def _handles(self, mark: Annotation) -> None:
        self._painter.setBrush(QColor(theme.FILM))
        self._painter.setPen(QPen(QColor(theme.MARK), THIN))
        for point in handles(mark):
            self._painter.drawEllipse(QPointF(*self._place.to_pane(*point)), HANDLE, HANDLE)

    # --- labels ---

    def _label_place(self, look: Look) -> QRectF:
        """Where the words go: where a hand put them, else the best of four places around."""
        wide = max(self._metrics.horizontalAdvance(word) for word in look.words) + 2 * GAP
        size = QRectF(0, 0, wide, self._metrics.height() * len(look.words))
        if look.mark.kind is Kind.TEXT:
            return size.translated(QPointF(*self._place.to_pane(*look.mark.points[0])))
        if look.mark.label_at is not None:
            return self._kept(size.translated(QPointF(*self._place.to_pane(*look.mark.label_at))))
        points = np.vstack(lines(look.mark, self._place))
        box = QRectF(QPointF(*points.min(axis=0)), QPointF(*points.max(axis=0)))
        places = [self._kept(size.translated(*top)) for top in self._tops(look.mark, points, size)]
        faults = [self._faults(place, box.center()) + n for n, place in enumerate(places)]
        return places[faults.index(min(faults))]

    def _tops(self, mark: Annotation, points: Line, size: QRectF) -> list[tuple[float, float]]:
        """Where a label's top left corner may go, the best liked first."""
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        wide, high = size.width(), size.height()
        middle = (left + right - wide) / 2
        if is_closed(mark):
            ends = [(right, top), (right, bottom - high)], [(left, top), (left, bottom - high)]
        else:  # level with the very ends
            first, last = points[points[:, 0].argmin(), 1], points[points[:, 0].argmax(), 1]
            ends = [(right, last - high / 2)], [(left, first - high / 2)]
        return [
            *((x + APART, y) for x, y in ends[0]),
            *((x - APART - wide, y) for x, y in ends[1]),
            (middle, bottom + APART),
            (middle, top - APART - high),
        ]

    def _faults(self, place: QRectF, middle: QPointF) -> float:
        """How badly a label would stand: on its mark's middle, on lines, on other labels."""
        room = place.adjusted(-GAP, -GAP, GAP, GAP)
        on_middle = 1e6 if room.contains(middle) else 0.0
        others = sum(_area(place.intersected(other)) for other in self.labels.values())
        near = (self._ink >= (room.left(), room.top())) & (
            self._ink <= (room.right(), room.bottom())
        )
        return on_middle + others + 100.0 * float(np.count_nonzero(near.all(axis=1)))

    def _kept(self, place: QRectF) -> QRectF:
        """Inside the pane, as far as it fits."""
        room = self._pane.adjusted(GAP, GAP, -GAP, -GAP)
        x = min(max(place.x(), room.left()), max(room.left(), room.right() - place.width()))
        y = min(max(place.y(), room.top()), max(room.top(), room.bottom() - place.height()))
        return QRectF(x, y, place.width(), place.height())

    def _label(self, look: Look, place: QRectF) -> None:
        if look.mark.kind is not Kind.TEXT:
            self._tie(look.mark, place)
        self._painter.fillRect(place, QColor(theme.SHADE))
        if look.is_selected or look.is_hovered:
            self._painter.setBrush(Qt.BrushStyle.NoBrush)
            self._painter.setPen(QPen(QColor(theme.MARK), 1))
            self._painter.drawRect(place)
        self._painter.setPen(QColor(theme.MARK))
        left, top = place.left() + GAP, place.top() + self._metrics.ascent()
        for number, word in enumerate(look.words):
            self._painter.drawText(QPointF(left, top + number * self._metrics.height()), word)

    def _tie(self, mark: Annotation, place: QRectF) -> None:
        """A line to the mark from a label that was put far away."""
        points = np.vstack(lines(mark, self._place))
        near = np.stack(
            [points[:, 0].clip(place.left(), place.right()),
             points[:, 1].clip(place.top(), place.bottom())], axis=1,
        )  # fmt: skip
        ways = np.hypot(*(points - near).T)
        closest = int(ways.argmin())
        if ways[closest] > FAR:
            self._dashes(near[closest], points[closest])

    def corner(self, words: Sequence[str], lift: int) -> None:
        """Lines at the lower right, `lift` lines above the scale bar, each on a shade."""
        bottom = self._pane.bottom() - EDGE - 2 * GAP - (2 + lift) * self._metrics.height()
        for number, word in enumerate(words):
            wide = self._metrics.horizontalAdvance(word)
            top = bottom - number * self._metrics.height()
            place = QRectF(self._pane.right() - EDGE - wide, top, wide, self._metrics.height())
            self._painter.fillRect(place.adjusted(-GAP, 0, GAP, 0), QColor(theme.SHADE))
            self._painter.setPen(QColor(theme.FILM_TEXT))
            self._painter.drawText(QPointF(place.x(), top + self._metrics.ascent()), word)


def _dotted(line: Line) -> Line:
    """Points along a line, close enough that none slips past a label; no more than are needed."""
    if len(line) < 2 or len(line) > _MANY:
        return line
    parts = max(2, _MANY // (len(line) - 1))
    share = np.linspace(0, 1, parts)[:, None, None]
    return np.asarray((line[:-1] * (1 - share) + line[1:] * share).reshape(-1, 2))


def _strokes(width: float) -> tuple[tuple[str, float], ...]:
    """The dark edge, then the line."""
    return (theme.SHADE, width + HALO), (theme.MARK, width)


def _polygon(line: Line) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in line])


def _area(rectangle: QRectF) -> float:
    return max(0.0, rectangle.width()) * max(0.0, rectangle.height())


def _end_strokes(path: QPainterPath, line: Line) -> None:
    """A stroke across each end, which shows the very point."""
    way = line[1] - line[0]
    length = math.hypot(*way)
    if length == 0:
        return
    across = np.array([-way[1], way[0]]) / length * TICK
    for end in line:
        path.moveTo(QPointF(*(end - across)))
        path.lineTo(QPointF(*(end + across)))


def _arc(path: QPainterPath, line: Line) -> None:
    """A piece of a circle between the arms."""
    ways = line[[0, 2]] - line[1]
    radius = min(ARC, *np.hypot(*ways.T))
    begin, end = (math.degrees(math.atan2(-y, x)) for x, y in ways)
    sweep = (end - begin + 180) % 360 - 180
    middle = QPointF(*line[1])
    round_it = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    path.arcMoveTo(round_it, begin)
    path.arcTo(round_it, begin, sweep)


def _cross(path: QPainterPath, middle: QPointF) -> None:
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(middle + QPointF(x, y) * CROSS_FROM)
        path.lineTo(middle + QPointF(x, y) * CROSS_TO)


def _head(mark: Annotation, shapes: Sequence[Line]) -> QPolygonF | None:
    """The head of an arrow, at its first point."""
    if mark.kind is not Kind.ARROW or len(shapes[0]) < 2:
        return None
    tip, tail = shapes[0][0], shapes[0][1]
    length = math.hypot(*(tail - tip))
    if length == 0:
        return None
    along = (tail - tip) / length * HEAD
    across = np.array([-along[1], along[0]]) * 0.45
    return _polygon(np.array([tip, tip + along + across, tip + along - across]))
