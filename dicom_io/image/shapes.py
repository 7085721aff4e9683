"""Shapes drawn on an image: which pixels lie in them, and how large they are.

Points are (column, row) from the top left corner of the top left pixel, so that the centre of the
pixel in column c and row r is at (c + 0.5, r + 0.5). A pixel belongs to a shape when its centre
does; of a centre on the very edge, the left and the upper edge own it, so that shapes side by side
share no pixel. A line that crosses itself encloses whatever it runs around at least once (the
nonzero winding rule): a loop where its end passes its beginning is no hole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.annotation import Point

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Box = tuple[int, int, int, int]  # left, top, right, bottom: columns and rows, ends not included

MOST_CHECKED = 2000  # points; a longer line is taken not to cross itself (ours are far shorter)


def box_of(points: Sequence[Point], columns: int, rows: int) -> Box:
    """The pixels whose centres lie in the smallest upright rectangle around the points, as far as
    they lie in the image; an empty box has right <= left or bottom <= top."""
    across, down = [point[0] for point in points], [point[1] for point in points]
    return (
        _first(min(across), columns),
        _first(min(down), rows),
        _first(max(across), columns),
        _first(max(down), rows),
    )


def _first(edge: float, end: int) -> int:
    """The first pixel whose centre is not before an edge, kept within 0 to `end`."""
    return math.ceil(min(max(edge, 0.0), float(end)) - 0.5)


def ellipse_mask(corners: Sequence[Point], box: Box) -> Mask:
    """True where a pixel of `box` lies in the ellipse that fills the rectangle between two
    opposite corners. Shape (rows, columns) of the box."""
    (x0, y0), (x1, y1) = corners
    left, top, right, bottom = box
    across, down = abs(x1 - x0) / 2, abs(y1 - y0) / 2
    if across == 0 or down == 0:
        return np.zeros((bottom - top, right - left), np.bool_)
    high = (np.arange(top, bottom) + 0.5 - (y0 + y1) / 2) / down
    half = across * np.sqrt(np.maximum(0.0, 1 - high * high))[:, None]
    half[np.abs(high) >= 1] = -1.0
    wide = np.abs(np.arange(left, right) + 0.5 - (x0 + x1) / 2)[None, :]
    return np.asarray(wide <= half)


def polygon_mask(points: Sequence[Point], box: Box) -> Mask:
    """True where a pixel of `box` lies in the closed line. Shape (rows, columns) of the box."""
    left, top, right, bottom = box
    rows, columns = bottom - top, right - left
    start = np.asarray(points, np.float64)
    end = np.roll(start, -1, axis=0)
    low = np.ceil(np.minimum(start[:, 1], end[:, 1]) - 0.5).clip(top, bottom).astype(np.int64)
    high = np.ceil(np.maximum(start[:, 1], end[:, 1]) - 0.5).clip(top, bottom).astype(np.int64)
    count = high - low  # rows whose centre line the edge crosses
    edge = np.repeat(np.arange(len(start)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + low[edge]
    x = _crossed_at(start[edge], end[edge], row + 0.5)
    column = np.ceil(x - 0.5).clip(left, right).astype(np.int64)
    turns = np.zeros((rows, columns + 1), np.int16)
    np.add.at(turns, (row - top, column - left), np.where(end[edge, 1] > start[edge, 1], 1, -1))
    np.cumsum(turns, axis=1, out=turns)
    return np.asarray(turns[:, :columns] != 0)


def _crossed_at(start: Floats, end: Floats, y: Floats) -> Floats:
    """Where edges meet the horizontal lines y; no edge may be horizontal."""
    slope = (end[:, 0] - start[:, 0]) / (end[:, 1] - start[:, 1])
    return np.asarray(start[:, 0] + (y - start[:, 1]) * slope)


def polygon_area(points: Sequence[Point]) -> float:
    """The area inside a closed line, in square pixels.

    The shoelace formula where the line does not cross itself; else the sum over the bands between
    all corners and crossings, in each of which the width inside grows evenly.
    """
    outline = np.asarray(points, np.float64)
    outline = outline - outline[0]
    meetings = _meetings(outline) if len(outline) <= MOST_CHECKED else np.empty(0)
    if len(meetings) == 0:
        x, y = outline.T
        return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2
    levels = np.unique(np.concatenate([outline[:, 1], meetings]))
    middles = (levels[1:] + levels[:-1]) / 2
    return float(
        sum(
            height * _width_inside(outline, y)
            for height, y in zip(np.diff(levels), middles, strict=True)
        )
    )


def _meetings(outline: Floats) -> Floats:
    """The heights at which edges that are not neighbours meet."""
    start, end = outline, np.roll(outline, -1, axis=0)
    way = end - start
    side_of_start = _cross(way[:, None], start[None] - start[:, None])
    side_of_end = _cross(way[:, None], end[None] - start[:, None])
    parts = side_of_start * side_of_end <= 0
    first, second = np.nonzero(np.triu(parts & parts.T, 2))
    apart = (second - first) < len(outline) - 1  # the last edge is a neighbour of the first
    first, second = first[apart], second[apart]
    turn = _cross(way[first], way[second])
    first, second = first[turn != 0], second[turn != 0]
    along = _cross(start[second] - start[first], way[second]) / turn[turn != 0]
    return np.asarray(start[first, 1] + along * way[first, 1])


def _cross(one: Floats, other: Floats) -> Floats:
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])


def _width_inside(outline: Floats, y: float) -> float:
    """How much of the horizontal line y lies inside."""
    start, end = outline, np.roll(outline, -1, axis=0)
    meets = (np.minimum(start[:, 1], end[:, 1]) <= y) & (y < np.maximum(start[:, 1], end[:, 1]))
    start, end = start[meets], end[meets]
    x = _crossed_at(start, end, np.full(len(start), y))
    order = np.argsort(x)
    turns = np.cumsum(np.where(end[:, 1] > start[:, 1], 1, -1)[order])
    return float(np.diff(x[order])[turns[:-1] != 0].sum())


def thinned(points: Sequence[Point], tolerance: float) -> tuple[Point, ...]:
    """The line with fewer points, none of the dropped ones farther than `tolerance` from it.

    Source: Ramer 1972; Douglas and Peucker 1973. Both ends stay.
    """
    line = np.asarray(points, np.float64)
    keep = np.zeros(len(line), np.bool_)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        away = _distances(line[first + 1 : last], line[first], line[last])
        farthest = first + 1 + int(np.argmax(away))
        if away[farthest - first - 1] > tolerance:
            keep[farthest] = True
            spans += [(first, farthest), (farthest, last)]
    return tuple(point for point, kept in zip(points, keep, strict=True) if kept)


def _distances(points: Floats, start: Floats, end: Floats) -> Floats:
    """How far points lie from a piece of straight line."""
    way = end - start
    length = float(way @ way)
    along = ((points - start) @ way / length).clip(0, 1) if length else np.zeros(len(points))
    return np.asarray(np.hypot(*(points - start - along[:, None] * way).T))
