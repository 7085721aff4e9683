"""A rendered picture at another size, made band by band in several threads.

Every pixel of the smaller picture is a mean of the stored pixels around it: first over whole blocks
of them, then under a triangle as wide as two of its own pixels, so that no stored pixel is stepped
over and none counts twice as much as its neighbour. Values are windowed before they are averaged.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dicom_io.image.crop import Box

Bytes = NDArray[np.uint8]
Part = Callable[[slice, slice], Bytes]  # rows, columns -> that part of the rendered picture
Blocks = tuple[int, int]  # columns, rows

MARGIN = 3  # blocks around a band that its triangle may reach
LEAST = 2**17  # pixels of the smaller picture that are worth a second thread
MOST_THREADS = 4  # in a picture: the other cores decode
_TINY = 1e-6  # of a pixel


def resampled(part: Part, shape: tuple[int, int], box: Box, size: tuple[int, int]) -> Bytes:
    """(height, width) or (height, width, 3) uint8: `box` of a picture, shrunk to `size`.

    `part` gives any part of the picture, whose `shape` is (rows, columns); its memory may be that
    of the part before. `box` is left, top,
    right, bottom in its columns and rows, `size` (width, height); a box that goes beyond the
    picture is filled with its outermost pixels. Never meant to enlarge.
    """
    (left, top, right, bottom), (width, height) = box, size
    blocks = (_block((right - left) / width), _block((bottom - top) / height))
    count = 1 if width * height < LEAST else 2 * threads()
    edges = [round(height * i / count) for i in range(count + 1)]
    bands: list[Bytes] = [np.empty((0, width), np.uint8)] * count

    def make(i: int) -> None:
        one = edges[i + 1] - edges[i]
        if one:
            y0, y1 = (top + (bottom - top) * edge / height for edge in edges[i : i + 2])
            bands[i] = _band(part, shape, (left, y0, right, y1), (width, one), blocks)

    side_by_side(make, count)
    return np.concatenate([band for band in bands if len(band)])


def _block(scale: float) -> int:
    return max(1, math.floor(scale + _TINY))


def _band(part: Part, shape: tuple[int, int], box: Box, size: tuple[int, int], by: Blocks) -> Bytes:
    """One band, from the blocks that it touches and a margin of them."""
    rows = _span(box[1], box[3], by[1], shape[0])
    columns = _span(box[0], box[2], by[0], shape[1])
    image = _reduced(part(rows, columns), by)
    left, right = ((x - columns.start) / by[0] for x in (box[0], box[2]))
    top, bottom = ((y - rows.start) / by[1] for y in (box[1], box[3]))
    wide, high = image.size
    (above, below), (before, after) = _beyond(top, bottom, high), _beyond(left, right, wide)
    if above or below or before or after:  # the screen's outermost pixels are covered in part only
        around = [(above, below), (before, after), (0, 0)]
        pixels = np.asarray(image)
        image = Image.fromarray(np.pad(pixels, around[: pixels.ndim], "edge"))
    place = (
        max(left + before, 0.0),
        max(top + above, 0.0),
        min(right + before, wide + before + after),
        min(bottom + above, high + above + below),
    )
    return _under_triangle(image, size, place)


def _under_triangle(image: Image.Image, size: tuple[int, int], place: Box) -> Bytes:
    """The part of an image at `place`, shrunk to `size`.

    Grey is shrunk across, then down with four neighbours as the four channels of one pixel, which
    Pillow computes side by side: the same values in two thirds of the time.
    """
    if image.mode != "L":
        return np.asarray(image.resize(size, Image.Resampling.BILINEAR, box=place))
    (left, top, right, bottom), (width, height) = place, size
    slim = (left, 0, right, image.height)
    across = np.asarray(image.resize((width, image.height), Image.Resampling.BILINEAR, box=slim))
    if width % 4:
        across = np.pad(across, ((0, 0), (0, -width % 4)))
    fours = across.shape[1] // 4
    wide = Image.frombuffer("CMYK", (fours, len(across)), across.tobytes(), "raw", "CMYK", 0, 1)
    down = wide.resize((fours, height), Image.Resampling.BILINEAR, box=(0, top, fours, bottom))
    return np.asarray(down).reshape(height, 4 * fours)[:, :width]


def _beyond(first: float, last: float, limit: int) -> tuple[int, int]:
    """How many blocks a span reaches beyond either end of a picture of `limit` blocks."""
    return max(0, math.ceil(-first - _TINY)), max(0, math.ceil(last - limit - _TINY))


def _span(first: float, last: float, block: int, limit: int) -> slice:
    """Whole blocks from `first` to `last` and a margin, as far as there are pixels."""
    start = (math.floor(first / block) - MARGIN) * block
    stop = (math.ceil(last / block) + MARGIN) * block
    return slice(max(0, start), min(limit, stop))


def averaged(pixels: Bytes, blocks: Blocks) -> Bytes:
    """The mean over blocks of (columns, rows) pixels; the last ones may be of smaller blocks."""
    return pixels if blocks == (1, 1) else np.asarray(_reduced(pixels, blocks))


def _reduced(pixels: Bytes, blocks: Blocks) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return image if blocks == (1, 1) else image.reduce(blocks)


def threads() -> int:
    """How many threads make one picture."""
    return min(MOST_THREADS, os.cpu_count() or 1)


@cache
def _helpers() -> ThreadPoolExecutor:
    """The threads that help; they live as long as the program."""
    return ThreadPoolExecutor(MOST_THREADS - 1, thread_name_prefix="picture")


def side_by_side(make: Callable[[int], None], count: int) -> None:
    """make(0) to make(count - 1), in this thread and some others, whichever is free.

    numpy and Pillow let other threads run while they compute. A helper that is still busy with
    another picture is not waited for.
    """
    turns: Iterator[int] = iter(range(count))

    def work() -> None:
        for i in turns:
            make(i)

    helped = [_helpers().submit(work) for _ in range(min(threads(), count) - 1)]
    try:
        work()
    finally:
        for one in helped:
            if not one.cancel():
                one.result()
