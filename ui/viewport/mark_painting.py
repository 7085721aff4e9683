"""Painting marks: lines with a dark edge that can be seen over bright and dark film, handles, and
labels that stand beside the mark and not on it.

Colour is one and the same for all of a reader's marks; which is in hand is told by the thicker
line, the handles and the frame around its label.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from dicom_io.image.annotation import Annotation, Kind
from ui import theme
from ui.viewport.mark_labels import Room, nearest
from ui.viewport.mark_shapes import Line, handles, is_closed, lines
from ui.viewport.overlay import EDGE, GAP
from ui.viewport.placement import Placement

THIN, THICK, HALO = 1.5, 2.5, 2.5  # logical pixels
TICK = 5.0  # half of the stroke that ends a length
HEAD = 11.0  # of an arrow
CROSS_FROM, CROSS_TO = 3.0, 9.0  # a probe leaves its pixel free
ARC = 18.0  # radius at an angle's vertex
HANDLE = 3.5
FAR = 18.0  # a label farther away is tied to its mark by a line


@dataclass(frozen=True)
class Look:
    """How one mark is painted."""

    mark: Annotation
    words: tuple[str, ...]
    is_hovered: bool = False
    is_selected: bool = False


@dataclass(frozen=True)
class Label:
    """Where a mark's words stand, and what that was found for."""

    place: QRectF
    key: tuple[Annotation, tuple[str, ...], Placement, QRectF]


NO_LABELS: Mapping[str, Label] = {}


class MarkPainter:
    """Paints all marks of one frame in one go, so that their labels keep clear of each other.

    `before` is what `labels` was at the last paint.
    """

    def __init__(
        self,
        painter: QPainter,
        place: Placement,
        pane: QRectF,
        font: QFont,
        before: Mapping[str, Label] = NO_LABELS,
    ) -> None:
        self._painter = painter
        self._place = place
        self._pane = pane
        self._metrics = QFontMetricsF(font)
        self._before = before
        self.labels: dict[str, Label] = {}  # where the words of each mark stand
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def paint(self, looks: Sequence[Look]) -> None:
        """Lines first, then all labels; the one in hand last, over the others."""
        shapes = {look.mark.id: lines(look.mark, self._place) for look in looks}
        for look in looks:
            self._lines(look, shapes[look.mark.id])
        self._place_labels([look for look in looks if look.words], shapes)
        for look in sorted(looks, key=lambda look: (look.is_selected, look.is_hovered)):
            if look.mark.id in self.labels:
                self._label(look, self.labels[look.mark.id].place, shapes[look.mark.id])

    # --- lines ---

    def _lines(self, look: Look, shapes: Sequence[Line]) -> None:
        mark = look.mark
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
            self._dashes(*(QPointF(*line.mean(axis=0)) for line in shapes))
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

    def _dashes(self, start: QPointF, end: QPointF) -> None:
        """A fine broken line: what belongs together."""
        for colour, width in _strokes(1.0):
            pen = QPen(QColor(colour), width)
            pen.setDashPattern([3.0 / width, 4.0 / width])
            self._painter.setPen(pen)
            self._painter.drawLine(start, end)

    def _handles(self, mark: Annotation) -> None:
        self._painter.setBrush(QColor(theme.FILM))
        self._painter.setPen(QPen(QColor(theme.MARK), THIN))
        for point in handles(mark):
            self._painter.drawEllipse(QPointF(*self._place.to_pane(*point)), HANDLE, HANDLE)

    # --- labels ---

    def _place_labels(self, looks: Sequence[Look], shapes: Mapping[str, list[Line]]) -> None:
        """Labels that nothing has changed for stay; the others find room."""
        keys = {look.mark.id: (look.mark, look.words, self._place, self._pane) for look in looks}
        stay = {name: self._before[name] for name, key in keys.items()
                if name in self._before and self._before[name].key == key}  # fmt: skip
        fresh = [look for look in looks if look.mark.id not in stay]
        self.labels = dict(stay)
        if not fresh:
            return
        room = Room(self._pane, [line for many in shapes.values() for line in many])
        for label in stay.values():
            room.take(label.place)
        for look in sorted(fresh, key=lambda look: look.mark.label_at is None):
            name = look.mark.id
            place = self._found(look, shapes[name], room)
            room.take(place)
            self.labels[name] = Label(place, keys[name])

    def _found(self, look: Look, shapes: Sequence[Line], room: Room) -> QRectF:
        """Where the words go: where a hand put them, else beside the mark."""
        wide = max(self._metrics.horizontalAdvance(word) for word in look.words) + 2 * GAP
        size = QRectF(0, 0, wide, self._metrics.height() * len(look.words))
        if look.mark.kind is Kind.TEXT:
            return size.translated(QPointF(*self._place.to_pane(*look.mark.points[0])))
        if look.mark.label_at is not None:
            return room.kept(size.translated(QPointF(*self._place.to_pane(*look.mark.label_at))))
        return room.beside(np.vstack(shapes), size, is_closed(look.mark))

    def _label(self, look: Look, place: QRectF, shapes: Sequence[Line]) -> None:
        if look.mark.kind is not Kind.TEXT:
            near, end, way = nearest(np.vstack(shapes), place)
            if way > FAR:
                self._dashes(near, end)
        self._painter.fillRect(place, QColor(theme.SHADE))
        if look.is_selected or look.is_hovered:
            self._painter.setBrush(Qt.BrushStyle.NoBrush)
            self._painter.setPen(QPen(QColor(theme.MARK), 1))
            self._painter.drawRect(place)
        self._painter.setPen(QColor(theme.MARK))
        left, top = place.left() + GAP, place.top() + self._metrics.ascent()
        for number, word in enumerate(look.words):
            self._painter.drawText(QPointF(left, top + number * self._metrics.height()), word)

    def corner(self, words: Sequence[str]) -> None:
        """Lines at the lower right, from above the scale bar upwards, each on a shade."""
        bottom = self._pane.bottom() - EDGE - 2 * GAP - 2 * self._metrics.height()
        for number, word in enumerate(words):
            wide = self._metrics.horizontalAdvance(word)
            top = bottom - number * self._metrics.height()
            place = QRectF(self._pane.right() - EDGE - wide, top, wide, self._metrics.height())
            self._painter.fillRect(place.adjusted(-GAP, 0, GAP, 0), QColor(theme.SHADE))
            self._painter.setPen(QColor(theme.FILM_TEXT))
            self._painter.drawText(QPointF(place.x(), top + self._metrics.ascent()), word)


def _strokes(width: float) -> tuple[tuple[str, float], ...]:
    """The dark edge, then the line."""
    return (theme.SHADE, width + HALO), (theme.MARK, width)


def _polygon(line: Line) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in line])


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
