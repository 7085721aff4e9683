"""The magnifying glass: what lies under the mouse, larger, in a circle around it."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QPainter, QPainterPath, QPen

from ui import theme
from ui.viewport.picture import Picture, paint
from ui.viewport.placement import Placement

RADIUS = 96.0  # logical pixels
TIMES = 3.0


def paint_glass(
    painter: QPainter, pane: QRectF, at: QPointF, picture: Picture, placement: Placement
) -> None:
    """Paint the picture's own pixels, never anything else, `TIMES` larger around that point."""
    left, top = round(at.x() - RADIUS), round(at.y() - RADIUS)
    circle = QRectF(left, top, 2 * RADIUS, 2 * RADIUS)
    path = QPainterPath()
    path.addEllipse(circle)
    larger = placement.zoomed(TIMES, at.x(), at.y())
    lens = replace(larger, x=larger.x - left, y=larger.y - top, width=2 * RADIUS, height=2 * RADIUS)
    seen = picture.lying(lens)
    painter.save()
    painter.setClipRect(pane)
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.fillRect(circle, QColor(theme.FILM))
    if seen is not None:
        painter.translate(left, top)
        paint(painter, seen)
    painter.restore()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.FILM_TEXT), 1.0))
    painter.drawEllipse(circle)
