"""Regions of an ultrasound picture: each has its own scale along each axis, in its own unit.

Source: DICOM PS3.3 C.8.5.5 (US Region Calibration).
"""

from __future__ import annotations

import math
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_io.image.functional import floats
from dicom_io.image.header import number

# PhysicalUnits of C.8.5.5.1.15: the unit in UCUM, and what one unit of the file is of it.
_UNITS = {
    1: ("%", 1.0),
    2: ("dB", 1.0),
    3: ("mm", 10.0),
    4: ("s", 1.0),
    5: ("Hz", 1.0),
    6: ("dB/s", 1.0),
    7: ("cm/s", 1.0),
    8: ("mm2", 100.0),
    9: ("cm2/s", 1.0),
    10: ("cm3", 1.0),
    11: ("cm3/s", 1.0),
    12: ("deg", 1.0),
}
# What a stretch along an axis of that unit is called.
QUANTITIES = {
    "mm": "Distance",
    "s": "Time",
    "Hz": "Frequency",
    "cm/s": "Velocity",
    "%": "Share",
    "dB": "Level",
    "deg": "Angle",
}
_LOW_PRIORITY = 1  # bit 0 of RegionFlags: another region's pixels lie over these


@dataclass(frozen=True, slots=True)
class Axis:
    """What one pixel more along an axis means; "" and 0 when the file does not say."""

    step: float = 0.0  # never negative
    unit: str = ""


def fitting(regions: SequenceOf[Dataset], columns: int, rows: int) -> list[Dataset]:
    """The regions that say something of a picture of that size.

    None when one reaches beyond it: the picture was made smaller after they were written, and no
    scale holds any more (one pixel too far is common, and harmless). A region that is said to have
    neither a format nor a kind of data takes nothing from the one it lies over.
    """
    for one in regions:
        x, y = number(one, "RegionLocationMaxX1", 0), number(one, "RegionLocationMaxY1", 0)
        if x > columns or y > rows:
            return []
    kinds = ("RegionSpatialFormat", "RegionDataType")  # 0: none
    return [one for one in regions if any(number(one, kind, 1) for kind in kinds)]


def regions_of(header: Dataset) -> list[Dataset]:
    """The regions of a picture; none where the file has something else in their place."""
    value = header.get("SequenceOfUltrasoundRegions")
    return list(value) if isinstance(value, Sequence) else []


def region_at(
    regions: SequenceOf[Dataset], column: float | None, row: float | None
) -> Dataset | None:
    """The region that holds a place; without a place one that stands for all, if they agree.

    Of regions over one another the one of high priority counts; None where two claim a place with
    different scales.
    """
    holding = list(regions)
    if column is not None and row is not None:
        holding = [region for region in regions if _holds(region, column, row)]
        first = [one for one in holding if not number(one, "RegionFlags", 0) & _LOW_PRIORITY]
        holding = first or holding
    scales = {axes_of_region(region) for region in holding}
    return holding[0] if len(scales) == 1 else None


def axes_of_region(region: Dataset) -> tuple[Axis, Axis]:
    """Across and down."""
    return _axis(region, "X"), _axis(region, "Y")


def region_spacing(region: Dataset) -> tuple[float, float] | None:
    """Millimetres between rows and between columns; None unless both axes are lengths."""
    across, down = axes_of_region(region)
    return (down.step, across.step) if across.unit == down.unit == "mm" else None


def _axis(region: Dataset, letter: str) -> Axis:
    unit, factor = _UNITS.get(number(region, f"PhysicalUnits{letter}Direction", 0), ("", 0.0))
    delta = floats(region, f"PhysicalDelta{letter}")[:1]
    if not unit or not delta or not math.isfinite(delta[0]) or delta[0] == 0:
        return Axis()
    return Axis(abs(delta[0]) * factor, unit)


def _holds(region: Dataset, column: float, row: float) -> bool:
    x0, y0 = number(region, "RegionLocationMinX0", 0), number(region, "RegionLocationMinY0", 0)
    x1, y1 = number(region, "RegionLocationMaxX1", -1), number(region, "RegionLocationMaxY1", -1)
    return x0 <= column < x1 + 1 and y0 <= row < y1 + 1
