"""OwnPane: the pane of a grid's own window that the banner of that window names."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.image.frame import ImageFrame
from dicom_io.study import Study
from ui.viewport.grid import Grid
from ui.viewport.viewport import Viewport


class OwnPane(QObject):
    """The pane in hand, and while that one stands in another window the last one in hand here.

    A banner must name what stands below it; the pane in hand may be on another monitor.
    """

    study_shown = pyqtSignal(object)  # Study | None
    frame_selected = pyqtSignal(object)  # ImageFrame | None

    def __init__(self, grid: Grid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._pane = grid.active()
        for pane in grid.all_panes():
            self._watch(pane)
        grid.pane_added.connect(self._watch)
        grid.active_changed.connect(self._look)
        grid.layout_changed.connect(self._look)

    def pane(self) -> Viewport:
        """The one that is named."""
        return self._pane

    def _watch(self, pane: Viewport) -> None:
        pane.study_shown.connect(partial(self._tell_study, pane))
        pane.frame_selected.connect(partial(self._tell_frame, pane))

    def _tell_study(self, pane: Viewport, study: Study | None) -> None:
        if pane is self._pane:
            self.study_shown.emit(study)

    def _tell_frame(self, pane: Viewport, frame: ImageFrame | None) -> None:
        if pane is self._pane:
            self.frame_selected.emit(frame)

    def _look(self, _: object = None) -> None:
        grid = self._grid
        own = [pane for pane in grid.panes() if pane not in grid.elsewhere()]
        if grid.active() in own:
            pane = grid.active()
        elif self._pane in own:
            return
        else:
            pane = own[0]
        if pane is not self._pane:
            self._pane = pane
            self.study_shown.emit(pane.study())
            self.frame_selected.emit(pane.selected_frame())
