"""What is too large, or no number, is told in one sentence before it is sent anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend import limits
from model_backend.request import (
    CHOICE,
    Affine,
    BadRequest,
    Decoding,
    ImageInput,
    Place,
    Request,
)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request(CHOICE, box=Place(0, 0, float("nan"), 1)), "corner that is no number"),
        (Request(CHOICE, box=Place(0, float("-inf"), 1, 1)), "corner that is no number"),
        (Request(CHOICE, decoding=Decoding(temperature=float("nan"))), "temperature is nan"),
        (Request(CHOICE, decoding=Decoding(length_penalty=float("inf"))), "length penalty is inf"),
        (
            Request(CHOICE, (ImageInput(np.zeros((2, 2), np.uint8), Affine(x0=float("nan"))),)),
            "no numbers",
        ),
        (Request(CHOICE, (ImageInput(np.full((2, 2), np.nan)),)), "float64"),
        (Request(CHOICE, (ImageInput([[0, 1]]),)), "an array, not list"),  # type: ignore[arg-type]  # what is tried
        (
            Request(CHOICE, (ImageInput(np.broadcast_to(np.uint8(1), (30_000, 30_000))),)),
            "30000 x 30000 pixels",
        ),
    ],
)
def test_requests_beyond_all_bounds_are_told(request_: Request, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        limits.check((request_,))


def test_pictures_that_are_together_too_large_are_told_and_shared_ones_count_once() -> None:
    side = int((limits.MOST_BYTES // 3) ** 0.5) + 100
    large = [np.broadcast_to(np.uint8(1), (side, side)) for _ in range(3)]
    shared = ImageInput(large[0])

    limits.check([Request(CHOICE, (shared,)) for _ in range(3)])
    with pytest.raises(BadRequest, match="together are too large"):
        limits.check([Request(CHOICE, (ImageInput(one),)) for one in large])
