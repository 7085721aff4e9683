"""The practice model answers every task rightly, on cases that it has never seen."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from model_backend import request as names
from model_backend.folder import PRACTICE, ModelFolder, find_model, list_models
from model_backend.practice.drawing import SIDE
from model_backend.practice.examine import (
    MEASURES,
    ask_all,
    found_share,
    fresh_cases,
    overlap,
    score,
    scores,
    write_card,
)
from model_backend.practice.examples import ABOUT_THINGS, Case
from model_backend.practice.train import practice_config
from model_backend.request import Answer, ModelIdentity, Place
from model_backend.tasks import TASKS

COUNT = 25  # fresh cases of each task
SEED = 99  # neither the training's nor the card's


@pytest.fixture(scope="module")
def folder() -> ModelFolder:
    return ModelFolder.read(PRACTICE)


@pytest.fixture(scope="module")
def answered(folder: ModelFolder) -> dict[str, list[tuple[Case, Answer]]]:
    cases = {task: fresh_cases(task, COUNT, SEED) for task in TASKS}
    answers = iter(ask_all(folder, [case for some in cases.values() for case in some]))
    return {
        task: list(zip(some, islice(answers, COUNT), strict=True)) for task, some in cases.items()
    }


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_answered_rightly_on_fresh_cases(
    task: str, answered: dict[str, list[tuple[Case, Answer]]]
) -> None:
    cases, answers = zip(*answered[task], strict=True)

    right = scores(task, cases, answers)

    assert sum(right) / len(right) >= MEASURES[task].aim


def test_answers_have_the_form_of_their_task(
    answered: dict[str, list[tuple[Case, Answer]]],
) -> None:
    for task, pairs in answered.items():
        for case, answer in pairs:
            gives = TASKS[task].gives
            assert (answer.probabilities is not None) == (gives == "choice")
            assert len(answer.codes) == (16 if gives == "codes" else 0)
            assert not (answer.places and gives != "places")
            assert not answer.calibrated
            for place in answer.places:
                assert 0 <= place.x0 <= place.x1 <= SIDE and 0 <= place.y0 <= place.y1 <= SIDE
            if task == names.GROUNDING:
                assert [place.label for place in answer.places] == [case.text]


def test_it_is_found_by_its_name_and_never_by_default(tmp_path: Path) -> None:
    found = find_model("wetread-practice", tmp_path)

    assert found.path == PRACTICE
    assert find_model("", tmp_path).name != found.name
    assert list_models(tmp_path)[-1].name == found.name
    assert found.tasks == tuple(TASKS)
    assert found.use == "demonstration only"
    found.check()


def test_its_description_is_that_of_the_code_that_trains_it(folder: ModelFolder) -> None:
    assert dict(folder.config) == practice_config().to_json()
    assert folder.weights_path.stat().st_size < 7e6


def test_its_card_is_of_these_weights_and_says_what_it_is(folder: ModelFolder) -> None:
    card = folder.card()

    assert card["model"]["sha256"] == folder.sha256
    assert "knows no medicine" in card["said"][0]
    assert len(card["figures"]) == len(TASKS) + len(ABOUT_THINGS)
    assert len(card["wanted"]) == len(TASKS)
    assert all(aim["reached"] for aim in card["wanted"])


def test_a_card_says_which_aims_were_missed(folder: ModelFolder, tmp_path: Path) -> None:
    measured = {names.CHOICE: [1.0, 0.0, 1.0], names.GROUNDING: [0.7, 0.9, 0.8]}

    card = write_card(replace(folder, path=tmp_path), measured)

    assert [one["value"] for one in card["figures"]] == [0.6667, 0.8]
    assert [one["reached"] for one in card["wanted"]] == [False, True]
    assert (tmp_path / "card.json").is_file()


# --- what counts as right ---


def answer_of(text: str = "", **fields: object) -> Answer:
    identity = ModelIdentity("model", "1", "0" * 64)
    return Answer("id", text, None, False, identity, **fields)  # type: ignore[arg-type]  # by name


def test_overlap_is_shared_area_over_joint_area() -> None:
    box = Place(0, 0, 10, 10)

    assert overlap(box, box) == 1.0
    assert overlap(box, Place(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap(box, Place(10, 0, 20, 10)) == overlap(box, Place(3, 3, 3, 3)) == 0.0


def test_an_object_is_found_by_its_place_and_its_name() -> None:
    case = Case(names.DETECTION, boxes=(((0, 0, 10, 10), "disc"), ((20, 20, 30, 30), "bar")))

    both = [Place(0, 0, 10, 11, "disc"), Place(20, 20, 30, 30, "bar")]
    assert found_share(case, both) == 1.0
    assert found_share(case, both[:1]) == 0.5
    assert found_share(case, [Place(0, 0, 10, 10, "bar"), Place(5, 5, 20, 20, "disc")]) == 0.0
    empty = Case(names.DETECTION)
    assert (found_share(empty, []), found_share(empty, both)) == (1.0, 0.0)


def test_texts_are_right_word_for_word_and_codes_within_two() -> None:
    told = Case(names.FINDINGS, "Phantom image. No object.")
    coded = Case(names.INFILL_IMAGE, codes=(10, 10, 10, 10))

    assert score(names.FINDINGS, told, answer_of("Phantom image. No object.")) == 1.0
    assert score(names.FINDINGS, told, answer_of("Phantom image.")) == 0.0
    assert score(names.INFILL_IMAGE, coded, answer_of(codes=(8, 12, 13, 10))) == 0.75
    assert score(names.INFILL_IMAGE, coded, answer_of(codes=(10, 10))) == 0.0
