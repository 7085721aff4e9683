"""Palette colour: stored values are places in three tables.

Source: DICOM PS3.3 C.7.6.3.1.5, C.7.6.3.1.6 and C.7.9.2 (segmented tables).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_io.image.lut import whole_numbers

_COLOURS = ("Red", "Green", "Blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def apply_palette(
    stored: NDArray[Any], header: Dataset, *, little: bool = True
) -> NDArray[np.uint8]:
    """(rows, columns) places become (rows, columns, 3) RGB of 8 bits.

    Places outside the tables take the nearest end. Raises ValueError for tables that are missing,
    too short or of another depth than 8 or 16 bits.
    """
    first, colours = read_palette(header, little=little)
    if first >= 32768 and stored.dtype.kind == "i":
        first -= 65536  # a negative place, written as an unsigned one
    places = np.clip(stored.astype(np.int64) - first, 0, len(colours) - 1)
    return colours[places]


def read_palette(header: Dataset, *, little: bool = True) -> tuple[int, NDArray[np.uint8]]:
    """The first place that the tables have, and their (entries, 3) RGB of 8 bits.

    Raises ValueError as `apply_palette` does.
    """
    tables = []
    first = 0
    for colour in _COLOURS:
        descriptor = whole_numbers(header.get(f"{colour}PaletteColorLookupTableDescriptor"), little)
        if len(descriptor) != 3 or descriptor[2] not in (8, 16):
            raise ValueError(f"the {colour.lower()} palette has no usable descriptor")
        count = descriptor[0] % 65536 or 65536
        first = descriptor[1]
        tables.append(_words(header, colour, count, descriptor[2], little))
    shortest = min(map(len, tables))
    return first, _eight_bits(np.stack([table[:shortest] for table in tables], axis=-1))


def supplemental(header: Dataset, *, little: bool = True) -> tuple[int, NDArray[np.uint8]] | None:
    """The palette of a grey image whose stored values from the first place on are colours.

    None when the image has no such palette, or none that can be used. Source: DICOM PS3.3
    C.7.6.19 (Supplemental Palette Color Lookup Table), C.7.6.16.2.10 (Pixel Presentation COLOR).
    """
    if header.get("PhotometricInterpretation") != "MONOCHROME2":
        return None
    if header.get("PixelPresentation") not in ("COLOR", "MIXED"):
        return None  # a palette that is only offered
    if "RedPaletteColorLookupTableDescriptor" not in header:
        return None
    try:
        return read_palette(header, little=little)
    except ValueError:
        return None


def _words(header: Dataset, colour: str, count: int, bits: int, little: bool) -> NDArray[np.uint16]:
    """The entries of one table, `count` of them."""
    plain = header.get(f"{colour}PaletteColorLookupTableData")
    segments = header.get(f"Segmented{colour}PaletteColorLookupTableData")
    if plain is None and segments is None:
        raise ValueError(f"there is no {colour.lower()} palette")
    if plain is None:
        elements = _elements(segments, 0, bits, little)
        words = np.array(_expanded([int(n) for n in elements], bits, count), np.uint16)
    else:
        words = _elements(plain, count, bits, little)
    if len(words) < count:
        raise ValueError(f"the {colour.lower()} palette has {len(words)} entries of {count}")
    return words[:count]


def _elements(value: Any, count: int, bits: int, little: bool) -> NDArray[np.uint16]:
    """Words of 16 bits, or bytes where the entries have 8 bits and are packed."""
    words = np.array(whole_numbers(value, little), np.uint16)
    if bits == 8 and (count == 0 or len(words) < count):
        return words.astype("<u2").view(np.uint8).astype(np.uint16)
    return words


def _eight_bits(words: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The high byte of 16 bit entries; where no colour ever leaves the low byte they are 8 bit
    ones, which some writers store under a 16 bit descriptor."""
    if words.max(initial=0) > 255:
        return (words >> 8).astype(np.uint8)
    return words.astype(np.uint8)


def _expanded(elements: list[int], bits: int, count: int) -> list[int]:
    """The entries behind a segmented table. Raises ValueError when segments make no sense."""
    entries: list[int] = []
    at = 0
    while at < len(elements) and len(entries) < count:
        at = _segment(elements, at, bits, entries, count)
    return entries


def _segment(
    elements: list[int], at: int, bits: int, entries: list[int], count: int, *, inside: bool = False
) -> int:
    """Append the entries of the segment at `at`; the place after it."""
    try:
        kind, length = elements[at], elements[at + 1]
        if kind == _DISCRETE:
            entries += elements[at + 2 : at + 2 + length]
            return at + 2 + length
        if kind == _LINEAR:
            entries += _line(entries[-1], elements[at + 2], length)
            return at + 3
        if kind != _INDIRECT or inside:
            raise ValueError(f"a palette segment is of the unknown kind {kind}")
        parts = 4 if bits == 8 else 2
        offset = sum(elements[at + 2 + i] << (bits * i) for i in range(parts))
        source = offset // (bits // 8)  # the offset counts bytes
        for _ in range(length):
            if len(entries) < count:
                source = _segment(elements, source, bits, entries, count, inside=True)
        return at + 2 + parts
    except IndexError as error:
        raise ValueError("a palette segment ends early") from error


def _line(start: int, end: int, length: int) -> list[int]:
    """`length` entries after `start`, evenly up to `end`, which is the last of them."""
    return [round(start + (end - start) * step / length) for step in range(1, length + 1)]
