"""Space: patient coordinates of a pixel and back, where two planes cut, the slice nearest a point.

Points of the patient are millimetres in the frame of reference: x to the left, y to the back, z to
the head (PS3.3 C.7.6.2.1.1). Points of an image are stored (column, row) from the top left corner
of the top left pixel, whose centre is therefore at (0.5, 0.5); ImagePositionPatient is that
centre.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.annotation import Point
from dicom_io.image.frame import ImageFrame
from dicom_io.image.place import Triple, place_of, places_of

PARALLEL = 0.01  # sine of the angle under which two planes are parallel; half a degree
ALONG = 0.8  # cosine between two normals, at least, for two stacks to be scrolled together

Segment = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Plane:
    """A frame in the patient."""

    origin: Triple  # the centre of the top left pixel
    row: Triple  # unit, the way columns grow
    column: Triple  # unit, the way rows grow
    between_rows: float  # mm
    between_columns: float
    rows: int
    columns: int
    reference: str = ""  # FrameOfReferenceUID

    @property
    def normal(self) -> Triple:
        """Row times column, a unit vector."""
        return cross(self.row, self.column)

    def at(self, column: float, row: float) -> Triple:
        """The place in the patient of a point of the image."""
        across = (column - 0.5) * self.between_columns
        down = (row - 0.5) * self.between_rows
        x, y, z = (
            o + across * r + down * c
            for o, r, c in zip(self.origin, self.row, self.column, strict=True)
        )
        return x, y, z

    def on(self, point: Triple) -> Point:
        """The point of the image at the foot of the perpendicular; it may lie outside."""
        way = minus(point, self.origin)
        return (
            dot(way, self.row) / self.between_columns + 0.5,
            dot(way, self.column) / self.between_rows + 0.5,
        )

    def depth(self, point: Triple) -> float:
        """Millimetres from the plane to the point along the normal; negative behind it."""
        return dot(minus(point, self.origin), self.normal)

    @property
    def middle(self) -> Triple:
        """The place in the patient of the middle of the image."""
        return self.at(self.columns / 2, self.rows / 2)


def plane_of(frame: ImageFrame) -> Plane | None:
    """Where the frame lies; None unless position, orientation and pixel spacing are known."""
    place = place_of(frame)
    if len(place.position) != 3 or len(place.orientation) != 6 or len(place.spacing) != 2:
        return None
    a, b, c, d, e, f = place.orientation
    between_rows, between_columns = place.spacing
    if not (between_rows > 0 and between_columns > 0):
        return None
    return Plane(
        place.position,
        (a, b, c),
        (d, e, f),
        between_rows,
        between_columns,
        place.rows,
        place.columns,
        place.reference,
    )


def same_space(one: ImageFrame, other: ImageFrame) -> bool:
    """True when coordinates mean the same in both: the same patient and frame of reference."""
    reference = place_of(one).reference
    if not reference or reference != place_of(other).reference:
        return False
    return one.identity.same_patient(other.identity)


def cut(image: Plane, other: Plane) -> Segment | None:
    """The line on `image` where the other picture cuts it, within the edges of both.

    None for planes that are parallel, and where the pictures do not meet.
    """
    normal = other.normal
    if math.hypot(*cross(image.normal, normal)) < PARALLEL:
        return None
    line = _line(image, other, normal)
    seen = clipped(line, (0.0, 0.0, float(image.columns), float(image.rows)))
    if seen is None:
        return None
    there = (other.on(image.at(*seen[0])), other.on(image.at(*seen[1])))
    parts = _clip(there, (0.0, 0.0, float(other.columns), float(other.rows)))
    return None if parts is None else (_along(seen, parts[0]), _along(seen, parts[1]))


def _line(image: Plane, other: Plane, normal: Triple) -> Segment:
    """Two points of the endless line, further apart than the image is large."""
    a = image.between_columns * dot(image.row, normal)  # a column + b row = c
    b = image.between_rows * dot(image.column, normal)
    c = dot(minus(other.origin, image.at(0, 0)), normal)
    size = math.hypot(a, b)
    a, b, c = a / size, b / size, c / size
    middle = (image.columns / 2, image.rows / 2)
    off = c - a * middle[0] - b * middle[1]
    foot = (middle[0] + off * a, middle[1] + off * b)
    far = float(image.columns + image.rows)
    return (foot[0] - b * far, foot[1] + a * far), (foot[0] + b * far, foot[1] - a * far)


def clipped(line: Segment, box: tuple[float, float, float, float]) -> Segment | None:
    """The part of a line inside a box (left, top, right, bottom); None where it passes by."""
    parts = _clip(line, box)
    return None if parts is None else (_along(line, parts[0]), _along(line, parts[1]))


def _clip(line: Segment, box: tuple[float, float, float, float]) -> tuple[float, float] | None:
    """Where on the line, from 0 to 1, it enters the box and leaves it (Liang and Barsky, 1984)."""
    (x0, y0), (x1, y1) = line
    dx, dy = x1 - x0, y1 - y0
    enter, leave = 0.0, 1.0
    for way, room in ((-dx, x0 - box[0]), (dx, box[2] - x0), (-dy, y0 - box[1]), (dy, box[3] - y0)):
        if way == 0:
            if room < 0:
                return None
        elif way < 0:
            enter = max(enter, room / way)
        else:
            leave = min(leave, room / way)
    return (enter, leave) if enter < leave else None


def _along(line: Segment, part: float) -> Point:
    (x0, y0), (x1, y1) = line
    return x0 + part * (x1 - x0), y0 + part * (y1 - y0)


class Slices:
    """The frames of a stack, to look a place up in: made once for a stack, quick to ask."""

    def __init__(self, frames: Sequence[ImageFrame]) -> None:
        places = places_of(frames)
        self.count = len(places)
        self.reference = places[0].reference if places else ""
        placed = [place for place in places if len(place.position) == 3 and place.orientation]
        self.is_placed = bool(places) and len(placed) == len(places)
        self._origins: NDArray[np.float64] = np.array([p.position for p in placed]).reshape(-1, 3)
        self._normals = np.array([place.normal for place in placed]).reshape(-1, 3)
        self.depths: NDArray[np.float64] = np.zeros(0)
        self.normal: Triple | None = None
        if self.is_placed:
            x, y, z = self._normals[0].tolist()
            self.normal = (x, y, z)
            self.depths = self._origins @ self._normals[0]

    def nearest(self, point: Triple) -> int | None:
        """The slice, from 0, whose plane lies nearest a point; None when places are unknown."""
        if not self.is_placed:
            return None
        ways = np.array(point) - self._origins
        return int(np.argmin(np.abs(np.einsum("ij,ij->i", ways, self._normals))))

    def at_depth(self, depth: float) -> int | None:
        """The slice nearest a depth, mm along the stack's own normal."""
        return int(np.argmin(np.abs(self.depths - depth))) if self.is_placed else None

    def distance(self, point: Triple) -> float:
        """Millimetres from a point to the nearest slice's plane; infinite when not known."""
        index = self.nearest(point)
        if index is None:
            return math.inf
        way = np.array(point) - self._origins[index]
        return abs(float(way @ self._normals[index]))

    @property
    def spacing(self) -> float:
        """The median distance between neighbours, mm; 0 when there is none."""
        steps = np.abs(np.diff(self.depths))
        return float(np.median(steps)) if steps.size else 0.0

    def runs_along(self, other: Slices) -> int:
        """1 when both run the same way, -1 for the opposite way, 0 when they look elsewhere."""
        if self.normal is None or other.normal is None:
            return 0
        agreement = dot(self.normal, other.normal)
        return 0 if abs(agreement) < ALONG else int(math.copysign(1, agreement))


def dot(a: Triple, b: Triple) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Triple, b: Triple) -> Triple:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def minus(a: Triple, b: Triple) -> Triple:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]
