"""Figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from model_backend.evaluation.metrics import accuracy, auc, calibration_error, interval


def test_auc_counts_pairs_in_the_right_order_and_ties_as_half() -> None:
    scores = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
    positive = np.array([1.0, 1.0, 0.0, 1.0, 0.0])

    # Six pairs: 0.9 beats both, 0.8 ties one and beats one, 0.3 loses one and beats one.
    assert auc(scores, positive) == pytest.approx((2 + 1.5 + 1) / 6)
    assert auc(-scores, positive) == pytest.approx(1 - 4.5 / 6)


def test_auc_of_one_class_is_no_figure() -> None:
    assert math.isnan(auc(np.array([0.1, 0.2]), np.array([1.0, 1.0])))


def test_calibration_error_weighs_the_bins_by_their_cases() -> None:
    probability = np.array([0.55, 0.55, 0.95, 0.95, 0.95, 0.95, 1.0])
    right = np.array([1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0])

    # Bin 5: |0.55 - 0.5| of 2 cases; bin 9: |0.96 - 0.8| of 5.
    assert calibration_error(probability, right) == pytest.approx((2 * 0.05 + 5 * 0.16) / 7)


def test_accuracy_is_the_share_of_right_answers() -> None:
    assert accuracy(np.array([1.0, 0.0, 1.0, 1.0])) == 0.75


def test_the_interval_of_equal_groups_is_a_point() -> None:
    right = np.array([1.0, 0.0, 1.0, 0.0])

    low, high = interval(lambda chosen: accuracy(right[chosen]), ["a", "a", "b", "b"])

    assert (low, high) == (0.5, 0.5)


def test_the_interval_grows_when_cases_hang_together() -> None:
    chance = np.random.default_rng(0)
    right = (chance.random(50) < 0.7).astype(float)
    repeated = np.repeat(right, 4)
    apart = interval(lambda chosen: accuracy(repeated[chosen]), [str(i) for i in range(200)])
    together = interval(
        lambda chosen: accuracy(repeated[chosen]), [str(i // 4) for i in range(200)]
    )

    assert together[0] < apart[0] < right.mean() < apart[1] < together[1]
    # A mean of 50 independent cases: about 1.96 standard errors either way.
    half = 1.96 * math.sqrt(right.mean() * (1 - right.mean()) / 50)
    assert together[1] - together[0] == pytest.approx(2 * half, rel=0.15)


def test_the_same_seed_gives_the_same_interval() -> None:
    right = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    groups = list("abcde")

    def measure(chosen: NDArray[np.int64]) -> float:
        return accuracy(right[chosen])

    assert interval(measure, groups) == interval(measure, groups)
