"""Data sets on the disk: what is written is read, in order, in shards, or not at all."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from model_backend.datasets import writing
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import TEST, TRAIN, VALIDATION, LabelledBox, Row
from model_backend.datasets.writing import DatasetWriter

FULL = Row(
    id="1",
    task="answer",
    part=TRAIN,
    group="patient 1",
    images=(b"\x89PNG one", b"\xff\xd8 two"),
    text="is there a mass?",
    text2="and more",
    answer="yes",
    references={"yes": 1.0, "probably": 0.3},
    candidates=("yes", "no"),
    labels={"mass": True, "effusion": False},
    boxes=(LabelledBox(1, 2, 3.5, 4, "mass"),),
    codes=(0, 8191),
    is_closed=True,
    attributes={"sex": "F", "age": "61"},
)
PLAIN = Row(id="2", task="findings", part=TEST, group="patient 2", answer="Normal.")


def written(folder: Path, *rows: Row) -> Dataset:
    out = folder / "set"
    with DatasetWriter(out, name="set", source="test", licence="CC0 1.0") as writer:
        for row in rows:
            writer.write(row)
    return open_dataset(out)


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """100 rows in row groups of 7, in several files."""
    monkeypatch.setattr(writing, "GROUP_ROWS", 7)
    monkeypatch.setattr(writing, "SHARD_BYTES", 10_000)
    picture = bytes(range(256))
    rows = (replace(FULL, id=str(number), images=(picture * 3,)) for number in range(100))
    return written(tmp_path, *rows)


def test_every_field_of_a_row_comes_back(tmp_path: Path) -> None:
    found = written(tmp_path, FULL, PLAIN)

    assert list(found.rows(TRAIN)) == [FULL]
    assert list(found.rows(TEST)) == [PLAIN]
    assert list(found.rows(VALIDATION)) == []


def test_the_folder_says_what_is_in_it(tmp_path: Path) -> None:
    found = written(tmp_path, FULL, PLAIN, replace(PLAIN, id="3", part=VALIDATION, answer="x"))

    assert (found.name, found.source, found.licence) == ("set", "test", "CC0 1.0")
    assert found.tasks == ("answer", "findings")
    assert (found.count(TRAIN), found.count(TEST, "findings"), found.count(TEST, "answer")) == (
        *(1, 1),
        0,
    )


def test_the_list_of_answers_comes_from_the_training_part_alone(tmp_path: Path) -> None:
    seldom = replace(FULL, id="4", answer="no")
    held_out = replace(FULL, id="5", part=TEST, answer="only in the test part")

    found = written(tmp_path, seldom, FULL, replace(FULL, id="6"), held_out)

    assert found.answers("answer") == ("yes", "no")
    assert found.answers("findings") == ()


def test_rows_keep_their_order_over_files(many: Dataset) -> None:
    assert len(list(many.folder.glob("train-*.parquet"))) > 2
    assert [row.id for row in many.rows(TRAIN)] == [str(number) for number in range(100)]


@pytest.mark.parametrize("seed", [None, 5])
def test_shards_part_the_rows_among_them_from_any_start(many: Dataset, seed: int | None) -> None:
    whole = [row.id for row in many.rows(TRAIN, seed=seed)]

    for start in (0, 1, 13, 14, 57, 99, 100):
        parts = [[row.id for row in many.rows(TRAIN, start, (mine, 3), seed)] for mine in range(3)]
        for mine in range(3):
            assert parts[mine] == [
                one for place, one in enumerate(whole) if place >= start and place % 3 == mine
            ]


def test_a_seed_shuffles_and_always_the_same_way(many: Dataset) -> None:
    plain, once, again, other = (
        [row.id for row in many.rows(TRAIN, seed=seed)] for seed in (None, 1, 1, 2)
    )

    assert once == again
    assert plain != once != other
    assert sorted(once) == sorted(plain) == sorted(other)


def test_a_picture_of_many_questions_is_kept_once(tmp_path: Path) -> None:
    picture = bytes(range(256)) * 400  # 100 kB

    found = written(tmp_path, *(replace(FULL, id=str(one), images=(picture,)) for one in range(50)))

    assert (found.folder / "train-00000.parquet").stat().st_size < 2 * len(picture)
    assert sum(len(row.images[0]) for row in found.rows(TRAIN)) == 50 * len(picture)


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        DatasetWriter(tmp_path / "set", name="", source="", licence="") as writer,
    ):
        writer.write(FULL)
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path, FULL)

    with pytest.raises(DatasetProblem, match="there already"):
        written(tmp_path, PLAIN)

    assert open_dataset(tmp_path / "set").count(TRAIN) == 1


def test_a_set_without_a_row_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DatasetProblem, match="no row"):
        written(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_look_into_a_set(tmp_path: Path) -> None:
    found = written(tmp_path, FULL)

    assert found.folder.stat().st_mode & 0o077 == 0


def test_without_the_library_one_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(DatasetProblem, match=r"pip install \"wetread\[train\]\""):
        written(tmp_path, FULL)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_is_named(tmp_path: Path) -> None:
    found = written(tmp_path, FULL)
    file = found.folder / "train-00000.parquet"
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(DatasetProblem, match=r"train-00000\.parquet has \d+ bytes instead of"):
        open_dataset(found.folder)


def test_a_file_that_was_damaged_is_named(tmp_path: Path) -> None:
    found = written(tmp_path, FULL)
    file = found.folder / "train-00000.parquet"
    file.write_bytes(bytes(len(file.read_bytes())))

    with pytest.raises(DatasetProblem, match=r"train-00000\.parquet is damaged"):
        list(open_dataset(found.folder).rows(TRAIN))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    found = written(tmp_path, FULL)
    (found.folder / "train-00000.parquet").unlink()

    with pytest.raises(DatasetProblem, match=r"lacks its file .*train-00000\.parquet"):
        open_dataset(found.folder)


def test_a_set_of_a_later_version_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, FULL).folder
    facts = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    (folder / "dataset.json").write_text(json.dumps(facts | {"version": 99}), encoding="utf-8")

    with pytest.raises(DatasetProblem, match="version 99"):
        open_dataset(folder)


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetProblem, match="is no data set"):
        open_dataset(tmp_path)
