"""The test pattern has its parts, with the values that are said of them."""

from __future__ import annotations

import numpy as np
import pytest

from dicom_io.image.pattern import LOW_CONTRAST, PAIRS, SIDE, STEPS, Pattern, made_pattern


@pytest.fixture(scope="module", params=[512, SIDE, 2048])
def pattern(request: pytest.FixtureRequest) -> Pattern:
    return made_pattern(request.param)


def test_the_patches_rise_from_black_to_white_in_equal_steps(pattern: Pattern) -> None:
    middle = [pattern.part(f"step {number}") for number in range(STEPS)]
    values = [int(patch[patch.shape[0] // 2, patch.shape[1] // 2]) for patch in middle]

    assert values[0] == 0 and values[-1] == 255
    assert set(np.diff(values)) == {15}


def test_each_patch_has_corners_that_differ_a_little(pattern: Pattern) -> None:
    for number in range(1, STEPS - 1):
        patch = pattern.part(f"step {number}").astype(int)
        middle = patch[patch.shape[0] // 2, patch.shape[1] // 2]

        assert patch[0, 0] == patch[-1, -1] == middle + LOW_CONTRAST
        assert patch[0, -1] == patch[-1, 0] == middle - LOW_CONTRAST


def test_five_and_ninety_five_per_cent_stand_in_black_and_white(pattern: Pattern) -> None:
    for name, value, around in (("5 %", 0.05, 0), ("95 %", 0.95, 255)):
        inner, outer = pattern.part(name), pattern.part(f"around {name}")

        assert abs(inner.mean() / 255 - value) < 0.002
        assert outer[0, 0] == outer[-1, -1] == around


def test_the_ramps_have_every_value_and_never_fall(pattern: Pattern) -> None:
    across = pattern.part("ramp across")[0].astype(int)
    down = pattern.part("ramp down")[:, 0].astype(int)

    assert set(across) == set(down) == set(range(256))
    assert np.diff(across).min() >= 0 and np.diff(down).min() >= 0
    assert (pattern.part("ramp up")[::-1, 0] == down).all()


@pytest.mark.parametrize("width", PAIRS)
def test_the_lines_are_as_wide_as_they_say(pattern: Pattern, width: int) -> None:
    across = pattern.part(f"pairs {width} across")
    line = across[0].astype(int)

    assert set(line) == {0, 255}
    assert (line[: 2 * width] == [0] * width + [255] * width).all()
    assert (pattern.part(f"pairs {width} down") == across.T).all()
    assert set(pattern.part(f"faint pairs {width} across")[0]) == {128, 132}


def test_no_part_covers_another(pattern: Pattern) -> None:
    taken = np.zeros(pattern.pixels.shape, int)
    for name, (x, y, width, height) in pattern.parts.items():
        if not name.startswith("around"):
            taken[y : y + height, x : x + width] += 1

    assert taken.max() == 1


def test_the_outermost_pixels_are_white(pattern: Pattern) -> None:
    for edge in (
        pattern.pixels[0],
        pattern.pixels[-1],
        pattern.pixels[:, 0],
        pattern.pixels[:, -1],
    ):
        assert (edge == 255).all()


def test_too_small_a_pattern_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        made_pattern(300)
