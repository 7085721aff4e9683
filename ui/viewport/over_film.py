"""Words and lines over a film that can be read on black and on white."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from ui import theme

ROOM = 4.0  # logical pixels beside words


def draw_words(
    painter: QPainter,
    corner: QPointF,
    words: str,
    metrics: QFontMetricsF,
    colour: str = theme.FILM_TEXT,
) -> None:
    """Words on a shade of black, `corner` being their top left; in the painter's font."""
    size = QRectF(corner.x(), corner.y(), metrics.horizontalAdvance(words), metrics.height())
    painter.fillRect(size.adjusted(-ROOM, 0, ROOM, 0), QColor(theme.SHADE))
    painter.setPen(QColor(colour))
    painter.drawText(QPointF(corner.x(), corner.y() + metrics.ascent()), words)


def draw_line(
    painter: QPainter, one: QPointF, other: QPointF, colour: str, *, dashed: bool = False
) -> None:
    """A line of one pixel with a dark edge."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for width, ink in ((3.0, theme.SHADE), (1.2, colour)):
        pen = QPen(QColor(ink), width)
        if dashed:
            pen.setStyle(Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([12 / width, 6 / width])
        painter.setPen(pen)
        painter.drawLine(one, other)
