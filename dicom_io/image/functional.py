"""Attributes that each frame may have for itself: per-frame before shared before root."""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


def macro(header: Dataset, index: int, sequence: str) -> Dataset | None:
    """The functional group macro `sequence` of frame `index` (from 0), or None.

    Source: DICOM PS3.3 C.7.6.16.1: a macro is either per frame or shared, per frame wins here.
    """
    per_frame = header.get("PerFrameFunctionalGroupsSequence")
    shared = header.get("SharedFunctionalGroupsSequence")
    for groups, place in ((per_frame, index), (shared, 0)):
        if isinstance(groups, Sequence) and place < len(groups):
            items = groups[place].get(sequence)
            if isinstance(items, Sequence) and items:  # a broken file may hold anything there
                return items[0]
    return None


def floats(dataset: Dataset | None, keyword: str) -> tuple[float, ...]:
    """All values of a numeric attribute; () when absent or no numbers; NaN stays NaN."""
    value: Any = None if dataset is None else dataset.get(keyword)
    if value is None or isinstance(value, str) and not value:
        return ()
    many = value if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) else [value]
    try:
        return tuple(math.nan if item in (None, "") else float(item) for item in many)
    except (TypeError, ValueError):
        return ()


def texts(dataset: Dataset | None, keyword: str) -> tuple[str, ...]:
    """All values of a text attribute; () when absent."""
    value: Any = None if dataset is None else dataset.get(keyword)
    if value is None or value == "":
        return ()
    many = [value] if isinstance(value, str) else list(value)
    return tuple(str(item) for item in many)
