"""Smaller pictures: means of what was rendered, the same in bands as in one piece."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dicom_io.image import resample
from dicom_io.image.render import Look
from dicom_io.image.resample import averaged, resampled, side_by_side

Bytes = NDArray[np.uint8]
NOISE = np.random.default_rng(1).integers(0, 256, (900, 1100), np.uint8)


def shrunk(pixels: Bytes, box: tuple[float, float, float, float], size: tuple[int, int]) -> Bytes:
    look = Look.of(pixels)
    return resampled(look.part, look.shape, box, size)


def test_whole_blocks_become_their_means() -> None:
    small = shrunk(NOISE, (0, 0, 1100, 900), (550, 450))

    exact = NOISE.reshape(450, 2, 550, 2).mean(axis=(1, 3))
    # two equal shares of the triangle's neighbours: never farther than their means
    assert small.shape == (450, 550)
    assert np.abs(averaged(NOISE, (2, 2)) - exact).max() <= 0.5


@pytest.mark.parametrize("grey", [0, 1, 77, 254, 255])
def test_one_grey_stays_one_grey(grey: int) -> None:
    flat = np.full((301, 203), grey, np.uint8)

    assert np.unique(shrunk(flat, (0, 0, 203, 301), (97, 144))).tolist() == [grey]


def test_every_stored_pixel_counts_as_much_as_any_other() -> None:
    # one white pixel on black, wherever it lies, adds up to its share of the smaller picture
    scale = 1000 / 437
    sums = []
    for at in range(400, 430):
        spot = np.zeros((1000, 1000), np.uint8)
        spot[at, at] = 255
        area = (300.0, 300.0, 300.0 + 200 * scale, 300.0 + 200 * scale)
        sums.append(int(shrunk(spot, area, (200, 200)).sum()))

    share = 255 / scale**2
    assert min(sums) > 0.7 * share and max(sums) < 1.3 * share


def test_the_picture_does_not_depend_on_how_it_is_cut_into_bands() -> None:
    box, size = (3.25, 10.5, 1080.0, 880.0), (421, 377)

    bands = shrunk(NOISE, box, size)
    edges = np.linspace(10.5, 880, 378)
    rows = [shrunk(NOISE, (3.25, edges[i], 1080.0, edges[i + 1]), (421, 1)) for i in range(377)]

    assert np.abs(bands.astype(int) - np.concatenate(rows)).max() <= 1


def test_a_part_is_what_the_whole_has_there() -> None:
    scale = 2.5
    whole = shrunk(NOISE, (0, 0, 1100, 900), (440, 360))

    part = shrunk(NOISE, (100 * scale, 50 * scale, 300 * scale, 250 * scale), (200, 200))

    assert np.abs(part.astype(int) - whole[50:250, 100:300]).max() <= 1


def test_a_box_beyond_the_picture_is_filled_with_its_outermost_pixels() -> None:
    flat = np.full((100, 100), 200, np.uint8)

    small = shrunk(flat, (-1.5, -1.5, 101.5, 101.5), (51, 51))

    assert np.unique(small).tolist() == [200]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 333, 420])
def test_grey_in_fours_is_pillow_s_own_triangle(width: int) -> None:
    small = shrunk(NOISE, (0.0, 0.0, 1100.0, 900.0), (width, 480))

    by = (1100 // width, 1)
    whole = Image.fromarray(NOISE).reduce(by)
    box = (0.0, 0.0, 1100 / by[0], 900.0)
    expected = whole.resize((width, 480), Image.Resampling.BILINEAR, box=box)
    assert np.abs(small.astype(int) - np.asarray(expected)).max() <= 1


def test_colour_is_averaged_channel_by_channel() -> None:
    colours = np.stack([NOISE, NOISE // 2, 255 - NOISE], axis=-1)

    small = shrunk(colours, (0, 0, 1100, 900), (500, 400))

    for channel in range(3):
        alone = shrunk(np.ascontiguousarray(colours[..., channel]), (0, 0, 1100, 900), (500, 400))
        assert np.array_equal(small[..., channel], alone)


def test_two_threads_share_the_work_and_each_turn_comes_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resample, "threads", lambda: 2)  # on a machine with one core, too
    meet = threading.Barrier(2, timeout=10)
    seen: list[tuple[int, str]] = []

    def make(i: int) -> None:
        if i < 2:
            meet.wait()  # passes only when both threads are at work
        seen.append((i, threading.current_thread().name))

    side_by_side(make, 8)

    assert sorted(i for i, _ in seen) == list(range(8))
    assert len({name for _, name in seen}) == 2


def test_what_goes_wrong_in_the_second_thread_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "threads", lambda: 2)
    meet = threading.Barrier(2, timeout=10)
    mine = threading.current_thread()

    def make(i: int) -> None:
        meet.wait()
        if threading.current_thread() is not mine:
            raise ValueError("out of memory, say")

    with pytest.raises(ValueError, match="say"):
        side_by_side(make, 2)
