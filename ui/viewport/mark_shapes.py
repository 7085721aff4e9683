"""The shapes of marks: their lines on the screen, what lies under the mouse, and what becomes of
them when they are moved or pulled at a handle.

Points of marks are stored columns and rows; distances that a hand feels are logical pixels of the
pane, the same at every zoom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.image.measure import AREAS
from ui.viewport.placement import Placement

HANDLE_REACH = 9.0  # logical pixels
LINE_REACH = 6.0
_ROUND = 72  # pieces of an ellipse

Line = NDArray[np.float64]  # (points, 2), in the pane


def handles(mark: Annotation) -> tuple[Point, ...]:
    """The points that can be pulled, in stored pixels."""
    if mark.kind in (Kind.FREEHAND, Kind.TEXT):
        return ()
    if mark.kind in (Kind.ELLIPSE, Kind.RECTANGLE) and len(mark.points) == 2:
        (x0, y0), (x1, y1) = mark.points
        return (x0, y0), (x1, y0), (x1, y1), (x0, y1)
    return mark.points


def pulled(mark: Annotation, handle: int, to: Point, aspect: float) -> Annotation:
    """The mark after a handle was pulled to a point. `aspect` is a pixel's height over its width:
    the axes of a bidirectional mark stay at right angles in the patient."""
    if mark.kind in (Kind.ELLIPSE, Kind.RECTANGLE):
        corners = handles(mark)
        return replace(mark, points=(to, corners[(handle + 2) % 4]))
    if mark.kind is Kind.BIDIRECTIONAL and len(mark.points) == 4:
        return replace(mark, points=_crossed(mark.points, handle, to, aspect))
    points = list(mark.points)
    points[handle] = to
    return replace(mark, points=tuple(points))


def with_short_axis(ends: Sequence[Point], aspect: float) -> tuple[Point, ...]:
    """The ends of a long axis and a short axis to begin with: half as long, across its middle."""
    (x0, y0), (x1, y1) = ends
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    across = _across((x0, y0), (x1, y1), aspect)
    length = math.hypot(x1 - x0, (y1 - y0) * aspect) / 4
    return (x0, y0), (x1, y1), _along(middle, across, length), _along(middle, across, -length)


def _across(start: Point, end: Point, aspect: float) -> Point:
    """The direction at right angles in the patient, of length one there, in stored pixels."""
    wide, high = end[0] - start[0], (end[1] - start[1]) * aspect
    length = math.hypot(wide, high)
    if length == 0:
        return 0.0, 1.0 / aspect
    return -high / length, wide / length / aspect


def _along(start: Point, direction: Point, way: float) -> Point:
    return start[0] + direction[0] * way, start[1] + direction[1] * way


def _crossed(points: Sequence[Point], handle: int, to: Point, aspect: float) -> tuple[Point, ...]:
    """Both axes after one end was pulled: the long one turns the short one along, a short end
    moves its own side and shifts the short axis along the long one."""
    old = (points[0], points[1])
    long = (to, points[1]) if handle == 0 else (points[0], to) if handle == 1 else old
    shares = [_shares(point, old, aspect) for point in points[2:]]
    if handle >= 2:
        shares[handle - 2] = _shares(to, old, aspect)
        shares[3 - handle] = (shares[handle - 2][0], shares[3 - handle][1])
    across = _across(*long, aspect)
    (x0, y0), (x1, y1) = long
    ends = []
    for along, away in shares:
        along = min(max(along, 0.0), 1.0)
        foot = (x0 + (x1 - x0) * along, y0 + (y1 - y0) * along)
        ends.append(_along(foot, across, away))
    return (*long, *ends)


def _shares(point: Point, line: tuple[Point, Point], aspect: float) -> tuple[float, float]:
    """Where a point stands to a line: how far along it, 0 to 1, and how far away, in columns."""
    (x0, y0), (x1, y1) = line
    wide, high = x1 - x0, (y1 - y0) * aspect
    dx, dy = point[0] - x0, (point[1] - y0) * aspect
    length = wide * wide + high * high
    if length == 0:
        return 0.5, 0.0
    return (dx * wide + dy * high) / length, (dy * wide - dx * high) / math.sqrt(length)


def moved(mark: Annotation, way: Point, columns: int, rows: int) -> Annotation:
    """The whole mark moved, no farther than to the edges of the image."""
    across, down = [point[0] for point in mark.points], [point[1] for point in mark.points]
    dx = _kept(way[0], -min(across), columns - max(across))
    dy = _kept(way[1], -min(down), rows - max(down))
    points = tuple((x + dx, y + dy) for x, y in mark.points)
    label = mark.label_at
    if label is not None:
        label = (label[0] + dx, label[1] + dy)
    return replace(mark, points=points, label_at=label)


def _kept(value: float, low: float, high: float) -> float:
    """Within the limits; 0 where a mark reaches beyond them already."""
    return min(max(value, min(low, 0.0)), max(high, 0.0))


def inside(point: Point, columns: int, rows: int) -> Point:
    """The nearest point of the image."""
    return min(max(point[0], 0.0), float(columns)), min(max(point[1], 0.0), float(rows))


# --- on the screen ---


def lines(mark: Annotation, place: Placement) -> list[Line]:
    """The mark's lines in the pane; a closed one ends where it begins. Single points for what is
    no line."""
    points = np.array([place.to_pane(*point) for point in mark.points], np.float64).reshape(-1, 2)
    if mark.kind is Kind.RECTANGLE and len(points) == 2:
        corners = [place.to_pane(*point) for point in handles(mark)]
        return [np.array([*corners, corners[0]])]
    if mark.kind is Kind.ELLIPSE and len(points) == 2:
        middle, half = points.mean(axis=0), (points[1] - points[0]) / 2
        turn = np.linspace(0, 2 * math.pi, _ROUND + 1)
        return [middle + half * np.stack([np.cos(turn), np.sin(turn)], axis=1)]
    if mark.kind is Kind.FREEHAND and len(points) > 2:
        return [np.vstack([points, points[:1]])]
    if mark.kind in (Kind.BIDIRECTIONAL, Kind.COBB):
        return [points[:2], points[2:]] if len(points) > 2 else [points]
    return [points]


def is_closed(mark: Annotation) -> bool:
    """True for a mark with an inside."""
    return mark.kind in AREAS


def distance(line: Line, at: tuple[float, float]) -> float:
    """Logical pixels from a point of the pane to a line."""
    if len(line) == 0:
        return math.inf
    point = np.array(at)
    if len(line) == 1:
        return float(np.hypot(*(point - line[0])))
    start, way = line[:-1], np.diff(line, axis=0)
    length = np.maximum((way * way).sum(axis=1), 1e-12)
    along = (((point - start) * way).sum(axis=1) / length).clip(0, 1)[:, None]
    return float(np.hypot(*(start + along * way - point).T).min())


def handle_at(mark: Annotation, place: Placement, at: tuple[float, float]) -> int | None:
    """The handle under a point of the pane, the nearest of several."""
    reached = [
        (math.dist(place.to_pane(*point), at), number) for number, point in enumerate(handles(mark))
    ]
    nearest = min(reached, default=(math.inf, -1))
    return nearest[1] if nearest[0] <= HANDLE_REACH else None


def is_on_line(mark: Annotation, place: Placement, at: tuple[float, float]) -> bool:
    """True when a line of the mark runs under a point of the pane."""
    return any(distance(line, at) <= LINE_REACH for line in lines(mark, place))


def extent(mark: Annotation, place: Placement) -> float:
    """How large the mark is on the screen, corner to corner, in logical pixels."""
    points = np.vstack(lines(mark, place))
    return float(np.hypot(*(points.max(axis=0) - points.min(axis=0)))) if len(points) else 0.0
