"""ICC profiles: colour as the file means it becomes colour as screens take it (sRGB).

Source: DICOM PS3.3 C.11.15 (ICC Profile Module), C.8.12.5 (Optical Path).
"""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from dicom_io.image.frame import ImageFrame

Bytes = NDArray[np.uint8]
Transform = ImageCms.ImageCmsTransform

MAX_PROFILE = 4 * 2**20  # bytes; cameras' and scanners' have some 3,000 to 500,000
STEPS = 18  # of each primary, in looking whether a profile changes anything
ROWS = 512  # converted at a time


def to_srgb(frame: ImageFrame, colours: Bytes) -> Bytes:
    """(rows, columns, 3) RGB of the frame as sRGB; unchanged without a profile that can be used
    or with one that is sRGB. The rendering intent is the profile's own."""
    transform = _transform_of(frame)
    if transform is None:
        return colours
    converted = np.empty(colours.shape, np.uint8)
    for first in range(0, len(colours), ROWS):
        block = np.ascontiguousarray(colours[first : first + ROWS])
        converted[first : first + ROWS] = _converted(transform, block)
    return converted


def changes_colours(frame: ImageFrame) -> bool:
    """True when the file has a profile that makes its colours others on the screen."""
    return _transform_of(frame) is not None


def notice_of_profile(frame: ImageFrame) -> str:
    """Why the file's colour profile is not used, in a sentence; "" when it is, or there is none."""
    profile = _profile(frame)
    return _transform(profile)[1] if profile else ""


def _profile(frame: ImageFrame) -> bytes:
    """ICCProfile of the image, else of its first optical path; empty when there is none."""
    if not frame.is_colour:
        return b""
    places = [frame.header, *(frame.header.get("OpticalPathSequence") or [])[:1]]
    for place in places:
        value = place.get("ICCProfile")
        if isinstance(value, bytes) and value:
            return value
    return b""


def _transform_of(frame: ImageFrame) -> Transform | None:
    profile = _profile(frame)
    return _transform(profile)[0] if profile else None


@lru_cache(maxsize=8)
def _transform(profile: bytes) -> tuple[Transform | None, str]:
    """The way from a profile to sRGB, None when there is nothing to do; and what was wrong."""
    if len(profile) > MAX_PROFILE:
        return None, _sentence("it is too large")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return None, _sentence(f"it is for {source.profile.xcolor_space.strip()}, not for RGB")
        intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), "RGB", "RGB", intent
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None, _sentence("it is damaged")
    return (None if _changes_nothing(transform) else transform), ""


def _sentence(why: str) -> str:
    return f"The colour profile of the file is not used: {why}. Colours are shown as stored."


def _changes_nothing(transform: Transform) -> bool:
    """True when no colour of a regular grid moves by more than rounding."""
    steps = np.arange(STEPS, dtype=np.uint8) * (255 // (STEPS - 1))
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(STEPS, -1, 3)
    moved = np.abs(_converted(transform, grid).astype(int) - grid)
    return int(moved.max()) <= 1


def _converted(transform: Transform, colours: Bytes) -> Bytes:
    image = Image.fromarray(colours)
    found = ImageCms.applyTransform(image, transform)
    return np.asarray(found)
