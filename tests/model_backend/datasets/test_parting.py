"""Patients are never cut in two, and the parts are the same ones for ever."""

from __future__ import annotations

import pytest

from model_backend.datasets.parting import (
    AUTO,
    OFFICIAL,
    PATIENT,
    Groups,
    official_part,
    parting_of,
)
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import PARTS, TEST, TRAIN, VALIDATION

NAMES = [f"patient {number}" for number in range(2000)]


def groups(*pairs: tuple[str, str]) -> Groups:
    found = Groups()
    for group, part in pairs:
        found.add(group, part)
    return found


def test_without_a_split_of_its_own_the_hash_parts_a_set_the_same_way_every_time() -> None:
    parting = parting_of(groups(*((name, "") for name in NAMES)))

    parts = [parting.part(name, "") for name in NAMES]
    shares = {part: parts.count(part) / len(parts) for part in PARTS}
    assert parts == [parting.part(name, "") for name in NAMES]
    assert 0.16 < shares[TEST] < 0.24
    assert 0.05 < shares[VALIDATION] < 0.12
    # Fixed for ever: whoever trained once must not find its test patients elsewhere later.
    assert (
        "".join(parting.part(str(number), "")[:2] for number in range(12))
        == "trtrtrvatrtrtrvatetetrtr"
    )


def test_an_official_split_that_cuts_nobody_stands() -> None:
    parting = parting_of(groups(("a", TRAIN), ("b", VALIDATION), ("c", TEST)))

    assert parting.way == OFFICIAL
    assert [parting.part(*one) for one in (("a", TRAIN), ("b", VALIDATION), ("c", TEST))] == [
        *(TRAIN, VALIDATION, TEST)
    ]


def test_a_missing_validation_part_is_carved_out_of_the_training_part_by_patient() -> None:
    parting = parting_of(groups(("c", TEST), *((name, TRAIN) for name in NAMES)))

    parts = [parting.part(name, TRAIN) for name in NAMES]
    assert 0.05 < parts.count(VALIDATION) / len(parts) < 0.12
    assert TEST not in parts
    assert parting.part("c", TEST) == TEST


def test_an_official_split_that_cuts_a_patient_is_not_used_and_told() -> None:
    found = groups(("a", TRAIN), ("a", TEST), ("b", TRAIN), ("c", TEST))

    parting = parting_of(found)

    assert parting.way == PATIENT
    assert "1 of 3 patients" in parting.note
    assert parting.part("a", TRAIN) == parting.part("a", TEST)


def test_an_official_split_can_be_kept_on_demand() -> None:
    found = groups(("a", TRAIN), ("a", TEST))

    parting = parting_of(found, OFFICIAL)

    assert (parting.way, parting.part("a", TEST)) == (OFFICIAL, TEST)
    assert "better than the truth" in parting.note


def test_a_set_that_is_all_training_part_is_parted_by_patient() -> None:
    found = groups(*((name, TRAIN) for name in NAMES))

    assert parting_of(found, AUTO).way == PATIENT
    with pytest.raises(DatasetProblem, match="no split of its own"):
        parting_of(found, OFFICIAL)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(DatasetProblem, match="auto, official, patient"):
        parting_of(groups(("a", "")), "random")


@pytest.mark.parametrize(
    ("word", "part"),
    [("Train", TRAIN), ("dev", VALIDATION), ("validate", VALIDATION), ("test", TEST), ("x", "")],
)
def test_what_sets_call_their_parts(word: str, part: str) -> None:
    assert official_part(word) == part
