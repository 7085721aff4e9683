"""Uncompressed frames: one read, straight into the array that is shown.

Source: DICOM PS3.5 sections 7.3 and 8.1 to 8.2, PS3.3 C.7.6.3.1.2 and C.7.6.3.1.3.
"""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.layout import Layout

Values = NDArray[Any]


def read_frame(file: BinaryIO, layout: Layout, index: int) -> Values:
    """Frame `index` of a file at the first byte of the pixel element's value.

    (rows, columns) or (rows, columns, 3) of `layout.dtype`, in memory of its own; bits not yet
    masked, colours not yet converted. Raises EOFError when the frame is not there to its end.
    """
    if layout.allocated == 1 and layout.samples == 1:
        return _single_bits(file, layout, index)
    if not layout.little and layout.allocated == 8 and layout.word:
        return arranged(_swapped_bytes(file, layout, index), layout)
    values = np.empty(layout.size // layout.dtype.itemsize, layout.dtype)
    file.seek(index * layout.size, io.SEEK_CUR)
    fill(file, values)
    if not layout.little:
        values.byteswap(inplace=True)
    return arranged(values, layout)


def frame_of_bytes(content: bytes, layout: Layout) -> Values:
    """A frame that lies in memory, as little endian. Raises EOFError as `read_frame` does."""
    values = np.empty(layout.size // layout.dtype.itemsize, layout.dtype)
    fill(io.BytesIO(content), values)
    return arranged(values, layout)


def fill(file: BinaryIO, values: Values) -> None:
    """Read as many bytes as the array has. Raises EOFError when there are fewer."""
    room = values.data.cast("B")
    while len(room):
        count = file.readinto(room)  # type: ignore[attr-defined]  # BinaryIO forgets it
        if not count:
            raise EOFError("the frame ends early")
        room = room[count:]


def arranged(values: Values, layout: Layout) -> Values:
    """Samples in the order of the file, as pixels."""
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    if layout.is_halved:
        return _doubled(values).reshape(layout.rows, layout.columns, 3)
    if layout.planar:
        planes = values.reshape(layout.samples, layout.rows, layout.columns)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))
    return values.reshape(layout.rows, layout.columns, layout.samples)


def _single_bits(file: BinaryIO, layout: Layout, index: int) -> Values:
    """One frame of bits, lowest first; frames follow one another without padding, so that one may
    begin inside a byte (PS3.5 section 8.2 and annex D)."""
    first = index * layout.pixels
    file.seek(first // 8, io.SEEK_CUR)
    if layout.word and not layout.little:  # the two bytes of each word changed places
        odd = first // 8 % 2
        file.seek(-odd, io.SEEK_CUR)
        words = np.empty((first % 16 + layout.pixels + 15) // 16, np.uint16)
        fill(file, words)
        packed = words.byteswap(inplace=True).view(np.uint8)[odd:]
    else:
        packed = np.empty((first % 8 + layout.pixels + 7) // 8, np.uint8)
        fill(file, packed)
    bits = np.unpackbits(packed, bitorder="little")[first % 8 :][: layout.pixels]
    return bits.reshape(layout.rows, layout.columns)


def _swapped_bytes(file: BinaryIO, layout: Layout, index: int) -> Values:
    """Bytes written as big-endian words: the two of each word changed places (PS3.5 7.3)."""
    first = index * layout.size
    odd = first % 2
    file.seek(first - odd, io.SEEK_CUR)
    words = np.empty((odd + layout.size + 1) // 2, np.uint16)
    fill(file, words)
    words.byteswap(inplace=True)
    values = words.view(np.uint8)[odd:][: layout.size]
    return values.view(layout.dtype)


def _doubled(values: Values) -> Values:
    """Y1 Y2 Cb Cr become Y1 Cb Cr, Y2 Cb Cr."""
    groups = values.reshape(-1, 4)
    pixels = np.empty((len(groups), 2, 3), values.dtype)
    pixels[:, 0, 0], pixels[:, 1, 0] = groups[:, 0], groups[:, 1]
    pixels[:, :, 1], pixels[:, :, 2] = groups[:, 2, None], groups[:, 3, None]
    return pixels
