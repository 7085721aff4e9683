"""What a drawn mark measures: lengths, areas and angles in the patient, and the values inside.

Lengths and areas are in millimetres only where the file says how large a pixel is, and then carry
the word for how that is known; else they count pixels. Angles are taken where pixels have their
true shape. Values inside a shape are modality values with the file's unit, over the pixels whose
centres lie in it; padding, and what is no number, is left out. The standard deviation is that of
these very pixels (population: divided by their number).

Source: DICOM PS3.3 10.7.1.3, C.8.5.5 (spacing), C.11.1 (modality), C.7.5.1.1.2 (padding).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.along import along
from dicom_io.image.annotation import Annotation, Kind, Point, Value
from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import NONE, Spacing, pixel_aspect, spacing_of
from dicom_io.image.header import number
from dicom_io.image.modality import Modality, Values, modality_of, padding_mask
from dicom_io.image.shapes import Box, Mask, box_of, ellipse_mask, polygon_area, polygon_mask

MM, MM2, DEGREES, PIXELS, UNITY = "mm", "mm2", "deg", "{pixels}", "1"
LENGTH, LONG_AXIS, SHORT_AXIS = "Length", "Long axis", "Short axis"
ANGLE, COBB_ANGLE, SUPPLEMENT = "Angle", "Cobb angle", "Supplementary angle"
AREA, MEAN, SD = "Area", "Mean", "Standard deviation"
MINIMUM, MAXIMUM, COUNT = "Minimum", "Maximum", "Pixels"
INTENSITY, RED, GREEN, BLUE = "Value", "Red", "Green", "Blue"

AREAS = frozenset((Kind.ELLIPSE, Kind.RECTANGLE, Kind.FREEHAND))
POINTS = {
    Kind.PROBE: 1,
    Kind.LENGTH: 2,
    Kind.BIDIRECTIONAL: 4,
    Kind.ANGLE: 3,
    Kind.COBB: 4,
    Kind.ELLIPSE: 2,
    Kind.RECTANGLE: 2,
    Kind.ARROW: 2,
    Kind.TEXT: 1,
}  # a freehand line has three or more

_CORNERS = ("MinX0", "MinY0", "MaxX1", "MaxY1")  # of an ultrasound region
_TRIFLE = 1e-6  # pixels
_BLOCK = 1 << 19  # pixels that are looked at in one go
# The units of modality values in UCUM. Source: PS3.3 C.8.9.1.1.3 and PS3.16 CID 84 for PET.
_UCUM = {
    "": UNITY,
    "NONE": UNITY,
    "HU": "[hnsf'U]",
    "BQML": "Bq/ml",
    "GML": "g/ml",
    "CNTS": "{counts}",
    "CPS": "{counts}/s",
    "PROPCNTS": "{propcounts}",
    "PROPCPS": "{propcounts}/s",
    "PCNT": "%",
    "CM2": "cm2",
    "CM2ML": "cm2/ml",
    "1CM": "/cm",
    "MGMINML": "mg/min/ml",
    "UMOLMINML": "umol/min/ml",
    "UMOLML": "umol/ml",
    "MLMING": "ml/min/g",
    "MLMINML": "ml/min/ml",
    "MLML": "ml/ml",
    "MLG": "ml/g",
    "MGML": "mg/ml",
    "STDDEV": "{std deviations}",
}


def measured(annotation: Annotation, frame: ImageFrame, stored: Values) -> tuple[Value, ...]:
    """All that a mark measures on its frame, of which `stored` are the stored values.

    Nothing for arrows and texts, and for points that make no mark. Raises ValueError for a mark of
    another frame.
    """
    return (*dimensions(annotation, frame), *intensities(annotation, frame, stored))


def dimensions(annotation: Annotation, frame: ImageFrame) -> tuple[Value, ...]:
    """Lengths, areas and angles; needs no pixels. Raises ValueError for another frame's mark."""
    _require_own(annotation, frame)
    points = annotation.points
    if not _is_whole(annotation):
        return ()
    spacing = spacing_at(frame, points)
    if annotation.kind is Kind.LENGTH:
        ends = _in_one_region(frame, points)  # of a trace: time and depth, no length
        if spacing.calibration == NONE and ends:
            return along(frame, *ends)
        return (_length(LENGTH, points[0], points[1], spacing),)
    if annotation.kind is Kind.BIDIRECTIONAL:
        one = _length(LONG_AXIS, points[0], points[1], spacing)
        other = _length(LONG_AXIS, points[2], points[3], spacing)
        long, short = (one, other) if one.value >= other.value else (other, one)
        return long, Value(SHORT_AXIS, short.value, short.unit, short.calibration)
    if annotation.kind is Kind.ANGLE:
        return _angle(points, spacing, frame)
    if annotation.kind is Kind.COBB:
        return _cobb(points, spacing, frame)
    if annotation.kind in AREAS:
        return (_area(annotation, spacing),)
    return ()


def _require_own(annotation: Annotation, frame: ImageFrame) -> None:
    if annotation.identity != frame.identity:
        raise ValueError(f"The mark {annotation.id} belongs to another frame.")


def _is_whole(annotation: Annotation) -> bool:
    """True when the points are numbers and as many as the kind needs."""
    points, needed = annotation.points, POINTS.get(annotation.kind)
    enough = len(points) >= 3 if needed is None else len(points) == needed
    return enough and all(abs(number) < 1e9 for point in points for number in point)


def spacing_at(frame: ImageFrame, points: Sequence[Point]) -> Spacing:
    """The spacing to measure between these points with.

    In ultrasound with regions all of them must lie in one region, and no other region that holds
    one of them may claim another scale; else it is not known.
    """
    if not frame.header.get("SequenceOfUltrasoundRegions"):
        return spacing_of(frame)
    found = {spacing_of(frame, *point) for point in _in_one_region(frame, points)}
    return found.pop() if len(found) == 1 else Spacing()


def _in_one_region(frame: ImageFrame, points: Sequence[Point]) -> tuple[Point, ...]:
    """The points, if one ultrasound region holds all of them, else none. Its far edges belong to
    it here, and points on them are drawn in by a trifle, so that they are found in it again."""
    for region in frame.header.get("SequenceOfUltrasoundRegions") or ():
        x0, y0, x1, y1 = (number(region, f"RegionLocation{name}", -1) for name in _CORNERS)
        if all(x0 <= x <= x1 + 1 and y0 <= y <= y1 + 1 for x, y in points):
            return tuple((min(x, x1 + 1 - _TRIFLE), min(y, y1 + 1 - _TRIFLE)) for x, y in points)
    return ()


def distance(one: Point, other: Point, spacing: Spacing) -> float:
    """Millimetres between two points; pixels when the spacing is not known."""
    wide, high = _pixel_size(spacing)
    return math.hypot((other[0] - one[0]) * wide, (other[1] - one[1]) * high)


def _pixel_size(spacing: Spacing) -> tuple[float, float]:
    """Width and height of a pixel in mm; 1, 1 when not known."""
    if spacing.calibration == NONE:
        return 1.0, 1.0
    return spacing.between_columns, spacing.between_rows


def _length(name: str, one: Point, other: Point, spacing: Spacing) -> Value:
    unit = PIXELS if spacing.calibration == NONE else MM
    return Value(name, distance(one, other, spacing), unit, spacing.calibration)


def _area(annotation: Annotation, spacing: Spacing) -> Value:
    """Of the drawn shape itself, not of the pixels in it."""
    wide, high = _pixel_size(spacing)
    (x0, y0), (x1, y1) = annotation.points[:2]
    if annotation.kind is Kind.FREEHAND:
        pixels = polygon_area(annotation.points)
    else:
        pixels = abs((x1 - x0) * (y1 - y0))
        pixels *= math.pi / 4 if annotation.kind is Kind.ELLIPSE else 1.0
    unit = PIXELS if spacing.calibration == NONE else MM2
    return Value(AREA, pixels * wide * high, unit, spacing.calibration)


def _angle(points: Sequence[Point], spacing: Spacing, frame: ImageFrame) -> tuple[Value, ...]:
    """Between the arms from the vertex, 0 to 180 degrees; nothing when an arm has no length."""
    shape, word = _pixel_shape(spacing, frame)
    one, other = _way(points[1], points[0], shape), _way(points[1], points[2], shape)
    if one == (0, 0) or other == (0, 0):
        return ()
    return (Value(ANGLE, _between(one, other), DEGREES, word),)


def _cobb(points: Sequence[Point], spacing: Spacing, frame: ImageFrame) -> tuple[Value, ...]:
    """Between two lines, whichever way each was drawn: 0 to 90 degrees. Lines alone cannot tell a
    curve of more than 90 degrees, so that the angle beside it is given as well."""
    shape, word = _pixel_shape(spacing, frame)
    one, other = _way(points[0], points[1], shape), _way(points[2], points[3], shape)
    if one == (0, 0) or other == (0, 0):
        return ()
    angle = _between(one, other)
    sharp, blunt = min(angle, 180 - angle), max(angle, 180 - angle)
    return Value(COBB_ANGLE, sharp, DEGREES, word), Value(SUPPLEMENT, blunt, DEGREES, word)


def _pixel_shape(spacing: Spacing, frame: ImageFrame) -> tuple[tuple[float, float], str]:
    """Width and height of a pixel in one unit, and NONE when it is only taken to be square."""
    if spacing.calibration != NONE:
        return _pixel_size(spacing), ""
    return (1.0, pixel_aspect(frame)), "" if "PixelAspectRatio" in frame.header else NONE


def _way(start: Point, end: Point, shape: tuple[float, float]) -> Point:
    return (end[0] - start[0]) * shape[0], (end[1] - start[1]) * shape[1]


def _between(one: Point, other: Point) -> float:
    """Degrees, 0 to 180; exact near both ends, where an arc cosine is not."""
    across = one[0] * other[1] - one[1] * other[0]
    return math.degrees(math.atan2(abs(across), one[0] * other[0] + one[1] * other[1]))


# --- the values inside ---


def intensities(annotation: Annotation, frame: ImageFrame, stored: Values) -> tuple[Value, ...]:
    """The value under a probe, or what the values in a shape come to.

    Colour measures nothing but its parts under a probe. Raises ValueError for another frame's mark.
    """
    _require_own(annotation, frame)
    if not _is_whole(annotation):
        return ()
    if annotation.kind is Kind.PROBE:
        return _probed(annotation.points[0], frame, stored)
    if annotation.kind not in AREAS or stored.ndim != 2:
        return ()
    return _statistics(annotation, frame, stored)


def reach(annotation: Annotation, frame: ImageFrame) -> int:
    """How many pixels `intensities` has to look at."""
    if annotation.kind not in AREAS or frame.is_colour or not _is_whole(annotation):
        return 1
    left, top, right, bottom = box_of(annotation.points, frame.columns, frame.rows)
    return max(0, right - left) * max(0, bottom - top)


def unit_of(frame: ImageFrame) -> str:
    """The unit of the frame's modality values, in UCUM: "[hnsf'U]" for HU, "1" when unspecified,
    a word in braces for one that UCUM does not know."""
    return ucum(_modality(frame).unit)


def ucum(unit: str) -> str:
    """A unit as DICOM files name it (RescaleType, Units) in UCUM."""
    known = unit.strip().upper()
    return _UCUM.get(known, "{" + "".join(c for c in unit.strip() if c not in "{}") + "}")


def _modality(frame: ImageFrame) -> Modality:
    """`modality_of`, kept as long as the frame itself: a look-up table takes a while to read, and
    the value under the mouse is asked for at every move."""
    known = _MODALITIES.get(frame)
    if known is None:
        known = _MODALITIES[frame] = modality_of(frame)
    return known


_MODALITIES: WeakKeyDictionary[ImageFrame, Modality] = WeakKeyDictionary()


def _probed(point: Point, frame: ImageFrame, stored: Values) -> tuple[Value, ...]:
    """The pixel that holds the point; nothing outside the image and for padding."""
    column, row = math.floor(point[0]), math.floor(point[1])
    rows, columns = stored.shape[:2]
    if frame.pyramid is not None:  # its pixels are never all here
        return ()
    if not (0 <= column < columns and 0 <= row < rows):
        return ()
    pixel = stored[row : row + 1, column : column + 1]
    if stored.ndim == 3:
        names = zip((RED, GREEN, BLUE), pixel[0, 0], strict=False)
        return tuple(Value(name, float(value), UNITY) for name, value in names)
    inside = _kept(frame, pixel)
    if not inside.any():
        return ()
    modality = _modality(frame)
    value = float(modality(pixel)[0, 0])
    return (Value(INTENSITY, value, ucum(modality.unit)),) if math.isfinite(value) else ()


def _statistics(annotation: Annotation, frame: ImageFrame, stored: Values) -> tuple[Value, ...]:
    """Mean, SD, smallest, largest and how many; only the last when there is none."""
    count, mean, spread = 0, 0.0, 0.0  # spread: sum of squares about the mean
    low, high = math.inf, -math.inf
    modality = _modality(frame)
    for values in _inside(annotation, frame, stored):
        block = modality(values)
        block = block[np.isfinite(block)]
        if block.size == 0:
            continue
        own, more = float(block.mean()), block.size
        away = own - mean  # two parts made one, as Chan, Golub and LeVeque (1979) do
        spread += float(np.square(block - own).sum()) + away * away * count * more / (count + more)
        mean += away * more / (count + more)
        count += more
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    number_of = Value(COUNT, float(count), PIXELS)
    if count == 0:
        return (number_of,)
    unit = ucum(modality.unit)
    found = ((MEAN, mean), (SD, math.sqrt(spread / count)), (MINIMUM, low), (MAXIMUM, high))
    return (*(Value(name, value, unit) for name, value in found), number_of)


def _inside(annotation: Annotation, frame: ImageFrame, stored: Values) -> Iterator[Values]:
    """The stored values in the shape, without padding, some rows at a time."""
    rows, columns = stored.shape
    left, top, right, bottom = box_of(annotation.points, columns, rows)
    if right <= left:
        return
    step = max(1, _BLOCK // (right - left))
    for begin in range(top, bottom, step):
        end = min(begin + step, bottom)
        part = stored[begin:end, left:right]
        yield part[_mask(annotation, (left, begin, right, end)) & _kept(frame, part)]


def _mask(annotation: Annotation, box: Box) -> Mask:
    if annotation.kind is Kind.ELLIPSE:
        return ellipse_mask(annotation.points, box)
    if annotation.kind is Kind.FREEHAND:
        return polygon_mask(annotation.points, box)
    left, top, right, bottom = box
    return np.ones((bottom - top, right - left), np.bool_)


def _kept(frame: ImageFrame, part: Values) -> NDArray[np.bool_]:
    """True where a stored value is no padding."""
    padding = padding_mask(frame, part)
    return np.ones(part.shape, np.bool_) if padding is None else ~padding
