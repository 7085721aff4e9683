"""Pictures that show nothing, or the same thing the other way round; no torch, no DICOM.

All are made from the size of the picture alone, or from its pixels, and are the same each time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

GREY, NOISE, MIRRORED = "grey", "noise", "mirrored"
KINDS = (GREY, NOISE, MIRRORED)
BLIND = (GREY, NOISE)  # those that show nothing of the patient
MIDDLE = 128  # what stands for 0 after the usual normalisation
CELLS = 48  # of noise along each side: finer ones would be averaged to grey when resized


def control(kind: str, pixels: Pixels, seed: int = 0) -> Pixels:
    """The control picture of one of KINDS for (height, width) grey or (height, width, 3) RGB."""
    makers = {GREY: grey, NOISE: lambda one: noise(one, seed), MIRRORED: mirrored}
    return makers[kind](pixels)


def grey(pixels: Pixels) -> Pixels:
    """One middle grey, in the picture's size."""
    return np.full_like(pixels, MIDDLE)


def noise(pixels: Pixels, seed: int = 0) -> Pixels:
    """Squares of even random grey, CELLS along each side, in the picture's size.

    Two pictures of one size have the same noise, so that the model's answer to it need be asked
    only once for each question.
    """
    cells = np.random.default_rng(seed).integers(0, 256, (CELLS, CELLS)).astype(np.uint8)
    height, width = pixels.shape[:2]
    rows = np.arange(height) * CELLS // height
    columns = np.arange(width) * CELLS // width
    drawn = cells[rows][:, columns]
    return drawn if pixels.ndim == 2 else np.repeat(drawn[..., None], pixels.shape[2], axis=2)


def mirrored(pixels: Pixels) -> Pixels:
    """Left and right exchanged."""
    return np.ascontiguousarray(pixels[:, ::-1])
