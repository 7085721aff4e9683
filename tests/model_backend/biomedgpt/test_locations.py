"""Boxes become location symbols and come back, exactly at the image's edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.locations import (
    bins_of,
    clipped,
    is_degenerate,
    last_bin,
    place_of,
)
from model_backend.request import BadCheckpoint, BadRequest, Place

SIZES = [(1, 1), (2, 3), (256, 256), (70, 90), (3000, 2), (1, 4096), (2500, 2048), (30_000, 10)]
PUBLISHED = {256: 500, 384: 749, 480: 937, 512: 999}  # side -> last bin in use


def network(side: int, **changes: Any) -> OFAConfig:
    return replace(OFAConfig(), patch_image_size=side, **changes)


@pytest.mark.parametrize(("side", "last"), PUBLISHED.items())
def test_last_bin_of_the_published_sizes(side: int, last: int) -> None:
    assert last_bin(network(side)) == last


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [16, 96, 256, 384, 480, 512, 640])
def test_whole_image_is_first_to_last_bin_and_back(side: int, size: tuple[int, int]) -> None:
    config, (width, height) = network(side), size
    whole = Place(0.0, 0.0, float(width), float(height))

    bins = bins_of(whole, width, height, config)

    last = last_bin(config)
    assert bins == (0, 0, last, last)
    assert place_of(bins, width, height, config) == whole


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [16, 96, 256, 384, 480, 640])
def test_every_bin_in_use_comes_back_as_itself(side: int, size: tuple[int, int]) -> None:
    config, (width, height) = network(side), size
    last = last_bin(config)

    for number in range(last):
        other = last - number
        low, high = sorted((number, other))
        if low == high:
            continue
        bins = (low, low, high, high)
        assert bins_of(place_of(bins, width, height, config), width, height, config) == bins


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [96, 256, 384])
def test_coordinates_come_back_within_half_a_bin(side: int, size: tuple[int, int]) -> None:
    config, (width, height) = network(side), size
    half = 0.5 / 999 * 512 / side
    last = last_bin(config)
    rng = np.random.default_rng(7)

    for _ in range(300):
        x0, x1 = sorted(float(one) for one in rng.random(2) * width)
        y0, y1 = sorted(float(one) for one in rng.random(2) * height)
        bins = bins_of(Place(x0, y0, x1, y1), width, height, config)
        back = place_of(bins, width, height, config)
        for number, there, again, extent in zip(
            bins,
            (x0, y0, x1, y1),
            (back.x0, back.y0, back.x1, back.y1),
            (width, height, width, height),
            strict=True,
        ):
            room = 2 * half if number == last else half
            assert abs(there - again) <= room * extent * (1 + 1e-9)


def test_bins_are_those_of_the_published_training_where_the_image_is_of_its_size() -> None:
    config = network(256)

    for x in range(1, 256):
        (number, *_) = bins_of(Place(x, 0, 256, 256), 256, 256, config)
        assert number == round(x / 512 * 999)


def test_sides_are_stretched_each_by_its_own_factor() -> None:
    config = network(256)

    assert bins_of(Place(100, 10, 200, 20), 200, 20, config) == (250, 250, 500, 500)


def test_bins_beyond_the_image_mean_its_edge() -> None:
    assert place_of((0, 0, 999, 501), 70, 90, network(256)) == Place(0.0, 0.0, 70.0, 90.0)


def test_corners_are_sorted_both_ways() -> None:
    config = network(256)

    assert place_of((400, 300, 100, 200), 256, 256, config) == place_of(
        (100, 200, 400, 300), 256, 256, config
    )
    assert bins_of(Place(200, 150, 50, 100), 256, 256, config) == bins_of(
        Place(50, 100, 200, 150), 256, 256, config
    )


def test_labels_are_kept() -> None:
    assert place_of((0, 0, 5, 5), 10, 10, network(256), "rib").label == "rib"
    assert clipped(Place(-1, 0, 5, 5, "rib"), 10, 10) == Place(0.0, 0, 5, 5, "rib")


def test_box_without_extent_is_told_apart() -> None:
    config = network(256)

    assert is_degenerate(place_of((7, 7, 7, 90), 256, 256, config))
    assert is_degenerate(place_of((7, 7, 7, 7), 256, 256, config))
    assert not is_degenerate(place_of((7, 7, 8, 8), 256, 256, config))


def test_box_that_sticks_out_is_cut_at_the_edge() -> None:
    config = network(256)

    assert bins_of(Place(-50, -1, 300, 128), 256, 256, config) == bins_of(
        Place(0, 0, 256, 128), 256, 256, config
    )


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place(float("nan"), 0, 5, 5), "no number"),
        (Place(0, 0, float("inf"), 5), "no number"),
        (Place(3, 3, 3, 9), "empty"),
        (Place(3, 9, 8, 9), "empty"),
        (Place(20, 0, 30, 5), "outside"),
        (Place(0, -9, 5, 0), "outside"),
    ],
)
def test_impossible_boxes_are_refused(place: Place, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        bins_of(place, 10, 10, network(256))


def test_network_that_cannot_tell_places_apart_is_named() -> None:
    with pytest.raises(BadCheckpoint, match="tell places"):
        last_bin(network(32, num_bins=8))
