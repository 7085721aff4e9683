"""A model is loaded by the name of its backend, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from model_backend.folder import ModelFolder
from model_backend.models import load
from model_backend.models.echo import Echo
from model_backend.request import (
    ANSWER,
    CHOICE,
    ENTAILMENT,
    GROUNDING,
    Answer,
    BadCheckpoint,
    BadRequest,
    Refusal,
    Request,
)
from model_backend.tasks import TASKS

MakeFolder = Callable[..., ModelFolder]


def test_backend_is_a_file_of_this_package(echo_folder: MakeFolder) -> None:
    assert isinstance(load(echo_folder(), "cpu"), Echo)


@pytest.mark.parametrize("backend", ["..client", "os", "echo.sub", "", "__init__", "Echo"])
def test_no_other_module_is_imported(echo_folder: MakeFolder, backend: str) -> None:
    with pytest.raises(BadCheckpoint):
        load(replace(echo_folder(), backend=backend), "cpu")


def test_echo_repeats_the_prompt_up_to_its_limit(echo_folder: MakeFolder) -> None:
    model = load(echo_folder(), "cpu")
    request = Request(ANSWER, text=" ".join(["one"] * 70))

    *_, last = model.answer([request], lambda: False)

    assert isinstance(last, Answer)
    assert last.cut_off
    assert last.text == " ".join(["one"] * 64)


def test_echo_finds_all_candidates_equal(echo_folder: MakeFolder) -> None:
    model = load(echo_folder(), "cpu")

    (answer,) = model.answer([Request(CHOICE, candidates=("a", "b"))], lambda: False)

    assert isinstance(answer, Answer)
    assert answer.probabilities == (0.5, 0.5)


def test_echo_answers_the_tasks_it_claims_and_no_other(echo_folder: MakeFolder) -> None:
    model = load(replace(echo_folder(), tasks=("prophecy", *TASKS)), "cpu")
    requests = [Request(task, text="a b", candidates=("x", "y")) for task in ("prophecy", *TASKS)]

    events = list(model.answer(requests, lambda: False))

    answered = {event.request for event in events if isinstance(event, Answer)}
    refused = {event.request for event in events if isinstance(event, Refusal)}
    for request in requests:
        claimed = answered if request.task in model.identity.tasks else refused
        assert request.id in claimed
    assert ENTAILMENT in model.identity.tasks and GROUNDING not in model.identity.tasks


def test_echo_chooses_among_the_usual_candidates_where_none_are_given(
    echo_folder: MakeFolder,
) -> None:
    model = load(replace(echo_folder(), tasks=(ENTAILMENT, CHOICE)), "cpu")

    (answer,) = model.answer([Request(ENTAILMENT)], lambda: False)

    assert isinstance(answer, Answer)
    assert answer.text == "entailed" and answer.probabilities == (1 / 3,) * 3
    with pytest.raises(BadRequest, match="nothing to choose"):
        next(model.answer([Request(CHOICE)], lambda: False))
