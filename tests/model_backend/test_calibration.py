"""What `model.json` says of calibration, task by task."""

from __future__ import annotations

import math
from typing import Any

import pytest

from model_backend import calibration
from model_backend.request import BadCheckpoint

TABLE = {
    "choice": {"temperature": 2.0, "shift": 0.0},
    "entailment": {"temperature": 4.0, "cases": 120},
    "questions": {"is there pneumonia?": {"temperature": 1.0, "shift": 1.0}},
}


def test_each_task_has_its_own_temperature() -> None:
    scores = [0.0, -4.0, -4.0]
    names = ("entailed", "neutral", "contradicted")

    shares = calibration.probabilities(TABLE, "entailment", "", names, scores)

    assert shares[0] / shares[1] == pytest.approx(math.e)
    assert calibration.is_calibrated(TABLE, "entailment")


def test_a_task_that_was_not_fitted_is_not_calibrated_by_another() -> None:
    plain = calibration.probabilities(TABLE, "classify", "", ("a", "b"), [0.0, -1.0])

    assert plain[0] / plain[1] == pytest.approx(math.e)
    assert not calibration.is_calibrated(TABLE, "classify")


def test_only_a_closed_question_takes_what_was_fitted_for_its_words() -> None:
    question = "is there pneumonia?"

    asked = calibration.probabilities(TABLE, "choice", question, ("yes", "no"), [0.0, 0.0])
    other = calibration.probabilities(TABLE, "matching", question, ("yes", "no"), [0.0, 0.0])

    assert asked[0] / asked[1] == pytest.approx(math.e)
    assert other == (0.5, 0.5)
    assert calibration.is_calibrated({"questions": TABLE["questions"]}, "choice", question)
    assert not calibration.is_calibrated({"questions": TABLE["questions"]}, "choice", "is it?")
    assert not calibration.is_calibrated(TABLE, "matching", question)


@pytest.mark.parametrize(
    "table",
    [
        {"entailment": {"temperature": 0}},
        {"classify": {"temperature": "hot"}},
        {"classify": 1.5},
        {"matching": {"shift": math.inf}},
        {"questions": {"is it?": {"temperature": -1.0}}},
        {"questions": [1.5]},
    ],
)
def test_what_calibrates_nothing_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(BadCheckpoint, match="calibrates nothing"):
        calibration.check(table)


def test_what_the_shipped_model_says_is_accepted() -> None:
    calibration.check(TABLE)
    calibration.check({})
