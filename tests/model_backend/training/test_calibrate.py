"""Calibration recovers what was distorted."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend import calibration
from model_backend.training.calibrate import calibrated, enough, fit, fit_rare


def test_temperature_and_shift_are_recovered() -> None:
    chance = np.random.default_rng(1)
    true_odds = chance.normal(0, 2, 20_000)
    yes = chance.random(20_000) < 1 / (1 + np.exp(-true_odds))

    temperature, shift = fit((true_odds - 0.5) * 3, yes)

    assert temperature == pytest.approx(3, rel=0.05)
    assert shift == pytest.approx(0.5, abs=0.05)


def test_few_cases_hardly_move_anything() -> None:
    temperature, shift = fit(np.array([5.0, -5.0]), np.array([True, False]))

    assert 0.8 < temperature < 1.2 and abs(shift) < 0.01


def test_a_rare_finding_is_said_as_often_as_training_had_it() -> None:
    chance = np.random.default_rng(1)
    odds = [chance.normal(2, 1, 50), chance.normal(-1, 3, 50)]
    yes = [chance.random(50) < 0.2 for _ in odds]  # it tells nothing

    temperature, shifts = fit_rare(odds, yes, [0.2, 0.1])

    means = [
        calibrated(x, temperature, shift).mean() for x, shift in zip(odds, shifts, strict=True)
    ]
    assert means == pytest.approx([0.2, 0.1], abs=1e-3)
    assert temperature > 4


def test_rare_findings_that_are_told_apart_stay_so() -> None:
    chance = np.random.default_rng(1)
    yes = np.arange(50) < 8
    odds = np.where(yes, 2.0, -2.0) + chance.normal(0, 1, 50)

    temperature, _ = fit_rare([odds], [yes], [0.16])

    assert temperature < 1.5


def test_both_sides_apply_the_same_formula() -> None:
    table = {"questions": {"is there pneumonia?": {"temperature": 2.0, "shift": -0.5}}}
    scores = [-0.2, -1.7]

    yes, no = calibration.probabilities(
        table, "choice", "is there pneumonia?", ("yes", "no"), scores
    )

    assert yes == pytest.approx(calibrated(np.array([1.5]), 2.0, -0.5)[0])
    assert yes + no == pytest.approx(1)


def test_a_question_that_was_not_fitted_takes_the_common_temperature() -> None:
    table = {"choice": {"temperature": 2.0, "shift": 1.0}, "questions": {}}

    plain = calibration.probabilities(
        table, "choice", "which side?", ("left", "right"), [0.0, -2.0]
    )
    polar = calibration.probabilities(table, "choice", "is it?", ("no", "yes"), [0.0, 0.0])

    assert plain[0] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert polar[1] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert calibration.is_calibrated(table, "choice", "is it?")
    assert not calibration.is_calibrated({}, "choice", "is it?")


def test_impossible_scores_leave_equal_shares() -> None:
    scores = [float("-inf"), float("-inf")]

    assert calibration.probabilities({}, "choice", "?", ("a", "b"), scores) == (0.5, 0.5)


def test_many_questions_together_are_not_shifted() -> None:
    odds = np.array([1.0, 1.0, 1.0, 1.0, 1.0])

    assert fit(odds, np.array([True, False, False, False, False]), shifted=False)[1] == 0
    assert fit(odds, np.array([True, False, False, False, False]))[1] < -0.5


def test_few_positives_are_not_fitted_alone() -> None:
    yes = np.zeros(100, bool)
    yes[:9] = True

    assert not enough(yes)
    yes[9] = True
    assert enough(yes) and not enough(yes[:39])
