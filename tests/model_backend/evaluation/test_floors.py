"""Floors on data small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend.evaluation.figures import share_right, words_answers
from model_backend.evaluation.floors import (
    bag_of_words,
    commoner,
    most_similar_answers,
    thumbnail_scores,
)
from model_backend.evaluation.rows import asks_yes_or_no
from model_backend.training.linear import fit_logistic


def test_the_commoner_answer_wins_and_ties_go_to_the_alphabet() -> None:
    assert commoner(["yes", "no", "no"]) == "no"
    assert commoner(["yes", "no"]) == "no"
    assert share_right(["no"], ["no", "yes", "no", "left"]) == 0.5


def test_the_most_similar_question_answers() -> None:
    known = ["Is there a pneumothorax?", "Is the heart enlarged?", "Is the heart enlarged?"]
    answers = ["no", "yes", "yes"]

    found = most_similar_answers(known, answers, ["pneumothorax?", "heart big?", "zebra"])

    # A question without a known word is equally far from all: the commonest answer.
    assert found == ["no", "yes", "yes"]


def test_rare_words_count_more_than_common_ones() -> None:
    known = ["is there air", "is there blood", "is there a mass", "was air seen"]

    found = most_similar_answers(known, ["a", "b", "c", "d"], ["is blood there or what"])

    assert found == ["b"]


def test_words_seen_once_are_left_out_of_the_bag() -> None:
    table, rows = bag_of_words(["is air seen", "is fluid seen", "is air there"], ["air is rare"])

    # air, is, seen in order of the alphabet
    assert table.tolist() == [[1, 1, 1], [0, 1, 1], [1, 1, 0]]
    assert rows.tolist() == [[1, 1, 0]]


def test_the_bag_of_words_model_learns_which_word_means_what() -> None:
    texts = ["is it normal", "is it abnormal"] * 20
    answers = ["no", "yes"] * 20

    assert words_answers(texts, answers, ["normal?", "abnormal?"]) == ["no", "yes"]


def test_without_features_the_linear_model_gives_the_share() -> None:
    rows = np.zeros((8, 1), np.float32)
    classes = np.array([1, 1, 1, 0, 1, 1, 1, 0], np.int64)

    share = fit_logistic(rows, classes).probabilities(rows)[0, 1]

    assert share == pytest.approx(0.75, abs=1e-4)


def test_the_penalty_holds_weights_back() -> None:
    rows = np.array([[1.0], [-1.0]] * 10, np.float32)
    classes = np.array([1, 0] * 10, np.int64)

    free = fit_logistic(rows, classes, 0.01).probabilities(rows)[0, 1]
    held = fit_logistic(rows, classes, 100.0).probabilities(rows)[0, 1]

    assert 0.5 < held < 0.6 < 0.95 < free


def test_the_linear_model_sees_a_bright_half() -> None:
    chance = np.random.default_rng(0)
    pictures = chance.integers(0, 100, (60, 48, 48)).astype(np.uint8)
    pictures[::2, :24] += 100
    positive = (np.arange(60) % 2 == 0).astype(np.int64)

    scores = thumbnail_scores(pictures[:40], positive[:40], pictures[40:])

    assert scores[::2].min() > scores[1::2].max()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is there a mass?", True),
        ("Are/Is the lungs clear?", True),
        ("does this show air", True),
        ("Is this CT or MRI?", False),
        ("Where is the lesion?", False),
        ("What is it?", False),
    ],
)
def test_yes_or_no_is_known_by_the_form_of_the_question(question: str, expected: bool) -> None:
    assert asks_yes_or_no(question) is expected
