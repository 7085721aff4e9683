"""Overlays that old files keep in the unused bits of their pixels.

Source: DICOM PS3.3-2004 C.9.2 (Overlay Bit Position other than 0, retired since).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Planes = Mapping[int, NDArray[np.bool_]]  # group -> (rows, columns)

_GROUPS = range(0x6000, 0x6100, 2)
BITS_ALLOCATED, BIT_POSITION, OVERLAY_DATA = 0x0100, 0x0102, 0x3000


def groups_of(dataset: Dataset) -> tuple[int, ...]:
    """The groups 60xx that a header has anything of."""
    present = {tag.group for tag in dataset.keys() if 0x6000 <= tag.group <= 0x60FE}
    return tuple(group for group in _GROUPS if group in present)


def element_value(dataset: Dataset, group: int, element: int) -> Any:
    """The value of an element of a repeating group; None when it is absent or empty."""
    found = dataset.get((group, element))
    return None if found is None or found.value in ("", b"", None) else found.value


def position_of(dataset: Dataset, group: int) -> int | None:
    """The bit of every pixel that is this overlay; None for an overlay with data of its own."""
    if element_value(dataset, group, OVERLAY_DATA) is not None:
        return None
    position = element_value(dataset, group, BIT_POSITION)
    allocated = element_value(dataset, group, BITS_ALLOCATED)
    try:
        place, size = int(position), int(allocated)
    except (TypeError, ValueError):
        return None
    return place if size > 1 and 0 <= place < size else None


def planes_in(values: NDArray[Any], dataset: Dataset) -> Planes:
    """The overlays in the pixels of one frame, as they were before any bit was masked off.

    `values` are (rows, columns) integers as stored; empty for anything else.
    """
    if values.ndim != 2 or values.dtype.kind not in "iu":
        return {}
    found = {}
    for group in groups_of(dataset):
        place = position_of(dataset, group)
        if place is not None and place < 8 * values.dtype.itemsize:
            found[group] = (values >> place & 1).astype(np.bool_)
    return found
