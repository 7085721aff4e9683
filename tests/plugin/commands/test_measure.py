"""`model check` and `model calibrate`: passed on to their process, which prints its own lines."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import Wetread

Child = Callable[..., "subprocess.Popen[str]"]


def labelled(folder: Path, count: int = 40) -> Path:
    """As many yes/no questions about one picture; the echo says yes to each."""
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "one.png")
    path = folder / "set.jsonl"
    rows = [
        {"image": "one.png", "question": f"is it {n}?", "answer": "yes", "patient": f"p{n}"}
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_model_is_checked_and_the_list_shows_it(
    child: Child, wetread: Wetread, tmp_path: Path, own_home: Path, echo_folder: Path
) -> None:
    folder = own_home / "models" / "echo"
    shutil.copytree(echo_folder, folder)

    process = child("model", "check", "echo", labelled(tmp_path), "--part", "35", "--json")
    printed, said = process.communicate(timeout=60)

    entry = json.loads(printed)
    assert process.returncode == 0, said
    assert entry["cases"] == 35 and entry["scores"]["overall"]["value"] == 100
    (echo,) = (one for one in wetread("model", "list", "--json").objects if one["name"] == "echo")
    kept = {key: value for key, value in entry.items() if key != "written"}
    assert echo["acceptance"] == [kept]


def test_a_model_that_is_wrong_throughout_ends_with_a_code_of_its_own(
    child: Child, tmp_path: Path, echo_folder: Path
) -> None:
    path = labelled(tmp_path)
    path.write_text(path.read_text().replace('"answer": "yes"', '"answer": "no"'))

    process = child("model", "check", f"{echo_folder}/", path, "--no-write")
    printed, _ = process.communicate(timeout=60)

    assert process.returncode == 3
    assert "worse than a constant" in " ".join(printed.split())


def test_one_class_alone_calibrates_nothing(
    child: Child, tmp_path: Path, echo_folder: Path
) -> None:
    before = (echo_folder / "model.json").read_bytes()

    process = child("model", "calibrate", f"{echo_folder}/", labelled(tmp_path, 120))
    printed, said = process.communicate(timeout=60)

    assert process.returncode == 1 and printed == ""
    assert "one class" in said.splitlines()[-1]
    assert (echo_folder / "model.json").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ["model", "check"],
        ["model", "check", "no-such-model", "set.jsonl"],
        ["model", "check", "echo", "set.jsonl", "--write", "--no-write"],
        ["model", "calibrate", "../../etc", "set.jsonl"],
        ["model", "calibrate", "echo", "set.jsonl", "--part", "few"],
    ],
)
def test_a_wrong_command_is_one_sentence(wetread: Wetread, words: list[str]) -> None:
    ran = wetread(*words)

    assert ran.code in (1, 2) and ran.out == ""
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1


def test_ctrl_c_ends_a_check_and_keeps_nothing(
    child: Child, tmp_path: Path, own_home: Path, echo_folder: Path
) -> None:
    folder = own_home / "models" / "slow"
    shutil.copytree(echo_folder, folder)
    content = json.loads((folder / "model.json").read_text())
    content |= {"name": "slow", "config": {"pause": 30}}
    (folder / "model.json").write_text(json.dumps(content))
    path = tmp_path / "set.jsonl"
    labelled(tmp_path, 1)
    rows = [
        {"image": "one.png", "question": "is it one?", "answer": "yes"},
        {"image": "one.png", "question": "where is it in this picture?", "answer": "left"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    before = (folder / "model.json").read_bytes()

    process = child("model", "check", "slow", path)
    assert process.stderr is not None
    first = process.stderr.readline()  # it has begun to ask
    for pid in (process.pid, *children_of(process.pid)):
        os.kill(pid, signal.SIGINT)
    printed, said = process.communicate(timeout=60)

    assert "1 of 2 cases" in first
    assert process.returncode == 130 and "Stopped" in said and "Traceback" not in said
    assert printed == "" and (folder / "model.json").read_bytes() == before


def children_of(pid: int) -> list[int]:
    """The processes that a terminal's Ctrl+C would reach as well."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_model_is_evaluated_and_its_card_made_from_the_report(
    child: Child, wetread: Wetread, tmp_path: Path, own_home: Path, echo_folder: Path
) -> None:
    folder = own_home / "models" / "echo"
    shutil.copytree(echo_folder, folder)
    out = tmp_path / "report"

    process = child("evaluate", "echo", labelled(tmp_path), "--part", "35", "--out", out, "--json")
    said, complained = process.communicate(timeout=60)
    card = wetread("model", "card", "echo", "--from", str(out / "report.json"))

    assert process.returncode == 0, complained
    assert json.loads(said) == json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert card.code == 0 and "right answers, all" in card.out and "35 cases" in card.out
    assert wetread("model", "card", "echo", "--from", str(out / "report.html")).code == 1
