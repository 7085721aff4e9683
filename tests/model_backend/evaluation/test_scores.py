"""Each task's figures, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from model_backend.evaluation.asked import Asking, Said
from model_backend.evaluation.labelled import LabelledCase
from model_backend.evaluation.measured import MORE_TITLES
from model_backend.evaluation.published import (
    FINE_TUNED,
    INSTRUCTION_TUNED,
    Published,
    dataset_of,
    figures,
    kind_of,
    published_for,
)
from model_backend.evaluation.scores import Score, overlap, scores_of
from model_backend.evaluation.verdict import judged
from model_backend.folder import ModelFolder
from model_backend.request import (
    ANSWER,
    CHOICE,
    CLASSIFY,
    ENTAILMENT,
    FINDINGS,
    GROUNDING,
    SUMMARY,
    Answer,
    ModelIdentity,
    Place,
)
from model_backend.tasks import TASKS

MODEL = ModelIdentity("m", "1", "0" * 64)
ECHO = ModelFolder(Path(), "echo", "1", "echo", (ANSWER,))


def said(
    task: str,
    answer: str,
    right: str | Mapping[str, float],
    *,
    group: str = "",
    closed: bool | None = None,
    share: float | None = None,
) -> Said:
    references = {right: 1.0} if isinstance(right, str) else right
    case = LabelledCase(1, task, references, group or answer + str(right), is_closed=closed)
    shares = None if share is None else (share, 1 - share)
    return Said(case, Answer("r", answer, shares, False, MODEL, calibrated=share is not None))


def by_name(scores: list[Score]) -> dict[str, Score]:
    return {one.name: one for one in scores}


def test_questions_are_right_open_closed_and_overall() -> None:
    answers = [
        said(CHOICE, "yes", "Yes", closed=True),
        said(CHOICE, "no", "Yes", closed=True),
        said(ANSWER, "left  lung", "Left lung", closed=False),
        said(ANSWER, "left", {"right": 1.0, "Left": 0.25}, closed=False),
    ]

    scores = by_name(scores_of(answers))

    assert scores["overall"].value == pytest.approx(100 * (1 + 0 + 1 + 0.25) / 4)
    assert scores["closed"].value == 50 and scores["open"].value == pytest.approx(62.5)
    assert (scores["closed"].cases, scores["open"].cases) == (2, 2)
    assert scores["closed"].floor == 100 and scores["overall"].floor == 50


def test_where_a_set_does_not_say_yes_and_no_are_the_closed_answers() -> None:
    answers = [said(CHOICE, "yes", "yes"), said(ANSWER, "left", "right")]

    scores = by_name(scores_of(answers))

    assert scores["closed"].cases == 1 and scores["open"].cases == 1


def test_only_probabilities_that_may_be_shown_have_a_calibration_error() -> None:
    sure = [said(CHOICE, "yes", "yes", share=0.9, group=str(n)) for n in range(10)]
    unsure = [said(CHOICE, "yes", "yes", group=str(n)) for n in range(10)]

    assert by_name(scores_of(sure))["calibration_error"].value == pytest.approx(10.0)
    assert "calibration_error" not in by_name(scores_of(unsure))


def test_classes_have_accuracy_and_the_mean_f1_of_the_classes() -> None:
    answers = [said(CLASSIFY, a, b) for a, b in (("x", "x"), ("x", "y"), ("y", "y"), ("x", "x"))]

    scores = by_name(scores_of(answers))

    assert scores["overall"].value == 75
    assert scores["macro_f1"].value == pytest.approx(100 * (4 / 5 + 2 / 3) / 2)


def test_texts_are_scored_as_the_authors_score_them() -> None:
    captions = [
        said(FINDINGS, "The heart, is normal.", "the heart is normal"),
        said(FINDINGS, "a", "b"),
    ]
    summaries = [said(SUMMARY, "Is insulin safe", "is insulin safe?")]
    pairs = [said(ENTAILMENT, "entailed", "entailed"), said(ENTAILMENT, "neutral", "entailed")]

    assert by_name(scores_of(captions))["rouge_l"].value == pytest.approx(50)
    assert by_name(scores_of(captions))["cider"].value == pytest.approx(500)
    assert by_name(scores_of(summaries))["rouge_2"].value == pytest.approx(100)
    assert by_name(scores_of(pairs))["overall"].value == 50


def test_a_place_is_found_from_an_overlap_of_one_half() -> None:
    case = LabelledCase(1, GROUNDING, {}, "g", place=Place(0, 0, 10, 10))
    places = (Place(0, 0, 10, 5), Place(0, 0, 10, 4.9))
    answers = [Said(case, Answer("r", "", None, False, MODEL, places=(one,))) for one in places]
    answers.append(Said(case, Answer("r", "", None, False, MODEL)))

    assert by_name(scores_of(answers))["found"].value == pytest.approx(100 / 3)
    assert overlap(Place(0, 0, 1, 1), Place(2, 2, 3, 3)) == 0
    assert overlap(Place(1, 1, 1, 1), Place(1, 1, 1, 1)) == 0


def test_the_interval_resamples_whole_patients() -> None:
    alike = [said(CHOICE, "yes", "yes" if n % 2 else "no", group=str(n % 2)) for n in range(40)]
    apart = [said(CHOICE, "yes", "yes" if n % 2 else "no", group=str(n)) for n in range(40)]

    (wide, *_), (narrow, *_) = scores_of(alike), scores_of(apart)

    assert (wide.low, wide.high) == (0, 100)
    assert 30 < narrow.low < 50 < narrow.high < 70


# --- how a case is asked ---


def test_a_question_gets_the_list_that_the_model_was_trained_with() -> None:
    case = LabelledCase(1, ANSWER, {"left": 1.0}, "g", "which side?")
    asking = Asking(answers=("left", "right"))

    asked = asking.case(case)
    request = asking.request(asked, "0", None)

    assert asked.task == CHOICE and request.candidates == ("left", "right")
    assert request.decoding.by_trie and not request.decoding.normalize
    scored = Asking(answers=("left", "right"), by_scores=True).request(asked, "0", None)
    assert not scored.decoding.by_trie


def test_yes_or_no_is_a_choice_and_any_other_question_is_open() -> None:
    asking = Asking(classes=("a", "b"))

    def task(text: str, closed: bool | None = None) -> str:
        return asking.case(LabelledCase(1, ANSWER, {"x": 1.0}, "g", text, is_closed=closed)).task

    assert task("Is there a mass?") == CHOICE and task("Is there a mass?", False) == ANSWER
    assert task("Is it left or right?") == ANSWER and task("Where is it?") == ANSWER
    assert asking.case(LabelledCase(1, CLASSIFY, {"a": 1.0}, "g")).candidates == ("a", "b")
    pair = asking.case(LabelledCase(1, ENTAILMENT, {"neutral": 1.0}, "g", "a", text2="b"))
    assert pair.candidates == TASKS[ENTAILMENT].candidates


# --- what the authors report ---


def test_every_published_figure_is_of_a_known_metric_and_size() -> None:
    assert len(figures()) > 20
    for one in figures():
        assert one.values.keys() <= MORE_TITLES.keys() and one.by
        assert one.size in ("small", "medium", "base") and one.task in ("", *TASKS)
        assert one.kind in (FINE_TUNED, INSTRUCTION_TUNED)
        assert all(0 < value < 200 for value in one.values.values())
        assert dataset_of(one.dataset) == one.dataset


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("vqa_rad", "vqa_rad"),
        ("VQA-RAD test.tsv", "vqa_rad"),
        ("test_vqarad", "vqa_rad"),
        ("PathVQA", "pathvqa"),
        ("my own films", ""),
    ],
)
def test_a_set_is_known_by_its_name(name: str, dataset: str) -> None:
    assert dataset_of(name) == dataset


def test_a_model_is_held_to_what_its_name_claims_alone() -> None:
    tuned = published_for("vqa_rad", "base", ANSWER, FINE_TUNED)
    asked = published_for("vqa_rad", "base", ANSWER, INSTRUCTION_TUNED)

    assert tuned[0].values["overall"] == 73.2 and asked[0].values["overall"] == 52.1
    assert published_for("vqa_rad", "huge", ANSWER) == ()
    assert published_for("mimic_cxr", "base", SUMMARY)[0].values == {"rouge_l": 44.4}
    assert kind_of(ECHO, "vqa_rad") == ""


@pytest.mark.parametrize(
    ("name", "origin", "kind"),
    [
        ("biomedgpt-base-vqarad", "", FINE_TUNED),
        ("one", "/models/vqa_rad_base.pt", FINE_TUNED),
        ("one", "PanaceaAI/instruct-biomedgpt-base", INSTRUCTION_TUNED),
        ("one", "/models/slake_base.pt", ""),
    ],
)
def test_name_and_origin_say_what_a_file_claims(name: str, origin: str, kind: str) -> None:
    assert kind_of(replace(ECHO, name=name, origin=origin), "vqa_rad") == kind


# --- the verdict ---

RAD = Published("vqa_rad", "base", FINE_TUNED, {"overall": 73.2, "closed": 81.3}, "P")


def score(value: float, name: str = "overall", cases: int = 451, floor: float | None = 30) -> Score:
    return Score(name, value, value - 4, value + 4, cases, floor)


@pytest.mark.parametrize(
    ("value", "passed", "words"),
    [
        (33.4, False, "33 % .* where the authors report 73 %: this file is not what its name says"),
        (54.5, False, "not what its name says"),
        (66.0, False, "lower than chance explains"),
        (70.0, True, "As the authors report"),
        (80.0, True, "As the authors report"),
    ],
)
def test_a_figure_is_held_to_the_published_one(value: float, passed: bool, words: str) -> None:
    verdict = judged([score(value)], RAD, "")

    assert verdict.passed is passed
    assert re.search(words, verdict.text)


def test_the_figure_that_lies_lowest_decides() -> None:
    captions = Published("iu_xray", "base", FINE_TUNED, {"rouge_l": 28.5, "cider": 40.1}, "P")
    figures = [score(28, "rouge_l", floor=None), score(9, "cider", floor=None)]

    verdict = judged(figures, captions, "")

    assert verdict.passed is False and "CIDEr" in verdict.text
    parts = [score(73), score(60, "closed")]
    assert judged(parts, RAD, "").passed is True


def test_few_cases_doubtful_values_and_no_claim_condemn_nothing() -> None:
    doubtful = Published("vqa_rad", "base", FINE_TUNED, {"overall": 73.2}, "M", doubt="a slip")

    assert judged([score(20, cases=29)], RAD, "").passed is None
    assert judged([score(40)], doubtful, "").passed is None
    alone = judged([score(40)], None, "Nothing to compare with.")
    assert alone.passed is None and alone.text == "Nothing to compare with."


def test_a_model_below_the_commonest_answer_has_failed_without_any_published_figure() -> None:
    verdict = judged([score(40, floor=54.5)], None, "")

    assert verdict.passed is False and "worse than a constant" in verdict.text
    assert judged([score(52, floor=54.5)], None, "").passed is None
