"""A box cut out of a rendered picture, and how it lies in the stored image."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Crop:
    """`pixels`: uint8, (height, width) or (height, width, 3). `affine`: (xx, xy, x0, yx, yy, y0),
    from crop pixels (x, y) to stored pixels (column, row), both from the top left corner of the
    top left pixel: column = xx*x + xy*y + x0, row = yx*x + yy*y + y0."""

    pixels: NDArray[np.uint8]
    affine: tuple[float, float, float, float, float, float]


def crop_box(picture: NDArray[np.uint8], box: Box | None) -> Crop:
    """The pixels that `box` touches; the whole picture for None.

    `picture` has one pixel per stored pixel. `box` is (x0, y0, x1, y1) in stored columns and rows
    from the top left corner, its corners in any order; it is clipped to the picture, and pixels
    that it covers in part belong to the crop. Raises ValueError, in a sentence for a person, for a
    box that has no area, lies outside or holds something that is no number.
    """
    rows, columns = picture.shape[:2]
    if box is None:
        return Crop(picture, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    if len(box) != 4 or not all(math.isfinite(side) for side in box):
        raise ValueError(f"A box is four numbers x0, y0, x1, y1; {box} is not.")
    left, right = sorted((float(box[0]), float(box[2])))
    top, bottom = sorted((float(box[1]), float(box[3])))
    if left == right or top == bottom:
        raise ValueError(f"The box {_text(box)} has no area. Draw it larger.")
    if right <= 0 or bottom <= 0 or left >= columns or top >= rows:
        raise ValueError(
            f"The box {_text(box)} lies outside the image of {columns} columns and {rows} rows. "
            "Draw it on the image."
        )
    x0, y0 = max(math.floor(left), 0), max(math.floor(top), 0)
    x1, y1 = min(math.ceil(right), columns), min(math.ceil(bottom), rows)
    pixels = np.ascontiguousarray(picture[y0:y1, x0:x1])
    return Crop(pixels, (1.0, 0.0, float(x0), 0.0, 1.0, float(y0)))


def _text(box: Box) -> str:
    return ", ".join(f"{side:g}" for side in box)
