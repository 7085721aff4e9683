"""Words and lines over a film that can be read on black and on white."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from ui import theme

ROOM = 4.0  # logical pixels beside words
# Sentences over the middle of the lower edge, the lowest first, in text heights above it; the
# orientation letter stands below them.
LINK_LINE, POINT_LINE, STACK_LINE = 4.1, 5.3, 6.5


def draw_words(
    painter: QPainter,
    corner: QPointF,
    words: str,
    metrics: QFontMetricsF,
    colour: str = "",
) -> None:
    """Words on a shade of black, `corner` being their top left; in the painter's font.

    `colour` "" is that of the overlay.
    """
    size = QRectF(corner.x(), corner.y(), metrics.horizontalAdvance(words), metrics.height())
    painter.fillRect(size.adjusted(-ROOM, 0, ROOM, 0), QColor(theme.SHADE))
    painter.setPen(QColor(colour or theme.FILM_TEXT))
    painter.drawText(QPointF(corner.x(), corner.y() + metrics.ascent()), words)


def draw_sentence(
    painter: QPainter,
    pane: QRectF,
    font: QFont,
    words: str,
    line: float,
    *,
    colour: str = "",
) -> None:
    """One sentence on its line over the lower edge, cut to the pane's width."""
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    room = pane.width() - 4 * theme.SPACES[2]
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
    left = pane.center().x() - metrics.horizontalAdvance(words) / 2
    corner = QPointF(left, pane.bottom() - line * metrics.height())
    draw_words(painter, corner, words, metrics, colour)


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
