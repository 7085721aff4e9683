"""Look-up tables of the modality and VOI steps.

Source: DICOM PS3.3 C.11.1.1 and C.11.2.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset


@dataclass(frozen=True)
class LookUpTable:
    """`first` is the input of the first entry; inputs before and after take the end entries."""

    first: int
    bits: int  # of an entry
    packed: bytes  # the entries, 16 bit in this machine's order; as bytes so that tables compare
    explanation: str = ""

    @cached_property
    def entries(self) -> NDArray[np.uint16]:
        return np.frombuffer(self.packed, np.uint16)

    def __call__(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """The entries for input values, which are rounded to whole numbers first."""
        places = np.rint(np.nan_to_num(values)) - self.first
        inside = np.clip(places, 0, len(self.entries) - 1)
        found: NDArray[np.uint16] = self.entries[inside.astype(np.intp)]
        return found

    @property
    def top_input(self) -> int:
        """The greatest input of a table whose first is 0."""
        return len(self.entries) - 1

    @cached_property
    def eight_bits(self) -> NDArray[np.uint8]:
        """The entries as 0 to 255, halves rounded up."""
        top = (1 << self.bits) - 1
        scaled = np.floor(np.minimum(self.entries, top) * 255.0 / top + 0.5)
        return scaled.astype(np.uint8)


def read_presentation_lut(item: Dataset, *, little: bool = True) -> LookUpTable:
    """The table of one item of PresentationLUTSequence: from what the VOI step gives, scaled to
    the table's inputs, to P-Values. Source: DICOM PS3.3 C.11.6.1.

    Raises ValueError when the table is unusable.
    """
    table = read_lut(item, 0, 65535, little=little)
    if table.first != 0 or table.top_input < 1:
        raise ValueError("its inputs do not begin at 0")
    return table


def read_lut(item: Dataset, low: float, high: float, *, little: bool = True) -> LookUpTable:
    """The table of one item of ModalityLUTSequence or VOILUTSequence.

    `low` and `high` bound the inputs that can occur: they decide whether the first input, whose
    sign files get wrong, is meant signed. Raises ValueError when the table is unusable.
    """
    descriptor = whole_numbers(item.get("LUTDescriptor"), little)
    if len(descriptor) != 3:
        raise ValueError("its descriptor does not have three numbers")
    count, first, bits = descriptor
    count = count % 65536 or 65536
    if not 1 <= bits <= 16:
        raise ValueError(f"its entries have {bits} bits")
    entries = _entries(item.get("LUTData"), count, bits, little)
    explanation = str(item.get("LUTExplanation") or item.get("ModalityLUTType") or "")
    return LookUpTable(_signed(first, count, low, high), bits, entries.tobytes(), explanation)


def whole_numbers(value: Any, little: bool) -> list[int]:
    """The words of an element of VR US, SS or OW, whichever of them pydicom made of it."""
    if value is None or value == "":
        return []
    if isinstance(value, bytes):
        return [int(n) for n in np.frombuffer(value, "<u2" if little else ">u2")]
    return [int(n) for n in (value if hasattr(value, "__iter__") else [value])]


def _entries(value: Any, count: int, bits: int, little: bool) -> NDArray[np.uint16]:
    """Entries of 16 bits each, or two of 8 bits packed in a word, low byte first."""
    if isinstance(value, bytes) and bits <= 8 and count <= len(value) < 2 * count:
        # one byte each, padded to even length
        words = np.frombuffer(value, np.uint8)
    else:
        numbers = whole_numbers(value, little)
        words = np.array(numbers, np.int64).astype(np.uint16)
        if bits <= 8 and len(words) < count <= 2 * len(words):
            words = words.astype("<u2").view(np.uint8)
    if len(words) < count:
        raise ValueError(f"it has {len(words)} entries of {count}")
    return words[:count].astype(np.uint16)


def _signed(first: int, count: int, low: float, high: float) -> int:
    """`first` as the one of its two readings, signed or unsigned, that is an input; where neither
    or both are, the one whose entries inputs meet or come nearer to; signed where that leaves it
    open and inputs may be negative (C.11.2.1.1)."""
    other = first - 65536 if first >= 32768 else first + 65536 if first < 0 else first

    def likely(begin: int) -> tuple[bool, float, bool]:
        met = min(begin + count - 1, high) - max(begin, low)
        return low <= begin <= high, met, begin < 0 and low < 0

    return max(first, other, key=likely)
