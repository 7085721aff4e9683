"""From stored values to modality values: padding, modality LUT, rescale.

Source: DICOM PS3.3 C.11.1, C.7.5.1.1.2, C.7.6.16.2.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro
from dicom_io.image.header import number
from dicom_io.image.lut import LookUpTable, read_lut

Values = NDArray[Any]
LEAST, MOST = 1e-30, 1e30  # of a slope that means something, and of both numbers of a rescale

# Angiography and fluoroscopy, also in two planes. Their modality table leads back to the intensity
# of the beam, for subtraction; windows count in stored values, and nothing is shown through it.
# Source: PS3.3 C.8.7.1.1.2 (Pixel Intensity Relationship); DCMTK and dcm4che do the same.
_BEAM = {f"1.2.840.10008.5.1.4.1.1.12.{kind}" for kind in (1, 2, 3)}


@dataclass(frozen=True, eq=False)
class Modality:
    """The modality step of one frame, ready to be applied to stored values."""

    slope: float = 1.0
    intercept: float = 0.0
    lut: LookUpTable | None = None
    unit: str = ""  # HU, BQML, ...; "" when the file does not say
    notices: tuple[str, ...] = ()

    def __call__(self, stored: Values) -> NDArray[np.float64]:
        """Modality values, of the same shape."""
        if self.lut is not None:
            return self.lut(stored).astype(np.float64)
        return stored.astype(np.float64) * self.slope + self.intercept


def modality_of(frame: ImageFrame) -> Modality:
    """The frame's modality LUT, else its own rescale, else the file's.

    A rescale that makes no sense (a slope of zero, no number) is left out, and a notice says so.
    """
    own = macro(frame.header, frame.index, "PixelValueTransformationSequence")
    source = own if own is not None else frame.header
    unit = _unit(frame, source)
    notices: list[str] = []
    items = frame.header.get("ModalityLUTSequence")
    if items and own is None and shows_through_table(frame.header):
        low, high = stored_range(frame)
        try:
            table = read_lut(items[0], low, high, little=is_little(frame.header))
        except ValueError as problem:
            notices.append(f"The modality look-up table is not used: {problem}.")
        else:
            return Modality(lut=table, unit=table.explanation)
    slope, intercept = floats(source, "RescaleSlope"), floats(source, "RescaleIntercept")
    if not slope and not intercept:
        return Modality(unit=unit, notices=tuple(notices))
    a, b = slope[0] if slope else 1.0, intercept[0] if intercept else 0.0
    if not slope or not intercept:
        missing = "an intercept of 0" if slope else "a slope of 1"
        notices.append(f"The file has only one half of a rescale; {missing} is assumed.")
    if not (LEAST <= abs(a) <= MOST and abs(b) <= MOST):  # NaN is neither
        notices.append(f"The rescale {a:g} · stored + {b:g} makes no sense; stored values shown.")
        return Modality(notices=tuple(notices))
    return Modality(a, b, unit=unit, notices=tuple(notices))


def shows_through_table(header: Dataset) -> bool:
    """False for images whose modality table, if any, is not for display."""
    return str(header.get("SOPClassUID") or "") not in _BEAM


def _unit(frame: ImageFrame, source: Dataset) -> str:
    unit = str(source.get("RescaleType") or "")
    if frame.modality == "CT" and unit in ("", "HU") and "RescaleIntercept" in source:
        return "HU"
    if frame.modality == "PT":
        return str(frame.header.get("Units") or unit)
    return "" if unit == "US" else unit  # US is "unspecified", not a unit


def is_little(header: Dataset) -> bool:
    """Whether 16 bit words in byte strings of this header are little-endian."""
    return header.original_encoding[1] is not False


def bits_stored(header: Dataset) -> int:
    """BitsStored, or BitsAllocated where that is missing or senseless."""
    allocated = number(header, "BitsAllocated", 16)
    stored = number(header, "BitsStored", allocated)
    return stored if 0 < stored <= allocated else allocated


def is_signed(header: Dataset) -> bool:
    return bool(number(header, "PixelRepresentation", 0) & 1)


def stored_range(frame: ImageFrame) -> tuple[int, int]:
    """The lowest and highest stored value that the frame's bits can hold."""
    bits = bits_stored(frame.header)
    if is_signed(frame.header) and bits > 1:
        return -(1 << bits - 1), (1 << bits - 1) - 1
    return 0, (1 << bits) - 1


def padding_range(frame: ImageFrame) -> tuple[float, float] | None:
    """The stored values, both ends included, that are no image; None when the file names none."""
    for kind in ("Float", "DoubleFloat"):
        value = floats(frame.header, f"{kind}PixelPaddingValue")
        if value:
            limit = floats(frame.header, f"{kind}PixelPaddingRangeLimit") or value
            return min(value[0], limit[0]), max(value[0], limit[0])
    if not floats(frame.header, "PixelPaddingValue"):
        return None
    value_of = number(frame.header, "PixelPaddingValue", 0)
    limit_of = number(frame.header, "PixelPaddingRangeLimit", value_of)
    ends = (_as_stored(value_of, frame), _as_stored(limit_of, frame))
    if min(ends) <= stored_range(frame)[0] and max(ends) >= stored_range(frame)[1]:
        return None  # nothing would be left to be seen
    return min(ends), max(ends)


def notice_of_padding(frame: ImageFrame) -> str:
    """A sentence when the file calls every value padding; "" otherwise."""
    if not floats(frame.header, "PixelPaddingValue") or padding_range(frame) is not None:
        return ""
    return "The file calls every value padding; that is not believed."


def _as_stored(value: int, frame: ImageFrame) -> int:
    """A padding value with the sign that PixelRepresentation gives it, whatever its VR says."""
    low, high = stored_range(frame)
    if low <= value <= high:
        return value
    for size in (1 << bits_stored(frame.header), 65536):
        for other in (value - size, value + size):
            if low <= other <= high:
                return other
    return value


def padding_mask(frame: ImageFrame, stored: Values) -> NDArray[np.bool_] | None:
    """True where a stored value is padding; None when the file names no padding."""
    ends = padding_range(frame)
    if ends is None:
        return None
    return np.asarray((stored >= ends[0]) & (stored <= ends[1]))


def has_table(frame: ImageFrame, stored: Values | None = None) -> bool:
    """True for grey integers of at most 16 bits, which one table of all values can map."""
    if frame.is_colour or "BitsStored" not in frame.header:
        return False
    if stored is not None and (stored.ndim != 2 or stored.dtype.kind not in "iu"):
        return False
    return bits_stored(frame.header) <= 16


def every_stored_value(frame: ImageFrame) -> NDArray[np.int32]:
    """All 2^BitsStored stored values, in the order in which their bits count: entry 0 for 0,
    negative values in the second half, so that `table[stored]` holds for signed values too."""
    bits = bits_stored(frame.header)
    values = np.arange(1 << bits, dtype=np.int32)
    if is_signed(frame.header) and bits > 1:
        values[1 << bits - 1 :] -= 1 << bits
    return values
