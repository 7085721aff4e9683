"""Reference lines: where the slice in hand cuts the slices that the other panes show."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QPointF, pyqtSignal
from PyQt6.QtGui import QPainter

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.space import Segment, cut, plane_of, same_space
from ui import theme
from ui.viewport.grid import Grid
from ui.viewport.layer import Layer, View
from ui.viewport.over_film import draw_line
from ui.viewport.viewport import Viewport


class ReferenceLines(QObject):
    """Draws them on every pane of the same patient and frame of reference, until turned off."""

    changed = pyqtSignal()

    def __init__(self, grid: Grid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._on = True
        for pane in grid.all_panes():
            self._cover(pane)
        grid.pane_added.connect(self._cover)
        grid.frame_shown.connect(self._shown)
        grid.active_changed.connect(self.changed)
        grid.layout_changed.connect(self.changed)

    def is_on(self) -> bool:
        return self._on

    def toggle(self) -> None:
        """Show or hide them."""
        self._on = not self._on
        self.changed.emit()

    def line_on(self, pane: Viewport, frame: ImageFrame) -> Segment | None:
        """Where the slice in hand cuts this frame of a pane, in its stored pixels; None for the
        pane in hand itself, for another frame of reference, and where they do not meet."""
        active = self._grid.active()
        leading = active.selected_frame()
        if not self._on or pane is active or leading is None or not same_space(leading, frame):
            return None
        here, there = plane_of(frame), plane_of(leading)
        return cut(here, there) if here is not None and there is not None else None

    def _cover(self, pane: Viewport) -> None:
        layer = LineLayer(self, pane)
        self.changed.connect(layer.changed)
        pane.add_layer(layer)

    def _shown(self, pane: Viewport, _: ImageFrame | None) -> None:
        if self._on and pane is self._grid.active() and len(self._grid.panes()) > 1:
            self.changed.emit()


class LineLayer(Layer):
    """The line over one pane."""

    def __init__(self, lines: ReferenceLines, pane: Viewport) -> None:
        super().__init__(pane)
        self._lines = lines
        self._pane = pane

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        line = self._lines.line_on(self._pane, view.frame)
        if line is None:
            return None
        ends = [QPointF(*view.placement.to_pane(*point)) for point in line]
        draw_line(painter, ends[0], ends[1], theme.FILM_PLACE, dashed=True)
        return view.frame.identity
