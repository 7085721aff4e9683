"""The line that says who wrote which sentence."""

from __future__ import annotations

import pytest

from dicom_io.report.document import Decision, Origin
from dicom_io.report.ledger import LONGEST_LINE, Mark, line_of, marks_of, settings_of

AI: Mark = (Origin.AI, Decision.ACCEPTED)
READER: Mark = (Origin.HUMAN, Decision.ACCEPTED)


def test_the_line_is_readable() -> None:
    marks = {1: AI, 2: AI, 3: AI, 4: READER, 5: AI}

    assert line_of(marks) == "Sentences: AI accepted 1-3, 5; reader 4."
    assert line_of(marks, "beam=1") == (
        "Sentences: AI accepted 1-3, 5; reader 4. Settings: beam=1."
    )


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("state", [Decision.ACCEPTED, Decision.SUGGESTED])
def test_every_mark_comes_back(origin: Origin, state: Decision) -> None:
    marks = {3: (origin, state)}

    assert marks_of(line_of(marks, "a=1.0, b=2")) == marks


def test_settings_come_back() -> None:
    line = line_of({1: AI}, "beam=1, temperature=1.0, window=")

    assert settings_of(line) == (("beam", "1"), ("temperature", "1.0"), ("window", ""))


def test_a_long_line_widens_the_models_part_and_never_the_readers() -> None:
    marks = {number: AI if number % 2 else READER for number in range(1, 2000)}

    line = line_of(marks, "beam=1")

    assert len(line) <= LONGEST_LINE
    assert marks_of(line) == dict.fromkeys(range(1, 2000), AI)


def test_long_settings_are_cut_with_a_sign() -> None:
    line = line_of({1: AI}, "x" * 3000)

    assert len(line) == LONGEST_LINE
    assert line.endswith("….")


@pytest.mark.parametrize("line", ["", "Made by a scanner.", "Sentences"])
def test_other_descriptions_are_no_ledger(line: str) -> None:
    assert marks_of(line) is None


@pytest.mark.parametrize(
    "line", ["Sentences: ;;;.", "Sentences: AI accepted 9-1.", "Sentences: x 1."]
)
def test_a_broken_ledger_names_nothing(line: str) -> None:
    assert marks_of(line) == {}


def test_a_hostile_range_is_bounded() -> None:
    marks = marks_of("Sentences: AI accepted 1-999999.")

    assert marks is not None and len(marks) <= 20_001
