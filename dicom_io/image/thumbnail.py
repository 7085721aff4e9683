"""Small pictures for lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import pixel_aspect
from dicom_io.image.icc import to_srgb
from dicom_io.image.pyramid import OVERVIEW, whole
from dicom_io.image.render import render


def thumbnail(frame: ImageFrame, side: int) -> NDArray[np.uint8]:
    """The frame, rendered with its first window and averaged down by area to fit `side` pixels.

    Pixels that are not square are made so. The longer side is always `side`. Raises
    FileProblem when the frame cannot be decoded.
    """
    if frame.pyramid is not None:
        picture = to_srgb(frame, whole(frame.pyramid, max(OVERVIEW, side)))
    else:
        picture = render(frame, frame.stored())
    aspect = pixel_aspect(frame)
    height, width = picture.shape[0] * aspect, float(picture.shape[1])
    scale = side / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def middle(frames: Sequence[ImageFrame]) -> ImageFrame:
    """The frame that stands for all in a list. Raises ValueError when there is none."""
    if not frames:
        raise ValueError("There is no frame to show.")
    return frames[len(frames) // 2]
