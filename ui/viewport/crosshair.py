"""Crosshair: one point of the patient in every pane of its frame of reference."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QPainter

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.place import Triple, place_of
from dicom_io.image.space import plane_of, same_space
from ui import theme
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.layer import Layer, Press, View
from ui.viewport.linking import Linking
from ui.viewport.over_film import POINT_LINE, draw_line, draw_sentence
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

GAP = 10.0  # logical pixels that stay free about the point
ARM = 26.0  # length of an arm from the point
NEAR = 0.55  # of the distance between slices: further off, the slice does not hold the point
LEAST = 0.6  # mm, where that distance is not known


class Crosshair(QObject):
    """The point, and the panes that were sent to it."""

    changed = pyqtSignal()

    def __init__(self, grid: Grid, linking: Linking) -> None:
        super().__init__(grid)
        self._grid = grid
        self._linking = linking
        self._point: Triple | None = None
        self._source: ImageFrame | None = None
        for pane in grid.all_panes():
            self._cover(pane)
        grid.pane_added.connect(self._cover)
        grid.frame_shown.connect(self._shown)

    def point(self) -> Triple | None:
        """Millimetres in the patient; None while there is none."""
        return self._point

    def put(self, pane: Viewport, frame: ImageFrame, column: float, row: float) -> bool:
        """Put it on a stored point of a frame; all other panes go there. False where the frame
        does not know where it lies."""
        plane = plane_of(frame)
        if plane is None or not place_of(frame).reference:
            return False
        self._point, self._source = plane.at(column, row), frame
        for other in self._grid.panes():
            frames = other.frames()
            if other is not pane and frames and same_space(frame, frames[0]):
                index = self._linking.slices(other).nearest(self._point)
                if index is not None and index != other.position():
                    other.go_to(index)
        self.changed.emit()
        return True

    def take_away(self) -> bool:
        """No point any more; False when there was none."""
        had = self._point is not None
        self._point = self._source = None
        if had:
            self.changed.emit()
        return had

    def place_on(
        self, pane: Viewport, frame: ImageFrame
    ) -> tuple[tuple[float, float], bool] | None:
        """Where the point lies on a pane's frame (column, row), and whether that slice holds it;
        None for another patient or frame of reference."""
        if self._point is None or self._source is None or not same_space(self._source, frame):
            return None
        plane = plane_of(frame)
        if plane is None:
            return None
        reach = max(NEAR * self._linking.slices(pane).spacing, LEAST)
        return plane.on(self._point), abs(plane.depth(self._point)) <= reach

    def _shown(self, _: Viewport, frame: ImageFrame | None) -> None:
        """Where nothing is shown any more there is no point either."""
        if frame is None and not any(pane.frames() for pane in self._grid.all_panes()):
            self.take_away()

    def _cover(self, pane: Viewport) -> None:
        layer = CrosshairLayer(self, pane)
        self.changed.connect(layer.changed)
        pane.add_layer(layer)


class CrosshairLayer(Layer):
    """The crosshair over one pane; takes the mouse while that tool is in hand."""

    def __init__(self, crosshair: Crosshair, pane: Viewport) -> None:
        super().__init__(pane)
        self._crosshair = crosshair
        self._pane = pane
        self._refused: Identity | None = None  # the frame that does not know where it lies

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        if self._refused == view.frame.identity:
            words = tr("This image does not say where it lies in the patient.")
            draw_sentence(painter, view.pane, view.font, words, POINT_LINE)
            return view.frame.identity
        found = self._crosshair.place_on(self._pane, view.frame)
        if found is None:
            return None
        (column, row), is_held = found
        if not (0 <= column <= view.frame.columns and 0 <= row <= view.frame.rows):
            return None
        middle = QPointF(*view.placement.to_pane(column, row))
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            way = QPointF(x, y)
            draw_line(
                painter, middle + way * GAP, middle + way * ARM, theme.FILM_PLACE, dashed=False
            )
        if not is_held:
            words = tr("The crosshair lies beside this slice.")
            draw_sentence(painter, view.pane, view.font, words, POINT_LINE)
        return view.frame.identity

    def press(self, press: Press, view: View) -> bool:
        """Take the drag while the crosshair is the tool in hand."""
        if press.tool is not Tool.CROSSHAIR or press.button != Qt.MouseButton.LeftButton:
            return False
        self.drag(press, view)
        return True

    def drag(self, press: Press, view: View) -> None:
        column = min(max(press.column, 0.0), float(view.frame.columns))
        row = min(max(press.row, 0.0), float(view.frame.rows))
        is_put = self._crosshair.put(self._pane, view.frame, column, row)
        self._refused = None if is_put else view.frame.identity
        if not is_put:
            self.changed.emit()

    def step_back(self) -> bool:
        """Esc takes the crosshair away, everywhere."""
        if self._refused is not None:
            self._refused = None
            self.changed.emit()
            return True
        return self._crosshair.take_away()
