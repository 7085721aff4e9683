"""Calibration and groups: what is said, what is right, and where there are too few to tell."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend.evaluation.reliability import curve, reliability, wilson
from model_backend.evaluation.subgroups import UNKNOWN, band_of, subgroups, value_of
from model_backend.request import CHOICE, FINDINGS
from tests.model_backend.evaluation.answers import YES_NO, said, yes_no_cases


def test_probabilities_that_keep_their_word_lie_on_the_line() -> None:
    chance = np.random.default_rng(1)
    sure = chance.uniform(0.5, 1, 4000)
    right = (chance.random(4000) < sure).astype(float)

    bins = curve(sure, right)

    assert sum(one["cases"] for one in bins) == 4000 and len(bins) == 5
    assert all(abs(one["right"] - one["said"]) < 5 for one in bins)


def test_an_overconfident_model_has_a_large_error_with_its_interval() -> None:
    cases = [
        said(
            CHOICE, "yes" if n % 2 else "no", "yes", shares=(0.95, 0.05), candidates=YES_NO, line=n
        )
        for n in range(60)
    ]

    found = reliability(cases, 200)

    error = found["error"]
    assert error["value"] == pytest.approx(45) and error["low"] < 45 < error["high"]
    assert found["is_fitted"] and found["bins"][0]["right"] == 50


def test_a_handful_of_answers_has_no_curve() -> None:
    assert reliability(yes_no_cases(8)) == {}


def test_wilsons_interval_stays_within_nought_and_one() -> None:
    assert wilson(0, 10)[0] == 0 and wilson(10, 10)[1] <= 1
    low, high = wilson(5, 10)
    assert low == pytest.approx(0.2366, abs=1e-3) and high == pytest.approx(0.7634, abs=1e-3)


@pytest.mark.parametrize(
    ("written", "band"),
    [
        ("45", "40 to 59"),
        ("045Y", "40 to 59"),
        ("7 months", "under 1"),
        ("003W", "under 1"),
        ("0", "under 1"),
        ("5", "1 to 5"),
        ("17", "6 to 17"),
        ("80", "80 and over"),
        ("103", "80 and over"),
        ("", UNKNOWN),
        ("old", UNKNOWN),
        ("400", UNKNOWN),
    ],
)
def test_ages_fall_into_bands(written: str, band: str) -> None:
    assert band_of(written) == band


def test_sexes_and_views_are_named_alike_however_they_are_written() -> None:
    assert value_of("sex", "m") == value_of("sex", "Male") == "male"
    assert value_of("view", "pa") == "PA" and value_of("sex", "?") == UNKNOWN


def test_groups_have_counts_intervals_and_a_warning_where_they_are_small() -> None:
    cases = yes_no_cases(80, attributes={"sex": "F", "age": "30"})
    cases += yes_no_cases(6, seed=1, attributes={"sex": "M", "age": "70"})

    rows = {(one["by"], one["value_of"]): one for one in subgroups(cases, 100)}

    assert rows.keys() == {
        ("sex", "female"),
        ("sex", "male"),
        ("age", "18 to 39"),
        ("age", "60 to 79"),
    }
    women, men = rows["sex", "female"], rows["sex", "male"]
    assert (women["cases"], women["groups"], women["is_small"]) == (80, 40, False)
    assert (men["cases"], men["groups"], men["is_small"]) == (6, 3, True)
    assert women["low"] < women["value"] < women["high"] and women["auc"]["value"] > 50


def test_a_set_that_does_not_say_has_no_groups() -> None:
    assert subgroups(yes_no_cases(20), 10) == []


def test_texts_are_compared_by_rouge_l() -> None:
    cases = [
        said(FINDINGS, "the lungs are clear", text, attributes={"view": view}, line=n)
        for n, (text, view) in enumerate([("the lungs are clear", "AP"), ("a heart", "PA")])
    ]

    values = {one["value_of"]: one["value"] for one in subgroups(cases, 10)}

    assert values == {"AP": 100, "PA": 0}
