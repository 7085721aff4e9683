"""Which candidate an answer names, what its first token tells, and the name that a fit has."""

from __future__ import annotations

import math

import pytest

from model_backend.biomedgpt.prompts import question_text
from model_backend.chat.choosing import (
    LONGEST_QUESTION,
    first_token_scores,
    fitted_question,
    named,
)
from model_backend.chat.stream import Scored


def scored(*tokens: tuple[str, float]) -> tuple[Scored, ...]:
    """The first token of an answer, and its alternatives with their probabilities."""
    return (Scored(tokens[0][0], tuple((word, math.log(share)) for word, share in tokens)),)


@pytest.mark.parametrize(
    ("answer", "which"),
    [
        ("left  Lung", 0),
        ("«Right lung»", 1),
        ("left", None),
        ("left lung and right lung", None),
        ("", None),
        ("Straße", 2),
        ("STRASSE", 2),
    ],
)
def test_answer_is_a_candidate_only_as_a_whole(answer: str, which: int | None) -> None:
    assert named(("left lung", "Right Lung.", "Straße"), answer) == which


def test_tokens_that_begin_a_candidate_are_added_up() -> None:
    tokens = scored(
        ("Pne", 0.4), (" pneumonia", 0.2), ("pneu", 0.1), ("normal", 0.25), ("the", 0.05)
    )

    scores = first_token_scores(("pneumonia", "normal"), "Pneumonia", tokens)

    assert scores is not None
    assert [math.exp(score) for score in scores] == pytest.approx([0.7, 0.25])


def test_blank_tokens_before_the_answer_are_passed_over() -> None:
    first = Scored("\n", (("\n", -0.1), ("yes", -3.0)))
    second = scored(("yes", 0.75), ("no", 0.25))

    scores = first_token_scores(("yes", "no"), "yes", (first, *second))

    assert scores == pytest.approx((math.log(0.75), math.log(0.25)))


def test_no_token_gives_no_score() -> None:
    assert first_token_scores(("yes", "no"), "yes", ()) is None


@pytest.mark.parametrize(
    "question",
    [
        "Is there pneumonia?",
        "  is it X-ray/CT  ",
        "?!*Is the\n\nheart   enlarged",
        "normal",
        "",
        "word " * 200,
        "Was \tist  das?\n",
        "are these ribs ?",
    ],
)
def test_fit_knows_a_question_by_the_same_name_for_every_model(question: str) -> None:
    assert fitted_question(question) == question_text(question, LONGEST_QUESTION)[1:]
