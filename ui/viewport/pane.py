"""Pane: one series on the screen, frame by frame, with its window, place, overlay and box.

What is on the screen is always one decoded frame: `selected_frame` changes when its picture does,
so nobody can ask about an image that is not seen. Every paint compares the identities of picture,
overlay and box; what belongs to another frame is not painted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from dicom_io.errors import DicomProblem
from dicom_io.hands import Preset
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import pixel_aspect
from dicom_io.image.lut import LookUpTable
from dicom_io.image.presentation import Orientation, Shutter
from dicom_io.image.render import Window
from dicom_io.image.shutter import bitmap_group, shutter_of
from dicom_io.report.document import Region
from dicom_io.study import Study
from ui import theme
from ui.jobs import Jobs
from ui.language import tr
from ui.viewport.captions import marks_of, with_view
from ui.viewport.corners import FULL, HIDDEN, named, thinned
from ui.viewport.layer import Layer, View
from ui.viewport.overlay import Marks, Overlay
from ui.viewport.picture import Picture
from ui.viewport.placement import Placement
from ui.viewport.planes import Planes
from ui.viewport.presets import BY_HAND, Choice, Offer, offers
from ui.viewport.reel import Loaded, Reel
from ui.viewport.slide_picture import SlidePicture
from ui.viewport.slide_tiles import SlideTiles

log = logging.getLogger(__name__)

PATIENCE = 300  # ms before a word about loading appears


class Painted(NamedTuple):
    """Whose picture, overlay and boxes the last paint drew; None for what it did not draw."""

    picture: Identity | None = None
    overlay: Identity | None = None
    box: Identity | None = None
    places: Identity | None = None
    planes: Identity | None = None
    layers: tuple[Identity, ...] = ()


class Pane(QWidget):
    """Shows; `Viewport` adds the hands. All pixels are decoded on the disk pool of `jobs`."""

    frame_selected = pyqtSignal(object)  # ImageFrame, or None when nothing is shown any more
    window_changed = pyqtSignal(object)  # Window, or None for colour and for nothing
    study_shown = pyqtSignal(object)  # Study or None
    view_changed = pyqtSignal()  # zoom, place, window, inversion, overlay, tool

    def __init__(
        self,
        jobs: Jobs,
        *,
        font_size: int = theme.FONT_SIZE,
        budget: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._reel = Reel(jobs, budget, self)
        self._overlay = Overlay(font_size)
        self._expected: Identity | None = None  # the study or series that frames may come from
        self._study: Study | None = None
        self._target = 0
        self._loaded: Loaded | None = None
        self._picture: Picture | None = None
        self._tiles: SlideTiles | None = None  # of the slide on the screen
        self._marks: Marks | None = None
        self._placement = Placement(1, 1)
        self._choice = Choice()
        self._presets: tuple[Preset, ...] = ()
        self._inverted = False
        self._presented: tuple[str, LookUpTable | None] = ("", None)
        self._planes: Planes | None = None
        self._shutter_of: Callable[[ImageFrame], Shutter | None] = shutter_of
        self._corners = self._corners_before = FULL
        self._hides_identity = self._names_patient = False
        self._planes_on = True
        self._box: Region | None = None
        self._box_label = ""
        self._layers: list[Layer] = []
        self._is_active = True
        self._problem = ""
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(PATIENCE)
        self.painted = Painted()
        self._reel.loaded.connect(self._take)
        self._reel.failed.connect(self._take_failure)
        self._waiting.timeout.connect(self.update)
        self.setAccessibleName(tr("Film"))
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # never mirrored
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # --- what is shown ---

    def show_series(self, frames: Sequence[ImageFrame], study: Study | None = None) -> None:
        """Show another series from its first frame; nothing of the one before stays.

        More frames may follow through `add_frames`. Frames of more than one study, or of another
        study than `study`, are not shown: a sentence stands in their place.
        """
        self.clear()
        whole = study.identity if study is not None else None
        for frame in frames:
            whole = whole or frame.identity
            if frame.identity.study != whole.study:
                log.error("Frames of another study were given; none is shown.")
                self.show_problem(
                    tr(
                        "These images do not belong to the study that was opened, so they are not "
                        "shown. Open the study again from the list."
                    )
                )
                return
        self._study = study
        self.study_shown.emit(study)
        self._expected = frames[0].identity if frames else whole
        self._reel.open(frames)
        self._go_to(0)

    def add_frames(self, frames: Sequence[ImageFrame]) -> None:
        """More frames of the series shown. Those of another one came too late and are dropped."""
        mine = [frame for frame in frames if self._expects(frame)]
        if len(mine) < len(frames):
            log.info("%s frames came for a series that is not shown.", len(frames) - len(mine))
        if not mine:
            return
        self._expected = mine[0].identity
        self._reel.add(mine)
        if self._loaded is None and not self._problem:
            self._go_to(self._target)
        self._note()
        self.update()

    def put_in_order(self, frames: Sequence[ImageFrame]) -> None:
        """Show these frames of the series and no others, in this order; the image on the screen,
        its window, zoom and box stay."""
        mine = [frame for frame in frames if self._expects(frame)]
        if not mine or not self._reel.frames:
            self.add_frames(frames)
            return
        aim = self._reel.frames[self._target]
        if aim.pyramid is not None and mine[0].pyramid is not None and mine[0] is not aim:
            self._reel.open(mine)  # the slide has more levels than before
            self._go_to(0)
            return
        self._reel.put_in_order(mine)
        self._target = [frame.identity for frame in self._reel.frames].index(aim.identity)
        self._note()
        self.update()

    def exchange(self, frames: Sequence[ImageFrame]) -> None:
        """The same places seen otherwise, as planes of another thickness: as many frames of the
        series shown. Place in the series, window and zoom stay."""
        if len(frames) != len(self._reel.frames) or not all(map(self._expects, frames)):
            return
        at = self._target
        self._reel.open(frames)
        self._go_to(at)
        self._note()

    def _expects(self, frame: ImageFrame) -> bool:
        """True for a frame of the series shown, or of its study while no series is known yet."""
        expected, name = self._expected, frame.identity
        if expected is None:
            return False
        return name.study == expected.study and expected.series in ("", name.series)

    def show_problem(self, sentence: str) -> None:
        """A sentence instead of a picture, until another series is shown."""
        self._reel.close()
        self._expected = None
        self._forget_picture()
        self._problem = sentence
        self.setAccessibleDescription(sentence)
        self.update()

    def clear(self) -> None:
        """Nothing is shown: no picture, no overlay, no box; window, zoom and inversion reset."""
        self._reel.close()
        self._expected, self._problem = None, ""
        self._target = 0
        self._choice = Choice()
        self._inverted = False
        self._presented = ("", None)
        self._placement = Placement(1, 1)
        self.set_box(None)
        self._forget_picture()
        if self._study is not None:
            self._study = None
            self.study_shown.emit(None)
        self.update()

    def _forget_picture(self) -> None:
        """Take the picture and its overlay off the screen."""
        had_frame = self._loaded is not None
        self._lay_tiles(None)
        self._loaded = self._picture = self._marks = self._planes = None
        self._waiting.stop()
        self.setAccessibleDescription("")
        if had_frame:
            self.frame_selected.emit(None)
            self.window_changed.emit(None)

    def frames(self) -> tuple[ImageFrame, ...]:
        """All frames of the series, decoded or not."""
        return self._reel.frames

    def study(self) -> Study | None:
        """The study that was given with the series."""
        return self._study

    def selected_frame(self) -> ImageFrame | None:
        """The frame on the screen; None while there is none."""
        return self._loaded.frame if self._loaded is not None else None

    def rendered(self) -> NDArray[np.uint8] | None:
        """The frame as rendered, uint8, one value or RGB triple for each stored pixel.

        Exactly what `dicom_io.image.render` gives for the frame, `current_window()` and
        `is_inverted()`; not to be changed. None while there is no frame.
        """
        picture = self._current_picture()
        return picture.pixels if picture is not None else None

    def _current_picture(self) -> Picture | None:
        """The picture, rendered now if the window has changed since."""
        if self._picture is None and self._loaded is not None:
            renderer = self._loaded.renderer
            if self._presented != ("", None):
                renderer = renderer.presented(*self._presented)
            look = renderer.look(self.current_window(), self._inverted)
            if self._tiles is not None:
                self._picture = SlidePicture(self._tiles, look, invert=self._inverted)
            else:
                self._picture = Picture(self._loaded.frame.identity, look)
        return self._picture

    def shows_slide(self) -> bool:
        """True while the picture on the screen is a slide, read tile by tile."""
        return self._tiles is not None

    def _lay_tiles(self, frame: ImageFrame | None) -> None:
        """Have the tiles of this frame at hand if it is a slide, and of no other."""
        if self._tiles is not None and self._tiles.frame is not frame:
            self._tiles.close()
            self._tiles.deleteLater()
            self._tiles = None
        if self._tiles is None and frame is not None and frame.pyramid is not None:
            self._tiles = SlideTiles(frame, frame.pyramid, self._jobs, self)
            self._tiles.changed.connect(self.update)

    # --- frames ---

    def scroll_by(self, count: int) -> None:
        """Go on by so many frames, not beyond the ends."""
        self._go_to(self._target + count)

    def go_to(self, index: int) -> None:
        """To that frame of the series, from 0; not beyond the ends."""
        self._go_to(index)

    def position(self) -> int:
        """Which frame of the series the reader is at, from 0; it may still be on its way."""
        return self._target

    def is_decoded(self, index: int) -> bool:
        """True when that frame can be shown at once; it is decoded soon when it cannot."""
        frames = self._reel.frames
        if not 0 <= index < len(frames):
            return False
        if self._reel.get(frames[index]) is not None:
            return True
        self._reel.want(index)
        return False

    def go_to_first(self) -> None:
        """To the first frame of the series."""
        self._go_to(0)

    def go_to_last(self) -> None:
        """To the last frame that is there so far."""
        self._go_to(len(self._reel.frames) - 1)

    def _go_to(self, index: int) -> None:
        frames = self._reel.frames
        if not frames:
            return
        self._target = min(max(index, 0), len(frames) - 1)
        frame = frames[self._target]
        self._reel.want(self._target)
        ready, problem = self._reel.get(frame), self._reel.problem(frame)
        if ready is not None:
            self._take(ready)
        elif problem is not None:
            self._take_failure(frame, problem)
        elif not self._waiting.isActive():
            self._waiting.start()

    def _is_wanted(self, frame: ImageFrame) -> bool:
        """True for the frame that the reader is at; all others come too early or too late."""
        frames = self._reel.frames
        return bool(frames) and frames[self._target].identity == frame.identity

    def _take(self, loaded: Loaded) -> None:
        """A frame is decoded; show it if it is the one wanted."""
        if not self._is_wanted(loaded.frame):
            return
        before, window = self.selected_frame(), self.current_window()
        frame = loaded.frame
        self._waiting.stop()
        self._problem = ""
        self._loaded = loaded
        self._lay_tiles(frame)
        self._planes = self._planes_of(loaded)
        rows, columns = loaded.renderer.stored.shape[:2]
        aspect = min(max(pixel_aspect(frame), 0.02), 50.0)
        place = self._placement.of_picture(columns, rows, aspect)
        self._placement = place.resized(self.width(), self.height(), self.devicePixelRatioF())
        self._note()
        self._redraw()
        if before is None or before.identity != frame.identity:
            self.frame_selected.emit(frame)
        if window != self.current_window():
            self.window_changed.emit(self.current_window())

    def _take_failure(self, frame: ImageFrame, error: Exception) -> None:
        """The frame wanted cannot be decoded: say so in its place."""
        if not self._is_wanted(frame):
            return
        self._forget_picture()
        if isinstance(error, DicomProblem):
            self._problem = str(error)
        else:
            log.error("A frame could not be drawn.", exc_info=error)
            self._problem = tr("This image cannot be shown. What went wrong stands in the log.")
        self.setAccessibleDescription(self._problem)
        self.update()

    # --- window ---

    def current_window(self) -> Window | None:
        """The window in use; None for colour and while there is no frame."""
        offer = self.current_offer()
        return offer.window if offer is not None else None

    def current_offer(self) -> Offer | None:
        """The window in use with the word that says where it comes from."""
        if self._loaded is None or self._loaded.frame.is_colour:
            return None
        return self._choice.for_frame(self._loaded.windows)

    def window_offers(self) -> tuple[Offer, ...]:
        """The windows to choose from, in the order of the digits; none for colour."""
        if self._loaded is None or self._loaded.frame.is_colour:
            return ()
        return offers(self._loaded.windows, self._loaded.frame.modality, self._presets)

    def use_presets(self, presets: Sequence[Preset]) -> None:
        """Windows that the reader has saved; offered last, for their own modality."""
        self._presets = tuple(presets)

    def choose_window(self, offer: Offer | None) -> None:
        """See the whole series through this window; None for each frame's own."""
        before = self.current_window()
        if offer is None:
            self._choice.reset()
        else:
            self._choice.take(offer)
        self._redraw()
        if before != self.current_window():
            self.window_changed.emit(self.current_window())

    def set_window(self, window: Window) -> None:
        """See the whole series through a window set by hand."""
        self.choose_window(Offer(BY_HAND, window))

    def is_inverted(self) -> bool:
        """True when the reader has exchanged black and white."""
        return self._inverted

    def invert(self) -> None:
        """Black for white, on top of what the file says."""
        self._inverted = not self._inverted
        self._redraw()

    def present(self, shape: str = "", curve: LookUpTable | None = None) -> None:
        """See the series through the presentation LUT shape or table of a presentation state,
        which replaces what its images say; through their own without."""
        if (shape, curve) != self._presented:
            self._presented = (shape, curve)
            self._redraw()

    def presented(self) -> tuple[str, LookUpTable | None]:
        """The presentation LUT shape and table of a state; "" and None for the images' own."""
        return self._presented

    def reset(self) -> None:
        """Each frame's own window, not inverted, as it is stored, fitted to the pane."""
        self._inverted = False
        self.choose_window(None)
        self.place(self._placement.oriented(Orientation()).fitted())

    # --- zoom, overlay and box ---

    def zoom_percent(self) -> float:
        """Device pixels for a stored pixel, times 100."""
        return self._placement.zoom * 100

    def placement(self) -> Placement:
        """Where the picture lies, for turning points of the pane into stored pixels."""
        return self._placement

    def place(self, placement: Placement) -> None:
        """Put the picture elsewhere."""
        if self._loaded is not None:
            self._placement = placement
            self.update()
            self.view_changed.emit()

    def fit(self) -> None:
        """The whole picture in the pane."""
        self.place(self._placement.fitted())

    def one_to_one(self) -> None:
        """One stored pixel on one pixel of the screen."""
        self.place(self._placement.one_to_one())

    def zoom_by(self, factor: float) -> None:
        """Larger or smaller about the middle of the pane."""
        self.place(self._placement.zoomed(factor, self.width() / 2, self.height() / 2))

    def orientation(self) -> Orientation:
        """How the picture lies; what a model gets is the stored image, never turned."""
        return self._placement.orientation

    def orient(self, orientation: Orientation) -> None:
        """Turn and mirror the whole series; it stays so while scrolling, until `reset`."""
        self.place(self._placement.oriented(orientation))

    def turn(self, quarters: int) -> None:
        """Turn on by so many quarters clockwise."""
        self.place(self._placement.turned(quarters))

    def flip(self, *, upside_down: bool = False) -> None:
        """Exchange left and right as they are seen, or top and bottom."""
        self.place(self._placement.flipped(upside_down=upside_down))

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

    def _redraw(self) -> None:
        """The picture must be made anew."""
        self._picture = None
        self.update()
        self.view_changed.emit()

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
