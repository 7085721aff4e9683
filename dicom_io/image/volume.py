"""Volume: the slices of a stack as one block of whole numbers, to be cut along other planes.

Stored values stay what they are, 16 bits each; the rescale of the slices, which must be one and
the same, goes along. Source: DICOM PS3.3 C.7.6.2.1.1, C.7.6.3.1.4, C.11.1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicom_io.errors import NoVolume
from dicom_io.image.frame import ImageFrame
from dicom_io.image.modality import bits_stored, is_signed, modality_of, padding_range
from dicom_io.image.place import Triple
from dicom_io.image.space import Plane, plane_of
from dicom_io.image.stack import stacks_of

MODALITIES = ("CT", "MR", "PT")
BUDGET = 1536 * 2**20  # bytes of one volume
COARSEST = 4  # pixels, in each direction, that may be joined into one
THREADS = max(1, min(4, (os.cpu_count() or 1) - 1))

Voxels = NDArray[Any]  # int16 or uint16


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (slice, row, column) and where they lie; slices go along the normal."""

    voxels: Voxels
    first: Plane  # of the first slice, with pixels as large as the voxels are
    step: float  # mm from slice to slice along the normal
    source: ImageFrame  # the middle slice: its patient, study, windows and rescale
    slope: float = 1.0
    intercept: float = 0.0
    padding: tuple[float, float] | None = None  # stored values that are no image, both ends
    notices: tuple[str, ...] = ()

    @property
    def background(self) -> int:
        """The stored value outside the volume."""
        if self.padding is not None:
            return int(self.padding[0])
        return int(np.iinfo(self.voxels.dtype).min)

    @property
    def void(self) -> tuple[float, float] | None:
        """The stored values that mean nothing: the file's padding, else what lies outside. None
        for 16 unsigned bits without padding, where every value may be one."""
        if self.padding is not None or self.voxels.dtype == np.uint16:
            return self.padding
        return float(self.background), float(self.background)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many slices of all are in the volume; `volume` is there with the last."""

    done: int
    total: int
    volume: Volume | None = None


def require_volume(frames: tuple[ImageFrame, ...]) -> tuple[ImageFrame, ...]:
    """The frames in the order of the volume that they form. Raises NoVolume, which says why not."""
    stacks = stacks_of(frames)
    if not stacks:
        raise NoVolume("There is nothing to be cut: no series is shown.")
    if len(stacks) > 1:
        raise NoVolume(
            f"No other planes: these images form {len(stacks)} stacks. Show one of them alone."
        )
    (stack,) = stacks
    if not stack.is_volume:
        raise NoVolume(f"No other planes of these images. {stack.why_no_volume}")
    modality = stack.frames[0].modality
    if modality not in MODALITIES:
        raise NoVolume(f"Other planes are made of CT, MR and PET volumes; this is {modality}.")
    return stack.frames


def build(
    frames: tuple[ImageFrame, ...], cancelled: Callable[[], bool], budget: int = BUDGET
) -> Iterator[Progress]:
    """Decode all slices into one volume, for a pool thread; tells how far it is.

    A volume beyond `budget` bytes is made of joined pixels, and says so. Raises NoVolume for
    slices that form none or that differ in their values' meaning, FileProblem for one that cannot
    be decoded.
    """
    frames = require_volume(frames)
    slope, intercept = _rescale(frames)
    plane = plane_of(frames[0])
    last = plane_of(frames[-1])
    if plane is None or last is None:
        raise NoVolume("No other planes: the file does not say how large the pixels are.")
    factor = _joined(frames, plane, budget)
    rows, columns = plane.rows // factor, plane.columns // factor
    voxels = np.empty((len(frames), rows, columns), _kind_of(frames))

    def put(index: int) -> None:
        if not cancelled():
            voxels[index] = _reduced(frames[index].stored(), factor, voxels.dtype)

    with ThreadPoolExecutor(THREADS, "volume") as threads:
        for done, _ in enumerate(threads.map(put, range(len(frames))), start=1):
            if cancelled():
                return
            if done < len(frames):
                yield Progress(done, len(frames))
    yield Progress(
        len(frames),
        len(frames),
        Volume(
            voxels,
            _coarser(plane, factor),
            plane.depth(last.origin) / (len(frames) - 1),
            frames[len(frames) // 2],
            slope,
            intercept,
            next((ends for ends in map(padding_range, frames) if ends is not None), None),
            _notices(factor),
        ),
    )


def _rescale(frames: tuple[ImageFrame, ...]) -> tuple[float, float]:
    """The one rescale of all slices. Raises NoVolume where they differ."""
    found = set()
    for frame in frames:
        modality = modality_of(frame)
        if modality.lut is not None:
            raise NoVolume("No other planes: the values of these images come from a table.")
        found.add((modality.slope, modality.intercept))
    if len(found) > 1:
        raise NoVolume("No other planes: the values of these images are scaled slice by slice.")
    return found.pop()


def _kind_of(frames: tuple[ImageFrame, ...]) -> type[np.int16] | type[np.uint16]:
    """The one kind that holds the values of all slices. Raises NoVolume where there is none."""
    if any(_bits(frame) > 16 for frame in frames):
        raise NoVolume("No other planes: these images have more than 16 bits.")
    if not any(_bits(frame) == 16 and not is_signed(frame.header) for frame in frames):
        return np.int16
    if any(is_signed(frame.header) for frame in frames):
        raise NoVolume("No other planes: some of these images have signed values, others not.")
    return np.uint16


def _bits(frame: ImageFrame) -> int:
    """Bits stored; more than any integer's for floating values."""
    return bits_stored(frame.header) if "BitsStored" in frame.header else 65


def _joined(frames: tuple[ImageFrame, ...], plane: Plane, budget: int) -> int:
    """How many pixels are joined in each direction, so that the budget holds."""
    size = 2 * len(frames) * plane.rows * plane.columns
    for factor in range(1, COARSEST + 1):
        if size <= budget * factor * factor and min(plane.rows, plane.columns) >= factor:
            return factor
    raise NoVolume(
        f"No other planes: the volume would take {size // 2**20} MiB, and {budget // 2**20} MiB "
        "are set aside for one. Show a part of the series."
    )


def _reduced(stored: NDArray[Any], factor: int, kind: np.dtype[Any]) -> Voxels:
    """Joined pixels are the mean of theirs."""
    if factor == 1:
        return stored.astype(kind, copy=False)
    rows, columns = (size // factor * factor for size in stored.shape)
    blocks = stored[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    joined: Voxels = np.rint(blocks.mean(axis=(1, 3), dtype=np.float32)).astype(kind)
    return joined


def _coarser(plane: Plane, factor: int) -> Plane:
    """The plane of joined pixels: their first centre lies in the middle of the first block."""
    if factor == 1:
        return plane
    x, y, z = plane.at(factor / 2, factor / 2)
    return Plane(
        (x, y, z),
        plane.row,
        plane.column,
        plane.between_rows * factor,
        plane.between_columns * factor,
        plane.rows // factor,
        plane.columns // factor,
        plane.reference,
    )


def _notices(factor: int) -> tuple[str, ...]:
    if factor == 1:
        return ()
    return (f"{factor} × {factor} pixels are joined into one, so that the volume fits in memory.",)


def voxel(volume: Volume, slice_: int, row: int, column: int) -> Triple:
    """The place in the patient of a voxel's centre."""
    x, y, z = volume.first.at(column + 0.5, row + 0.5)
    a, b, c = (volume.step * slice_ * part for part in volume.first.normal)
    return x + a, y + b, z + c
