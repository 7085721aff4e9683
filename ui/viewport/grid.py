"""Grid: the panes in the middle of the window, one of them in hand."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QWidget

from dicom_io.image.frame import ImageFrame
from dicom_io.study import Study
from ui import theme
from ui.jobs import Jobs
from ui.viewport.viewport import Viewport


class Grid(QWidget):
    """One pane or several. Keys, banner and report side follow the one in hand, whose signals
    come on here; when another is taken in hand its own are told at once.
    """

    frame_selected = pyqtSignal(object)  # ImageFrame | None, of the pane in hand
    window_changed = pyqtSignal(object)  # Window | None
    study_shown = pyqtSignal(object)  # Study | None
    box_drawn = pyqtSignal(object)  # Region | None
    view_changed = pyqtSignal()
    maximise_requested = pyqtSignal()
    active_changed = pyqtSignal(object)  # Viewport
    pane_added = pyqtSignal(object)  # Viewport, for whoever puts layers on every pane

    def __init__(
        self, jobs: Jobs, *, font_size: int = theme.FONT_SIZE, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._font_size = font_size
        self._panes: list[Viewport] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self._active = self._new_pane()
        self._layout.addWidget(self._active, 0, 0)

    def panes(self) -> tuple[Viewport, ...]:
        """All panes, row by row."""
        return tuple(self._panes)

    def active(self) -> Viewport:
        """The pane in hand; there always is one."""
        return self._active

    def study(self) -> Study | None:
        """The study of the pane in hand."""
        return self._active.study()

    def selected_frame(self) -> ImageFrame | None:
        """The frame in the pane in hand."""
        return self._active.selected_frame()

    def activate(self, pane: Viewport) -> None:
        """Take a pane in hand; nothing happens when it is already."""
        if pane is self._active:
            return
        self._active.set_active(False)
        self._active = pane
        pane.set_active(True)
        self.active_changed.emit(pane)
        self.study_shown.emit(pane.study())
        self.frame_selected.emit(pane.selected_frame())
        self.window_changed.emit(pane.current_window())
        self.box_drawn.emit(pane.box())
        self.view_changed.emit()

    def _new_pane(self) -> Viewport:
        pane = Viewport(self._jobs, font_size=self._font_size)
        self._panes.append(pane)

        def relay(name: str) -> None:
            mine = getattr(self, name)
            getattr(pane, name).connect(lambda *given: self._tell(pane, mine, given))

        for name in ("frame_selected", "window_changed", "study_shown", "box_drawn"):
            relay(name)
        for name in ("view_changed", "maximise_requested"):
            relay(name)
        pane.installEventFilter(self)
        self.pane_added.emit(pane)
        return pane

    def _tell(self, pane: Viewport, signal: object, given: tuple[object, ...]) -> None:
        if pane is self._active:
            signal.emit(*given)  # type: ignore[attr-defined]  # a bound signal has no public type

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A pane that gets the focus or a press is the one in hand from then on."""
        takes = (QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress)
        if isinstance(watched, Viewport) and event is not None and event.type() in takes:
            self.activate(watched)
        return False
