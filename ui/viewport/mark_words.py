"""The words of a mark: what it measures, as a reader writes it, with unit and calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dicom_io.image.annotation import Annotation, Kind, Value
from dicom_io.image.geometry import NONE
from dicom_io.image.measure import (
    ANGLE,
    AREA,
    COBB_ANGLE,
    COUNT,
    DEGREES,
    INTENSITY,
    LENGTH,
    LONG_AXIS,
    MAXIMUM,
    MEAN,
    MINIMUM,
    MM2,
    PIXELS,
    RED,
    SD,
    SHORT_AXIS,
    SUPPLEMENT,
    UNITY,
)
from dicom_io.image.regions import QUANTITIES
from ui.language import figure, tr
from ui.viewport.overlay import plain

SHARPEST_DOUBT = 45.0  # degrees; from here on a Cobb angle might be its supplement
WAITING = "…"
_SIGNS = {DEGREES: "°", MM2: "mm²", PIXELS: "px", UNITY: "", "[hnsf'U]": "HU"}

Named = dict[str, Value]


def text_of(values: Sequence[Value]) -> str:
    """The values in one line, for a report: "42.1 mm (calibrated)"; "" for none."""
    return ", ".join(lines_of_values(values))


def lines_of(annotation: Annotation, values: Sequence[Value], waiting: bool = False) -> list[str]:
    """What stands beside a mark, line by line: the reader's words, then what was measured.

    `waiting` says that the values inside are still being worked out.
    """
    lines = [plain(annotation.text)] if annotation.text.strip() else []
    lines += lines_of_values(values)
    if annotation.kind is Kind.PROBE:
        (column, row) = annotation.points[0]
        if not values:
            lines.append(tr("no value"))
        place = {"column": math.floor(column), "row": math.floor(row)}
        lines.append(tr("column {column}, row {row}", **place))
    return [*lines, WAITING] if waiting else lines


def lines_of_values(values: Sequence[Value]) -> list[str]:
    """The values, those that belong together in one line."""
    named = {value.name: value for value in values}
    parts = (_dimensions(named), _angles(named), _area(named), _statistics(named), _probed(named))
    return [line for part in parts for line in part]


def _dimensions(named: Named) -> list[str]:
    if LENGTH in named:
        one = named[LENGTH]
        return [f"{_with_unit(one)}{calibration_of(one)}"]
    if LONG_AXIS in named and SHORT_AXIS in named:
        long, short = named[LONG_AXIS], named[SHORT_AXIS]
        return [f"{_length(long.value)} × {_with_unit(short)}{calibration_of(long)}"]
    axes = [value for name, value in named.items() if name in QUANTITIES.values()]  # of a trace
    return [f"{_with_unit(value)}{calibration_of(value)}" for value in axes if ANGLE not in named]


def _angles(named: Named) -> list[str]:
    if ANGLE in named:
        return [f"{_angle(named[ANGLE])}°{_squares(named[ANGLE])}"]
    if COBB_ANGLE not in named:
        return []
    sharp, words = named[COBB_ANGLE], ""
    if SUPPLEMENT in named and sharp.value >= SHARPEST_DOUBT:
        words = tr(" (or {angle}°)", angle=_angle(named[SUPPLEMENT]))
    return [tr("Cobb {angle}°", angle=_angle(sharp)) + words + _squares(sharp)]


def _angle(value: Value) -> str:
    return figure(f"{value.value:.1f}")


def _squares(value: Value) -> str:
    """Said where an angle rests on pixels that are only taken to be square."""
    return tr(" (square pixels assumed)") if value.calibration == NONE else ""


def _area(named: Named) -> list[str]:
    if AREA not in named:
        return []
    area = named[AREA]
    unit = "px²" if area.unit == PIXELS else sign_of(area.unit)
    size = f"{area.value:.0f}" if area.value >= 1000 else _length(area.value)
    return [f"{size} {unit}{calibration_of(area)}"]


def _statistics(named: Named) -> list[str]:
    count = named.get(COUNT)
    if count is None:
        return []
    if MEAN not in named:
        return [tr("no pixel inside")]
    mean, sd = named[MEAN], named[SD]
    unit = sign_of(mean.unit)
    fine = sd.value or abs(mean.value)
    words = {"mean": number(mean.value, fine), "sd": number(sd.value, fine)}
    ends = {"low": exact(named[MINIMUM].value), "high": exact(named[MAXIMUM].value)}
    return [
        tr("mean {mean}, SD {sd} {unit}", unit=unit, **words).rstrip(),
        tr("from {low} to {high} {unit}", unit=unit, **ends).rstrip(),
        tr("{count} pixels", count=f"{count.value:.0f}"),
    ]


def _probed(named: Named) -> list[str]:
    if RED in named:
        return ["RGB " + " ".join(exact(value.value) for value in named.values())]
    if INTENSITY in named:
        value = named[INTENSITY]
        return [f"{exact(value.value)} {sign_of(value.unit)}".rstrip()]
    return []


def calibration_of(value: Value) -> str:
    """How far the millimetres are to be trusted, in brackets; "" for pixels, which say so."""
    return f" ({tr(value.calibration)})" if value.calibration not in ("", NONE) else ""


def sign_of(unit: str) -> str:
    """A UCUM unit as it is written for people."""
    if unit in _SIGNS:
        return _SIGNS[unit]
    return plain(unit.replace("{", "").replace("}", ""))


def _with_unit(value: Value) -> str:
    return f"{_length(value.value)} {sign_of(value.unit)}"


def _length(value: float) -> str:
    """One decimal; two significant digits below one."""
    return figure(f"{value:.1f}" if value >= 1 or value == 0 else f"{value:.2g}")


def number(value: float, fine: float) -> str:
    """A number with the decimals that matter beside differences of the size `fine`."""
    if fine >= 0.5 or fine == 0:
        return figure(f"{value:.1f}")
    places = min(6, 1 - math.floor(math.log10(fine)))
    is_plain = abs(value) >= 1e-4 or value == 0
    return figure(f"{value:.{places}f}" if is_plain else f"{value:.2e}")


def exact(value: float) -> str:
    """A stored value's own number, without noise of the arithmetic."""
    return figure(f"{value:.7g}")
