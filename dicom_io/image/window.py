"""Windows: how modality values become brightness.

Source: DICOM PS3.3 C.11.2.1.2 (LINEAR, LINEAR_EXACT, SIGMOID), C.11.2.1.1 (VOI LUT).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro, texts
from dicom_io.image.lut import LookUpTable, read_lut
from dicom_io.image.modality import (
    Modality,
    Values,
    every_stored_value,
    has_table,
    is_little,
    modality_of,
    padding_mask,
    stored_range,
)
from dicom_io.image.palette import supplemental

LINEAR, LINEAR_EXACT, SIGMOID = "LINEAR", "LINEAR_EXACT", "SIGMOID"
LUT = "LUT"


@dataclass(frozen=True)
class Window:
    """One way to see a frame; centre and width in modality units.

    With a look-up table (`lut`, function LUT) centre and width only tell what it spans, which is
    where a drag begins. `automatic` ones are computed from the values, not read from the file.
    """

    center: float
    width: float
    function: str = LINEAR
    explanation: str = ""
    lut: LookUpTable | None = None
    automatic: bool = False

    def problem(self) -> str:
        """Why this window shows nothing, in a sentence; "" when it is sound."""
        if self.lut is not None:
            return ""
        if self.function not in (LINEAR, LINEAR_EXACT, SIGMOID):
            return f"The window function {self.function} is not known."
        if not (math.isfinite(self.center) and math.isfinite(self.width)):
            return "A window needs two numbers, centre and width."
        if self.width < 1 and self.function == LINEAR:
            return f"A window's width is at least 1; {self.width:g} is not."
        if self.width <= 0:
            return f"A window's width is more than 0; {self.width:g} is not."
        return ""

    def __call__(self, values: Values) -> NDArray[np.uint8]:
        """Brightness 0 to 255 of modality values, halves rounded up; of the same shape.

        Raises ValueError for a window with a `problem`.
        """
        return self.scaled(values, 255).astype(np.uint8)

    def scaled(self, values: Values, top: int) -> NDArray[np.uint16]:
        """The same from 0 to `top`, at most 65535: the input of a presentation look-up table."""
        if problem := self.problem():
            raise ValueError(problem)
        with np.errstate(over="ignore", invalid="ignore"):  # beyond every number is beyond the top
            return self._scaled(values, top)

    def _scaled(self, values: Values, top: int) -> NDArray[np.uint16]:
        if self.lut is not None:
            return _rounded(self.lut(values) * float(top) / ((1 << self.lut.bits) - 1), top)
        if self.function == SIGMOID:
            power = np.clip(-4 * (values - self.center) / self.width, -700, 700)
            return _rounded(top / (1 + np.exp(power)), top)
        if self.function == LINEAR:
            center, width = self.center - 0.5, self.width - 1
        else:
            center, width = self.center, self.width
        if width == 0:  # LINEAR of width 1 is a threshold
            return (values > center) * np.uint16(top)
        # multiplied first, so that exact halves stay exact
        return _rounded((values - center) * top / width + top / 2, top)


def _rounded(brightness: NDArray[Any], top: int) -> NDArray[np.uint16]:
    whole: NDArray[np.float64] = np.floor(np.clip(np.nan_to_num(brightness), 0, top) + 0.5)
    return whole.astype(np.uint16)


def windows_of(frame: ImageFrame, stored: Values | None = None) -> tuple[Window, ...]:
    """The windows to offer, never none: the file's own first, then an automatic one.

    The file's own are, in this order, its VOI look-up tables and its windows (of this frame where
    the file has them per frame). A window that makes no sense is replaced by the full range of the
    values. `stored` are the frame's stored values; without them the frame is decoded if it has to
    be. Colour has one window that does nothing. Raises FileProblem when it must decode and cannot.
    """
    if frame.is_colour:
        return (Window(128, 256, explanation="Colour"),)
    modality = modality_of(frame)
    own, problems = file_windows(frame, modality)
    if stored is None:
        if own and not problems:
            return own
        stored = frame.stored()
    if problems:
        own = (*own, full_range(frame, stored, modality))
    return (*own, automatic(frame, stored, modality))


def file_windows(
    frame: ImageFrame, modality: Modality
) -> tuple[tuple[Window, ...], tuple[str, ...]]:
    """The sound windows in the header, and a sentence for each that is not."""
    own = macro(frame.header, frame.index, "FrameVOILUTSequence")
    found: list[Window] = []
    problems: list[str] = []
    source = own if own is not None else frame.header
    for item in source.get("VOILUTSequence") or []:
        low, high = _modality_range(frame, modality)
        try:
            table = read_lut(item, low, high, little=is_little(frame.header))
        except ValueError as problem:
            problems.append(f"A VOI look-up table of the file is not used: {problem}.")
            continue
        count = len(table.entries)
        found.append(
            Window(table.first + count / 2, count, LUT, table.explanation or "Look-up table", table)
        )
    if len(floats(source, "WindowCenter")) != len(floats(source, "WindowWidth")):
        problems.append("The file does not have as many centres of windows as widths.")
    for window in _numbers(source):
        if sentence := window.problem():
            problems.append(f"A window of the file is not used. {sentence}")
        else:
            found.append(window)
    return tuple(found), tuple(problems)


def _numbers(source: Dataset) -> list[Window]:
    centers, widths = floats(source, "WindowCenter"), floats(source, "WindowWidth")
    names = texts(source, "WindowCenterWidthExplanation")
    function = str(source.get("VOILUTFunction") or LINEAR).upper()
    pairs = zip(centers, widths, strict=False)
    return [
        Window(c, w, function, names[i] if i < len(names) else "") for i, (c, w) in enumerate(pairs)
    ]


def _modality_range(frame: ImageFrame, modality: Modality) -> tuple[float, float]:
    """The least and greatest modality value that stored values can become."""
    if modality.lut is not None:
        return float(modality.lut.entries.min()), float(modality.lut.entries.max())
    ends = modality(np.array(stored_range(frame)))
    return float(ends.min()), float(ends.max())


def full_range(frame: ImageFrame, stored: Values, modality: Modality) -> Window:
    """From the least to the greatest modality value that is not padding."""
    return _between(_percentiles(frame, stored, modality, (0, 100)), "Full range")


def automatic(frame: ImageFrame, stored: Values, modality: Modality) -> Window:
    """From the 1st to the 99th percentile (nearest rank) of modality values without padding."""
    low, high = _percentiles(frame, stored, modality, (1, 99))
    if low == high:
        return _between(_percentiles(frame, stored, modality, (0, 100)), "Automatic")
    return _between((low, high), "Automatic")


def _between(ends: tuple[float, float], explanation: str) -> Window:
    low, high = ends
    width = min(high - low, sys.float_info.max) if high > low else 1.0
    return Window(low / 2 + high / 2, width, LINEAR_EXACT, explanation, automatic=True)


def _percentiles(
    frame: ImageFrame, stored: Values, modality: Modality, ranks: tuple[float, float]
) -> tuple[float, float]:
    """Two percentiles of the modality values without padding and without stored values that are
    colours of a supplemental palette, by counting where values are few."""
    if has_table(frame, stored):
        candidates = every_stored_value(frame)
        places = stored.astype(np.intp).ravel() & (len(candidates) - 1)
        counts = np.bincount(places, minlength=len(candidates))
    else:
        candidates, counts = np.unique(stored[np.isfinite(stored)], return_counts=True)
    colours = supplemental(frame.header, little=is_little(frame.header))
    no_grey = None if colours is None else candidates >= colours[0]
    for left_out in (padding_mask(frame, candidates), no_grey):
        if left_out is not None and counts[~left_out].any():
            counts = np.where(left_out, 0, counts)
    if not counts.any():
        return 0.0, 1.0
    values = modality(candidates)
    order = np.argsort(values, kind="stable")
    total = np.cumsum(counts[order])
    cuts = [np.searchsorted(total, max(rank / 100 * total[-1], 1)) for rank in ranks]
    low, high = (float(values[order[cut]]) for cut in cuts)
    return low, high
