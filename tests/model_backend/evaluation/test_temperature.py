"""What was distorted is found again, and a few cases move little."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend.evaluation.temperature import Fitted, Scored, fit, log_loss, scored, spread
from model_backend.training import calibrate


def drawn(count: int, classes: int, temperature: float, seed: int = 1) -> Scored:
    """Cases whose right answers were drawn from the scores divided by `temperature`."""
    chance = np.random.default_rng(seed)
    scores = chance.normal(0, 4, (count, classes))
    shares = np.exp(scores / temperature)
    shares /= shares.sum(1, keepdims=True)
    right = (shares.cumsum(1) < chance.random((count, 1))).sum(1)
    return Scored(scores, right, np.zeros_like(scores), tuple(map(str, range(count))))


@pytest.mark.parametrize(("classes", "temperature"), [(2, 0.5), (3, 2.5), (14, 1.0)])
def test_a_temperature_is_found_within_its_interval(classes: int, temperature: float) -> None:
    cases = drawn(600, classes, temperature)

    fitted = fit(cases, shifted=False)
    low, high = spread(cases, shifted=False)

    assert fitted.temperature == pytest.approx(temperature, rel=0.25)
    assert low < temperature < high and low < fitted.temperature < high
    best = log_loss(fitted.probabilities(cases), cases.right)
    for other in (0.8, 1.25):
        off = Fitted(fitted.temperature * other)
        assert log_loss(off.probabilities(cases), cases.right) > best


def test_yes_and_no_are_fitted_as_in_training() -> None:
    chance = np.random.default_rng(5)
    odds = chance.normal(0, 3, 400)
    yes = chance.random(400) < 1 / (1 + np.exp(-(odds / 2 + 0.7)))
    pairs = [(value, 0.0) for value in odds]
    places = [0 if one else 1 for one in yes]
    cases = scored(pairs, places, [("yes", "no")] * 400, [str(n) for n in range(400)])

    for shifted in (True, False):
        ours, theirs = fit(cases, shifted=shifted), calibrate.fit(odds, yes, shifted=shifted)

        assert (ours.temperature, ours.shift) == pytest.approx(theirs, abs=2e-3)


def test_the_order_of_yes_and_no_does_not_matter() -> None:
    cases = [(0.3, -0.2), (2.0, 0.1), (-1.0, 0.5), (0.2, 0.4)]
    groups = ["a", "b", "c", "d"]
    one = scored(cases, [0, 0, 1, 0], [("yes", "no")] * 4, groups)
    other = scored([c[::-1] for c in cases], [1, 1, 0, 1], [("No", "Yes")] * 4, groups)

    first, second = fit(one, shifted=True), fit(other, shifted=True)

    assert first.shift == pytest.approx(second.shift) and first.shift > 0
    assert first.temperature == pytest.approx(second.temperature)


def test_cases_with_fewer_candidates_lose_nothing_to_them() -> None:
    cases = scored([(0.0, -1.0), (0.0, -1.0, -1.0)], [0, 0], [("a", "b"), ("a", "b", "c")], "xy")

    shares = Fitted(2.0).probabilities(cases)

    assert shares[0] == pytest.approx([1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(0.5)), 0.0])
    assert shares.sum(1) == pytest.approx([1.0, 1.0])


def test_answers_without_one_mistake_do_not_move_it_without_end() -> None:
    cases = scored([(5.0, 0.0)] * 60, [0] * 60, [("a", "b")] * 60, [str(n) for n in range(60)])

    assert 0.05 < fit(cases, shifted=False).temperature < 1.0
