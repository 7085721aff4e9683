"""Two processes that torchrun starts learn what one process learns from the same half batches."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model_backend.datasets.row import Row
from model_backend.tuning.logs import CSV
from model_backend.tuning.run import CHECKPOINT
from tests.model_backend.tuning.conftest import Recipes, drawn_rows, run_of, write_set

SOURCE = '[[source]]\ndata = "everything"\nrows = 6\nconstrained = true\n'
EXACT = {"precision": "fp32", "dropout": 0.0, "drop_path": 0.0, "threads": 1, "rate": 1e-4}


def torchrun(program: Path, *arguments: object) -> subprocess.Popen[str]:
    """Two processes on this machine; their port is free for as long as nobody else asks."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return subprocess.Popen(
        [*command, str(program), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


PROGRAM = """
import sys
from pathlib import Path

import torch
from model_backend.tuning.logs import Voice
from model_backend.tuning.recipe import read_tuning
from model_backend.tuning.run import Run
from model_backend.tuning.world import close_world, open_world

recipe, data, out = map(Path, sys.argv[1:])
world = open_world("cpu")
run = Run(read_tuning(recipe), data, out, out, world, Voice(False, silent=True))
run.train()
if world.is_first:
    gradients = {n: p.grad for n, p in run.begun.network.named_parameters() if p.grad is not None}
    torch.save({"state": run.learner.state()["network"], "gradients": gradients}, out / "end.pt")
world.wait()
close_world()
"""


@pytest.mark.parametrize("accumulate", [1, 2])
def test_two_processes_equal_one_that_accumulates(
    accumulate: int, recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    alone = recipes(SOURCE, steps=2, accumulate=2 * accumulate, validation_rows=0, **EXACT)
    run = run_of(alone, data, tmp_path / "alone")
    run.train()
    together = recipes(SOURCE, steps=2, accumulate=accumulate, validation_rows=0, **EXACT)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")

    process = torchrun(program, together, data, tmp_path / "together")
    said, _ = process.communicate(timeout=200)

    assert process.returncode == 0, said
    end = torch.load(tmp_path / "together" / "end.pt", weights_only=True)
    gradients = {
        name: one.grad for name, one in run.begun.network.named_parameters() if one.grad is not None
    }
    close(end["gradients"], gradients)
    close(end["state"], run.learner.state()["network"])
    assert column(tmp_path / "together", "places") == column(tmp_path / "alone", "places")


def test_a_process_without_a_usable_row_keeps_the_others_going(
    recipes: Recipes, tmp_path: Path
) -> None:
    good, bad = drawn_rows(("choice",), 2, "train", 1)
    torn = Row(bad.id, bad.task, bad.part, bad.group, (b"no picture",), bad.text, "", bad.answer)
    write_set(tmp_path / "data" / "questions", [good, torn])
    source = '[[source]]\ndata = "questions"\nrows = 1\n'
    recipe = recipes(source, steps=3, validation_rows=0, **EXACT)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")

    process = torchrun(program, recipe, tmp_path / "data", tmp_path / "out")
    said, _ = process.communicate(timeout=200)

    assert process.returncode == 0, said
    assert len(column(tmp_path / "out", "update")) == 3
    assert all(int(one) > 0 for one in column(tmp_path / "out", "places"))


def close(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """The same names, and values that differ by 1e-5 at most; batch norm statistics too."""
    assert found.keys() == wanted.keys()
    for name, one in wanted.items():
        torch.testing.assert_close(found[name], one, atol=1e-5, rtol=1e-5, msg=name)


def column(out: Path, name: str) -> list[str]:
    with (out / CSV).open(newline="", encoding="utf-8") as file:
        return [row[name] for row in csv.DictReader(file)]


def test_when_a_process_is_killed_the_others_end_and_the_run_goes_on(
    recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    recipe = recipes(SOURCE, steps=4, save_every=1, validation_rows=0, **EXACT)
    program = tmp_path / "program.py"
    program.write_text(KILLED, encoding="utf-8")
    out = tmp_path / "out"

    process = torchrun(program, recipe, data, out)
    said, _ = process.communicate(timeout=200)

    assert process.returncode != 0
    assert "SIGKILL" in said or "Signal 9" in said
    assert (out / CHECKPOINT).is_file()
    program.write_text(PROGRAM, encoding="utf-8")
    again = torchrun(program, recipe, data, out)
    said, _ = again.communicate(timeout=200)
    assert again.returncode == 0, said
    assert column(out, "update") == ["1", "2", "3", "4"]


KILLED = (
    """
import os, signal

from model_backend.tuning.learner import Learner

update = Learner.update
def killed(self, number, *rest):
    if number == 2 and self._world.rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return update(self, number, *rest)
Learner.update = killed
"""
    + PROGRAM
)
