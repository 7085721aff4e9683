"""The training goes down, repeats itself, and leaves a model that answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from model_backend.folder import ModelFolder
from model_backend.practice.examine import ask_all, fresh_cases
from model_backend.practice.train import WEIGHTS, Progress, Training, train
from model_backend.tasks import TASKS

STEPS = 2


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, list[Progress]]]:
    """Two trainings of a few steps."""
    made = []
    for name in ("first", "again"):
        folder, lines = tmp_path_factory.mktemp(name), list[Progress]()
        train(Training(STEPS, rate=3e-3), folder, lines.append)
        made.append((folder, lines))
    return made


def test_the_same_steps_give_the_same_weights(runs: list[tuple[Path, list[Progress]]]) -> None:
    first, again = ((folder / WEIGHTS).read_bytes() for folder, _ in runs)

    assert first == again


def test_a_run_tells_the_loss_of_every_task(runs: list[tuple[Path, list[Progress]]]) -> None:
    last = runs[0][1][-1]

    assert (last.step, last.steps) == (STEPS, STEPS)
    assert set(last.losses) == {"looks", *TASKS}
    assert all(0 < loss < 40 for loss in last.losses.values())
    assert str(last).startswith(f"step {STEPS}/{STEPS} 00:00 left ")


def test_a_run_leaves_a_model_that_answers(runs: list[tuple[Path, list[Progress]]]) -> None:
    folder = ModelFolder.read(runs[0][0])
    cases = fresh_cases("choice", 2)

    answers = ask_all(folder, cases)

    folder.check()
    for case, answer in zip(cases, answers, strict=True):
        assert answer.text in case.candidates


def test_the_first_steps_lower_the_loss_of_every_task_that_says_what_it_likes() -> None:
    training = Training(9, rate=3e-3)

    first = training.step()
    training.step()
    training.step()
    last = training.step()

    for task in TASKS:
        if task == "classify":  # its classes compete among themselves alone, from chance level on
            assert first[task] < 1 < min(first[other] for other in TASKS if other != task)
        else:
            assert last[task] < first[task], task
