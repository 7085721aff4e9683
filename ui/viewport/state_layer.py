"""What a presentation state draws over its images: graphics and texts of any maker, to be seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from dicom_io.identity import Identity
from dicom_io.image.annotation import Point
from dicom_io.image.presentation import Graphic, Presentation, Shape
from ui import theme
from ui.viewport.layer import Layer, View

SPOT = 4.0  # logical pixels, half of the cross that marks a point
STEPS = 48  # of a drawn ellipse
Put = Callable[[Point, bool], QPointF]


class StateLayer(Layer):
    """Paints the graphics of one presentation, over its own frames alone."""

    def __init__(self) -> None:
        super().__init__()
        self._part: Presentation | None = None
        self._images: frozenset[Identity] = frozenset()
        self._shown = True

    def show_part(self, part: Presentation | None) -> None:
        """Draw what this says of its images from now on; None for nothing."""
        self._part = part
        self._images = frozenset(part.images) if part is not None else frozenset()
        self.changed.emit()

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        """Draw the graphics of the frame shown; whose they were."""
        part, name = self._part, view.frame.identity
        if part is None or not {name, name.of_frame(0)} & self._images:
            return None
        mine = [graphic for graphic in part.graphics if graphic.belongs_to(name)]
        if view.hides_identity:  # other makers' words may name the patient
            mine = [graphic for graphic in mine if graphic.shape is not Shape.TEXT]
        if not mine:
            return None
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(view.font)
        area = _area_seen(part, view)

        def put(point: Point, relative: bool) -> QPointF:
            """Of the image's pixels, or of the displayed area as it is seen."""
            if relative:
                return QPointF(
                    area.x() + point[0] * area.width(), area.y() + point[1] * area.height()
                )
            return QPointF(*view.placement.to_pane(*point))

        for graphic in mine:
            self._draw(painter, graphic, put, view.pane)
        painter.restore()
        return name

    def _draw(self, painter: QPainter, graphic: Graphic, put: Put, pane: QRectF) -> None:
        """A light line on a dark one, so that it is seen on every grey."""
        colour = QColor(*graphic.colour) if graphic.colour else QColor(theme.FILM_PLACE)
        if graphic.shape is Shape.TEXT:
            _draw_text(painter, graphic, put, colour, pane)
            return
        path = path_of(graphic, put)
        painter.setBrush(colour if graphic.is_filled else Qt.BrushStyle.NoBrush)
        for width, ink in ((3.0, QColor(theme.FILM)), (1.5, colour)):
            pen = QPen(ink, width)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPath(path)


def _area_seen(part: Presentation, view: View) -> QRectF:
    """Where the displayed area lies in the pane."""
    frame = view.frame
    left, top, right, bottom = part.displayed or (0.0, 0.0, frame.columns, frame.rows)
    one = QPointF(*view.placement.to_pane(left, top))
    other = QPointF(*view.placement.to_pane(right, bottom))
    return QRectF(one, other).normalized()


def path_of(graphic: Graphic, put: Put) -> QPainterPath:
    """The outline in the pane."""
    points, relative = graphic.points, graphic.is_relative
    path = QPainterPath()
    match graphic.shape:
        case Shape.POINT:
            at = put(points[0], relative)
            for dx, dy in ((SPOT, 0.0), (0.0, SPOT)):
                path.moveTo(at.x() - dx, at.y() - dy)
                path.lineTo(at.x() + dx, at.y() + dy)
        case Shape.CIRCLE:
            radius = math.dist(points[0], points[1])
            (x, y) = points[0]
            ends = ((x - radius, y), (x + radius, y), (x, y - radius), (x, y + radius))
            path.addPolygon(QPolygonF([put(one, relative) for one in around(ends)]))
        case Shape.ELLIPSE:
            path.addPolygon(QPolygonF([put(one, relative) for one in around(points)]))
        case Shape.INTERPOLATED:
            path.addPolygon(QPolygonF([put(one, relative) for one in smooth(points)]))
        case _:
            path.addPolygon(QPolygonF([put(one, relative) for one in points]))
    return path


def around(ends: Sequence[Point]) -> list[Point]:
    """Points on the ellipse whose axes have these ends, closed."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ends
    x, y = (ax + bx) / 2, (ay + by) / 2
    ux, uy, vx, vy = (bx - ax) / 2, (by - ay) / 2, (dx - cx) / 2, (dy - cy) / 2
    turns = [2 * math.pi * step / STEPS for step in range(STEPS + 1)]
    return [
        (x + math.cos(t) * ux + math.sin(t) * vx, y + math.cos(t) * uy + math.sin(t) * vy)
        for t in turns
    ]


def smooth(points: Sequence[Point], steps: int = 8) -> list[Point]:
    """A curve through all points (Catmull-Rom); closed when the first is the last."""
    if len(points) < 3:
        return list(points)
    closed = points[0] == points[-1]
    before, after = (points[-2], points[1]) if closed else (points[0], points[-1])
    padded = [before, *points, after]
    curve: list[Point] = [points[0]]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(1, steps + 1):
            t = step / steps
            curve.append(
                (_between(p0[0], p1[0], p2[0], p3[0], t), _between(p0[1], p1[1], p2[1], p3[1], t))
            )
    return curve


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def _draw_text(painter: QPainter, graphic: Graphic, put: Put, colour: QColor, pane: QRectF) -> None:
    """The text upright at the top left of its box, or beside its anchor; wholly in the pane where
    it fits, on a shade so that it is read on every grey."""
    anchor = None
    if graphic.anchor is not None:
        anchor = put(graphic.anchor, graphic.anchor_is_relative)
    if graphic.points:
        one, other = (put(point, graphic.is_relative) for point in graphic.points)
        box = QRectF(one, other).normalized()
        at = box.topLeft()
        if anchor is not None and graphic.anchor_is_seen:
            painter.setPen(QPen(colour, 1.5))
            painter.drawLine(box.center(), anchor)
    elif anchor is not None:
        at = anchor + QPointF(SPOT, SPOT)
    else:
        return
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
    room = painter.boundingRect(QRectF(at, at + QPointF(4000.0, 4000.0)), flags, graphic.text)
    room.moveLeft(max(min(room.left(), pane.right() - room.width() - SPOT), pane.left() + SPOT))
    room.moveTop(max(min(room.top(), pane.bottom() - room.height() - SPOT), pane.top() + SPOT))
    painter.fillRect(room.adjusted(-SPOT, 0, SPOT, 0), QColor(theme.SHADE))
    painter.setPen(colour)
    painter.drawText(room, flags, graphic.text)
