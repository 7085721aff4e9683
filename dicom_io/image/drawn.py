"""Our marks as graphics of a presentation state, and found again in one.

A mark is written as plain graphics and a text that every viewer draws, and beside them, in a
private block of the same annotation item, as what it is: id, kind, exact points. Whoever changes
the graphics and not the block is believed: a block that does not fit its graphics is left aside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.datadict import add_private_dict_entries
from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.image.presentation import Graphic, Shape

CREATOR = "WETREAD 1"
GROUP = 0x0071
ID, KIND, POINTS, TEXT, FRAME, FORMAT = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06

# Without these an archive that answers in implicit VR would leave nothing but bytes.
add_private_dict_entries(
    CREATOR,
    {
        0x00710001: ("LO", "1", "Mark ID", ""),
        0x00710002: ("LO", "1", "Mark Kind", ""),
        0x00710003: ("FD", "1-n", "Mark Points", ""),
        0x00710004: ("UT", "1", "Mark Text", ""),
        0x00710005: ("UL", "1", "Mark Frame", ""),
        0x00710006: ("UL", "1", "Mark Format", ""),
    },
)

_POINTS_OF = {
    Kind.PROBE: 1,
    Kind.LENGTH: 2,
    Kind.BIDIRECTIONAL: 4,
    Kind.ANGLE: 3,
    Kind.COBB: 4,
    Kind.ELLIPSE: 2,
    Kind.RECTANGLE: 2,
    Kind.ARROW: 2,
    Kind.TEXT: 1,
}
_HEAD = 0.15  # of an arrow's length
_WIDEST_HEAD = 24.0  # pixels
_OPENING = math.radians(25)


def is_whole(kind: Kind, points: Sequence[Point]) -> bool:
    """True when a mark of that kind has the points that it needs, all of them numbers."""
    count = _POINTS_OF.get(kind)
    enough = len(points) >= 3 if count is None else len(points) == count
    return enough and all(math.isfinite(value) for point in points for value in point)


def graphics_of(mark: Annotation) -> tuple[Graphic, ...]:
    """The plain graphics that draw a mark; none for a text. Points are rounded as FL is."""
    images = (mark.identity,)
    return tuple(
        Graphic(shape, tuple(_single(point) for point in points), images)
        for shape, points in _lines(mark)
    )


def _lines(mark: Annotation) -> list[tuple[Shape, tuple[Point, ...]]]:
    points = mark.points
    match mark.kind:
        case Kind.PROBE:
            return [(Shape.POINT, points)]
        case Kind.BIDIRECTIONAL | Kind.COBB:
            return [(Shape.POLYLINE, points[:2]), (Shape.POLYLINE, points[2:])]
        case Kind.ELLIPSE:
            return [(Shape.ELLIPSE, _axes(*points))]
        case Kind.RECTANGLE:
            (left, top), (right, bottom) = points
            corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
            return [(Shape.POLYLINE, corners)]
        case Kind.FREEHAND:
            return [(Shape.POLYLINE, (*points, points[0]))]
        case Kind.ARROW:
            return [(Shape.POLYLINE, points), (Shape.POLYLINE, head_of(*points))]
        case Kind.TEXT:
            return []
        case _:
            return [(Shape.POLYLINE, points)]


def _axes(one: Point, other: Point) -> tuple[Point, ...]:
    """The ends of the major axis, then of the minor, of the ellipse in a box."""
    column, row = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
    across = ((one[0], row), (other[0], row))
    down = ((column, one[1]), (column, other[1]))
    wide, high = abs(other[0] - one[0]), abs(other[1] - one[1])
    return (*across, *down) if wide >= high else (*down, *across)


def head_of(tip: Point, tail: Point) -> tuple[Point, ...]:
    """The open head of an arrow: a line from one barb over the tip to the other."""
    dx, dy = tail[0] - tip[0], tail[1] - tip[1]
    length = math.hypot(dx, dy)
    size = min(length * _HEAD, _WIDEST_HEAD)
    if not size:
        return (tip, tip, tip)
    along = math.atan2(dy, dx)
    ends = [
        (tip[0] + size * math.cos(angle), tip[1] + size * math.sin(angle))
        for angle in (along + _OPENING, along - _OPENING)
    ]
    return (ends[0], tip, ends[1])


def _single(point: Point) -> Point:
    return float(np.float32(point[0])), float(np.float32(point[1]))


def put_mark(item: Dataset, mark: Annotation) -> None:
    """Write a mark into the private block of its annotation item."""
    block = item.private_block(GROUP, CREATOR, create=True)
    block.add_new(ID, "LO", mark.id[:64])
    block.add_new(KIND, "LO", mark.kind.name)
    block.add_new(POINTS, "FD", [value for point in mark.points for value in point])
    block.add_new(TEXT, "UT", mark.text)
    block.add_new(FRAME, "UL", mark.identity.frame)


def mark_in(
    item: Dataset, images: Sequence[Identity], drawn: Sequence[Graphic]
) -> Annotation | None:
    """The mark in an annotation item; None when it holds none of ours, or its graphics are no
    longer those of the mark. Raises ValueError when the block is damaged."""
    try:
        block = item.private_block(GROUP, CREATOR)
        kind = Kind[str(block[KIND].value)]
        numbers = _numbers(block[POINTS].value)
        points = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        frame = int(block[FRAME].value)
        name, text = str(block[ID].value).strip(), str(block[TEXT].value or "")
    except KeyError as error:
        if not _has_block(item):
            return None
        raise ValueError("a mark of ours is incomplete") from error
    except (TypeError, ValueError) as error:
        raise ValueError("a mark of ours is damaged") from error
    if not name or not is_whole(kind, points) or len(images) != 1:
        raise ValueError("a mark of ours is damaged")
    mark = Annotation(name, images[0].of_frame(frame), kind, points, text)
    lines = [(one.shape, one.points) for one in drawn if one.shape is not Shape.TEXT]
    own = [(one.shape, one.points) for one in graphics_of(mark)]
    return mark if lines == own else None


def has_mark(item: Dataset) -> bool:
    """True when the item has a block of ours, sound or not."""
    return _has_block(item)


def _has_block(item: Dataset) -> bool:
    try:
        item.private_block(GROUP, CREATOR)
    except KeyError:
        return False
    return True


def _numbers(value: Any) -> list[float]:
    many = value if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) else [value]
    return [float(one) for one in many]
