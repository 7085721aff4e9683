"""What stands at the right edge of a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicom_io.report.document import Decision, Origin, Sentence, human_sentence
from ui.report.words import explained, known, mark, probability_words, remark

AI = Sentence("a", "The heart is large.", Origin.AI, Decision.SUGGESTED)


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "very likely · 1.00"),
        (0.87, "likely · 0.87"),
        (0.6, "rather likely · 0.60"),
        (0.5, "uncertain · 0.50"),
        (0.3, "rather unlikely · 0.30"),
        (0.1, "unlikely · 0.10"),
        (0.0, "very unlikely · 0.00"),
    ],
)
def test_a_probability_is_a_word_and_a_number(probability: float, words: str) -> None:
    assert probability_words(probability) == words


def test_no_number_stands_where_none_is_calibrated() -> None:
    sentence = replace(AI, probability=0.99, note="not calibrated")

    assert known(sentence) == "not calibrated"
    assert "0.99" not in explained(sentence)
    assert "not calibrated" in explained(sentence)


def test_a_cut_off_sentence_says_so() -> None:
    assert known(replace(AI, note="cut off")) == "▲ · cut off"


def test_a_long_note_is_a_remark_below_the_sentence() -> None:
    doubted = replace(AI, probability=0.21, note="the closed question says otherwise, cut off")

    assert known(doubted) == "▲ · unlikely · 0.21 · cut off"
    assert remark(doubted) == "The closed question says otherwise"
    assert remark(doubted.accepted()) == ""
    assert "says otherwise" in explained(doubted)


def test_decisions_are_named() -> None:
    likely = replace(AI, probability=0.87)

    assert known(likely) == "likely · 0.87"
    assert known(likely.accepted()) == "accepted · 0.87"
    assert known(likely.rejected()) == "rejected"
    assert known(likely.edited("Normal.")) == "edited"
    assert known(human_sentence("Mine.")) == ""


def test_the_mark_tells_who_wrote_it() -> None:
    assert [mark(AI), mark(AI.edited("Normal.")), mark(human_sentence("Mine."))] == [
        "AI",
        "AI",
        "YOU",
    ]
