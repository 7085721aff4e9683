"""What kind of question it is, and which to offer."""

from __future__ import annotations

import pytest

from model_backend.folder import ModelFolder
from plugin._prompts import QUESTIONS, choices_for, is_yes_no, suggested_questions


@pytest.mark.parametrize(
    "question",
    [
        "Is there an effusion?",
        "are the lungs clear",
        " Does this film show a mass?",
        "Isn't the heart enlarged?",
        "is/are there nodules?",
        "Is there pneumonia and/or effusion?",
    ],
)
def test_yes_or_no_answers_it(question: str) -> None:
    assert is_yes_no(question)
    assert choices_for(question, ()) == ("yes", "no")


@pytest.mark.parametrize(
    "question",
    ["Which side?", "Is it left or right?", "what is this?", "Island of fat?", "", "Where is it?"],
)
def test_yes_or_no_does_not_answer_it(question: str) -> None:
    assert not is_yes_no(question)
    assert choices_for(question, ()) == ()


def test_given_choices_win() -> None:
    assert choices_for("Is it?", ("maybe", "never")) == ("maybe", "never")


def test_questions_of_the_models_list_are_offered(echo_folder: ModelFolder) -> None:
    offered = suggested_questions(echo_folder)

    assert offered[0] == "Is this chest radiograph normal?"
    assert suggested_questions(None) == QUESTIONS
