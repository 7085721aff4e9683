"""Presentation: how a reader left an image to be seen; what a presentation state keeps.

Source: DICOM PS3.3 A.33.1 (Grayscale Softcopy Presentation State) and its modules.
"""

from __future__ import annotations

from dataclasses import dataclass

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation
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
