"""Runs learn, can be killed at any moment and go on as if nothing had happened."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model_backend.folder import ModelFolder
from model_backend.training.__main__ import main
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import read_recipe
from model_backend.training.run import LOG, Progress, Run, rate_at

LOSSES = ("total", "closed", "films", "taught", "free", "auxiliary", "tutor")


def silent(progress: Progress) -> None:
    """Nobody listens."""


def losses_of(folder: Path) -> list[tuple[str, ...]]:
    with (folder / LOG).open(newline="", encoding="utf-8") as file:
        return [tuple(row[name] for name in ("step", *LOSSES)) for row in csv.DictReader(file)]


def run_in(recipe: Path, data: Path, folder: Path) -> Run:
    return Run(read_recipe(recipe), data, folder, say=lambda line: None)


def test_a_run_learns_what_is_plain_to_see(
    long_recipe: Path, drawn_data: Path, tmp_path: Path
) -> None:
    run = run_in(long_recipe, drawn_data, tmp_path / "out")

    run.train(silent)

    free = [float(row[5]) for row in losses_of(tmp_path / "out")]
    seen = [float(row[6]) for row in losses_of(tmp_path / "out")]
    assert len(seen) == 45
    assert sum(free[-6:]) < 0.85 * sum(free[:6])
    assert sum(seen[-6:]) < 0.4 * sum(seen[:6])


def test_a_killed_run_goes_on_with_the_same_losses(
    tiny_recipe: Path, drawn_data: Path, tmp_path: Path
) -> None:
    unbroken = run_in(tiny_recipe, drawn_data, tmp_path / "unbroken")
    unbroken.train(silent)
    killed = tmp_path / "killed"
    kill_after_one_epoch(tiny_recipe, drawn_data, killed)

    taken_up = run_in(tiny_recipe, drawn_data, killed)
    assert taken_up.done == 3
    taken_up.train(silent)

    assert losses_of(killed) == losses_of(tmp_path / "unbroken")
    for name, value in unbroken.learner.average.items():
        assert value.equal(taken_up.learner.average[name]), name


def kill_after_one_epoch(recipe: Path, data: Path, folder: Path) -> None:
    """Start a run of its own process and kill it (-9) once its first checkpoint lies there."""
    command = [sys.executable, "-c", STEPS, str(recipe), str(data), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ})
    assert process.stdout is not None
    try:
        line = process.stdout.readline()  # it speaks after the checkpoint, in the fourth step
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()
    assert line == b"beyond the first epoch\n"


STEPS = """
import sys, time
from pathlib import Path
from model_backend.training.recipe import read_recipe
from model_backend.training.run import Run

recipe, data, folder = map(Path, sys.argv[1:])
run = Run(read_recipe(recipe), data, folder, say=lambda line: None)
run.train(lambda progress: None, until=3)
run.learner.step(3, run.batches.draw(3), 1e-3)
print("beyond the first epoch", flush=True)
time.sleep(60)
"""


def test_the_command_leaves_a_model_that_can_be_read(
    tiny_recipe: Path,
    drawn_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = [str(tiny_recipe), "--data", str(drawn_data), "--out", str(tmp_path / "out")]

    code = main(arguments)

    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert "epoch 2/2 step 6/6 loss" in printed.out
    assert "images/s" in printed.out and "left" in printed.out
    folder = ModelFolder.read(tmp_path / "out" / "model")
    folder.check()
    assert folder.tasks == ("choice", "answer", "findings")
    assert folder.findings[1].question == "is there pneumonia?"
    assert not list((tmp_path / "out").rglob("*.part"))


def test_progress_can_be_read_by_programs(
    tiny_recipe: Path,
    drawn_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = str(tmp_path / "out")

    main([str(tiny_recipe), "--data", str(drawn_data), "--out", out, "--json"])

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-2]["event"] == "progress" and events[-2]["step"] == 6
    assert events[-1]["event"] == "note"


def test_a_checkpoint_of_another_recipe_is_refused(
    tiny_recipe: Path, drawn_data: Path, tmp_path: Path
) -> None:
    run_in(tiny_recipe, drawn_data, tmp_path / "out").train(silent, until=1)
    tiny_recipe.write_text(tiny_recipe.read_text().replace("seed = 7", "seed = 8"))

    with pytest.raises(TrainingProblem, match="another recipe"):
        run_in(tiny_recipe, drawn_data, tmp_path / "out")


def test_a_damaged_checkpoint_is_named(tiny_recipe: Path, drawn_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "checkpoint.pt").write_bytes(b"half a file")

    with pytest.raises(TrainingProblem, match="checkpoint.pt"):
        run_in(tiny_recipe, drawn_data, out)


def test_the_rate_rises_then_falls_to_its_last_share(tiny_recipe: Path) -> None:
    stage = read_recipe(tiny_recipe).stages[0]

    rates = [rate_at(stage, place) for place in range(6)]

    assert rates[0] == stage.rate
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < stage.rate / 4


def test_time_is_measured(tiny_recipe: Path, drawn_data: Path, tmp_path: Path) -> None:
    run = run_in(tiny_recipe, drawn_data, tmp_path / "out")
    started = time.monotonic()

    run.train(silent, until=2)

    assert 0 < run.seconds <= time.monotonic() - started
