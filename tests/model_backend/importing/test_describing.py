"""What a checkpoint is for is told by its settings, and never guessed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from model_backend.biomedgpt.config import SIZES, OFAConfig
from model_backend.importing.describing import checked_tasks, describe, read_answers
from model_backend.importing.problems import ImportProblem
from model_backend.tasks import TASKS

BASE, SMALL = SIZES["base"], SIZES["small"]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("vqa_gen", {"answer", "choice"}),
        ("caption", {"findings"}),
        ("image_classify", {"classify"}),
        ("mnli", {"entailment"}),
        ("gigaword", {"summary"}),
    ],
)
def test_a_fine_tuned_file_has_the_task_that_it_was_tuned_for(
    task: str, expected: set[str]
) -> None:
    assert set(describe({"_task": task}, BASE, "x").tasks) == expected


def test_a_pre_trained_file_claims_no_task_that_no_model_was_trained_on() -> None:
    tasks = describe({"_task": "unify_task"}, BASE, "biomedgpt_base").tasks

    assert {"answer", "findings", "matching", "detection", "infill_image", "infill_text"} <= {
        *tasks
    }
    assert not {"grounding", "region", "trial", "mortality", "treatment", "summary"} & {*tasks}
    assert set(tasks) <= set(TASKS)


def test_the_name_tells_where_the_settings_are_silent() -> None:
    assert "findings" in describe({}, BASE, "instruct-biomedgpt-base").tasks
    assert "infill_text" in describe({}, BASE, "BiomedGPT-Base-Pretrained").tasks
    assert describe({"_task": "vqa_gen"}, BASE, "instruct").tasks == (
        "answer",
        "choice",
        "findings",
    )


@pytest.mark.parametrize("arguments", [{}, {"_task": "other_task"}, {"_task": 3}])
def test_what_nothing_tells_has_to_be_said(arguments: dict[str, Any]) -> None:
    with pytest.raises(ImportProblem, match="--task"):
        describe(arguments, BASE, "model")

    assert describe(arguments, BASE, "model", ("summary",)).tasks == ("summary",)


def test_a_task_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ImportProblem, match="'driving'"):
        checked_tasks(["answer", "driving"])


@pytest.mark.parametrize(
    ("arguments", "config", "size"),
    [
        ({"_task": "vqa_gen", "patch_image_size": 480}, BASE, 480),
        ({"_task": "vqa_gen"}, BASE, 384),
        ({"_task": "vqa_gen"}, SMALL, 256),
        ({"_task": "caption"}, BASE, 480),
        ({"_task": "image_classify"}, BASE, 384),
        ({"_task": "unify_task"}, SMALL, 256),
        ({"_task": "unify_task"}, BASE, 256),
        ({"_task": "vqa_gen", "patch_image_size": 10**9}, BASE, 384),
        ({"_task": "vqa_gen", "patch_image_size": "large"}, BASE, 384),
        ({"_task": "vqa_gen", "patch_image_size": -1}, BASE, 384),
    ],
)
def test_the_side_of_a_picture_is_the_files_or_the_tables(
    arguments: dict[str, Any], config: OFAConfig, size: int
) -> None:
    preprocess = describe(arguments, config, "x").preprocess

    assert preprocess.size == size
    assert (preprocess.mean == (0.5, 0.5, 0.5)) == (arguments["_task"] != "image_classify")


def test_a_picture_is_never_larger_than_the_grid_of_patches() -> None:
    small_grid = OFAConfig(image_bucket_size=8)

    assert describe({"_task": "caption"}, small_grid, "x").preprocess.size == 128


def test_the_statistics_follow_the_files_switch() -> None:
    switch = "imagenet_default_mean_and_std"

    def mean(task: str, value: bool) -> float:
        return describe({"_task": task, switch: value}, BASE, "x").preprocess.mean[0]

    assert mean("image_classify", True) == mean("vqa_gen", True) == 0.485
    assert mean("image_classify", False) == mean("vqa_gen", False) == 0.5


def test_prompts_lengths_and_objects_are_the_files() -> None:
    told = {"_task": "vqa_gen", "prompt_type": "src", "max_src_length": 80, "add_object": True}

    found = describe(told, BASE, "x")

    assert found.prompt_type == "src"
    assert dict(found.config) == {"add_object": True, "max_source": {"answer": 80, "choice": 80}}
    assert describe({"_task": "caption", "prompt_type": "odd"}, BASE, "x").prompt_type == "none"


# --- the closed list ---


def test_the_list_in_the_settings_keeps_its_order() -> None:
    held = json.dumps({"no": 1, "yes": 0, "left lung": 2})

    found = describe({"_task": "vqa_gen", "ans2label_dict": held}, BASE, "x")

    assert found.answers == ("yes", "no", "left lung")


@pytest.mark.parametrize("held", ["{", "[" * 100_000, '{"yes": "first"}', '{"": 0}', '{"a": 1.5}'])
def test_a_list_that_cannot_be_read_is_left_out_and_said(held: str) -> None:
    found = describe({"_task": "vqa_gen", "ans2label_dict": held}, BASE, "x")

    assert found.answers == () and "--answers" in found.notes[0]


def test_a_list_in_a_pickle_is_not_read_and_said() -> None:
    found = describe({"_task": "vqa_gen", "ans2label_file": "a/b\\list.pkl"}, BASE, "x")

    assert found.answers == ()
    assert found.notes[0].startswith("Its list of answers is in list.pkl, a pickle")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("list.txt", b"\xef\xbb\xbfyes\r\nno\r\n\r\n left lung \r\n"),
        ("list.json", b'["yes", "no", "left lung"]'),
        ("list.json", b'{"left lung": 2, "yes": 0, "no": 1}'),
    ],
)
def test_a_list_is_read_as_text_or_json(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)

    assert read_answers(tmp_path / name) == ("yes", "no", "left lung")


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("list.txt", b""),
        ("list.txt", b"\xff\xfe"),
        ("list.txt", b"yes\nyes\n"),
        ("list.txt", b"x" * 1000),
        ("list.json", b"{"),
        ("list.json", b"[1, 2]"),
        ("list.json", b'{"yes": true}'),
        ("list.json", b"3"),
        ("list.pkl", pickle.dumps({"yes": 0})),
        ("absent.txt", None),
        ("/dev/zero", None),
    ],
)
def test_a_list_that_is_none_is_one_sentence(tmp_path: Path, name: str, body: bytes | None) -> None:
    if body is not None:
        (tmp_path / name).write_bytes(body)

    with pytest.raises(ImportProblem, match=Path(name).name):
        read_answers(tmp_path / name)
