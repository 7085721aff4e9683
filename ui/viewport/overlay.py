"""The words and lines over the picture: four corners, orientation letters, scale bar, box."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from dicom_io.identity import Identity
from dicom_io.report.document import Region
from ui import theme
from ui.language import figure
from ui.viewport.placement import Placement

EDGE = 12.0  # between pane and text
GAP = 4.0
LONGEST = 120  # characters of a line
STEPS_MM = (
    *(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05),  # of slides
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500),
)


@dataclass(frozen=True)
class Marks:
    """What is written over one frame. It is painted over that frame's pixels only."""

    identity: Identity
    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    letters: tuple[str, str, str, str] = ("", "", "", "")  # left, right, top, bottom
    column_mm: float = 0.0  # millimetres for one stored column; 0 when not known
    row_mm: float = 0.0  # the same for one stored row
    lossy: str = ""  # the line of `top_right` that must not get lost
    calibration: str = ""  # how far the millimetres can be trusted, in words


def plain(text: str) -> str:
    """One line of printable text: what a file says may hold line ends or worse."""
    line = "".join(sign if sign.isprintable() else " " for sign in text[: 2 * LONGEST])
    line = " ".join(line.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def shortened(lines: tuple[str, ...], most: int, last: str = "") -> tuple[str, ...]:
    """At most so many lines; "…" says that some are missing, and the line `last` never is."""
    if len(lines) <= most:
        return lines
    if last in lines:
        rest = tuple(line for line in lines if line != last)
        return (*shortened(rest, most - 1), last) if most > 1 else (last,)
    return (*lines[: most - 1], "…") if most > 1 else lines[:1]


class Overlay:
    """Paints marks and boxes in one font."""

    def __init__(self, font_size: int) -> None:
        self.font = theme.overlay_font(font_size)
        self._metrics = QFontMetricsF(self.font)

    def draw(self, painter: QPainter, pane: QRectF, marks: Marks, placement: Placement) -> None:
        """Corners, letters and scale bar."""
        painter.setFont(self.font)
        height = self._metrics.height()
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        top, bottom = pane.top() + EDGE, pane.bottom() - EDGE
        most = self.lines_in(pane)
        self._lines(painter, pane, top, shortened(marks.top_left, most), left)
        self._lines(painter, pane, top, shortened(marks.top_right, most, marks.lossy), right)
        begin = bottom - height * len(marks.bottom_left)
        self._lines(painter, pane, begin, marks.bottom_left, left)
        self._scale_bar(painter, pane, marks, placement)
        self._letters(painter, pane, marks.letters)

    def lines_in(self, pane: QRectF) -> int:
        """How many lines an upper corner may have, so that it never meets a lower one."""
        room = pane.height() / 2 - EDGE - self._metrics.height()
        return max(1, int(room / self._metrics.height()))

    def draw_box(
        self,
        painter: QPainter,
        box: Region,
        label: str,
        placement: Placement,
        *,
        colour: str = "",
    ) -> None:
        """A box in that colour, by default that of place; its label above it (or inside, at the
        top of the pane)."""
        colour = colour or theme.FILM_PLACE
        one = QPointF(*placement.to_pane(box.x0, box.y0))
        other = QPointF(*placement.to_pane(box.x1, box.y1))
        frame = QRectF(one, other).normalized()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, ink in ((3.0, theme.SHADE), (1.0, colour)):
            pen = QPen(QColor(ink), width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(frame)
        if label:
            painter.setFont(self.font)
            above = frame.top() - self._metrics.height() - GAP
            place = QPointF(frame.left() + GAP, above if above >= 0 else frame.top() + GAP)
            self._text(painter, place, plain(label), colour)

    def draw_sentence(self, painter: QPainter, pane: QRectF, text: str, colour: str) -> None:
        """One sentence in the middle of the pane, wrapped."""
        painter.setFont(self.font)
        painter.setPen(QColor(colour))
        room = pane.adjusted(4 * EDGE, EDGE, -4 * EDGE, -EDGE)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(flags), text)

    def _lines(
        self,
        painter: QPainter,
        pane: QRectF,
        top: float,
        lines: tuple[str, ...],
        side: Qt.AlignmentFlag,
    ) -> None:
        for number, line in enumerate(lines):
            text = self._fitting(plain(line), pane)
            x = pane.left() + EDGE
            if side == Qt.AlignmentFlag.AlignRight:
                x = pane.right() - EDGE - self._metrics.horizontalAdvance(text)
            self._text(painter, QPointF(x, top + number * self._metrics.height()), text)

    def _fitting(self, text: str, pane: QRectF) -> str:
        """What of a line has room in its corner, clear of the letter in the middle."""
        room = pane.width() / 2 - 2 * EDGE
        return self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)

    def _text(self, painter: QPainter, corner: QPointF, text: str, colour: str = "") -> None:
        """Text on a shade of black, so that it can be read over a bright film."""
        if not text:
            return
        size = QRectF(corner.x(), corner.y(), self._metrics.horizontalAdvance(text), 0)
        size.setHeight(self._metrics.height())
        painter.fillRect(size.adjusted(-GAP, 0, GAP, 0), QColor(theme.SHADE))
        painter.setPen(QColor(colour or theme.FILM_TEXT))
        painter.drawText(QPointF(corner.x(), corner.y() + self._metrics.ascent()), text)

    def _letters(self, painter: QPainter, pane: QRectF, letters: tuple[str, str, str, str]) -> None:
        height, middle = self._metrics.height(), pane.center()
        left, right, top, bottom = (plain(letter) for letter in letters)

        def wide(text: str) -> float:
            return self._metrics.horizontalAdvance(text)

        y = middle.y() - height / 2
        self._text(painter, QPointF(pane.left() + EDGE, y), left)
        self._text(painter, QPointF(pane.right() - EDGE - wide(right), y), right)
        x = middle.x()
        self._text(painter, QPointF(x - wide(top) / 2, pane.top() + EDGE), top)
        y = pane.bottom() - EDGE - height
        self._text(painter, QPointF(x - wide(bottom) / 2, y), bottom)

    def _scale_bar(
        self, painter: QPainter, pane: QRectF, marks: Marks, placement: Placement
    ) -> None:
        right, bottom = pane.right() - EDGE, pane.bottom() - EDGE
        length, words = scale_bar(marks, placement, pane.width() / 4)
        words = self._fitting(words, pane)
        x = right - self._metrics.horizontalAdvance(words)
        lift = 2 * GAP if length else 0.0
        self._text(painter, QPointF(x, bottom - self._metrics.height() - lift), words)
        if length:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            for width, colour in ((3.0, theme.SHADE), (1.0, theme.FILM_TEXT)):
                painter.setPen(QPen(QColor(colour), width))
                painter.drawLine(QPointF(right - length, bottom), QPointF(right, bottom))
                for end in (right - length, right):
                    painter.drawLine(QPointF(end, bottom - GAP), QPointF(end, bottom))


def scale_bar(marks: Marks, placement: Placement, longest: float) -> tuple[float, str]:
    """Length in logical pixels, 0 for none, and its words: a round length that fits `longest`.

    The bar lies from left to right: along stored rows, or columns when the picture is turned.
    """
    along = placement.down if placement.is_turned else placement.across
    millimetres = marks.row_mm if placement.is_turned else marks.column_mm
    if not millimetres > 0 or not math.isfinite(millimetres):
        return 0.0, plain(marks.calibration)
    pixels_a_mm = along / millimetres
    fitting = [step for step in STEPS_MM if step * pixels_a_mm <= longest]
    if not fitting:
        return 0.0, ""
    step = fitting[-1]
    text = f"{step / 10:g} cm" if step >= 10 else f"{step:g} mm"
    if step < 0.1:
        text = f"{step * 1000:g} µm"
    text = figure(text)
    words = f"{text}, {marks.calibration}" if marks.calibration else text
    return step * pixels_a_mm, plain(words)
