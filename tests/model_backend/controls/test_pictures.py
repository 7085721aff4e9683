"""Control pictures are the same each time, of the picture's size, and survive being made small."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model_backend.controls.pictures import KINDS, MIRRORED, NOISE, control, grey, mirrored, noise


@pytest.fixture(params=[(60, 90), (96, 96, 3), (2000, 1500), (1, 1)])
def pixels(request: pytest.FixtureRequest) -> NDArray[np.uint8]:
    drawn: NDArray[np.int64] = np.random.default_rng(1).integers(0, 256, request.param)
    return drawn.astype(np.uint8)


def test_controls_have_the_pictures_size_and_are_repeated_exactly(
    pixels: NDArray[np.uint8],
) -> None:
    for kind in KINDS:
        one, two = control(kind, pixels), control(kind, pixels.copy())
        assert one.shape == pixels.shape and one.dtype == np.uint8
        assert np.array_equal(one, two)


def test_grey_holds_one_value_and_noise_follows_its_seed_alone(
    pixels: NDArray[np.uint8],
) -> None:
    assert set(np.unique(grey(pixels))) == {128}
    assert np.array_equal(noise(pixels, 3), noise(np.zeros_like(pixels), 3))
    assert pixels.size == 1 or not np.array_equal(noise(pixels, 3), noise(pixels, 4))


def test_mirroring_twice_gives_the_picture_back(
    pixels: NDArray[np.uint8],
) -> None:
    assert np.array_equal(mirrored(mirrored(pixels)), pixels)
    assert np.array_equal(control(MIRRORED, pixels)[:, 0], pixels[:, -1])


def test_noise_is_still_noise_after_a_large_film_was_made_small() -> None:
    film = np.zeros((2400, 2000), np.uint8)

    small = np.asarray(Image.fromarray(control(NOISE, film)).resize((96, 96), Image.Resampling.BOX))

    assert small.std() > 40  # single pixels of noise would leave about 4
