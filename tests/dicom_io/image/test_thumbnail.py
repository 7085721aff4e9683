"""Small pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dicom_io.image.frame import ImageFrame
from dicom_io.image.thumbnail import middle, thumbnail

MakeFrames = Callable[..., tuple[ImageFrame, ...]]
AS_IS = {"WindowCenter": 128, "WindowWidth": 256}


def test_a_thumbnail_is_the_mean_of_each_area(make_frames: MakeFrames) -> None:
    values = np.random.default_rng(4).integers(0, 256, (80, 160)).astype(np.uint8)
    (frame,) = make_frames(values, **AS_IS)

    small = thumbnail(frame, 20)

    means = values.reshape(10, 8, 20, 8).mean(axis=(1, 3))
    assert small.shape == (10, 20)
    assert np.abs(small - means).max() <= 1


def test_pixels_that_are_not_square_are_made_so(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(np.zeros((100, 100), np.uint8), PixelAspectRatio=[1, 2])

    assert thumbnail(frame, 50).shape == (25, 50)


def test_colour_stays_colour_and_thin_images_keep_a_pixel(make_frames: MakeFrames) -> None:
    (colour,) = make_frames(np.full((30, 30, 3), 9, np.uint8))
    (thin,) = make_frames(np.zeros((500, 1), np.uint16))

    assert thumbnail(colour, 16).shape == (16, 16, 3)
    assert thumbnail(thin, 16).shape == (16, 1)


def test_the_middle_frame_stands_for_all(make_frames: MakeFrames) -> None:
    frames = make_frames(np.zeros((5, 4, 4), np.uint8))

    assert middle(frames).index == 2
    with pytest.raises(ValueError, match="no frame"):
        middle([])
