"""Annotation: what a reader draws on one frame, in that frame's stored pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dicom_io.identity import Identity

Point = tuple[float, float]


class Kind(StrEnum):
    """What is drawn, and what its points mean, in order."""

    PROBE = "probe"  # one point
    LENGTH = "length"  # two ends
    BIDIRECTIONAL = "bidirectional"  # the long axis's ends, then the short axis's
    ANGLE = "angle"  # end, vertex, end
    COBB = "Cobb angle"  # the ends of one line, then of the other
    ELLIPSE = "ellipse"  # two opposite corners of the box around it, axes along rows and columns
    RECTANGLE = "rectangle"  # two opposite corners
    FREEHAND = "freehand"  # a closed line, three points at least; the first is not repeated
    ARROW = "arrow"  # tip, tail
    TEXT = "text"  # where it stands


@dataclass(frozen=True, slots=True)
class Annotation:
    """One drawn mark. Points are (column, row) from the top left corner of the top left pixel.

    `identity` names the frame. `text` is what the reader wrote beside it. The same `id` stays
    through every change, so that a report's sentence can follow it. `label_at` is where the top
    left corner of its words was put by hand; None leaves them beside the mark.
    """

    id: str
    identity: Identity
    kind: Kind
    points: tuple[Point, ...]
    text: str = ""
    label_at: Point | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """One thing measured: "Length", 42.1, "mm", and how far the unit can be trusted."""

    name: str
    value: float
    unit: str  # UCUM: mm, mm2, deg, [hnsf'U], {pixels}, 1
    calibration: str = ""  # a word of dicom_io.image.geometry for lengths and areas
