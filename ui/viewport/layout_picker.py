"""Layout picker: a small grid of squares; how many are chosen is how many panes there will be."""

from __future__ import annotations

from PyQt6.QtCore import QPoint, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QWidget

from ui import theme
from ui.language import tr

MOST = 3
SQUARE = 2 * theme.SPACES[4]  # logical pixels, a side
GAP = theme.SPACES[0]
EDGE = theme.SPACES[1]
WORDS = theme.SPACES[4]  # height of the line below


class LayoutPicker(QWidget):
    """Opens at a place, tells what was chosen, and closes; Esc closes it and changes nothing.

    The mouse points, arrows move, a click or Enter chooses.
    """

    chosen = pyqtSignal(int, int)  # rows, columns

    def __init__(self, shape: tuple[int, int], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._shape = shape
        self.setFixedSize(self.sizeHint())
        self._name()

    def shape(self) -> tuple[int, int]:
        """Rows and columns under the hand."""
        return self._shape

    def open_at(self, where: QPoint) -> None:
        """Show the squares with their top left corner there, in global pixels."""
        self.move(where)
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def sizeHint(self) -> QSize:
        side = MOST * SQUARE + (MOST - 1) * GAP + 2 * EDGE
        return QSize(side, side + WORDS)

    def square(self, row: int, column: int) -> QRect:
        """Where a square lies, counted from 0."""
        step = SQUARE + GAP
        return QRect(EDGE + column * step, EDGE + row * step, SQUARE, SQUARE)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        for row in range(MOST):
            for column in range(MOST):
                chosen = row < self._shape[0] and column < self._shape[1]
                painter.setPen(QPen(QColor(theme.PLACE if chosen else theme.QUIET), 1))
                painter.setBrush(QColor(theme.BUTTON if chosen else theme.FILM))
                painter.drawRect(self.square(row, column))
        line = QRect(0, self.height() - WORDS - EDGE // 2, self.width(), WORDS)
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), layout_text(self._shape))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._point_at(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self.rect().contains(event.position().toPoint()):
            self._point_at(event.position().toPoint())
            self._choose()
        else:
            self.close()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is None:
            return
        rows, columns = self._shape
        moves = {
            Qt.Key.Key_Up: (rows - 1, columns),
            Qt.Key.Key_Down: (rows + 1, columns),
            Qt.Key.Key_Left: (rows, columns - 1),
            Qt.Key.Key_Right: (rows, columns + 1),
        }
        key = Qt.Key(event.key())
        if key in moves:
            self._take(*moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
        else:
            super().keyPressEvent(event)  # Esc closes a popup

    def _point_at(self, at: QPoint) -> None:
        step = SQUARE + GAP
        self._take((at.y() - EDGE) // step + 1, (at.x() - EDGE) // step + 1)

    def _take(self, rows: int, columns: int) -> None:
        self._shape = (min(max(rows, 1), MOST), min(max(columns, 1), MOST))
        self._name()
        self.update()

    def _name(self) -> None:
        self.setAccessibleName(tr("Layout of the panes"))
        rows, columns = self._shape
        self.setAccessibleDescription(
            tr("{rows} rows, {columns} columns", rows=rows, columns=columns)
        )

    def _choose(self) -> None:
        self.chosen.emit(*self._shape)
        self.close()


def layout_text(shape: tuple[int, int]) -> str:
    """Rows by columns: "1 × 2"."""
    return f"{shape[0]} × {shape[1]}"
