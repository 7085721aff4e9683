"""Runs learn, can be killed at any moment, meet bad rows and full disks, and go on."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from model_backend.datasets.row import Row
from model_backend.folder import ModelFolder
from model_backend.tasks import TASKS
from model_backend.training.__main__ import main
from model_backend.training.problems import TrainingProblem
from model_backend.tuning import kept
from model_backend.tuning.logs import CSV
from model_backend.tuning.recipe import read_tuning
from model_backend.tuning.run import CHECKPOINT
from tests.model_backend.tuning.conftest import ALONE, Recipes, drawn_rows, run_of, write_set

EVERYTHING = '[[source]]\ndata = "everything"\nrows = 10\nconstrained = true\n'
QUESTIONS = '[[source]]\ndata = "questions"\nrows = 8\nconstrained = true\naugment = "film"\n'
TOLD = ("update", "loss", "rate", "norm", "places", "choice")


def losses_of(folder: Path) -> list[tuple[str, ...]]:
    with (folder / CSV).open(newline="", encoding="utf-8") as file:
        return [tuple(row.get(name, "") for name in TOLD) for row in csv.DictReader(file)]


def test_a_run_learns_every_task_of_the_paper(recipes: Recipes, data: Path, tmp_path: Path) -> None:
    recipe = recipes(EVERYTHING, epochs=3, rate=3e-3, warmup=0.1, dropout=0.0)
    run = run_of(recipe, data, tmp_path / "out")

    assert run.validator is not None
    before = run.validator.score(run.learner, ALONE)

    run.train()

    assert before is not None and run.score is not None
    assert run.score.loss < 0.92 * before.loss
    assert run.score.examples == 30
    assert len(losses_of(tmp_path / "out")) == run.updates == 3 * 6
    assert set(run.objectives) == set(TASKS)


def test_a_killed_run_goes_on_with_the_same_losses(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    settings = {"epochs": 3, "rate": 1e-3, "ema": 0.9, "save_every": 2, "threads": 1}
    recipe = recipes(QUESTIONS, best="loss", **settings)
    unbroken = run_of(recipe, data, tmp_path / "unbroken")
    unbroken.train()
    killed = tmp_path / "killed"
    kill_when_saved(recipe, data, killed)

    taken_up = run_of(recipe, data, killed)
    assert 0 < taken_up.done < taken_up.updates
    taken_up.train()

    assert losses_of(killed) == losses_of(tmp_path / "unbroken")
    for name, value in unbroken.learner.average.items():
        assert value.equal(taken_up.learner.average[name]), name
    assert unbroken.best == taken_up.best


def kill_when_saved(recipe: Path, data: Path, out: Path) -> None:
    """Start the command itself and kill it (-9) once its first checkpoint lies there."""
    command = [sys.executable, "-c", SLOW, str(recipe), str(data), str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if (out / CHECKPOINT).is_file() or process.poll() is not None:
                break
            time.sleep(0.05)
        assert process.poll() is None, "it ended before it could be killed"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_an_interrupted_run_says_how_to_go_on(recipes: Recipes, data: Path, tmp_path: Path) -> None:
    recipe = recipes(QUESTIONS, epochs=3, save_every=2, threads=1)
    command = [sys.executable, "-c", SLOW, str(recipe), str(data), str(tmp_path / "out")]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    for _ in range(1200):
        if (tmp_path / "out" / CHECKPOINT).is_file():
            break
        time.sleep(0.05)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert said.endswith("Stopped. The same command goes on from the last checkpoint.\n")
    assert run_of(recipe, data, tmp_path / "out").done >= 2


# The command, which halts before the update after the first checkpoint.
SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
from model_backend.training.__main__ import main
from model_backend.tuning.learner import Learner

update = Learner.update
def slowly(self, number, *rest):
    if number == 3:
        time.sleep(60)
    return update(self, number, *rest)
Learner.update = slowly
recipe, data, out = sys.argv[1:]
sys.exit(main([recipe, "--data", data, "--out", out]))
"""


def test_a_full_disk_leaves_the_checkpoint_before_whole(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    """The largest file that the process may write stands for the room on the disk."""
    recipe = recipes(QUESTIONS, steps=4, save_every=2, threads=1)
    out = tmp_path / "out"
    run_of(recipe, data, out).train(until=2)
    before = (out / CHECKPOINT).read_bytes()

    full = [sys.executable, "-c", FULL, str(recipe), str(data), str(out), str(len(before) // 2)]
    ended = subprocess.run(full, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "could not be written" in ended.stderr and CHECKPOINT in ended.stderr
    assert (out / CHECKPOINT).read_bytes() == before
    assert not list(out.glob("*.part"))
    again = run_of(recipe, data, out)
    assert again.done == 2
    again.train()
    assert len(losses_of(out)) == 4


FULL = """
import resource, signal, sys
from model_backend.training.__main__ import main

recipe, data, out, room = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
sys.exit(main([recipe, "--data", data, "--out", out]))
"""


def test_rows_that_cannot_be_learnt_from_are_named_and_counted(
    recipes: Recipes, tmp_path: Path
) -> None:
    good = drawn_rows(("choice",), 8, "train", 7)
    first = good[0]

    def broken(name: str, **changes: object) -> Row:
        values = {key: getattr(first, key) for key in Row.__dataclass_fields__}
        return Row(**{**values, "id": name, **changes})

    bad = [
        broken("none", images=()),
        broken("torn", images=(first.images[0][:60],)),
        broken("text", images=(b"no picture",)),
        broken("empty", answer=""),
        broken("wrong", answer="purple"),
        broken("strange", task="poetry"),
    ]
    write_set(tmp_path / "data" / "questions", good + bad)
    source = QUESTIONS.replace("rows = 8", "rows = 7")
    run = run_of(recipes(source, epochs=2), tmp_path / "data", tmp_path / "out")

    run.train()

    reasons = {why: count for (_, why), count in run.left_out.items()}
    assert reasons == {
        "no image": 2,
        "the image cannot be read": 4,
        "empty answer": 2,
        "wrong label": 2,
        "no such task": 2,
    }
    assert "questions: left out 4 times: the image cannot be read." in run.told_left_out()


def test_a_set_of_bad_rows_alone_ends_the_run_with_the_reason(
    recipes: Recipes, tmp_path: Path
) -> None:
    (row,) = drawn_rows(("choice",), 1, "train", 7)
    values = {key: getattr(row, key) for key in Row.__dataclass_fields__}
    write_set(tmp_path / "data" / "questions", [Row(**{**values, "images": ()})])
    run = run_of(recipes(QUESTIONS, steps=30), tmp_path / "data", tmp_path / "out")

    with pytest.raises(TrainingProblem, match="no usable row.*no image"):
        run.train()


def test_one_example_of_one_class_is_enough_to_run(recipes: Recipes, tmp_path: Path) -> None:
    rows = drawn_rows(("classify",), 1, "train", 7)
    write_set(tmp_path / "data" / "questions", rows)
    source = QUESTIONS + "answers = true\n"
    run = run_of(recipes(source, steps=2), tmp_path / "data", tmp_path / "out")

    run.train()

    assert run.done == 2
    assert run.streams[0].ready.answers == (rows[0].answer,)


def test_a_run_stops_early_and_keeps_the_best_weights(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    settings = {"epochs": 40, "rate": 0.05, "warmup": 0.0, "patience": 2, "best": "loss"}
    run = run_of(recipes(QUESTIONS, **settings), data, tmp_path / "out")

    run.train()

    assert run.stopped_early and run.done < run.updates
    assert run.since_best == 2
    again = run_of(recipes(QUESTIONS, **settings), data, tmp_path / "out")
    assert again.stopped_early
    again.train()
    assert again.done == run.done


def test_another_recipe_or_other_data_are_not_mixed_with_a_checkpoint(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    recipe = recipes(QUESTIONS, steps=1)
    run_of(recipe, data, tmp_path / "out").train()

    with pytest.raises(TrainingProblem, match="another recipe"):
        run_of(recipes(QUESTIONS, steps=2), data, tmp_path / "out")
    other = tmp_path / "data" / "questions"
    write_set(other, drawn_rows(("choice",), 9, "train", 70))
    with pytest.raises(TrainingProblem, match="other data"):
        run_of(recipe, tmp_path / "data", tmp_path / "out")


def test_a_damaged_checkpoint_is_refused(recipes: Recipes, data: Path, tmp_path: Path) -> None:
    recipe = recipes(QUESTIONS, steps=1)
    run_of(recipe, data, tmp_path / "out").train()
    (tmp_path / "out" / CHECKPOINT).write_bytes(b"PK\x03\x04 torn")

    with pytest.raises(TrainingProblem, match="cannot be read"):
        run_of(recipe, data, tmp_path / "out")


def test_the_estimate_leaves_the_run_as_it_was(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    recipe = recipes(QUESTIONS, steps=2)
    asked, plain = (run_of(recipe, data, tmp_path / name) for name in ("asked", "plain"))

    cost = asked.estimate()
    asked.train()
    plain.train()

    assert cost["seconds"] == pytest.approx(2 * cost["seconds_of_batch"])
    assert cost["bytes"] > 16 * cost["parameters"]
    assert losses_of(tmp_path / "asked") == losses_of(tmp_path / "plain")


def test_the_command_leaves_a_model_that_a_worker_answers_with(
    recipes: Recipes, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = recipes(EVERYTHING + "answers = true\n", steps=2, statistics="imagenet")
    out = tmp_path / "out"

    code = main([str(recipe), "--data", str(data), "--out", str(out), "--json"])

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert events[0]["updates"] == 2 and events[0]["seconds"] > 0
    assert any(one["event"] == "progress" for one in events)
    folder = ModelFolder.read(out / "model")
    folder.check()
    assert set(folder.tasks) == set(TASKS)
    assert folder.preprocess is not None and folder.preprocess.mean[0] == 0.485
    assert folder.training["recipe_sha256"] and folder.training["updates"] == 2
    assert answered(folder) in ("yes", "no")


def answered(folder: ModelFolder) -> str:
    """What the model says about a grey picture."""
    import numpy as np

    from model_backend.models.biomedgpt import load
    from model_backend.request import Answer, ImageInput, Request

    picture = np.asarray(Image.new("L", (80, 60), 99))
    asked = Request("choice", (ImageInput(picture),), "is it?", candidates=("yes", "no"))
    events = load(folder, "cpu", "fp32").answer([asked], lambda: False)
    return next(one.text for one in events if isinstance(one, Answer))


def test_a_child_keeps_its_parent_s_tasks_and_names_it(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    first = recipes(EVERYTHING, steps=1)
    assert main([str(first), "--data", str(data), "--out", str(tmp_path / "first")]) == 0
    parent = tmp_path / "first" / "model"
    second = recipes(QUESTIONS, network="", parent=str(parent), steps=1)

    assert main([str(second), "--data", str(data), "--out", str(tmp_path / "second")]) == 0

    folder = ModelFolder.read(tmp_path / "second" / "model")
    assert set(folder.tasks) == set(TASKS)
    assert folder.training["parent"]["sha256"] == ModelFolder.read(parent).sha256


def test_what_is_wrong_is_one_sentence(
    recipes: Recipes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = recipes('[[source]]\ndata = "nowhere"\n')

    code = main([str(recipe), "--data", str(tmp_path), "--out", str(tmp_path / "out")])

    assert code == 1
    assert "nowhere is no data set" in capsys.readouterr().err


def test_data_wait_for_the_network_and_not_the_other_way_round(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    run = run_of(recipes(QUESTIONS, steps=12, threads=1), data, tmp_path / "out")

    run.train()

    with (tmp_path / "out" / CSV).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[2:]
    assert sum(float(row["waited"]) for row in rows) < 0.2 * run.seconds


def test_answers_that_the_list_lacks_count_as_wrong_in_validation(
    recipes: Recipes, tmp_path: Path
) -> None:
    train = drawn_rows(("choice",), 6, "train", 7)
    known = drawn_rows(("choice",), 1, "validation", 7)[0]
    values = {key: getattr(known, key) for key in Row.__dataclass_fields__}
    unknown = Row(**{**values, "id": "unknown", "answer": "purple", "candidates": ()})
    write_set(tmp_path / "data" / "questions", [*train, known, unknown])
    source = QUESTIONS + "answers = true\n"
    run = run_of(recipes(source, steps=1), tmp_path / "data", tmp_path / "out")

    run.train()

    assert run.score is not None and run.score.examples == 2
    assert run.score.exact <= 0.5


def test_a_run_is_not_taken_up_by_another_number_of_processes(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    recipe = recipes(QUESTIONS, steps=2)
    run = run_of(recipe, data, tmp_path / "out")
    run.train(until=1)

    with pytest.raises(TrainingProblem, match="made by 1 process"):
        kept.load(
            tmp_path / "out" / CHECKPOINT, read_tuning(recipe).sha256, run.digests, processes=2
        )
