"""Overlay planes: bits that a file lays over its image, for eyes alone.

They are drawn over the picture and are no part of it: what a probe reads and what a model gets
never has them. Source: DICOM PS3.3 C.9.2 (Overlay Plane), C.9.3 (Multi-frame Overlay).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.header import MAX_SIDE
from dicom_io.image.high_bits import OVERLAY_DATA, element_value, groups_of, position_of
from dicom_io.image.modality import is_little

_ROWS, _COLUMNS, _COUNT, _TYPE, _ORIGIN, _FIRST = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51
_DESCRIPTION, _LABEL = 0x22, 0x1500
_AREA, _MEAN, _DEVIATION = 0x1301, 0x1302, 0x1303
MAX_BITS = 2**28  # of one plane


@dataclass(frozen=True, eq=False)
class OverlayPlane:
    """One plane of one frame. Its top left bit lies on the stored pixel `column`, `row`, both from
    0, which may be outside the image, as any other bit may."""

    group: int  # 0x6000 to 0x60FE
    packed: NDArray[np.uint8] = field(repr=False)  # eight bits each, lowest first
    shape: tuple[int, int]  # rows, columns
    column: int
    row: int
    is_roi: bool  # type R, a region of interest; else G, graphics
    label: str = ""  # OverlayLabel, else OverlayDescription
    area: int | None = None  # pixels in the region, as the file says
    mean: float | None = None  # of the values in it, as the file says
    deviation: float | None = None  # their standard deviation

    @property
    def bits(self) -> NDArray[np.bool_]:
        """(rows, columns) bool, unpacked now."""
        rows, columns = self.shape
        bits = np.unpackbits(self.packed, count=rows * columns, bitorder="little")
        return bits.view(np.bool_).reshape(rows, columns)

    @property
    def caption(self) -> str:
        """What is written beside a region of interest: its name and measures; "" for graphics."""
        measured = [] if self.area is None else [f"{self.area} px"]
        measured += [] if self.mean is None else [f"mean {self.mean:g}"]
        measured += [] if self.deviation is None else [f"SD {self.deviation:g}"]
        return "  ".join(filter(None, [self.label, *measured])) if self.is_roi else ""

    def on_image(self, rows: int, columns: int) -> NDArray[np.bool_]:
        """The bits that lie on an image of that size, as (rows, columns)."""
        whole = np.zeros((rows, columns), np.bool_)
        high, wide = self.shape
        top, bottom = max(self.row, 0), min(self.row + high, rows)
        left, right = max(self.column, 0), min(self.column + wide, columns)
        if bottom > top and right > left:
            part = self.bits[top - self.row : bottom - self.row]
            whole[top:bottom, left:right] = part[:, left - self.column : right - self.column]
        return whole


def overlays_of(frame: ImageFrame, decoded: Decoded | None = None) -> tuple[OverlayPlane, ...]:
    """The overlay planes of this frame, by group; those that make no sense are left out.

    `decoded` is what `frame.decoded()` gave. Without it a frame whose planes lie in unused bits
    of its pixels is decoded here. Raises FileProblem when it must decode and cannot.
    """
    return read_overlays(frame, decoded)[0]


def read_overlays(
    frame: ImageFrame, decoded: Decoded | None = None
) -> tuple[tuple[OverlayPlane, ...], tuple[str, ...]]:
    """The same, with a sentence for each plane that is left out."""
    planes: list[OverlayPlane] = []
    notices: list[str] = []
    for group in groups_of(frame.header):
        if position_of(frame.header, group) is not None and decoded is None:
            decoded = frame.decoded()
        try:
            plane = _plane(frame, group, decoded)
        except ValueError as problem:
            notices.append(f"The overlay {group:04X} is not shown: {problem}.")
            continue
        if plane is not None:
            planes.append(plane)
    return tuple(planes), tuple(notices)


def _plane(frame: ImageFrame, group: int, decoded: Decoded | None) -> OverlayPlane | None:
    """One plane; None for one that has nothing for this frame. Raises ValueError."""
    header = frame.header
    column, row = _origin(header, group)
    hidden = decoded.overlays.get(group) if decoded is not None else None
    if position_of(header, group) is not None:
        if hidden is None:
            raise ValueError("its bits are not in the pixels")
        packed = np.packbits(hidden, bitorder="little")
        shape = (hidden.shape[0], hidden.shape[1])
        plane = replace(_described(header, group), packed=packed, shape=shape)
        return replace(plane, column=column, row=row)
    if element_value(header, group, OVERLAY_DATA) is None:
        return None  # a label or a rest without bits
    index = _index(frame, group)
    if index is None:
        return None
    packed, shape = _bits(header, group, index)
    plane = replace(_described(header, group), packed=packed, shape=shape)
    return replace(plane, column=column, row=row)


def _described(header: Dataset, group: int) -> OverlayPlane:
    """Everything but the bits."""
    words = [str(element_value(header, group, one) or "") for one in (_LABEL, _DESCRIPTION)]
    area = _number(header, group, _AREA)
    return OverlayPlane(
        group,
        np.zeros(0, np.uint8),
        (0, 0),
        0,
        0,
        str(element_value(header, group, _TYPE) or "G").upper() == "R",
        next((word for word in words if word), ""),
        None if area is None else int(area),
        _number(header, group, _MEAN),
        _number(header, group, _DEVIATION),
    )


def _origin(header: Dataset, group: int) -> tuple[int, int]:
    """Column and row from 0 of the top left bit; the file says row and column, from 1."""
    value = element_value(header, group, _ORIGIN)
    if value is None:
        return 0, 0
    try:
        row, column = (int(number) for number in value)
    except (TypeError, ValueError) as error:
        raise ValueError("its origin is not two numbers") from error
    return column - 1, row - 1


def _index(frame: ImageFrame, group: int) -> int | None:
    """Which of the overlay's frames, from 0, lies over this one; None for none of them.

    An overlay that says nothing of frames lies over all of them.
    """
    count, first = (_number(frame.header, group, one) for one in (_COUNT, _FIRST))
    if count is None and first is None:
        return 0
    index = frame.index - (int(first or 1) - 1)
    return index if 0 <= index < int(count or 1) else None


def _bits(header: Dataset, group: int, index: int) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """The packed bits of one frame; frames follow one another without padding."""
    rows, columns = (int(_number(header, group, one) or 0) for one in (_ROWS, _COLUMNS))
    if not (0 < rows <= MAX_SIDE and 0 < columns <= MAX_SIDE and rows * columns <= MAX_BITS):
        raise ValueError(f"it says {rows} rows by {columns} columns")
    value = element_value(header, group, OVERLAY_DATA)
    if not isinstance(value, bytes):
        raise ValueError("its bits are not bytes")
    first = index * rows * columns
    if len(value) * 8 < first + rows * columns:
        raise ValueError("it has too few bits")
    packed = np.frombuffer(value, np.uint8)
    if not is_little(header) and header[group, OVERLAY_DATA].VR == "OW" and len(packed) % 2 == 0:
        packed = packed.view(np.uint16).byteswap().view(np.uint8)
    packed = packed[first // 8 : (first + rows * columns + 7) // 8]
    if first % 8:
        bits = np.unpackbits(packed, bitorder="little")[first % 8 :][: rows * columns]
        packed = np.packbits(bits, bitorder="little")
    return packed.copy(), (rows, columns)


def _number(header: Dataset, group: int, element: int) -> float | None:
    value: Any = element_value(header, group, element)
    try:
        number = None if value is None else float(value)
    except (TypeError, ValueError):
        return None
    return number if number is not None and np.isfinite(number) else None
