"""Film windows: a pane in a window of its own, for a second monitor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QObject, QRect, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QAction, QCloseEvent, QGuiApplication, QMoveEvent, QResizeEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from ui.actions import Action
from ui.language import tr
from ui.viewport.banner import Banner
from ui.viewport.cell import Cell
from ui.viewport.grid import Grid
from ui.viewport.viewport import Viewport

REST = 500  # ms without a move, then the place is worth remembering
LEAST = 200  # logical pixels of a remembered window that must lie on a screen


class FilmWindow(QWidget):
    """One pane with a banner of its own: whose images these are stands in every window."""

    closed = pyqtSignal(object)  # self; the pane goes back
    placed = pyqtSignal(str)  # where it stands: "x, y, width, height"

    def __init__(self, cell: Cell, actions: Sequence[QAction]) -> None:
        super().__init__()
        self.cell = cell
        self.setObjectName("window")
        self.setWindowTitle(tr("Wetread, films"))  # and no patient's name: others see titles
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.banner = Banner()
        self.banner.follow(cell.pane)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(cell, 1)
        self.addActions(list(actions))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._tell_place)

    def toggle_full_screen(self) -> None:
        """The whole monitor, or a window again."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def moveEvent(self, event: QMoveEvent | None) -> None:
        self._rest.start()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._rest.start()

    def _tell_place(self) -> None:
        if self.isVisible() and not self.isFullScreen():
            self.placed.emit(as_text(self.geometry()))

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self._rest.stop()
        self.closed.emit(self)
        super().closeEvent(event)


class FilmWindows(QObject):
    """Takes panes out of a grid into windows of their own, and back when these close."""

    placed = pyqtSignal(str)  # where one stands, for the next time

    def __init__(
        self, grid: Grid, window: QWidget, place: str, actions: Callable[[], Sequence[QAction]]
    ) -> None:
        """`place` is where the last one stood; `actions` gives what keys do in such a window."""
        super().__init__(window)
        self._grid = grid
        self._window = window
        self._place = place
        self._actions = actions
        self._open: list[FilmWindow] = []

    def windows(self) -> tuple[FilmWindow, ...]:
        """Those that are open, the oldest first."""
        return tuple(self._open)

    def of(self, pane: Viewport) -> FilmWindow | None:
        """The window that a pane stands in; None for a pane of the grid."""
        return next((one for one in self._open if one.cell.pane is pane), None)

    def toggle(self) -> None:
        """F12: the pane in hand to a window of its own, or back."""
        own = self.of(self._grid.active())
        if own is not None:
            own.close()
            self._window.activateWindow()
            self._grid.active().setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._take_out(self._grid.active())

    def _take_out(self, pane: Viewport) -> None:
        cell = self._grid.take_out(pane)
        film = FilmWindow(cell, self._actions())
        film.setGeometry(self._free_place())
        film.closed.connect(self._put_back)
        film.placed.connect(self._remember)
        self._open.append(film)
        cell.show()
        film.show()
        film.activateWindow()
        pane.setFocus(Qt.FocusReason.OtherFocusReason)

    def _put_back(self, film: FilmWindow) -> None:
        if film in self._open:
            self._open.remove(film)
            self._grid.put_back(film.cell)
            film.deleteLater()

    def _remember(self, place: str) -> None:
        self._place = place
        self.placed.emit(place)

    def _free_place(self) -> QRect:
        """Where the last one stood, if a screen is still there; else another screen, else the
        right half of this one."""
        screens = QGuiApplication.screens()
        last = from_text(self._place)
        for screen in screens:
            common = screen.availableGeometry() & last
            if common.width() >= LEAST and common.height() >= LEAST:
                return last
        own = self._window.screen()
        other = next((one for one in screens if one is not own), None)
        if other is not None:
            return other.availableGeometry()
        room = own.availableGeometry() if own is not None else QRect(0, 0, 800, 600)
        return room.adjusted(room.width() // 2, 0, 0, 0)

    def maximise(self) -> bool:
        """The window of the pane in hand over its whole monitor, or back; False for the grid's."""
        own = self.of(self._grid.active())
        if own is not None:
            own.toggle_full_screen()
        return own is not None

    def close_all(self) -> None:
        """With the main window all others go."""
        for film in self.windows():
            film.close()

    def actions(self) -> list[Action]:
        return [
            Action("pane.window", tr("Pane in a window of its own, or back"), "F12", self.toggle,
                   group="Layout", checked=lambda: self.of(self._grid.active()) is not None),
        ]  # fmt: skip


def as_text(place: QRect) -> str:
    """A place on the screens as the settings write it: x, y, width, height."""
    return f"{place.x()}, {place.y()}, {place.width()}, {place.height()}"


def from_text(text: str) -> QRect:
    """The place that a text names; an empty one for anything else."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        return QRect()
    if not (0 < width < 100_000 and 0 < height < 100_000 and max(abs(x), abs(y)) < 1_000_000):
        return QRect()
    return QRect(x, y, width, height)
