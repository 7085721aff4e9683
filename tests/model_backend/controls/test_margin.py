"""The fitted margin flags a blind model's answers and spares correct ones, or says it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend.controls.margin import fit_margin, fit_margins, margin_for


def test_a_margin_lies_between_blind_and_correct_answers() -> None:
    fitted = fit_margin([0.0, 0.01, 0.02, 0.03], [0.2, 0.3, 0.4, 0.5])

    assert 0.03 < fitted.value <= 0.2
    assert fitted.blind_flagged == 1 and fitted.correct_flagged == 0 and fitted.is_reached
    assert (fitted.blind_cases, fitted.correct_cases) == (4, 4)


def test_the_shares_are_as_wanted_wherever_they_can_be() -> None:
    chance = np.random.default_rng(3)
    blind = np.abs(chance.normal(0, 0.02, 400)).tolist()
    correct = np.abs(chance.normal(0.3, 0.15, 400)).tolist()

    fitted = fit_margin(blind, correct)

    assert np.mean(np.array(blind) < fitted.value) == fitted.blind_flagged >= 0.95
    assert np.mean(np.array(correct) < fitted.value) == fitted.correct_flagged <= 0.10
    assert fitted.is_reached and fitted.as_json()["is_reached"] is True


def test_where_both_cannot_be_had_the_blind_ones_are_flagged_and_it_is_said() -> None:
    same = np.linspace(0, 1, 200).tolist()

    fitted = fit_margin(same, same)

    assert fitted.blind_flagged >= 0.95 and fitted.correct_flagged > 0.10
    assert not fitted.is_reached


def test_exactly_constant_answers_are_flagged_by_a_margin_above_zero() -> None:
    fitted = fit_margin([0.0] * 50, [0.5] * 50)

    assert fitted.value > 0 and fitted.blind_flagged == 1


def test_a_question_with_cases_enough_has_a_margin_of_its_own() -> None:
    blind = {"a?": [0.01] * 40, "b?": [0.02] * 5}
    correct = {"a?": [0.9] * 40, "b?": [0.1] * 5}

    margins = fit_margins(blind, correct)

    assert margins.keys() == {"", "a?"}
    assert margin_for(margins, "a?") == margins["a?"].value
    assert margin_for(margins, "b?") == margin_for(margins, "never asked?") == margins[""].value


def test_no_cases_give_no_margin() -> None:
    with pytest.raises(ValueError, match="blind model"):
        fit_margin([], [0.5])
