"""Presentation: how a reader left an image to be seen; what a presentation state keeps.

Source: DICOM PS3.3 A.33.1 (Grayscale Softcopy Presentation State) and its modules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Point
from dicom_io.image.lut import LookUpTable
from dicom_io.image.window import Window


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the picture lies: first mirrored left to right, then turned clockwise.

    Source: DICOM PS3.3 C.10.6 (Image Horizontal Flip, Image Rotation).
    """

    mirrored: bool = False
    quarters: int = 0  # of 90 degrees clockwise, 0 to 3


@dataclass(frozen=True, slots=True)
class Shutter:
    """What of an image is hidden, in stored pixels: each shape hides what lies outside it.

    Source: DICOM PS3.3 C.7.6.11. `grey` is ShutterPresentationValue, 0 black to 65535 white.
    """

    rectangle: tuple[float, float, float, float] | None = None  # left, top, right, bottom edges
    circle: tuple[float, float, float] | None = None  # centre column, centre row, radius
    polygon: tuple[tuple[float, float], ...] = ()  # column, row
    grey: int = 0


class Sizing(StrEnum):
    """How large the displayed area is to be. Source: DICOM PS3.3 C.10.4."""

    FIT = "SCALE TO FIT"
    TRUE_SIZE = "TRUE SIZE"
    MAGNIFY = "MAGNIFY"


class Shape(StrEnum):
    """What a graphic is. Source: DICOM PS3.3 C.10.5 (Graphic Type), and text."""

    POINT = "POINT"
    POLYLINE = "POLYLINE"
    INTERPOLATED = "INTERPOLATED"  # a smooth line through its points
    CIRCLE = "CIRCLE"  # centre, a point on it
    ELLIPSE = "ELLIPSE"  # the ends of the major axis, then of the minor
    TEXT = "TEXT"  # top left and bottom right of its box, or no point and an anchor


@dataclass(frozen=True, slots=True)
class Graphic:
    """One thing drawn by any maker, which is shown and not edited.

    Points are (column, row) as in `Annotation`; with `is_relative` they are fractions of the
    displayed area as it is seen, (0, 0) its top left corner. Source: DICOM PS3.3 C.10.5.
    """

    shape: Shape
    points: tuple[Point, ...]
    images: tuple[Identity, ...] = ()  # where it is drawn; none: on all images of its state
    is_relative: bool = False
    is_filled: bool = False
    text: str = ""
    anchor: Point | None = None  # what a text points to
    anchor_is_relative: bool = False
    anchor_is_seen: bool = False  # a line goes from the text to its anchor
    layer: str = ""
    colour: tuple[int, int, int] | None = None  # RGB that the layer recommends

    def belongs_to(self, frame: Identity) -> bool:
        """True when it is drawn on that frame."""
        return not self.images or frame in self.images or frame.of_frame(0) in self.images


@dataclass(frozen=True, slots=True)
class Presentation:
    """How some images are to be seen. What is None or empty stays as the image itself says."""

    images: tuple[Identity, ...]  # frames, or whole instances (frame 0)
    window: Window | None = None
    shape: str = ""  # presentation LUT shape, IDENTITY or INVERSE; replaces what the image says
    orientation: Orientation = Orientation()
    displayed: tuple[float, float, float, float] | None = None  # left, top, right, bottom; pixels
    shutter: Shutter | None = None
    annotations: tuple[Annotation, ...] = ()
    label: str = ""  # ContentLabel
    description: str = ""
    creator: str = ""  # DICOM form, Family^Given
    created: str = ""  # ISO 8601
    identity: Identity | None = None  # of the presentation state itself, once it is an object
    graphics: tuple[Graphic, ...] = ()  # of other makers, the lowest layer first
    sizing: Sizing = Sizing.FIT
    magnification: float = 0.0  # screen pixels for an image pixel, with MAGNIFY
    spacing: tuple[float, float] | None = None  # mm between rows, columns; with TRUE SIZE
    lut: LookUpTable | None = None  # presentation LUT of a state; replaces `shape`
    rescale: tuple[float, float] | None = None  # slope and intercept that `window` counts in
    frame: Identity | None = None  # the frame that was on the screen

    def shows(self, frame: Identity) -> bool:
        """True when it is about that frame."""
        return frame in self.images or frame.of_frame(0) in self.images


@dataclass(frozen=True, slots=True)
class PresentationState:
    """One presentation state object: what it says of its images, in parts that agree.

    `notices` has a sentence for everything in it that is not honoured.
    """

    identity: Identity
    parts: tuple[Presentation, ...]
    label: str = ""
    description: str = ""
    creator: str = ""
    created: str = ""  # ISO 8601, without an offset when the object has none
    is_ours: bool = False
    notices: tuple[str, ...] = ()

    def of_frame(self, frame: Identity) -> Presentation | None:
        """What it says of a frame; None for one that it does not name."""
        for name in (frame, frame.of_frame(0)):
            for part in self.parts:
                if name in part.images:
                    return part
        return None

    def annotations(self) -> tuple[Annotation, ...]:
        """All our own marks in it, each once."""
        return unique(mark for part in self.parts for mark in part.annotations)


def unique(marks: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """The marks in their order, each id once."""
    found: dict[str, Annotation] = {}
    for mark in marks:
        found.setdefault(mark.id, mark)
    return tuple(found.values())
