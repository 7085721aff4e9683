"""A question about a frame or a box gives an answer that can become a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dicom_io.errors import FileProblem
from dicom_io.image.frame import open_frames
from dicom_io.image.render import render
from dicom_io.report.document import Decision, Origin, Region
from model_backend.client import ModelClient
from model_backend.request import ANSWER, CHOICE, BadRequest
from plugin._answering import answer_question
from plugin._reply import Reply


def last_of(replies: Iterator[Reply]) -> Reply:
    *_, last = replies
    assert last.is_final
    return last


def test_echo_in_its_own_process_answers_word_by_word(echo: ModelClient, film: Any) -> None:
    replies = list(answer_question(film(), "What is shown here?", echo.ask))

    assert [reply.text for reply in replies[:4]] == ["", "What", "What is", "What is shown"]
    assert [reply.is_final for reply in replies] == [False] * (len(replies) - 1) + [True]
    assert replies[-1].text == "What is shown here?"
    assert replies[-1].probabilities == ()
    assert replies[-1].model is not None and replies[-1].model.name == "echo"


def test_what_the_model_will_see_is_known_before_it_is_asked(phrase_book: Any, film: Any) -> None:
    frame = film()

    first = next(answer_question(frame, "Is it?", phrase_book))

    assert phrase_book.asked == []
    assert first.pixels is not None
    assert np.array_equal(first.pixels, render(frame, frame.stored()))


def test_yes_or_no_is_scored_without_being_told_to(phrase_book: Any, film: Any) -> None:
    phrase_book.yes = {"Is the lung clear?": 0.75}

    last = last_of(answer_question(film(), " Is the lung clear? ", phrase_book))

    assert phrase_book.asked[0].task == CHOICE
    assert last.text == "yes"
    assert last.probabilities == (("yes", 0.75), ("no", 0.25))
    assert last.probability == 0.75


def test_open_question_is_answered_in_free_text(phrase_book: Any, film: Any) -> None:
    last = last_of(answer_question(film(), "Which organ?", phrase_book))

    assert phrase_book.asked[0].task == ANSWER
    assert last.probability is None
    assert last.note == "not calibrated"


def test_given_choices_are_scored_once_each(phrase_book: Any, film: Any) -> None:
    last = last_of(
        answer_question(film(), "Which side?", phrase_book, choices=("left", "right ", "left"))
    )

    assert phrase_book.asked[0].candidates == ("left", "right")
    assert [name for name, _ in last.probabilities] == ["left", "right"]


def test_box_is_cut_in_stored_pixels_and_kept_as_region(phrase_book: Any, picture: Path) -> None:
    (frame,) = open_frames(picture)

    last = last_of(answer_question(frame, "Is it?", phrase_book, box=(10.2, 5, 20, 9.5)))

    whole = render(frame, frame.stored())
    assert last.pixels is not None
    assert np.array_equal(last.pixels, whole[5:10, 10:20])
    assert last.region == Region(frame.identity, 10, 5, 20, 10)
    assert last.asked is not None and last.asked.region == last.region
    assert np.array_equal(phrase_book.asked[0].images[0].pixels, last.pixels)
    assert phrase_book.asked[0].images[0].to_stored(0, 0) == (10, 5)
    assert last.as_sentence().region == last.region


def test_answer_becomes_a_suggested_sentence(phrase_book: Any, film: Any) -> None:
    phrase_book.yes = {"is the lung clear": 0.75}

    last = last_of(answer_question(film(), "is the lung clear", phrase_book))

    sentence = last.as_sentence()
    assert sentence.text == "Is the lung clear? Yes."
    assert (sentence.origin, sentence.state) == (Origin.AI, Decision.SUGGESTED)
    assert sentence.probability == 0.75
    assert last.asked is not None and sentence.request == last.asked.request


def test_question_of_the_models_list_becomes_its_own_wording(phrase_book: Any, film: Any) -> None:
    phrase_book.yes = {"Is there an effusion?": 0.125}

    last = last_of(
        answer_question(film(), "Is there an effusion?", phrase_book, model=phrase_book.folder)
    )

    assert last.as_sentence().text == "No effusion."


def test_other_pictures_are_answered_with_a_note(phrase_book: Any, film: Any) -> None:
    last = last_of(answer_question(film(Modality="CT"), "Is it?", phrase_book))

    assert "little beyond chest films" in last.note


def test_refusal_is_an_answer_that_makes_no_sentence(phrase_book: Any, film: Any) -> None:
    phrase_book.refuses = True

    last = last_of(answer_question(film(), "Is it?", phrase_book))

    assert last.refusal == "The picture is too dark."
    assert last.text == ""
    with pytest.raises(ValueError, match="no answer"):
        last.as_sentence()


def test_stopped_question_has_no_final_reply(phrase_book: Any, film: Any) -> None:
    replies = list(answer_question(film(), "Is it?", phrase_book, stop=lambda: True))

    assert [reply.is_final for reply in replies] == [False]


@pytest.mark.parametrize("question", ["", "  \n"])
def test_empty_question_is_refused(phrase_book: Any, film: Any, question: str) -> None:
    with pytest.raises(BadRequest, match="no question"):
        list(answer_question(film(), question, phrase_book))


def test_empty_candidate_is_refused(phrase_book: Any, film: Any) -> None:
    with pytest.raises(BadRequest, match="empty"):
        list(answer_question(film(), "Which?", phrase_book, choices=("left", " ")))


@pytest.mark.parametrize("box", [(500, 500, 600, 600), (5, 5, 5, 9), (float("nan"), 0, 5, 5)])
def test_impossible_box_is_refused(
    phrase_book: Any, film: Any, box: tuple[float, float, float, float]
) -> None:
    with pytest.raises(BadRequest):
        list(answer_question(film(), "Is it?", phrase_book, box=box))


def test_file_that_vanished_is_a_known_problem(phrase_book: Any, film: Any) -> None:
    frame = film()
    frame.path.unlink()

    with pytest.raises(FileProblem):
        list(answer_question(frame, "Is it?", phrase_book))
