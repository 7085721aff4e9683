"""Boxes cut out of pictures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dicom_io.image.crop import crop_box

PICTURE = np.arange(20 * 30, dtype=np.uint32).reshape(20, 30).astype(np.uint8)


def test_no_box_is_the_whole_picture() -> None:
    crop = crop_box(PICTURE, None)

    assert crop.pixels is PICTURE
    assert crop.affine == (1, 0, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("box", "columns", "rows"),
    [
        ((3, 4, 10, 9), (3, 10), (4, 9)),
        ((10, 9, 3, 4), (3, 10), (4, 9)),  # drawn from the other corner
        ((3.2, 4.9, 9.1, 8.0), (3, 10), (4, 8)),  # pixels touched in part belong to it
        ((-5, -5, 4, 4), (0, 4), (0, 4)),
        ((25, 15, 99, 99), (25, 30), (15, 20)),
        ((4.2, 4.2, 4.4, 4.4), (4, 5), (4, 5)),
    ],
)
def test_a_box_becomes_the_pixels_it_touches(
    box: tuple[float, float, float, float], columns: tuple[int, int], rows: tuple[int, int]
) -> None:
    crop = crop_box(PICTURE, box)

    np.testing.assert_array_equal(crop.pixels, PICTURE[slice(*rows), slice(*columns)])


def test_the_affine_leads_back_to_stored_pixels() -> None:
    picture = np.zeros((40, 50, 3), np.uint8)
    picture[17, 23] = (1, 2, 3)

    crop = crop_box(picture, (20.5, 11.5, 33, 29))

    (y,), (x,), _ = np.nonzero(crop.pixels[..., :1])
    xx, xy, x0, yx, yy, y0 = crop.affine
    assert [xx * x + xy * y + x0, yx * x + yy * y + y0] == [23, 17]


@pytest.mark.parametrize(
    ("box", "word"),
    [
        ((5, 5, 5, 9), "no area"),
        ((5, 9, 8, 9), "no area"),
        ((30, 0, 40, 10), "outside"),
        ((0, 20, 10, 30), "outside"),
        ((-9, -9, 0, 5), "outside"),
        ((math.nan, 0, 1, 1), "four numbers"),
        ((0, 0, math.inf, 1), "four numbers"),
    ],
)
def test_a_box_without_pixels_is_refused_in_a_sentence(
    box: tuple[float, float, float, float], word: str
) -> None:
    with pytest.raises(ValueError, match=word) as caught:
        crop_box(PICTURE, box)

    assert str(caught.value).endswith(".")
