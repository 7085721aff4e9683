"""Pictures become the reference's tensors (goldens/preprocess)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from model_backend.biomedgpt.image import IMAGENET_MEAN, IMAGENET_STD, preprocess

FOLDER = Path(__file__).resolve().parents[2] / "data" / "goldens" / "preprocess"
EXPECTED = load_file(FOLDER / "expected.safetensors")


@pytest.mark.parametrize("case", EXPECTED)
def test_every_picture_equals_the_reference(case: str) -> None:
    name, size, kind = case.split("|")
    statistics = (IMAGENET_MEAN, IMAGENET_STD) if kind == "imagenet" else ()

    with Image.open(FOLDER / name) as picture:
        found = preprocess(picture, int(size), *statistics)

    tolerance = 0.018 if kind == "imagenet" else 0.008
    torch.testing.assert_close(found, EXPECTED[case], atol=tolerance, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (300, 2), (5, 7, 3)])
def test_arrays_of_any_shape_become_squares(shape: tuple[int, ...]) -> None:
    found = preprocess(np.full(shape, 255, np.uint8), 32)

    assert found.shape == (3, 32, 32)
    assert bool((found == 1).all())
