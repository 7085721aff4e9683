"""The split is fixed by names: whoever holds the data gets the same parts."""

from __future__ import annotations

import hashlib

from model_backend.training.split import HELD_OUT, TRAINING, VALIDATION, part_of

NAMES = [f"person{number}" for number in range(2000)]


def test_the_parts_follow_from_the_bytes_of_the_hash() -> None:
    for name in NAMES[:200]:
        first, second = hashlib.sha256(name.encode()).digest()[:2]

        part = part_of(name, (10, 60))

        assert (part == HELD_OUT) == (first < 51)
        assert (part == VALIDATION) == (first >= 51 and 10 <= second < 60)


def test_known_names_stay_where_they_are() -> None:
    # Two real patients and a real image: changing these changes what the card means.
    assert part_of("IM-0115", (0, 26)) == VALIDATION
    assert part_of("00000002", (0, 26)) == TRAINING
    assert part_of("synpic54610.jpg", (0, 26)) == TRAINING


def test_about_one_in_five_is_held_out() -> None:
    parts = [part_of(name, (0, 26)) for name in NAMES]

    assert 0.17 < parts.count(HELD_OUT) / len(parts) < 0.23
    assert 0.05 < parts.count(VALIDATION) / len(parts) < 0.11


def test_another_validation_range_moves_nothing_into_or_out_of_the_held_out_part() -> None:
    first = {name for name in NAMES if part_of(name, (0, 26)) == HELD_OUT}
    second = {name for name in NAMES if part_of(name, (100, 200)) == HELD_OUT}

    assert first == second
