"""What stands in the window at once: the study list in its place, and room for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from ui import theme

if TYPE_CHECKING:
    from ui.worklist.worklist_side import WorklistSide


class FirstLook(QWidget):
    """The places of the window: a line above, three columns, a line below. All but the study list
    and the lower line are empty until `give_way`, and as large as what will fill them."""

    painted = pyqtSignal()  # once, when it is on the screen

    def __init__(self, studies: QWidget, status: QWidget) -> None:
        super().__init__()
        self._is_painted = False
        self._top = _panel()
        self._top.setFixedHeight(theme.TOP_HEIGHT)
        left, right = _panel(), _panel()
        for side in (left, right):
            side.setMinimumWidth(theme.LEFT_WIDTH)
        shelf = QWidget()
        shelf.setMinimumHeight(theme.SHELF_HEIGHT)
        column = _column(left)
        column.addWidget(studies, 3)
        column.addWidget(shelf, 2)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        middle = QWidget()
        middle.setMinimumWidth(theme.PANE[0])
        middle.setProperty("role", "film")
        middle.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for part in (left, middle, right):
            self._split.addWidget(part)
        self._split.setHandleWidth(1)
        self._split.setStretchFactor(1, 1)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes(_widths())
        self._rows = _column(self)
        for part in (self._top, hairline(), self._split, hairline(), status):
            self._rows.addWidget(part, 1 if part is self._split else 0)

    def widths(self) -> list[int]:
        """Of the three columns, in pixels."""
        return self._split.sizes()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self.painted.emit)  # its children are painted with it

    def give_way(
        self, top: QWidget, worklist: WorklistSide, banner: QWidget, grid: QWidget, report: QWidget
    ) -> None:
        """Put everything in its place; the keyboard stays where it is."""
        focus = self.focusWidget()
        worklist.take_in_studies()
        middle = QWidget()
        column = _column(middle)
        film = QHBoxLayout()
        film.setContentsMargins(0, 0, 0, 0)
        film.setSpacing(0)
        film.addWidget(grid)
        column.addWidget(banner)
        column.addLayout(film, 1)
        # before a window is shown its splitter has no sizes yet that mean anything
        sizes = self._split.sizes() if self.isVisible() else _widths()
        for place, part in enumerate((worklist, middle, report)):
            before = self._split.replaceWidget(place, part)
            part.show()
            if before is not None:
                before.deleteLater()
        self._split.setStretchFactor(1, 1)  # a part brings its own, and this one had none
        self._split.setSizes(sizes)
        self._rows.replaceWidget(self._top, top)
        top.show()
        self._top.deleteLater()
        if focus is not None:
            focus.setFocus(Qt.FocusReason.OtherFocusReason)


def _widths() -> list[int]:
    """Of the three columns, while nobody has moved them; the middle one takes what is left."""
    left, right = theme.scaled(theme.LEFT_WIDTH), theme.scaled(theme.RIGHT_WIDTH)
    return [left, 4 * theme.LEFT_WIDTH, right]


def hairline() -> QFrame:
    """One pixel between two places."""
    line = QFrame()
    line.setProperty("role", "line")
    return line


def _panel() -> QWidget:
    panel = QWidget()
    panel.setProperty("role", "panel")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return panel


def _column(widget: QWidget) -> QVBoxLayout:
    """A column without margins that fills the widget."""
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column
