"""What is drawn is what the labels say, pixel for pixel."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from model_backend.practice.drawing import (
    BAND,
    GROUND,
    MIDDLE,
    MOST,
    NOISE,
    PLACES,
    SIDE,
    SIZES,
    STEP,
    TONES,
    Phantom,
    draw_band,
    draw_things,
    mask_of,
    without_middle,
)

FAR = 6 * NOISE  # no grey level lies farther from the one it was drawn with


@pytest.fixture(scope="module")
def phantoms() -> list[Phantom]:
    chance = np.random.default_rng(3)
    return [draw_things(chance) for _ in range(120)]


def test_the_same_seed_draws_the_same_pictures() -> None:
    for draw in (draw_things, draw_band):
        first, again, other = (draw(np.random.default_rng(seed)) for seed in (5, 5, 6))

        assert np.array_equal(first.pixels, again.pixels)
        assert (first.things, first.band) == (again.things, again.band)
        assert not np.array_equal(first.pixels, other.pixels)


def test_a_box_encloses_just_the_pixels_that_differ_from_the_ground(
    phantoms: list[Phantom],
) -> None:
    for phantom in phantoms:
        for thing in phantom.things:
            left, top = PLACES[thing.place]
            quarter = phantom.pixels[top : top + SIDE // 2, left : left + SIDE // 2].astype(int)
            bright = quarter > GROUND[1] + FAR
            dark = quarter < GROUND[0] - FAR
            drawn = bright if thing.tone == "bright" else dark
            rows, columns = np.flatnonzero(drawn.any(1)), np.flatnonzero(drawn.any(0))

            x0, y0, x1, y1 = thing.box
            assert (left + columns[0], left + columns[-1] + 1) == (x0, x1)
            assert (top + rows[0], top + rows[-1] + 1) == (y0, y1)
            assert not (dark if thing.tone == "bright" else bright).any()


def test_size_tone_and_corners_are_those_of_the_label(phantoms: list[Phantom]) -> None:
    for phantom in phantoms:
        for thing in phantom.things:
            x0, y0, x1, y1 = thing.box
            assert x1 - x0 in SIZES[thing.size]
            assert all(corner % STEP == 0 for corner in thing.box)
            level = phantom.pixels[mask_of(thing)].mean()
            low, high = TONES[thing.tone]
            assert low - NOISE <= level <= high + NOISE
            assert phantom.thing(thing.shape) is phantom.at(thing.place) is thing


def test_shapes_are_told_apart_by_how_much_of_their_box_they_fill(
    phantoms: list[Phantom],
) -> None:
    shares: dict[str, set[float]] = {}
    for phantom in phantoms:
        for thing in phantom.things:
            x0, y0, x1, y1 = thing.box
            share = float(mask_of(thing).sum()) / ((x1 - x0) * (y1 - y0))
            shares.setdefault(thing.shape, set()).add(share)
            assert (y1 - y0 < 0.6 * (x1 - x0)) == (thing.shape == "bar")

    assert shares["square"] == shares["bar"] == {1.0}
    assert min(shares["disc"]) > 0.7 > 0.65 > max(shares["ring"])


def test_no_shape_and_no_quarter_is_used_twice(phantoms: list[Phantom]) -> None:
    assert {len(phantom.things) for phantom in phantoms} == set(range(MOST + 1))
    for phantom in phantoms:
        assert len({thing.shape for thing in phantom.things}) == len(phantom.things)
        places = [list(PLACES).index(thing.place) for thing in phantom.things]
        assert places == sorted(set(places))


def test_a_band_crosses_the_middle_from_edge_to_edge() -> None:
    chance = np.random.default_rng(4)
    drawn = [draw_band(chance) for _ in range(60)]

    for phantom in drawn:
        assert phantom.band
        picture = phantom.pixels.astype(float)
        if phantom.band.direction == "vertical":
            picture = picture.T
        levels = picture.mean(1)  # of each row along the band
        inside = slice(phantom.band.start, phantom.band.start + BAND)
        away = np.abs(levels - np.median(levels)) > FAR
        assert away[inside].all() and away.sum() == BAND
        assert (levels[inside].mean() > np.median(levels)) == (phantom.band.tone == "bright")
        first = (SIDE - MIDDLE) // 2
        assert first <= phantom.band.start <= first + MIDDLE - BAND
    assert len({str(phantom.band) for phantom in islice(drawn, 60)}) == 4


def test_infilling_sees_nothing_of_the_middle() -> None:
    phantom = draw_band(np.random.default_rng(1))

    seen = without_middle(phantom.pixels)

    hidden = seen != phantom.pixels
    first = (SIDE - MIDDLE) // 2
    assert np.unique(seen[first : first + MIDDLE, first : first + MIDDLE]).tolist() == [128]
    hidden[first : first + MIDDLE, first : first + MIDDLE] = False
    assert not hidden.any()
