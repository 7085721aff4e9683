"""The authors' tables and our own JSON lines."""

from __future__ import annotations

import base64
import json

import pytest

from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import TEST, TRAIN, VALIDATION, LabelledBox
from tests.dataset_miniature import Miniature, all_rows, drawn


def cell(seed: int, *, url_safe: bool = False) -> str:
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    return encode(drawn(seed)).decode()


def test_tables_of_questions_carry_weights_and_objects(miniature: Miniature) -> None:
    row = f"1\tsynpic1\tis it big?\t0.3|!+no&&1.0|!+yes\tlung&&heart\t{cell(1)}\n"
    miniature.put("vqa_train.tsv", row)
    miniature.put("vqa_test.tsv", f"2\tsynpic2\tis it small?\t1.0|!+left lung\t\t{cell(2)}\n")

    found = miniature.convert("tables")

    (train,) = [*found.rows(TRAIN), *found.rows(VALIDATION)]
    assert (train.answer, train.references) == ("yes", {"no": 0.3, "yes": 1.0})
    assert train.candidates == ("yes", "no")
    assert train.attributes == {"objects": "lung&&heart"}
    assert train.images == (drawn(1),)
    (test,) = found.rows(TEST)
    assert (test.answer, test.candidates, test.group) == ("left lung", (), "synpic2")


def test_both_alphabets_of_base64_are_read(miniature: Miniature) -> None:
    seed = next(one for one in range(99) if set("+/") & set(cell(one)))
    lines = [f"{n}\ti{n}\tq?\t1.0|!+a\t\t{cell(seed, url_safe=bool(n))}\n" for n in range(2)]
    miniature.put("vqa.tsv", "".join(lines))

    assert [row.images[0] for row in all_rows(miniature.convert("tables"))] == [drawn(seed)] * 2


def test_broken_rows_of_a_table_are_named_and_counted(miniature: Miniature) -> None:
    lines = [
        f"1\ti1\tis it?\t1.0|!+yes\t\t{cell(1)}",
        "2\ti2\tis it?\t1.0|!+yes\t\t" + cell(2)[:-8] + "!!!!",
        f"3\ti3\tis it?\tyes\t\t{cell(3)}",
        f"4\ti4\t\t1.0|!+yes\t\t{cell(4)}",
        f"5\ti5\tis it?\t1.0|!+ \t\t{cell(5)}",
        f"6\ti6\tis it?\t1.0|!+yes\t\t{cell(6)[:200]}",
    ]
    miniature.put("vqa.tsv", "\n".join(lines))

    found = miniature.convert("tables")

    assert [row.id for row in all_rows(found)] == ["vqa 1"]
    assert sorted(miniature.left_out) == [
        "line 2 of vqa.tsv: its picture is no base64",
        "line 3 of vqa.tsv: its answers 'yes' are not weight|!+answer joined by &&",
        "line 4 of vqa.tsv: its question is empty",
        "line 5 of vqa.tsv: its answer is empty",
        "line 6 of vqa.tsv: its picture is damaged (OSError)",
    ]
    assert sum(found.facts["left_out"].values()) == 5


@pytest.mark.parametrize(
    ("name", "text", "task", "answer"),
    [
        ("captions.tsv", f"1\ti1\tA heart.&&The heart.\tx\t{cell(1)}\n", "findings", "A heart."),
        ("classes.tsv", f"{cell(1)}\tpneumonia\n", "classify", "pneumonia"),
        ("pairs.tsv", "He smokes.\tHe is ill.\t2\n", "entailment", "contradicted"),
        ("short.tsv", "A long text.\tShort.\n", "summary", "Short."),
    ],
)
def test_other_tables_of_the_authors(
    miniature: Miniature, name: str, text: str, task: str, answer: str
) -> None:
    miniature.put(name, text)

    (row,) = all_rows(miniature.convert("tables"))

    assert (row.task, row.answer) == (task, answer)


def test_tables_of_image_codes(miniature: Miniature) -> None:
    codes = " ".join(str(number) for number in range(16))
    rows = [f"i1\t{cell(1)}\t{codes}", f"i2\t{cell(2)}\t{codes} 8192", f"i3\t{cell(3)}\tx y"]
    miniature.put("image.tsv", "\n".join(rows))

    (row,) = all_rows(miniature.convert("tables"))

    assert (row.task, row.group, row.codes) == ("infill_image", "i1", tuple(range(16)))
    assert row.images == (drawn(1),)
    assert miniature.left_out == [
        "line 2 of image.tsv: its codes are no numbers from 0 to 8191",
        "line 3 of image.tsv: it has no codes, parted by blanks",
    ]


def test_a_table_of_another_kind_is_refused(miniature: Miniature) -> None:
    miniature.put("odd.tsv", "one cell\n")

    with pytest.raises(DatasetProblem, match="is no table of the authors'"):
        miniature.convert("tables")


def test_json_lines_hold_every_task(miniature: Miniature) -> None:
    miniature.draw("images/a.png", 1)
    box = {"x0": 1, "y0": 2, "x1": 9, "y1": 8.5, "label": "mass"}
    rows = [
        {"image": "a.png", "question": "is it?", "answer": "yes", "candidates": ["yes", "no"]},
        {"image": "a.png", "boxes": [box], "patient": "p", "attributes": {"sex": "F", "age": 61}},
        {"image": "a.png", "codes": [0, 8191], "id": "codes"},
        {"image": "a.png", "task": "infill_image"},
        {"text": "A text to fill in.", "task": "infill_text"},
        {"text": "A long text.", "summary": "Short."},
    ]
    miniature.put("rows.jsonl", "\n".join(json.dumps(row) for row in rows))

    found = {row.task: row for row in all_rows(miniature.convert("jsonl"))}

    assert found["choice"].candidates == ("yes", "no")
    assert found["detection"].boxes == (LabelledBox(1, 2, 9, 8.5, "mass"),)
    assert found["detection"].group == "p"
    assert found["detection"].attributes == {"sex": "F", "age": "61"}
    assert found["infill_text"].answer == "A text to fill in."
    assert found["summary"].answer == "Short."
    assert found["infill_image"].images == (drawn(1),)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"image": "a.png", "boxes": [{"x0": 1}]}, "one of its boxes is not x0, y0, x1, y1"),
        (
            {"image": "a.png", "boxes": [{"x0": 3, "y0": 1, "x1": 3, "y1": 2, "label": "a"}]},
            "one of its boxes is empty",
        ),
        ({"image": "a.png", "codes": [8192]}, 'its "codes" are no list of numbers from 0 to 8191'),
        ({"image": "../x.png", "codes": [1]}, "cannot be read"),
        ({"question": "is it?", "answer": "yes"}, 'it names no "image"'),
        ({"image": "a.png", "question": "is it?", "answer": ""}, "its answer is empty"),
        (
            {"image": "a.png", "question": "q", "answer": "x", "candidates": ["yes", "no"]},
            "its answer 'x' is none of those that the set knows",
        ),
    ],
)
def test_wrong_json_rows_are_named(
    miniature: Miniature, row: dict[str, object], reason: str
) -> None:
    miniature.draw("images/a.png", 1)
    good = {"image": "a.png", "question": "is it?", "answer": "yes"}
    miniature.put("rows.jsonl", json.dumps(good) + "\n" + json.dumps(row))

    miniature.convert("jsonl")

    assert len(miniature.left_out) == 1
    assert reason in miniature.left_out[0]
