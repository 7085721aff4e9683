"""The picture's place in the pane, and the way back to stored pixels."""

from __future__ import annotations

import pytest

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
