"""Samples as they come from a decoder become stored values: bits settled, colour as 8 bit RGB.

Source: DICOM PS3.5 sections 8.1.1 and 8.2, PS3.3 C.7.6.3.1.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.layout import Layout

Values = NDArray[Any]
SPACES = {
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_ICT",
    "YBR_RCT",
}
_FROM_YBR = {"YBR_FULL", "YBR_FULL_422"}
OVERSHOT = 8  # a lossy codec leaves the range by at most this part of its half
# ITU-T T.871: what one step of Cr adds to red and green, and one of Cb to green and blue.
_CR_RED, _CR_GREEN, _CB_GREEN, _CB_BLUE = 1.402, -0.714136, -0.344136, 1.772


def settled(values: Values, layout: Layout) -> Values:
    """Keep the BitsStored bits that end at HighBit, and extend the sign; in place."""
    if layout.floats or layout.allocated == 1:
        return values
    left = layout.allocated - layout.stored - layout.shift
    if not left and not layout.shift:
        return values
    if layout.signed:
        np.left_shift(values, left, out=values)
        np.right_shift(values, left + layout.shift, out=values)
        return values
    if layout.shift:
        np.right_shift(values, layout.shift, out=values)
    np.bitwise_and(values, (1 << layout.stored) - 1, out=values)
    return values


def settled_stream(
    values: Values, layout: Layout, precision: int, *, lossy: bool, by_precision: bool
) -> tuple[Values, bool]:
    """The same for what a codec gave; True when values had to be cut to fit the header.

    A codec gives right-aligned samples of the stream's own `precision`, whose sign only JPEG 2000
    knows. With `by_precision` a stream that holds two's complement has its sign at its own highest
    bit, else at BitsStored. Lossy codecs overshoot, so that their values are clipped.
    """
    width = 8 * values.dtype.itemsize
    precision = precision if 0 < precision <= width else width
    top = precision if by_precision else layout.stored
    if not layout.signed and values.dtype.kind == "i":
        values = values.view(f"u{values.dtype.itemsize}")
        if precision < width:
            np.bitwise_and(values, (1 << precision) - 1, out=values)
    elif layout.signed and values.dtype.kind == "u" and layout.samples == 1:
        values = values.view(f"i{values.dtype.itemsize}")
        if top < width and top <= precision:
            np.left_shift(values, width - top, out=values)
            np.right_shift(values, width - top, out=values)
    values, is_cut = _fitted(values, layout, precision, lossy)
    if layout.samples == 1 and values.dtype.itemsize != layout.dtype.itemsize:
        values = values.astype(layout.dtype)
    return values, is_cut


def _fitted(values: Values, layout: Layout, precision: int, lossy: bool) -> tuple[Values, bool]:
    """Values within BitsStored bits, where the stream has more of them."""
    if precision <= layout.stored:
        return values, False
    if not lossy and layout.stored + layout.shift <= precision and layout.shift:
        values = values >> layout.shift
    half = 1 << layout.stored - 1
    low, high = (-half, half - 1) if layout.signed else (0, 2 * half - 1)
    least, most = int(values.min(initial=high)), int(values.max(initial=low))
    if low <= least and most <= high:
        return values, False
    slack = half // OVERSHOT  # what a lossy codec may miss a value by
    bare = layout.signed and least >= 0 and most > high + slack  # two's complement, sign left off
    if lossy and not bare:
        return np.clip(values, low, high), not (low - slack <= least and most <= high + slack)
    is_cut = not (lossy and most <= 2 * half - 1 + slack)
    if layout.signed:
        left = 8 * values.dtype.itemsize - layout.stored
        return (values << left) >> left, is_cut
    return values & values.dtype.type(high), is_cut


def as_rgb(values: Values, stored: int, space: str) -> NDArray[np.uint8]:
    """(rows, columns, 3) samples of `stored` bits as RGB of 8 bits."""
    eight = _eight_bits(values, stored)
    return _from_ybr(eight) if space in _FROM_YBR else eight


def _eight_bits(values: Values, stored: int) -> NDArray[np.uint8]:
    """Colour samples of any depth as 8 bit ones."""
    if stored == 8:
        return np.ascontiguousarray(values, np.uint8)
    top = (1 << stored) - 1
    scaled = values.astype(np.float64) * (255 / top)
    return np.ascontiguousarray(np.rint(np.clip(scaled, 0, 255)), np.uint8)


def _from_ybr(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luminance and full-range chrominance become RGB."""
    steps = np.arange(256, dtype=np.float32) - 128
    luminance, blue, red = (values[..., i] for i in range(3))
    rgb = np.empty(values.shape, np.uint8)
    light = luminance.astype(np.float32)
    for place, parts in enumerate(
        (
            ((red, _CR_RED),),
            ((red, _CR_GREEN), (blue, _CB_GREEN)),
            ((blue, _CB_BLUE),),
        )
    ):
        mixed = light.copy()
        for chrominance, weight in parts:
            mixed += np.take(steps * np.float32(weight), chrominance)
        rgb[..., place] = np.clip(np.rint(mixed, out=mixed), 0, 255, out=mixed)
    return rgb
