"""Pictures are changed as each task wants it, and boxes go along."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model_backend.datasets.row import LabelledBox
from model_backend.tuning import augment

SIZE = 64


@pytest.fixture
def picture() -> Image.Image:
    """A bright box on black, in a picture that is wider than high."""
    pixels = np.zeros((90, 120, 3), np.uint8)
    pixels[30:60, 20:50] = 255
    return Image.fromarray(pixels)


def test_boxes_follow_what_they_frame(picture: Image.Image) -> None:
    box = LabelledBox(20, 30, 50, 60, "thing")
    seen = 0
    for seed in range(30):
        image, boxes = augment.detection(picture, [box], SIZE, np.random.default_rng(seed))
        assert image.size == (SIZE, SIZE)
        bright = np.asarray(image)[:, :, 0] > 127
        if not boxes:
            assert bright.sum() < 8
            continue
        (moved,) = boxes
        rows, columns = np.nonzero(bright)
        if not len(rows):
            continue
        seen += 1
        edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert (moved.x0, moved.y0, moved.x1, moved.y1) == pytest.approx(edges, abs=1.6)
        assert moved.label == "thing"
    assert seen > 15


def test_a_film_is_never_mirrored(picture: Image.Image) -> None:
    for seed in range(20):
        image = augment.film(picture, SIZE, np.random.default_rng(seed))
        bright = np.asarray(image).astype(float)[:, :, 0]
        assert bright[:, : SIZE // 2].sum() > bright[:, SIZE // 2 :].sum()


@pytest.mark.parametrize("way", [augment.film, augment.image_text, augment.classification])
def test_the_same_generator_gives_the_same_picture_and_another_another(
    way: object, picture: Image.Image
) -> None:
    assert callable(way)
    made = [np.asarray(way(picture, SIZE, np.random.default_rng(seed))) for seed in (1, 1, 2)]

    assert made[0].shape == (SIZE, SIZE, 3)
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_something_is_erased_now_and_then() -> None:
    pixels = np.ones((3, SIZE, SIZE), np.float32)

    gone = [
        float((augment.erased(pixels, np.random.default_rng(seed)) == 0).mean())
        for seed in range(400)
    ]

    assert 0.17 < np.mean([one > 0 for one in gone]) < 0.33
    assert max(gone) < 0.4
    assert pixels.min() == 1.0
