"""Codes stand for blocks of grey, and come back as the picture that they were."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend.practice.codes import CODES, LEVELS, codes_of, middle_of, picture_of


def test_a_code_is_the_mean_of_its_block_row_by_row() -> None:
    picture = np.array([[0, 255], [100, 7]], np.uint8).repeat(8, 0).repeat(8, 1)

    assert codes_of(picture) == (0, 63, 25, 1)


def test_codes_survive_the_way_to_a_picture_and_back() -> None:
    codes = tuple(np.random.default_rng(2).permutation(CODES).tolist())

    assert codes_of(picture_of(codes)) == codes


def test_a_picture_comes_back_within_half_a_code_of_its_blocks() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (32, 32), np.uint8)

    back = picture_of(codes_of(picture)).astype(float)

    blocks = picture.reshape(4, 8, 4, 8).mean((1, 3))
    assert back.shape == picture.shape
    assert np.abs(back[::8, ::8] - blocks).max() <= LEVELS / 2


@pytest.mark.parametrize("codes", [(), (1, 2, 3), (1, 2, 3, 64), (0, 0, 0, -1)])
def test_codes_that_make_no_picture_are_refused(codes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="code"):
        picture_of(codes)


def test_the_middle_lies_in_the_middle() -> None:
    picture = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64).astype(np.uint8)

    assert np.array_equal(middle_of(picture, 32), picture[16:48, 16:48])
