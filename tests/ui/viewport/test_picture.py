"""What Qt paints is what was rendered."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from tests.ui.films import as_array
from ui.viewport.picture import Picture, averaged
from ui.viewport.placement import Placement

NOBODY = Identity("", "", "1.2")


def painted(picture: Picture, placement: Placement, side: int) -> NDArray[np.uint8]:
    """The picture on black, as RGB."""
    canvas = QImage(side, side, QImage.Format.Format_RGB888)
    canvas.fill(0)
    painter = QPainter(canvas)
    picture.draw(painter, placement)
    painter.end()
    return as_array(canvas)


@pytest.mark.parametrize("shape", [(33, 47), (33, 47, 3)])
def test_at_one_to_one_every_pixel_is_the_rendered_one(
    qtbot: QtBot, shape: tuple[int, ...]
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    placement = Placement(47, 33, width=60, height=60).fitted().one_to_one()

    seen = painted(Picture(NOBODY, pixels), placement, 60)

    x, y = int(placement.x), int(placement.y)
    expected = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    assert np.array_equal(seen[y : y + 33, x : x + 47], expected)


def test_a_small_bright_spot_survives_a_small_picture(qtbot: QtBot) -> None:
    pixels = np.zeros((1000, 1000), np.uint8)
    pixels[501:505, 333:337] = 255
    placement = Placement(1000, 1000, width=100, height=100).fitted()

    seen = painted(Picture(NOBODY, pixels), placement, 100)

    assert seen.max() >= 30  # 16 of the 100 stored pixels under one of the screen are white


def test_averages_are_means_of_whole_blocks() -> None:
    pixels = np.array([[0, 100, 7], [100, 200, 9]], np.uint8)

    assert averaged(pixels, (2, 2)).tolist() == [[100, 8]]
