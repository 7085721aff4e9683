"""What Qt paints is what was rendered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.presentation import Orientation
from dicom_io.image.render import Look
from dicom_io.image.resample import averaged, resampled
from tests.ui.films import as_array
from ui.viewport.picture import Picture
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

    seen = painted(Picture(NOBODY, Look.of(pixels)), placement, 60)

    x, y = int(placement.x), int(placement.y)
    expected = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    assert np.array_equal(seen[y : y + 33, x : x + 47], expected)


LYING = [Orientation(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)]


@pytest.mark.parametrize("orientation", LYING)
@pytest.mark.parametrize("shape", [(33, 47), (33, 47, 3)])
def test_at_one_to_one_a_turned_picture_is_the_rendered_one_pixel_by_pixel(
    qtbot: QtBot, shape: tuple[int, ...], orientation: Orientation
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    place = Placement(47, 33, width=60, height=60).fitted().oriented(orientation).one_to_one()

    seen = painted(Picture(NOBODY, Look.of(pixels)), place, 60)

    lying = np.rot90(pixels[:, ::-1] if orientation.mirrored else pixels, -orientation.quarters)
    expected = lying if lying.ndim == 3 else np.repeat(lying[:, :, None], 3, axis=2)
    x, y, wide, high = (round(value) for value in place.target)
    assert np.array_equal(seen[y : y + high, x : x + wide], expected)


@pytest.mark.parametrize("orientation", LYING)
@pytest.mark.parametrize("zoom", [0.4, 2.6])
def test_a_turned_picture_is_the_upright_one_turned_at_any_zoom(
    qtbot: QtBot, orientation: Orientation, zoom: float
) -> None:
    pixels = np.zeros((60, 80), np.uint8)
    pixels[10:30, 20:44] = 255
    upright = Placement(80, 60, width=220, height=220).fitted().one_to_one().zoomed(zoom, 110, 110)

    before = painted(Picture(NOBODY, Look.of(pixels)), upright, 220)
    after = painted(Picture(NOBODY, Look.of(pixels)), upright.oriented(orientation), 220)

    turned = np.rot90(before[:, ::-1] if orientation.mirrored else before, -orientation.quarters)
    wrong = np.abs(after.astype(int) - turned).mean()  # edges may fall between pixels
    assert wrong < 4
    assert after.astype(int).sum() == pytest.approx(turned.astype(int).sum(), rel=0.05)


@pytest.mark.parametrize("ratio", [1.25, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("orientation", LYING[::3])
def test_on_a_dense_screen_one_to_one_is_one_device_pixel(
    qtbot: QtBot, ratio: float, orientation: Orientation
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (31, 44), np.uint8)
    side = round(60 / ratio) * ratio  # device pixels
    place = Placement(44, 31, width=side / ratio, height=side / ratio, ratio=ratio)
    place = place.fitted().oriented(orientation).one_to_one()
    canvas = QImage(60, 60, QImage.Format.Format_RGB32)
    canvas.setDevicePixelRatio(ratio)
    canvas.fill(0)
    painter = QPainter(canvas)
    Picture(NOBODY, Look.of(pixels)).draw(painter, place)
    painter.end()

    seen = as_array(canvas)[..., 0]

    lying = np.rot90(pixels[:, ::-1] if orientation.mirrored else pixels, -orientation.quarters)
    x, y, wide, high = (round(value * ratio) for value in place.target)
    assert np.array_equal(seen[y : y + high, x : x + wide], lying[: 60 - y, : 60 - x])


@pytest.mark.parametrize("orientation", LYING)
@pytest.mark.parametrize("shape", [(300, 410), (300, 410, 3)])
def test_a_smaller_picture_is_the_rendered_one_resampled_and_nothing_else(
    qtbot: QtBot, shape: tuple[int, ...], orientation: Orientation
) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    look = Look.of(pixels)
    place = Placement(410, 300, width=205, height=205).fitted().oriented(orientation)

    seen = painted(Picture(NOBODY, look), place, 205)

    small = resampled(look.part, look.shape, (0, 0, 410, 300), (205, 150))
    lying = np.rot90(small[:, ::-1] if orientation.mirrored else small, -orientation.quarters)
    expected = lying if lying.ndim == 3 else np.repeat(lying[:, :, None], 3, axis=2)
    x, y, wide, high = (round(value) for value in place.target)
    assert (high, wide) == expected.shape[:2]
    assert np.abs(seen[y : y + high, x : x + wide].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("zoom", [0.13, 0.5, 0.77, 1.0, 1.9, 6.0, 40.0])
@pytest.mark.parametrize("orientation", LYING[::3])
def test_only_what_the_pane_shows_is_rendered(
    qtbot: QtBot, zoom: float, orientation: Orientation
) -> None:
    asked: list[tuple[slice, slice]] = []
    pixels = np.random.default_rng(4).integers(0, 256, (1000, 1000), np.uint8)

    def part(down: slice, across: slice) -> NDArray[np.uint8]:
        asked.append((down, across))
        return pixels[down, across]

    place = Placement(1000, 1000, width=100, height=100).fitted().oriented(orientation)
    place = place.one_to_one().zoomed(zoom, 50, 50)

    painted(Picture(NOBODY, Look((1000, 1000), part)), place, 100)

    rendered = sum((d.stop - d.start) * (a.stop - a.start) for d, a in asked)
    corners = [place.to_stored(x, y) for x, y in ((0, 0), (100, 100))]
    reach = 5 * max(1.0, 1 / zoom)  # what interpolation and means need around it
    wide, high = (abs(one - other) + 2 * reach for one, other in zip(*corners, strict=True))
    assert 0 < rendered <= min(wide, 1000) * min(high, 1000)


def test_a_picture_out_of_sight_is_not_painted(qtbot: QtBot) -> None:
    place = replace(Placement(50, 50, width=40, height=40), x=100.0)

    seen = painted(Picture(NOBODY, Look.of(np.full((50, 50), 255, np.uint8))), place, 40)

    assert not seen.any()


def test_a_small_bright_spot_survives_a_small_picture(qtbot: QtBot) -> None:
    pixels = np.zeros((1000, 1000), np.uint8)
    pixels[501:505, 333:337] = 255
    placement = Placement(1000, 1000, width=100, height=100).fitted()

    seen = painted(Picture(NOBODY, Look.of(pixels)), placement, 100)

    assert seen.max() >= 30  # 16 of the 100 stored pixels under one of the screen are white


def test_averages_are_means_of_whole_blocks() -> None:
    pixels = np.array([[0, 100, 7], [100, 200, 9]], np.uint8)

    assert averaged(pixels, (2, 2)).tolist() == [[100, 8]]
