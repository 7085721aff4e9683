"""Stored values become what the screen and the model see; the only place that makes grey values.

The order is fixed: padding, modality LUT or rescale, VOI window or table, presentation table or
inversion (MONOCHROME1 or INVERSE: once), the reader's own inversion. Source: DICOM PS3.4 N.2.
Overlays and shutters are no part of it: they are drawn over the picture, for eyes alone.
"""

from __future__ import annotations

import copy
import math
import threading
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicom_io.image.frame import ImageFrame
from dicom_io.image.icc import changes_colours, notice_of_profile, to_srgb
from dicom_io.image.lut import LookUpTable, read_presentation_lut
from dicom_io.image.modality import (
    Modality,
    Values,
    every_stored_value,
    has_table,
    is_little,
    modality_of,
    notice_of_padding,
    padding_mask,
)
from dicom_io.image.palette import supplemental
from dicom_io.image.resample import Part, side_by_side
from dicom_io.image.window import Window, file_windows, full_range, windows_of

__all__ = [
    "Look",
    "Renderer",
    "Window",
    "apply_table",
    "grey_table",
    "notices_of",
    "render",
    "windows_of",
]

Bytes = NDArray[np.uint8]
BLOCK = 2**17  # pixels looked up at a time
LARGE = 2**18  # pixels from which a picture is made by several threads
BANDS = 8  # a large picture is made in, by several threads
DEEPEST = 2**17  # values between the least and the greatest that a table may have


class Look:
    """A frame under one window: its picture, or any part of it, made when it is asked for.

    `shape` is (rows, columns). Parts are the same, pixel for pixel, as cut out of the whole.
    """

    def __init__(self, shape: tuple[int, int], part: Part, passing: Part | None = None) -> None:
        """`part` gives uint8 grey, or RGB along a third axis, of rows and columns. `passing` gives
        the same in memory that its next call in this thread uses again."""
        self.shape = shape
        self.part = part
        self.passing = passing or part

    @classmethod
    def of(cls, pixels: Bytes) -> Look:
        """Of a picture that is there already."""
        rows, columns = pixels.shape[:2]
        look = cls((rows, columns), lambda down, across: pixels[down, across])
        look.__dict__["pixels"] = pixels  # the whole need not be put together
        return look

    @cached_property
    def pixels(self) -> Bytes:
        """The whole picture, (rows, columns) or (rows, columns, 3); not to be changed."""
        rows, columns = self.shape
        if rows * columns < LARGE:
            return self.part(slice(0, rows), slice(0, columns))
        edges = [rows * i // BANDS for i in range(BANDS + 1)]
        bands: list[Bytes] = [np.empty(0, np.uint8)] * BANDS

        def make(i: int) -> None:
            bands[i] = self.part(slice(edges[i], edges[i + 1]), slice(0, columns))

        side_by_side(make, BANDS)
        return np.concatenate(bands)


class Renderer:
    """One frame ready to be drawn under any window.

    For grey integers a call builds a table of all values that occur and looks every pixel up;
    floating values are mapped one by one; colour passes through its profile. Making one is quick
    for a frame of any size.
    """

    def __init__(
        self,
        frame: ImageFrame,
        stored: Values,
        *,
        shape: str = "",
        curve: LookUpTable | None = None,
        is_srgb: bool = False,
    ) -> None:
        """`shape` is the presentation LUT shape of a presentation state, IDENTITY or INVERSE,
        `curve` its presentation look-up table; either replaces what the image says. `is_srgb` says
        that stored colours went through `icc.to_srgb` before."""
        self.frame = frame
        self.stored = stored
        self._curve, self._inverse = presentation_of(frame, shape, curve)
        self._colour = stored.ndim == 3
        self._converts = self._colour and not is_srgb and changes_colours(frame)
        self._modality = Modality() if self._colour else modality_of(frame)
        self._windows: tuple[Window, ...] | None = None

    def presented(self, shape: str, curve: LookUpTable | None = None) -> Renderer:
        """The same frame under another presentation LUT; nothing is computed again."""
        other = copy.copy(self)
        other._curve, other._inverse = presentation_of(self.frame, shape, curve)
        return other

    @property
    def windows(self) -> tuple[Window, ...]:
        """As `windows_of` gives them."""
        if self._windows is None:
            self._windows = windows_of(self.frame, self.stored)
        return self._windows

    def table(self, window: Window | None = None, invert: bool = False) -> Bytes:
        """Brightness of every stored value, to index with stored values (negative ones count from
        the end). (entries, 3) RGB for a frame some of whose values are colours. Raises ValueError
        for a frame that no table of its bits can map."""
        if not has_table(self.frame, self.stored):
            raise ValueError("Only grey integers of at most 16 bits have a table.")
        values = every_stored_value(self.frame)
        brightness = self._brightness(values, self._sound(window), invert)
        colours = supplemental(self.frame.header, little=is_little(self.frame.header))
        return brightness if colours is None else _mixed(brightness, values, colours, invert)

    def __call__(self, window: Window | None = None, invert: bool = False) -> Bytes:
        """(rows, columns) grey or (rows, columns, 3) RGB, one value per stored pixel.

        Without a window the first of `windows` is used. One that makes no sense is replaced by
        the full range of the values.
        """
        return self.look(window, invert).pixels

    def look(self, window: Window | None = None, invert: bool = False) -> Look:
        """The same, of which only the parts that are asked for are made."""
        rows, columns = self.stored.shape[:2]
        if self._colour and not invert and not self._converts:
            return Look.of(self.stored)
        if self._colour:
            return Look((rows, columns), lambda down, across: self._coloured(down, across, invert))
        return self._grey_look((rows, columns), self._sound(window), invert)

    def _grey_look(self, shape: tuple[int, int], window: Window, invert: bool) -> Look:
        stored, first = self.stored, 0
        if has_table(self.frame, stored):
            table = self.table(window, invert)
        elif self._ends is not None:
            first, last = self._ends
            inputs = np.arange(first, last + 1, dtype=np.int64)
            table = self._brightness(inputs, window, invert)
        else:
            return Look(
                shape, lambda down, across: self._brightness(stored[down, across], window, invert)
            )

        def part(down: slice, across: slice) -> Bytes:
            return _found(table, stored[down, across], first)

        def passing(down: slice, across: slice) -> Bytes:
            places = stored[down, across]
            shape = (*places.shape, *table.shape[1:])
            return _found(table, places, first, _memory("picture", shape, np.uint8))

        return Look(shape, part, passing)

    @cached_property
    def _ends(self) -> tuple[int, int] | None:
        """Least and greatest of integers deeper than 16 bits, when a table can have them all."""
        if self.stored.dtype.kind not in "iu" or not self.stored.size:
            return None
        low, high = int(self.stored.min()), int(self.stored.max())
        return (low, high) if high - low < DEEPEST else None

    def _coloured(self, down: slice, across: slice, invert: bool) -> Bytes:
        colours: Bytes = self.stored[down, across]
        shown = to_srgb(self.frame, colours) if self._converts else colours
        return np.subtract(255, shown) if invert else shown

    def _sound(self, window: Window | None) -> Window:
        chosen = self.windows[0] if window is None else window
        if chosen.problem():
            return full_range(self.frame, self.stored, self._modality)
        return chosen

    def _brightness(self, inputs: Values, window: Window, invert: bool) -> Bytes:
        """Brightness of stored values."""
        values = self._modality(inputs)
        if self._curve is None:
            brightness = window(values)
        else:
            brightness = self._curve.eight_bits[window.scaled(values, self._curve.top_input)]
        if self._inverse != invert:
            np.subtract(255, brightness, out=brightness)
        padding = padding_mask(self.frame, inputs)
        if padding is not None:
            brightness[padding] = 0  # background, whichever way round the picture is
        if inputs.dtype.kind == "f":  # what is no number is no image either
            brightness[np.isnan(inputs)] = 0
        return brightness


def _mixed(brightness: Bytes, values: Values, colours: tuple[int, Bytes], invert: bool) -> Bytes:
    """A table of greys whose values from the first place of a palette on are its colours."""
    first, palette = colours
    mixed = np.repeat(brightness[:, None], 3, axis=1)
    coloured = values >= first
    found = palette[np.minimum(values[coloured] - first, len(palette) - 1)]
    mixed[coloured] = np.subtract(255, found) if invert else found
    return mixed


def render(
    frame: ImageFrame,
    stored: Values,
    window: Window | None = None,
    invert: bool = False,
    *,
    shape: str = "",
    curve: LookUpTable | None = None,
) -> Bytes:
    """The frame's picture: uint8, (rows, columns) grey or (rows, columns, 3) RGB.

    `stored` is what `frame.stored()` gave. Padding is black. `shape`, `curve` as in `Renderer`.
    """
    return Renderer(frame, stored, shape=shape, curve=curve)(window, invert)


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
    """Look every stored value up; bits beyond the table's length are ignored (a power of two)."""
    return _found(table, stored)


def _found(table: Bytes, places: Values, first: int = 0, into: NDArray[Any] | None = None) -> Bytes:
    """The table's entries, grey or RGB, for integers of which `first` has the first entry; places
    beyond its ends wrap round. Written `into` memory that is there, else into new one.

    Rows are taken in blocks: numpy wants indices of eight bytes each, and those of a whole film
    would not stay in the processor's cache.
    """
    picture = np.empty((*places.shape, *table.shape[1:]), np.uint8) if into is None else into
    rows = max(1, BLOCK // max(1, places[:1].size))
    for begin in range(0, len(places), rows):
        block = places[begin : begin + rows]
        indices = _memory("indices", block.shape, np.intp)
        if first:
            np.subtract(block, first, out=indices, casting="unsafe", dtype=np.intp)
        else:
            np.copyto(indices, block, casting="unsafe")
        np.take(table, indices, axis=0, out=picture[begin : begin + rows], mode="wrap")
    return picture


_kept = threading.local()


def _memory(name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Memory that this thread keeps under a name: giving it back to the system after every part
    of a picture and asking for it again costs as much as making the part."""
    count = math.prod(shape)
    memory: NDArray[Any] | None = getattr(_kept, name, None)
    if memory is None or memory.size < count:
        memory = np.empty(max(count, BLOCK), dtype)
        setattr(_kept, name, memory)
    return memory[:count].reshape(shape)


def presentation_of(
    frame: ImageFrame, shape: str = "", curve: LookUpTable | None = None
) -> tuple[LookUpTable | None, bool]:
    """The presentation look-up table, None when there is none, and whether low values are bright.

    A table gives P-Values, where low is dark whatever MONOCHROME1 says; INVERSE of a presentation
    state replaces what the image says; MONOCHROME1 and the image's own INVERSE together still
    invert once (PS3.3 C.11.6, C.11.6.1.2; PS3.4 N.2.4).
    """
    if curve is not None:
        return curve, False
    if shape:
        return None, shape == "INVERSE"
    own, _ = _own_curve(frame)
    if own is not None:
        return own, False
    return None, is_inverse(frame)


def _own_curve(frame: ImageFrame) -> tuple[LookUpTable | None, str]:
    """PresentationLUTSequence of the image itself, and a sentence when it cannot be used."""
    for item in (frame.header.get("PresentationLUTSequence") or [])[:1]:
        try:
            return read_presentation_lut(item, little=is_little(frame.header)), ""
        except ValueError as problem:
            return None, f"The presentation look-up table is not used: {problem}."
    return None, ""


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
        return tuple(filter(None, (*frame.notices, notice_of_profile(frame))))
    modality = modality_of(frame)
    _, problems = file_windows(frame, modality)
    mask = ""
    if frame.header.get("MaskSubtractionSequence"):
        mask = "The file asks for a mask to be subtracted; the images are shown without that."
    told = (_own_curve(frame)[1], notice_of_padding(frame), mask)
    sentences = (*frame.notices, *modality.notices, *problems, *told)
    return tuple(filter(None, sentences))
