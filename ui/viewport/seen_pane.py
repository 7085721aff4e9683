"""How a series is seen: its window, inversion and place in the pane, and the picture that gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QWidget

from dicom_io.hands import Preset
from dicom_io.image.geometry import pixel_aspect
from dicom_io.image.lut import LookUpTable
from dicom_io.image.presentation import Orientation
from dicom_io.image.render import Window
from ui.jobs import Jobs
from ui.viewport.picture import Picture
from ui.viewport.placement import Placement
from ui.viewport.presets import BY_HAND, Choice, Offer, offers
from ui.viewport.reel import Loaded
from ui.viewport.series_pane import SeriesPane
from ui.viewport.slide_picture import SlidePicture


class SeenPane(SeriesPane):
    """Makes the picture of the frame; `Pane` paints it, with what lies over it."""

    view_changed = pyqtSignal()  # zoom, place, window, inversion, overlay, tool

    def __init__(self, jobs: Jobs, budget: int | None = None, parent: QWidget | None = None):
        super().__init__(jobs, budget, parent)
        self._picture: Picture | None = None
        self._placement = Placement(1, 1)
        self._choice = Choice()
        self._presets: tuple[Preset, ...] = ()
        self._inverted = False
        self._presented: tuple[str, LookUpTable | None] = ("", None)

    def _begin_anew(self) -> None:
        self._choice = Choice()
        self._inverted = False
        self._presented = ("", None)
        self._placement = Placement(1, 1)

    def _leave_frame(self) -> None:
        self._picture = None

    def _see(self, loaded: Loaded) -> None:
        rows, columns = loaded.renderer.stored.shape[:2]
        aspect = min(max(pixel_aspect(loaded.frame), 0.02), 50.0)
        place = self._placement.of_picture(columns, rows, aspect)
        self._placement = place.resized(self.width(), self.height(), self.devicePixelRatioF())
        self._redraw()

    # --- picture ---

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

    def _redraw(self) -> None:
        """The picture must be made anew."""
        self._picture = None
        self.update()
        self.view_changed.emit()

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

    # --- place ---

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
