"""Grid: the planes of one direction through a volume, and the values on each.

Where the volume's own axes are the patient's, a plane is a view of the block and every value is a
stored one. Where they are oblique, planes are sampled between the voxels in three dimensions
(trilinear), as finely as the finest spacing of the volume.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.place import Triple
from dicom_io.image.space import cross, dot
from dicom_io.image.volume import Volume, Voxels, voxel

ALIGNED = 1.0 - 1e-5  # cosine: a quarter of a degree
MOST = 2048  # rows, columns and planes of an oblique grid


@dataclass(frozen=True, eq=False)
class Grid:
    """Evenly spaced planes; `cut(begin, end)` gives the values of some, (planes, rows, columns),
    which are not to be changed. Sampled ones may reach beyond the volume.
    """

    row: Triple  # the way columns grow
    column: Triple  # the way rows grow
    start: Triple  # the first value of the first plane, mm in the patient
    between_rows: float
    between_columns: float
    step: float  # mm from plane to plane along row x column
    rows: int
    columns: int
    count: int
    cut: Callable[[int, int], Voxels]
    is_sampled: bool = False

    def origin(self, index: int) -> Triple:
        """Where the first value of a plane lies."""
        x, y, z = (
            s + index * self.step * n
            for s, n in zip(self.start, cross(self.row, self.column), strict=True)
        )
        return x, y, z


def grid_of(volume: Volume, row: Triple, column: Triple) -> Grid:
    """The planes with these directions through the whole volume."""
    axes = _own_axes(volume, (row, column, cross(row, column)))
    return _aligned(volume, row, column, axes) if axes else _oblique(volume, row, column)


def _own_axes(volume: Volume, wanted: Sequence[Triple]) -> list[tuple[int, int]]:
    """For each wanted direction the volume's axis that runs along it (0 slice, 1 row, 2 column)
    and which way; [] when an axis runs between them."""
    own = (volume.first.normal, volume.first.column, volume.first.row)
    found = []
    for direction in wanted:
        agreement = [dot(direction, axis) for axis in own]
        best = max(range(3), key=lambda n: abs(agreement[n]))
        if abs(agreement[best]) < ALIGNED:
            return []
        found.append((best, 1 if agreement[best] > 0 else -1))
    return found


def _aligned(volume: Volume, row: Triple, column: Triple, axes: list[tuple[int, int]]) -> Grid:
    """Views of the block: (plane, row, column), turned so that all grow the wanted way."""
    (across, _), (down, _), (deep, _) = axes
    block = volume.voxels.transpose(deep, down, across)
    for number, (_, way) in enumerate((axes[2], axes[1], axes[0])):
        if way < 0:
            block = np.flip(block, number)
    corner = [0, 0, 0]
    for axis, way in axes:
        corner[axis] = 0 if way > 0 else volume.voxels.shape[axis] - 1
    sizes = (volume.step, volume.first.between_rows, volume.first.between_columns)
    count, rows, columns = block.shape
    return Grid(
        row,
        column,
        voxel(volume, *corner),
        sizes[down],
        sizes[across],
        sizes[deep],
        rows,
        columns,
        count,
        lambda begin, end: block[begin:end],
    )


def _oblique(volume: Volume, row: Triple, column: Triple) -> Grid:
    """A grid as fine as the volume's finest spacing around all of it."""
    normal = cross(row, column)
    fine = min(volume.step, volume.first.between_rows, volume.first.between_columns)
    corners = [
        voxel(volume, *corner)
        for corner in np.ndindex(2, 2, 2)
        for corner in [tuple(c * (n - 1) for c, n in zip(corner, volume.voxels.shape, strict=True))]
    ]
    spans = []
    for direction in (row, column, normal):
        along = [dot(corner, direction) for corner in corners]
        spans.append((min(along), max(along)))
    fine = max(fine, *((high - low) / (MOST - 1) for low, high in spans))
    columns, rows, count = (math.floor((high - low) / fine + 1e-6) + 1 for low, high in spans)
    x, y, z = (
        spans[0][0] * row[n] + spans[1][0] * column[n] + spans[2][0] * normal[n] for n in range(3)
    )
    start = (x, y, z)

    def plane(index: int) -> Voxels:
        first = [start[n] + index * fine * normal[n] for n in range(3)]
        return _sampled(volume, first, (row, column), fine, (rows, columns))

    def cut(begin: int, end: int) -> Voxels:
        return np.stack([plane(index) for index in range(begin, end)])

    return Grid(row, column, start, fine, fine, fine, rows, columns, count, cut, True)


def _sampled(
    volume: Volume,
    first: Sequence[float],
    directions: tuple[Triple, Triple],
    fine: float,
    shape: tuple[int, int],
) -> Voxels:
    """Trilinear values of one plane; the background outside the volume."""
    axes = (volume.first.normal, volume.first.column, volume.first.row)
    sizes = (volume.step, volume.first.between_rows, volume.first.between_columns)
    origin = volume.first.origin
    rows = np.arange(shape[0], dtype=np.float32)[:, None]
    columns = np.arange(shape[1], dtype=np.float32)[None, :]
    whole: list[NDArray[np.intp]] = []
    parts: list[NDArray[np.float32]] = []
    inside = np.ones(shape, np.bool_)
    for number, (axis, size) in enumerate(zip(axes, sizes, strict=True)):
        begin = sum((f - o) * a for f, o, a in zip(first, origin, axis, strict=True)) / size
        across, down = (fine * dot(one, axis) / size for one in directions)
        place = np.float32(begin) + columns * np.float32(across) + rows * np.float32(down)
        last = volume.voxels.shape[number] - 1
        inside &= (place > -1e-3) & (place < last + 1e-3)
        place = np.clip(place, 0, last)
        low = np.minimum(place.astype(np.intp), max(last - 1, 0))
        whole.append(low)
        parts.append((place - low).astype(np.float32))
    found: Voxels = np.full(shape, volume.background, volume.voxels.dtype)
    if inside.any():
        values = _between(volume.voxels, [one[inside] for one in whole], [p[inside] for p in parts])
        found[inside] = np.rint(values).astype(found.dtype)
    return found


def _between(
    voxels: Voxels, low: list[NDArray[np.intp]], part: list[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """The eight voxels around each place, weighted; padding is treated as any other value."""
    total = np.zeros(low[0].shape, np.float32)
    strides = (voxels.shape[1] * voxels.shape[2], voxels.shape[2], 1)
    flat = voxels.reshape(-1)
    start = low[0] * strides[0] + low[1] * strides[1] + low[2]
    for corner in np.ndindex(2, 2, 2):
        weight = np.ones(1, np.float32)
        offset = 0
        for axis, side in enumerate(corner):
            weight = weight * (part[axis] if side else 1 - part[axis])
            offset += side * strides[axis]
        total += weight * flat[np.minimum(start + offset, flat.size - 1)]
    return total
