"""The picture's place in the pane, and the way back to stored pixels."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from dicom_io.image.presentation import Orientation
from ui.viewport.placement import LARGEST, Placement

FILM = Placement(2000, 1000, width=400, height=300).fitted()


def test_a_fitted_film_touches_two_sides_and_is_in_the_middle() -> None:
    assert FILM.target == pytest.approx((0, 50, 400, 200))


def test_tall_pixels_are_shown_tall() -> None:
    tall = Placement(100, 100, aspect=2.0, width=400, height=400).fitted()

    assert tall.down == pytest.approx(2 * tall.across)
    assert tall.target == pytest.approx((100, 0, 200, 400))


def test_the_point_under_the_cursor_stays_while_zooming() -> None:
    before = FILM.to_stored(130, 90)

    after = FILM.zoomed(3.7, 130, 90)

    assert after.to_stored(130, 90) == pytest.approx(before, abs=1 / after.across)
    assert after.across == pytest.approx(3.7 * FILM.across)


def test_there_and_back_is_the_same_point() -> None:
    place = FILM.zoomed(2.2, 11, 7).panned(5, -9)

    assert place.to_pane(*place.to_stored(33.25, 71.5)) == pytest.approx((33.25, 71.5))


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_one_to_one_puts_stored_pixels_on_device_pixels(ratio: float) -> None:
    place = Placement(50, 40, width=400, height=300, ratio=ratio).fitted().one_to_one()

    x, y, wide, high = place.target
    assert place.zoom == 1.0
    assert (x * ratio, y * ratio) == pytest.approx((round(x * ratio), round(y * ratio)))
    assert (wide * ratio, high * ratio) == pytest.approx((50, 40))


def test_zoom_has_an_end() -> None:
    assert FILM.zoomed(1e9, 10, 10).zoom == LARGEST
    assert FILM.zoomed(1e-9, 10, 10).zoom > 0


def test_a_film_cannot_be_lost_by_panning() -> None:
    x, y, wide, high = FILM.panned(1e6, -1e6).target

    assert x < 400
    assert y + high > 0


def test_a_fitted_film_follows_its_pane_and_a_zoomed_one_keeps_its_middle() -> None:
    zoomed = FILM.zoomed(4, 200, 150)

    assert FILM.resized(800, 300, 1.0).target == pytest.approx((100, 0, 600, 300))
    grown = zoomed.resized(800, 600, 1.0)
    assert grown.zoom == zoomed.zoom
    assert grown.to_stored(400, 300) == pytest.approx(zoomed.to_stored(200, 150), abs=2)


LYING = [Orientation(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)]
PIXELS = (1.0, 0.4, 2.5)


def lying(orientation: Orientation, aspect: float = 1.0, ratio: float = 1.0) -> Placement:
    place = Placement(200, 100, aspect=aspect, width=403, height=307, ratio=ratio)
    return place.fitted().oriented(orientation)


@pytest.mark.parametrize(("orientation", "aspect"), list(product(LYING, PIXELS)))
def test_there_and_back_is_the_same_point_however_the_picture_lies(
    orientation: Orientation, aspect: float
) -> None:
    fitted = lying(orientation, aspect, ratio=1.5)
    places = (fitted, fitted.zoomed(3.3, 17, 40), fitted.one_to_one().panned(31, -8))

    for place in (*places, *(place.resized(222, 640, 2.0) for place in places)):
        for point in ((0, 0), (200, 0), (0, 100), (33.25, 71.5), (-9.5, 140)):
            assert place.to_stored(*place.to_pane(*point)) == pytest.approx(point)
            assert place.to_pane(*place.to_stored(*point)) == pytest.approx(point)


@pytest.mark.parametrize(("orientation", "aspect"), list(product(LYING, PIXELS)))
def test_the_corners_of_the_image_are_the_corners_of_what_is_drawn(
    orientation: Orientation, aspect: float
) -> None:
    place = lying(orientation, aspect).zoomed(1.7, 100, 90)
    x, y, wide, high = place.target

    corners = {place.to_pane(column, row) for column, row in product((0, 200), (0, 100))}

    expected = {(left, top) for left, top in product((x, x + wide), (y, y + high))}
    for corner in expected:
        assert any(corner == pytest.approx(one) for one in corners)
    assert (wide > high) == ((200 / 100 / aspect > 1) != place.is_turned)


@pytest.mark.parametrize("orientation", LYING)
def test_a_turn_is_what_the_standard_says_first_mirrored_then_clockwise(
    orientation: Orientation,
) -> None:
    place = lying(orientation)
    # from the middle of the image towards higher columns, and towards higher rows
    column_way, row_way = (1, 0), (0, 1)
    if orientation.mirrored:
        column_way = (-1, 0)
    for _ in range(orientation.quarters):  # clockwise on a screen whose y grows downwards
        column_way, row_way = ((-y, x) for x, y in (column_way, row_way))

    middle = place.to_pane(100, 50)
    for way, point in ((column_way, (101, 50)), (row_way, (100, 51))):
        seen = place.to_pane(*point)
        step = place.across
        assert (seen[0] - middle[0]) / step == pytest.approx(way[0], abs=1e-9)
        assert (seen[1] - middle[1]) / step == pytest.approx(way[1], abs=1e-9)


@pytest.mark.parametrize("orientation", LYING)
def test_a_fitted_picture_fits_however_it_lies(orientation: Orientation) -> None:
    x, y, wide, high = lying(orientation, aspect=2.5).target

    assert max(wide / 403, high / 307) == pytest.approx(1)
    assert x == pytest.approx((403 - wide) / 2, abs=0.5)
    assert y == pytest.approx((307 - high) / 2, abs=0.5)


@pytest.mark.parametrize("orientation", LYING)
def test_zooming_and_turning_keep_what_is_under_the_hand(orientation: Orientation) -> None:
    before = lying(orientation).zoomed(4, 130, 90)
    pixel = 1 / before.across

    assert before.zoomed(2.5, 60, 200).to_stored(60, 200) == pytest.approx(
        before.to_stored(60, 200), abs=pixel
    )
    middle = before.to_stored(403 / 2, 307 / 2)
    for after in (before.turned(1), before.turned(-1), before.flipped(), before.turned(2)):
        assert after.zoom == before.zoom
        assert after.to_stored(403 / 2, 307 / 2) == pytest.approx(middle, abs=pixel)


@pytest.mark.parametrize("orientation", LYING)
def test_flips_and_turns_are_those_that_the_eye_sees(orientation: Orientation) -> None:
    place = replace(lying(orientation).zoomed(2, 50, 50), fits=False)
    x, y, wide, high = place.target

    def inside(one: Placement) -> tuple[float, float]:
        """Where a point of the image lies, from the corner of what is drawn."""
        seen = one.to_pane(30, 70)
        return seen[0] - one.x, seen[1] - one.y

    left, top = inside(place)
    assert inside(place.flipped()) == pytest.approx((wide - left, top))
    assert inside(place.flipped(upside_down=True)) == pytest.approx((left, high - top))
    assert inside(place.turned(1)) == pytest.approx((high - top, left))
    assert inside(place.turned(-1)) == pytest.approx((top, wide - left))
    assert place.flipped().flipped().orientation == orientation
    assert place.turned(3).turned(1).orientation == orientation


@pytest.mark.parametrize(("orientation", "ratio"), list(product(LYING, (1.0, 1.25, 2.0))))
def test_one_to_one_is_on_device_pixels_however_the_picture_lies(
    orientation: Orientation, ratio: float
) -> None:
    place = lying(orientation, ratio=ratio).one_to_one()

    x, y, wide, high = (value * ratio for value in place.target)
    assert place.zoom == 1.0
    assert (x, y) == pytest.approx((round(x), round(y)))
    assert sorted((wide, high)) == pytest.approx([100, 200])
