"""Our own image tokenizer: a block of 8 x 8 pixels is one code, its mean grey level divided by 4.

It stands where BiomedGPT has a VQ-GAN of 8192 codes (spec 10.2): as simple as can be, with an
inverse, so that what the network paints can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 8  # pixels a side, as the network's code positions have it (spec 3.3)
CODES = 64
LEVELS = 256 // CODES  # grey levels of one code


def codes_of(pixels: NDArray[np.uint8]) -> tuple[int, ...]:
    """Codes row by row of a picture (height, width) whose sides are multiples of 8 pixels."""
    height, width = pixels.shape
    blocks = pixels.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return tuple(int(level) // LEVELS for level in blocks.mean((1, 3)).flatten())


def picture_of(codes: Sequence[int]) -> NDArray[np.uint8]:
    """The square picture that these codes stand for: each block in the middle of its grey levels.

    Raises ValueError for a number of codes that is no square, or a code out of range.
    """
    side = round(len(codes) ** 0.5)
    if side * side != len(codes) or not side:
        raise ValueError(f"{len(codes)} codes make no square.")
    if not all(0 <= code < CODES for code in codes):
        raise ValueError(f"A code is a number from 0 to {CODES - 1}.")
    levels = np.array(codes, np.uint8).reshape(side, side) * LEVELS + LEVELS // 2
    return np.kron(levels, np.ones((BLOCK, BLOCK), np.uint8))


def middle_of(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The centre of a picture, `side` pixels square."""
    top, left = ((length - side) // 2 for length in pixels.shape)
    return pixels[top : top + side, left : left + side]
