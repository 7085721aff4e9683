"""Pictures reach the network as the same preparation shows them when a model is asked."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image import preprocess, without_middle
from model_backend.biomedgpt.prompts import Prompter
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.datasets.row import LabelledBox, Row
from model_backend.tuning.examples import ExampleMaker, Made, Ready
from model_backend.tuning.objectives import Objectives
from model_backend.tuning.recipe import Source

SIZE = 64
CONFIG = OFAConfig(patch_image_size=SIZE, code_image_size=32)


@pytest.fixture(scope="module")
def row() -> Row:
    chance = np.random.default_rng(1)
    picture = Image.fromarray(chance.integers(0, 255, (90, 120), np.uint8))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return Row(
        "1",
        "findings",
        "train",
        "1",
        (file.getvalue(),),
        answer="a picture",
        boxes=(LabelledBox(30, 45, 60, 90, "thing"),),
        codes=tuple(range(16)),
    )


def made(row: Row, *objectives: str, augment: str = "none", augments: bool = True) -> Made:
    maker = ExampleMaker(
        Objectives(CONFIG, Prompter(Tokenizer(CONFIG))), "half", 7, augments=augments
    )
    source = Source("set", objectives=objectives, augment=augment)
    return maker.make(Ready(0, source, SIZE), row, 3, ())


def asked(row: Row) -> torch.Tensor:
    return preprocess(Image.open(io.BytesIO(row.images[0])), SIZE)


def test_without_augmentation_it_is_what_a_model_is_asked_with(row: Row) -> None:
    found = made(row, "auto")

    assert torch.from_numpy(found.pictures[0]).equal(asked(row))


def test_infilling_hides_the_middle_and_shares_no_picture_with_captions(row: Row) -> None:
    found = made(row, "auto", "infill_image", "matching", augment="film")

    assert found.picture_of == [0, 1] and len(found.left_out) == 1  # nothing to set against it
    assert torch.from_numpy(found.pictures[1]).equal(without_middle(asked(row)))


def test_boxes_are_stretched_with_their_picture(row: Row) -> None:
    (item,) = made(row, "detection").items

    first = Tokenizer(CONFIG).first_bin
    found = [symbol - first for symbol in item.example.target[:4]]
    corners = (30 * 64 / 120, 45 * 64 / 90, 60 * 64 / 120, 64)
    assert found == [round(one / 512 * 999) for one in corners]


def test_a_place_in_the_stream_decides_what_is_drawn(row: Row) -> None:
    first, again = (made(row, "auto", augment="classification") for _ in range(2))

    assert np.array_equal(first.pictures[0], again.pictures[0])
    plain = made(row, "auto", augment="classification", augments=False)
    assert torch.from_numpy(plain.pictures[0]).equal(asked(row))
