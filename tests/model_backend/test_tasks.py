"""The table of tasks is whole, and each row fits what a request and an answer can hold."""

from __future__ import annotations

import re

import pytest

from model_backend import request as names
from model_backend.tasks import TASKS, Task


def test_every_task_of_a_request_has_its_row() -> None:
    named = {
        value
        for name, value in vars(names).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }

    assert set(TASKS) == named
    assert all(name == task.name for name, task in TASKS.items())


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_wording_has_a_place_for_each_text_and_for_nothing_else(task: Task) -> None:
    places = re.findall(r"\{(\w*)\}", task.wording)

    assert places == ["text", "text2"][: len(task.texts)]
    assert task.wording.startswith(" ")


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_candidates_are_those_of_a_closed_task(task: Task) -> None:
    is_closed = task.gives == "choice"

    assert (task.has_candidates or bool(task.candidates)) == is_closed
    assert not (task.has_candidates and task.candidates)
    assert task.has_image or task.texts
    assert task.has_image or not task.has_box
    assert 1 <= task.max_tokens and 1 <= task.max_words


def test_wordings_that_are_our_own_are_marked() -> None:
    ours = {task.name for task in TASKS.values() if not task.is_published}

    assert ours == {names.TRIAL, names.MORTALITY, names.TREATMENT}
