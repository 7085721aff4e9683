"""`wetread dataset`: convert, show, check."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.commands import Wetread
from tests.dataset_miniature import drawn, put
from tests.plugin.commands.conftest import Child
from tests.site_folder import Site


def questions(folder: Path) -> Path:
    """Ten questions about ten pictures, of which one is missing."""
    rows = []
    for number in range(10):
        if number != 4:
            put(folder / f"images/{number}.png", drawn(number))
        rows.append(
            {"image": f"{number}.png", "question": "is it?", "answer": "yes no".split()[number % 2]}
        )
    return put(folder / "rows.jsonl", "\n".join(json.dumps(row) for row in rows))


def test_convert_show_and_check_work_together(wetread: Wetread, tmp_path: Path) -> None:
    questions(tmp_path / "source")
    out = tmp_path / "set"

    made = wetread("dataset", "convert", "jsonl", tmp_path / "source", "--out", out)
    shown = wetread("dataset", "show", out)
    checked = wetread("dataset", "check", out)

    assert made.code == 0
    assert f"Wrote {out}: " in made.out
    assert "Left out: 1 row." in made.out
    assert "line 5 of rows.jsonl: its image '4.png' cannot be read" in made.out
    assert "100 %" in made.err
    assert shown.code == 0
    assert "Answers of answer in the training part: 2 (" in shown.out
    assert (checked.code, checked.out.splitlines()[0]) == (0, "Nothing is wrong in 9 rows.")


def test_as_json_for_a_program(wetread: Wetread, tmp_path: Path) -> None:
    questions(tmp_path / "source")
    out = tmp_path / "set"

    made = wetread("dataset", "convert", "jsonl", tmp_path / "source", "--out", out, "--json")
    shown = wetread("dataset", "show", out, "--json")
    checked = wetread("dataset", "check", out, "--json")

    assert made.err == ""
    assert sum(made.objects[0]["rows"].values()) == 9
    assert shown.objects[0]["format"] == "wetread dataset"
    assert checked.objects[0]["faults"] == []


def test_a_faulty_set_ends_with_a_code_of_its_own(wetread: Wetread, tmp_path: Path) -> None:
    same = drawn(1)
    rows = []
    for number, part in enumerate(("train", "test")):
        put(tmp_path / f"source/images/{number}.png", same)
        rows.append({"image": f"{number}.png", "question": "q?", "answer": "yes", "split": part})
    put(tmp_path / "source/rows.jsonl", "\n".join(json.dumps(row) for row in rows))
    out = tmp_path / "set"
    wetread("dataset", "convert", "jsonl", tmp_path / "source", "--out", out)

    checked = wetread("dataset", "check", out)

    assert checked.code == 3
    assert "Wrong: pictures in several parts, same file: 1 (train 1 and test 2)" in checked.out


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no SIGINT")
def test_ctrl_c_ends_a_conversion_and_leaves_nothing(child: Child, tmp_path: Path) -> None:
    rows = []
    for number in range(400):
        put(tmp_path / f"source/images/{number}.png", drawn(number, side=400))
        rows.append({"image": f"{number}.png", "question": "q?", "answer": "yes"})
    put(tmp_path / "source/rows.jsonl", "\n".join(json.dumps(row) for row in rows))
    out = tmp_path / "sets" / "ours"
    process = child("dataset", "convert", "jsonl", tmp_path / "source", "--out", out)
    assert process.stderr is not None
    while "10 %" not in (line := process.stderr.readline()):
        assert line, "the conversion ended before it could be stopped"

    process.send_signal(signal.SIGINT)

    assert process.stderr.read().splitlines()[-1] == "wetread: Stopped."
    assert process.wait(30) == 130
    assert list((tmp_path / "sets").iterdir()) == []


def test_every_source_is_listed_with_its_layout(wetread: Wetread) -> None:
    listed = wetread("dataset", "sources", "--json")

    names = [one["name"] for one in listed.objects]
    assert {"vqa_rad", "slake", "mimic_cxr", "tables", "jsonl", "site"} <= set(names)
    assert all(one["layout"] and one["documented"] for one in listed.objects)


def test_wrong_words_are_told_in_a_sentence(wetread: Wetread, tmp_path: Path) -> None:
    source = questions(tmp_path / "source")
    out = tmp_path / "set"

    for words, code, said in (
        (("convert", "nothing", source, "--out", out), 1, "There is no source 'nothing'."),
        (("convert", "jsonl", source, "--out", out, "--only", "x"), 2, "--only is KEY=VALUE."),
        (("convert", "jsonl", tmp_path / "no", "--out", out), 1, "cannot be read"),
        (("convert", "jsonl", source, "--out", tmp_path), 1, "is there already"),
        (("show", tmp_path), 1, "is no data set"),
    ):
        ran = wetread("dataset", *words)
        assert (ran.code, said in ran.err) == (code, True), ran.err
    assert not out.exists()


def test_the_command_keeps_the_salt_outside_and_writes_the_audit(
    wetread: Wetread, tmp_path: Path, own_home: Path
) -> None:
    site = Site(tmp_path)
    site.film()
    put(site.folder / "A-991.txt", "Findings: Clear.\nImpression: Normal.")

    ran = wetread("dataset", "convert", "site", site.folder, "--out", site.out)
    inside = wetread(
        "dataset", "convert", "site", site.folder, "--out", site.out, "--salt", site.out / "salt"
    )

    assert ran.code == 0, ran.err
    assert (own_home / "dataset.salt").is_file()
    assert inside.code == 2 and "must not lie in the data set" in inside.err
    assert any("110106" in path.read_text() for path in (own_home / "audit").iterdir())
