"""Pane: one series on the screen, frame by frame, with its window, place, overlay and box.

Every paint compares the identities of picture, overlay and box; what belongs to another frame is
not painted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Shutter
from dicom_io.image.shutter import bitmap_group, shutter_of
from dicom_io.report.document import Region
from ui import theme
from ui.jobs import Jobs
from ui.language import tr
from ui.viewport.captions import marks_of, with_view
from ui.viewport.corners import FULL, HIDDEN, named, thinned
from ui.viewport.layer import Layer, View
from ui.viewport.overlay import Marks, Overlay
from ui.viewport.picture import Picture
from ui.viewport.planes import Planes
from ui.viewport.reel import Loaded
from ui.viewport.seen_pane import SeenPane


class Painted(NamedTuple):
    """Whose picture, overlay and boxes the last paint drew; None for what it did not draw."""

    picture: Identity | None = None
    overlay: Identity | None = None
    box: Identity | None = None
    places: Identity | None = None
    planes: Identity | None = None
    layers: tuple[Identity, ...] = ()


class Pane(SeenPane):
    """Shows; `Viewport` adds the hands."""

    def __init__(
        self,
        jobs: Jobs,
        *,
        font_size: int = theme.FONT_SIZE,
        budget: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(jobs, budget, parent)
        self._overlay = Overlay(font_size)
        self._marks: Marks | None = None
        self._planes: Planes | None = None
        self._shutter_of: Callable[[ImageFrame], Shutter | None] = shutter_of
        self._corners = self._corners_before = FULL
        self._hides_identity = self._names_patient = False
        self._planes_on = True
        self._box: Region | None = None
        self._box_label = ""
        self._layers: list[Layer] = []
        self._is_active = True
        self.painted = Painted()
        self.setAccessibleName(tr("Film"))
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # never mirrored
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(*theme.PANE)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # --- the frame that is drawn ---

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self.set_box(None)

    def _leave_frame(self) -> None:
        super()._leave_frame()
        self._marks = self._planes = None

    def _see(self, loaded: Loaded) -> None:
        self._planes = self._planes_of(loaded)
        self._note()
        super()._see(loaded)

    # --- overlay and box ---

    def overlays_shown(self) -> bool:
        """True unless the reader has hidden corners, letters and scale bar."""
        return self._corners != HIDDEN

    def toggle_overlays(self) -> None:
        """Show or hide corners, letters, scale bar and the file's own planes; the box stays."""
        before = self._corners
        self.show_corners(HIDDEN if self.overlays_shown() else self._corners_before)
        self._corners_before = before if before != HIDDEN else FULL

    def corners(self) -> str:
        """How much stands in the corners: full, minimal or none."""
        return self._corners

    def show_corners(self, detail: str) -> None:
        """Say so much in the corners; with none of it, the file's own planes are hidden too."""
        if detail == self._corners:
            return
        were_shown, self._corners = self.overlays_shown(), detail
        if self.overlays_shown() != were_shown:
            self.show_planes(self.overlays_shown())
        self.update()
        self.view_changed.emit()

    def name_patient(self, name: bool) -> None:
        """Say in the corner whose image it is, for a film that no banner stands above; never
        while identity is hidden."""
        self._names_patient = name
        self.update()

    def hide_identity(self, hide: bool) -> None:
        """Let nothing on this pane say whose images these are."""
        self._hides_identity = hide
        self.update()

    def hides_identity(self) -> bool:
        """True while nothing on this pane may say whose images these are."""
        return self._hides_identity

    def show_planes(self, shown: bool) -> None:
        """Show or hide what the file lays over its image: overlay planes and the shutter."""
        self._planes_on = shown
        self.update()

    def planes_shown(self) -> bool:
        """True unless overlay planes and shutter are hidden."""
        return self._planes_on

    def shut_by(self, of: Callable[[ImageFrame], Shutter | None] = shutter_of) -> None:
        """Take another shutter for each frame than its file's: a presentation state's."""
        self._shutter_of = of
        self._planes = self._planes_of(self._loaded) if self._loaded is not None else None
        self.update()

    def _planes_of(self, loaded: Loaded) -> Planes:
        frame = loaded.frame
        shutter, bitmap = self._shutter_of(frame), bitmap_group(frame.header)
        return Planes(frame.identity, loaded.overlays, shutter, bitmap)

    def box(self) -> Region | None:
        """The box on the frame shown; None when there is none, or it lies on another frame."""
        frame = self.selected_frame()
        if self._box is None or frame is None or self._box.identity != frame.identity:
            return None
        return self._box

    def set_box(self, box: Region | None) -> None:
        """Put a box there, or take it away; its label is empty until it is set."""
        self._box, self._box_label = box, ""
        self.update()

    def box_label(self) -> str:
        """What stands at the box."""
        return self._box_label

    def set_box_label(self, text: str) -> None:
        """What the model will see of the box, in a few words."""
        self._box_label = text
        self.update()

    # --- layers ---

    def add_layer(self, layer: Layer) -> None:
        """Put a layer over the picture, above those that are there."""
        self._layers.append(layer)
        layer.changed.connect(self.update)
        self.update()

    def layers(self) -> tuple[Layer, ...]:
        """The layers over the picture, the lowest first."""
        return tuple(self._layers)

    def view(self) -> View | None:
        """What is shown at this moment; None while no frame is."""
        if self._loaded is None:
            return None
        return View(
            self._loaded.frame,
            self._loaded.renderer.stored,
            self._placement,
            QRectF(self.rect()),
            self._overlay.font,
            self.current_window(),
            self._is_active,
            self._hides_identity,
        )

    def is_active(self) -> bool:
        """True for the pane that keys and the report side follow."""
        return self._is_active

    def set_active(self, active: bool) -> None:
        """Mark this pane as the one in hand, or not."""
        self._is_active = active
        self.update()

    # --- painting ---

    def _note(self) -> None:
        """Write the overlay anew."""
        if self._loaded is not None:
            self._marks = marks_of(self._loaded, (self._target + 1, len(self._reel.frames)))
            self.setAccessibleDescription(self._marks.top_left[0])

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # or "2 mAs" is read backwards
        pane = QRectF(self.rect())
        painter.fillRect(pane, QColor(theme.FILM))
        picture = self._current_picture()
        self.painted = Painted()
        if picture is not None:
            self._keep_up_with_screen()
            picture.draw(painter, self._placement)
            if self.overlays_shown():
                picture.draw_overview(painter, pane, self._placement)
            planes = self._paint_planes(painter, picture)
            over = self._paint_over(painter, pane, picture)
            self.painted = Painted(picture.identity, *over, planes, self._paint_layers(painter))
        self._paint_words(painter, pane, picture is not None)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(QColor(theme.FILM_PLACE), 1))
            painter.drawRect(pane.adjusted(0, 0, -1, -1))

    def _paint_planes(self, painter: QPainter, picture: Picture) -> Identity | None:
        """Shutter and overlay planes of the frame in the picture, and of no other."""
        planes = self._planes
        if not self._planes_on or not planes or planes.identity != picture.identity:
            return None
        # an overlay may have a name written in it
        named = not self._hides_identity
        planes.draw(painter, self._placement, self._overlay.font, overlays_too=named)
        return planes.identity

    def _paint_over(
        self, painter: QPainter, pane: QRectF, picture: Picture
    ) -> tuple[Identity | None, Identity | None, Identity | None]:
        """Overlay and box, each only over the frame that it belongs to; whose they were."""
        overlay = boxed = None
        marks, (box, label) = self._marks, self._box_to_paint()
        if self.overlays_shown() and marks is not None and marks.identity == picture.identity:
            marks = with_view(marks, self.current_offer(), self._placement, self._inverted)
            marks = thinned(marks, self._corners)
            if self._names_patient and not self._hides_identity and self._loaded is not None:
                marks = named(marks, self._loaded.frame)
            self._overlay.draw(painter, pane, marks, self._placement)
            overlay = marks.identity
        if box is not None and box.identity == picture.identity:
            self._overlay.draw_box(painter, box, label, self._placement)
            boxed = box.identity
        return overlay, boxed, None

    def _paint_layers(self, painter: QPainter) -> tuple[Identity, ...]:
        """All layers, the first added lowest; whose they were."""
        view = self.view()
        if view is None:
            return ()
        painted = []
        for layer in self._layers:
            painter.save()  # or its brush would fill what is outlined next, over the whole film
            painted.append(layer.paint(painter, view))
            painter.restore()
        return tuple(one for one in painted if one is not None)

    def set_font_size(self, font_size: int) -> None:
        """Write over the film in words beside body text of that size."""
        self._overlay = Overlay(font_size)
        self.update()

    def _box_to_paint(self) -> tuple[Region | None, str]:
        return self._box, self._box_label

    def _paint_words(self, painter: QPainter, pane: QRectF, has_picture: bool) -> None:
        """A problem, or what is being loaded, once that has taken a while."""
        total = len(self._reel.frames)
        behind = self._loaded is None or not self._is_wanted(self._loaded.frame)
        if self._problem:
            self._overlay.draw_sentence(painter, pane, self._problem, theme.FILM_TEXT)
        elif total and behind and not self._waiting.isActive():
            words = tr("Loading image {number} of {count}", number=self._target + 1, count=total)
            room = pane.adjusted(0, pane.height() * 0.7, 0, 0) if has_picture else pane
            self._overlay.draw_sentence(painter, room, words, theme.FILM_TEXT)

    def _keep_up_with_screen(self) -> None:
        """The window may have moved to a screen of another pixel ratio."""
        ratio = self.devicePixelRatioF()
        if ratio != self._placement.ratio:
            self._placement = self._placement.resized(self.width(), self.height(), ratio)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        ratio = self.devicePixelRatioF()
        self.place(self._placement.resized(self.width(), self.height(), ratio))

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(800, 600)
