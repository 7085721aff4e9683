"""BoxPane: a pane with the box for a question, and with the boxes that a model found."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, pyqtSignal
from PyQt6.QtGui import QPainter

from dicom_io.identity import Identity
from dicom_io.report.document import Region
from ui import theme
from ui.viewport.pane import Pane
from ui.viewport.picture import Picture

LEAST_BOX = 2.0  # stored pixels; a smaller box is a click


class BoxPane(Pane):
    """Draws a box while the mouse does, and keeps the boxes of a model to their own frame."""

    box_drawn = pyqtSignal(object)  # Region, or None when the box was taken away

    _drawing: Region | None = None  # under the hand, not yet let go
    _places: tuple[tuple[Region, str], ...] = ()

    def show_places(self, places: Sequence[tuple[Region, str]]) -> None:
        """Boxes that a model found, each with its label; none takes them away.

        Each is painted over its own frame alone, and gone for good once another series is shown.
        """
        self._places = tuple(places)
        self.update()

    def places(self) -> tuple[tuple[Region, str], ...]:
        """The boxes that a model found on the frame shown."""
        frame = self.selected_frame()
        return tuple(
            (box, label)
            for box, label in self._places
            if frame is not None and box.identity == frame.identity
        )

    def clear(self) -> None:
        """Nothing is shown, as in `Pane.clear`; what a model found is gone too."""
        self._places = ()
        super().clear()

    def draw_box(self, start: QPointF, end: QPointF) -> None:
        """The box grows under the hand."""
        self._drawing = self._region(start, end)
        self.update()

    def finish_box(self, start: QPointF, end: QPointF | None) -> None:
        """The box is drawn; without an `end`, or when it is tiny, a click took the old one away."""
        region = self._region(start, end) if end is not None else None
        if region is not None and min(region.x1 - region.x0, region.y1 - region.y0) < LEAST_BOX:
            region = None
        self._drawing = None
        self.set_box(region)
        self.box_drawn.emit(region)

    def _region(self, start: QPointF, end: QPointF) -> Region | None:
        """The box between two points of the pane: whole stored pixels, inside the image."""
        frame = self.selected_frame()
        if frame is None:
            return None
        place = self.placement()
        corners = [place.to_stored(point.x(), point.y()) for point in (start, end)]
        x0, x1 = sorted(min(max(round(x), 0), place.columns) for x, _ in corners)
        y0, y1 = sorted(min(max(round(y), 0), place.rows) for _, y in corners)
        return Region(frame.identity, float(x0), float(y0), float(x1), float(y1))

    def _paint_over(
        self, painter: QPainter, pane: QRectF, picture: Picture
    ) -> tuple[Identity | None, Identity | None, Identity | None]:
        """Overlay and box, and what a model found in this very picture."""
        overlay, boxed, _ = super()._paint_over(painter, pane, picture)
        mine = [(box, label) for box, label in self._places if box.identity == picture.identity]
        for box, label in mine:
            words = f"AI: {label}" if label else "AI"
            self._overlay.draw_box(painter, box, words, self.placement(), colour=theme.FILM_AI)
        return overlay, boxed, (picture.identity if mine else None)

    def _box_to_paint(self) -> tuple[Region | None, str]:
        return (self._drawing, "") if self._drawing is not None else super()._box_to_paint()
