"""The test pattern on the screen, one of its pixels on one of the screen's."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QPoint, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from dicom_io.image.pattern import SIDE, made_pattern
from ui import theme
from ui.language import tr
from ui.status import DISPLAY


class PatternView(QWidget):
    """Paints the pattern in the middle, never scaled, whatever the screen's pixel ratio."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Test pattern"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        pixels = np.ascontiguousarray(made_pattern().pixels)
        self._picture = QImage(
            pixels.tobytes(), SIDE, SIDE, SIDE, QImage.Format.Format_Grayscale8
        ).copy()

    def sizeHint(self) -> QSize:
        side = round(SIDE / self.devicePixelRatioF())
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        ratio = self.devicePixelRatioF()
        picture = QImage(self._picture)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.FILM))
        left = round((self.width() * ratio - SIDE) / 2) / ratio  # on a whole pixel of the screen
        top = round((self.height() * ratio - SIDE) / 2) / ratio
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.translate(left, top)
        painter.drawImage(QPoint(0, 0), picture)


class PatternWindow(QDialog):
    """The pattern and, beside it, what to look for; Esc closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Test pattern"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.view = PatternView()
        look = QLabel(
            tr(
                "To be seen: all four corners of every patch, the square of 5 % in black and of "
                "95 % in white, even ramps, single lines, four corner marks."
            )
        )
        look.setWordWrap(True)
        look.setProperty("role", "quiet")
        self.standing = QLabel(tr(DISPLAY))
        self.standing.setProperty("role", "ai")
        words = QVBoxLayout()
        words.setContentsMargins(*4 * (theme.SPACES[3],))
        words.setSpacing(theme.SPACES[2])
        for label in (look, self.standing):
            words.addWidget(label)
        words.addStretch(1)
        look.setFixedWidth(theme.scaled(theme.LEFT_WIDTH))
        both = QHBoxLayout(self)  # beside it: a screen of 1080 lines has none left below
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(0)
        both.addWidget(self.view, 1)
        both.addLayout(words)
        self.resize(self.sizeHint())  # also where Qt thinks that too much of a small screen
