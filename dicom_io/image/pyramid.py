"""Pyramid: a picture too large to be decoded whole, in levels of which any part can be read.

Everybody who wants the pixels of such a frame asks here for a part at a resolution; nobody ever
gets the whole matrix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.crop import Box, Crop

Bytes = NDArray[np.uint8]

OVERVIEW = 1024  # pixels of the longer side that the coarsest level has at most
MODEL_SIDE = 2048  # pixels of the longer side of what a model or an export is given


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution. `factor` is how many columns of the total pixel matrix one column of the
    level stands for. A level that is not `is_stored` is made of the next finer one."""

    columns: int
    rows: int
    factor: float
    tile: int  # pixels of a side of the squares that it is best read in
    is_stored: bool = True


class Pyramid(Protocol):
    """Read by any thread; opened when its levels or pixels are first asked for.

    Both raise FileProblem: DamagedFile for files that contradict themselves or end early.
    """

    columns: int  # of the total pixel matrix
    rows: int

    def levels(self) -> tuple[Level, ...]:
        """The finest first, which has the total pixel matrix; the last is small."""

    def region(self, level: int, x: int, y: int, width: int, height: int) -> Bytes:
        """(height, width, 3) RGB as stored, from column x and row y of the level on; white where
        the level has no pixels."""


def with_coarser(stored: list[Level]) -> tuple[Level, ...]:
    """The levels, and halves of the last one until one is small."""
    levels = list(stored)
    while max(levels[-1].columns, levels[-1].rows) > OVERVIEW:
        last = levels[-1]
        half = (max(1, last.columns // 2), max(1, last.rows // 2))
        levels.append(Level(*half, last.factor * 2, last.tile, is_stored=False))
    return tuple(levels)


def nearest_level(levels: tuple[Level, ...], factor: float) -> int:
    """The level to show where one pixel of the screen covers `factor` columns: the one that comes
    nearest, by ratio."""
    away = [abs(math.log2(max(factor, 1.0) / level.factor)) for level in levels]
    return away.index(min(away))


def fine_enough(levels: tuple[Level, ...], box: Box, side: int = MODEL_SIDE) -> int:
    """The finest level at which no side of the box has more than `side` pixels; else the last."""
    longer = max(box[2] - box[0], box[3] - box[1])
    fitting = (place for place, level in enumerate(levels) if longer / level.factor <= side)
    return next(fitting, len(levels) - 1)


def crop_of(pyramid: Pyramid, box: Box | None, side: int = MODEL_SIDE) -> Crop:
    """As `crop.crop_box`, of a pyramid: the pixels that `box`, in columns and rows of the total
    pixel matrix, touches at the finest level at which they are at most `side` a side.

    The affine leads from the crop's pixels to the total pixel matrix. Raises ValueError as
    `crop_box` does, and FileProblem.
    """
    columns, rows = pyramid.columns, pyramid.rows
    box = (0.0, 0.0, float(columns), float(rows)) if box is None else box
    if len(box) != 4 or not all(math.isfinite(edge) for edge in box):
        raise ValueError(f"A box is four numbers x0, y0, x1, y1; {box} is not.")
    left, right = sorted((box[0], box[2]))
    top, bottom = sorted((box[1], box[3]))
    if left == right or top == bottom:
        raise ValueError("The box has no area. Draw it larger.")
    if right <= 0 or bottom <= 0 or left >= columns or top >= rows:
        raise ValueError(
            f"The box lies outside the slide of {columns} columns and {rows} rows. "
            "Draw it on the slide."
        )
    left, top = max(left, 0.0), max(top, 0.0)
    right, bottom = min(right, float(columns)), min(bottom, float(rows))
    levels = pyramid.levels()
    at = fine_enough(levels, (left, top, right, bottom), side)
    level = levels[at]
    across, down = columns / level.columns, rows / level.rows
    x0, y0 = math.floor(left / across), math.floor(top / down)
    x1 = min(max(math.ceil(right / across), x0 + 1), level.columns)
    y1 = min(max(math.ceil(bottom / down), y0 + 1), level.rows)
    x0, y0 = min(x0, x1 - 1), min(y0, y1 - 1)
    pixels = pyramid.region(at, x0, y0, x1 - x0, y1 - y0)
    return Crop(pixels, (across, 0.0, x0 * across, 0.0, down, y0 * down))


def whole(pyramid: Pyramid, side: int = MODEL_SIDE) -> Bytes:
    """All of the picture at the finest level of at most `side` pixels a side. Raises
    FileProblem."""
    return crop_of(pyramid, None, side).pixels
