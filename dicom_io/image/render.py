"""Stored values become what the screen and the model see; the only place that makes grey values.

The order is fixed: padding, modality LUT or rescale, VOI window or table, presentation inversion
(MONOCHROME1 or INVERSE: once), the reader's own inversion. Source: DICOM PS3.4 N.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.frame import ImageFrame
from dicom_io.image.modality import (
    Modality,
    Values,
    every_stored_value,
    has_table,
    modality_of,
    padding_mask,
)
from dicom_io.image.window import Window, file_windows, full_range, windows_of

__all__ = ["Renderer", "Window", "apply_table", "grey_table", "notices_of", "render", "windows_of"]

Bytes = NDArray[np.uint8]
BLOCK = 2**17  # pixels looked up at a time


class Renderer:
    """One frame ready to be drawn under any window.

    What does not depend on the window is computed once. For grey integers up to 16 bits a call
    builds a table of 2^BitsStored entries and looks every pixel up; other grey values are mapped
    one by one; colour passes through.
    """

    def __init__(self, frame: ImageFrame, stored: Values, *, shape: str = "") -> None:
        """`shape` is the presentation LUT shape of a presentation state, IDENTITY or INVERSE; it
        replaces what the image says."""
        self.frame = frame
        self.stored = stored
        self._inverse = is_inverse(frame, shape)
        self._colour = stored.ndim == 3
        self._by_table = has_table(frame, stored)
        self._windows: tuple[Window, ...] | None = None
        self._modality = Modality() if self._colour else modality_of(frame)
        inputs = every_stored_value(frame) if self._by_table else stored
        self._values = inputs if self._colour else self._modality(inputs)
        self._padding = None if self._colour else padding_mask(frame, inputs)

    @property
    def windows(self) -> tuple[Window, ...]:
        """As `windows_of` gives them."""
        if self._windows is None:
            self._windows = windows_of(self.frame, self.stored)
        return self._windows

    def table(self, window: Window | None = None, invert: bool = False) -> Bytes:
        """Brightness of every stored value, to index with stored values (negative ones count from
        the end). Raises ValueError for a frame that no table can map."""
        if not self._by_table:
            raise ValueError("Only grey integers of at most 16 bits have a table.")
        return self._brightness(window, invert)

    def __call__(self, window: Window | None = None, invert: bool = False) -> Bytes:
        """(rows, columns) grey or (rows, columns, 3) RGB, one value per stored pixel.

        Without a window the first of `windows` is used. One that makes no sense is replaced by
        the full range of the values.
        """
        if self._colour:
            return np.subtract(255, self.stored) if invert else self.stored
        if self._by_table:
            return apply_table(self._brightness(window, invert), self.stored)
        return self._brightness(window, invert)

    def _brightness(self, window: Window | None, invert: bool) -> Bytes:
        chosen = self.windows[0] if window is None else window
        if chosen.problem():
            chosen = full_range(self.frame, self.stored, self._modality)
        brightness = chosen(self._values)
        if self._inverse != invert:
            np.subtract(255, brightness, out=brightness)
        if self._padding is not None:
            brightness[self._padding] = 0  # background, whichever way round the picture is
        return brightness


def render(
    frame: ImageFrame,
    stored: Values,
    window: Window | None = None,
    invert: bool = False,
    *,
    shape: str = "",
) -> Bytes:
    """The frame's picture: uint8, (rows, columns) grey or (rows, columns, 3) RGB.

    `stored` is what `frame.stored()` gave. Padding is black. `shape` as in `Renderer`.
    """
    return Renderer(frame, stored, shape=shape)(window, invert)


def grey_table(
    frame: ImageFrame, window: Window, invert: bool = False, *, shape: str = ""
) -> Bytes:
    """Brightness of all 2^BitsStored stored values under a sound window, for `apply_table`.

    Raises ValueError for a frame that no table can map or a window with a problem.
    """
    if problem := window.problem():
        raise ValueError(problem)
    nothing = np.zeros((0, 0), np.int16)
    return Renderer(frame, nothing, shape=shape).table(window, invert)


def apply_table(table: Bytes, stored: Values) -> Bytes:
    """Look every stored value up; bits beyond the table's length are ignored (a power of two).

    Rows are taken in blocks: numpy turns indices into eight bytes each, and those of a whole film
    would not stay in the processor's cache.
    """
    picture = np.empty(stored.shape, np.uint8)
    rows = max(1, BLOCK // max(1, stored[:1].size))
    for first in range(0, len(stored), rows):
        block = slice(first, first + rows)
        np.take(table, stored[block], out=picture[block], mode="wrap")
    return picture


def is_inverse(frame: ImageFrame, shape: str = "") -> bool:
    """True when low values are bright: INVERSE of a presentation state, else MONOCHROME1 or the
    image's own INVERSE. Both together still invert once (PS3.3 C.11.6.1.2)."""
    if shape:
        return shape == "INVERSE"
    own = str(frame.header.get("PresentationLUTShape") or "")
    return frame.photometric == "MONOCHROME1" or own == "INVERSE"


def notices_of(frame: ImageFrame) -> tuple[str, ...]:
    """What a reader should know about how this frame is shown; a sentence each."""
    if frame.is_colour:
        return frame.notices
    modality = modality_of(frame)
    _, problems = file_windows(frame, modality)
    return (*frame.notices, *modality.notices, *problems)
