"""Bad input is named and counted, and nothing half written ever looks whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from model_backend.datasets.check import check_dataset
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import TEST, TRAIN, VALIDATION, LabelledBox, Row
from model_backend.datasets.writing import DatasetWriter
from tests.dataset_miniature import Miniature, all_rows, drawn

GOOD = Row(
    "1",
    "answer",
    TRAIN,
    "patient 1",
    (drawn(1),),
    text="is there a mass?",
    answer="yes",
    references={"yes": 1.0},
    candidates=("yes", "no"),
)


def kept(folder: Path, *rows: Row) -> Dataset:
    with DatasetWriter(folder / "set", name="set", source="test", licence="") as writer:
        for row in rows:
            writer.write(row)
    return open_dataset(folder / "set")


def others(*rows: Row) -> list[Row]:
    """The rows and one good one in each other part, so that nothing else is to be said."""
    return [
        *rows,
        replace(GOOD, id="v", part=VALIDATION, group="v", images=(drawn(7),)),
        replace(GOOD, id="t", part=TEST, group="t", images=(drawn(8),)),
    ]


def test_a_good_set_has_no_faults_and_no_notes(tmp_path: Path) -> None:
    checked = check_dataset(kept(tmp_path, *others(GOOD)))

    assert checked.faults == []
    assert checked.notes == []


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (replace(GOOD, images=()), "missing pictures"),
        (replace(GOOD, images=(b"\x89PNG broken",)), "damaged pictures"),
        (replace(GOOD, text="  "), "empty texts"),
        (replace(GOOD, answer="", candidates=()), "empty answers"),
        (replace(GOOD, answer="maybe"), "answers that are no candidate"),
        (replace(GOOD, references={"yes": 1.5}), "weights that are not above 0 and at most 1"),
        (replace(GOOD, boxes=(LabelledBox(3, 1, 3, 2),)), "boxes that are empty or outside"),
        (replace(GOOD, task="magic"), "unknown tasks"),
        (replace(GOOD, id="t"), "ids that occur twice"),
        (replace(GOOD, group="t"), "patients or images in several parts"),
        (replace(GOOD, images=(drawn(8),)), "pictures in several parts, same file"),
    ],
)
def test_each_fault_is_named_and_counted(tmp_path: Path, row: Row, kind: str) -> None:
    checked = check_dataset(kept(tmp_path, *others(row)))

    found = {fault.kind: fault.count for fault in checked.faults}
    assert found.get(kind) == 1
    assert len(found) == 1


def test_one_class_only_is_told(tmp_path: Path) -> None:
    row = replace(GOOD, task="classify", text="", answer="normal", candidates=("normal", "sick"))
    more = replace(row, id="2", group="patient 2", images=(drawn(2),))

    checked = check_dataset(kept(tmp_path, *others(row, more)))

    assert "One class only: every classify row of train is 'normal'." in checked.notes


def test_a_single_row_is_a_set_with_empty_parts(miniature: Miniature) -> None:
    miniature.draw("images/a.png", 1)
    miniature.put("r.jsonl", json.dumps({"image": "a.png", "question": "q?", "answer": "yes"}))

    found = miniature.convert("jsonl")

    assert len(all_rows(found)) == 1
    notes = check_dataset(found).notes
    assert sum(one.startswith("The part ") and one.endswith(" is empty.") for one in notes) == 2


def test_answers_that_training_never_gives_are_counted(tmp_path: Path) -> None:
    lone = replace(GOOD, id="t", part=TEST, group="t", images=(drawn(8),), answer="left lung")
    rows = [GOOD, replace(lone, candidates=(), references={"left lung": 1.0})]

    notes = check_dataset(kept(tmp_path, *rows)).notes

    assert any("never gives: 1 of 1 (100.0%)" in one for one in notes)


def test_missing_pictures_are_counted_by_their_kind(miniature: Miniature) -> None:
    miniature.draw("images/0.png", 1)
    rows = [{"image": f"{n}.png", "question": "q?", "answer": "yes"} for n in range(40)]
    miniature.put("rows.jsonl", "\n".join(json.dumps(row) for row in rows))

    found = miniature.convert("jsonl")

    assert sum(found.facts["left_out"].values()) == 39
    assert len(found.facts["left_out"]) == 1
    assert len(found.facts["left_out_named"]) == 20
    assert found.facts["left_out_named"][0].startswith("line 2 of rows.jsonl: its image '1.png'")


def test_a_set_without_a_usable_row_says_why_and_leaves_nothing(miniature: Miniature) -> None:
    miniature.put("r.jsonl", json.dumps({"image": "a.png", "question": "q?", "answer": "yes"}))

    with pytest.raises(DatasetProblem, match="no row that can be used: line 1 of r.jsonl"):
        miniature.convert("jsonl")

    assert [one.name for one in miniature.out.parent.iterdir() if "set" in one.name] == []


CONVERT = """
    import sys
    from pathlib import Path
    from model_backend.datasets import writing
    from model_backend.datasets.row import Row
    from model_backend.datasets.writing import DatasetWriter
    import os, resource, time
    writing.GROUP_ROWS = 4
    out = Path(sys.argv[1])
    if sys.argv[2] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    with DatasetWriter(out, name="", source="", licence="") as writer:
        for number in range(100_000):
            picture = os.urandom(10_000)
            writer.write(Row(str(number), "answer", "train", "g", (picture,), "q", "", "a"))
            if sys.argv[2] == "slow" and number == 200:
                print("writing", flush=True)
                time.sleep(60)
"""


def script(out: Path, how: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(CONVERT), str(out), how]


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no file size limit")
def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        script(tmp_path / "set", "full"), capture_output=True, text=True, cwd=root, check=False
    )

    assert ran.returncode == 1
    assert f"The disk is full at {tmp_path / 'set'}. Nothing was left behind" in ran.stderr
    assert list(tmp_path.iterdir()) == [tmp_path / "wetread-home"] or not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no SIGKILL")
def test_a_killed_conversion_leaves_nothing_that_looks_whole(
    root: Path, miniature: Miniature
) -> None:
    out = miniature.out
    with subprocess.Popen(
        script(out, "slow"), stdout=subprocess.PIPE, text=True, cwd=root
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "writing\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait(10)

    assert not out.exists()
    (left,) = out.parent.glob(".set.unfinished-*")
    with pytest.raises(DatasetProblem, match="is no data set"):
        open_dataset(left)

    miniature.draw("images/a.png", 1)
    miniature.put("r.jsonl", json.dumps({"image": "a.png", "question": "q?", "answer": "yes"}))
    found = miniature.convert("jsonl")

    assert f"has left {left}; delete it" in found.facts["notes"][0]


def test_reading_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    rows = [replace(GOOD, id=str(number)) for number in range(50)]
    found = kept(tmp_path, *rows)

    before = [row.id for _, row in zip(range(17), found.rows(TRAIN, seed=3), strict=False)]
    after = [row.id for row in found.rows(TRAIN, start=17, seed=3)]

    assert before + after == [row.id for row in found.rows(TRAIN, seed=3)]


def test_reading_is_faster_than_any_training(tmp_path: Path) -> None:
    """Loading must never be the limit; a network takes milliseconds for a picture."""
    rows = [replace(GOOD, id=str(n), images=(drawn(n, side=64),)) for n in range(2000)]
    found = kept(tmp_path, *rows)

    started = time.process_time()
    count = sum(1 for _ in found.rows(TRAIN, seed=1))
    took = time.process_time() - started

    assert count == 2000
    assert took / count < 0.001
