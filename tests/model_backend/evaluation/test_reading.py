"""Labelled sets of every layout are read; what is wrong with one is named by its line."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_backend.evaluation.labelled import BadRow, LabelledProblem
from model_backend.evaluation.reading import LabelledSet, read_labelled
from model_backend.folder import Finding
from model_backend.request import (
    ANSWER,
    CHOICE,
    CLASSIFY,
    ENTAILMENT,
    FINDINGS,
    GROUNDING,
    MATCHING,
    REGION,
    SUMMARY,
    Place,
)

FINDINGS_ASKED = (
    Finding("pneumonia", "is there pneumonia?", "Yes.", "No."),
    Finding("bacterial", "is it bacterial?", "Yes.", "No.", after="pneumonia"),
    Finding("fracture", "is there a fracture?", "Yes.", "No."),
)


def png(value: int = 7, size: tuple[int, int] = (6, 4), mode: str = "L") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, value).save(file, "PNG")
    return file.getvalue()


def json_set(folder: Path, rows: Sequence[object], **options: object) -> LabelledSet:
    """A set of these rows in a folder with one picture, one.png."""
    (folder / "one.png").write_bytes(png())
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    (folder / "set.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_labelled(folder / "set.jsonl", **options)  # type: ignore[arg-type]  # passed on


def table_set(folder: Path, rows: Sequence[Sequence[str]], task: str = "") -> LabelledSet:
    path = folder / f"{len(list(folder.iterdir()))}.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    return read_labelled(path, task=task)


# --- JSON lines ---


@pytest.mark.parametrize(
    ("row", "task", "answer"),
    [
        ({"image": "one.png", "question": "Where?", "answer": "left"}, ANSWER, "left"),
        ({"image": "one.png", "question": "q", "answer": True, "candidates": ["a"]}, CHOICE, "yes"),
        ({"image": "one.png", "label": "oedema"}, CLASSIFY, "oedema"),
        ({"image": "one.png", "caption": "A chest film."}, FINDINGS, "A chest film."),
        ({"image": "one.png", "text": "a heart", "answer": "no"}, MATCHING, "no"),
        ({"image": "one.png", "text": "a heart", "box": [0, 1, 2, 3]}, GROUNDING, ""),
        ({"image": "one.png", "answer": "a rib", "box": [0, 1, 2, 3]}, REGION, "a rib"),
        ({"premise": "a", "hypothesis": "b", "label": "entailment"}, ENTAILMENT, "entailed"),
        ({"text": "long", "summary": "short"}, SUMMARY, "short"),
        ({"task": "mortality", "text": "note", "label": "yes"}, "mortality", "yes"),
        ({"task": "trial", "patient": "p", "trial": "t", "label": "excluded"}, "trial", "excluded"),
    ],
)
def test_a_row_says_by_its_fields_what_is_asked(
    tmp_path: Path, row: object, task: str, answer: str
) -> None:
    (case,) = json_set(tmp_path, [row])

    assert (case.task, case.answer) == (task, answer)
    assert (case.picture is None) == ("image" not in json.dumps(row))


def test_boxes_are_what_is_asked_or_what_is_right(tmp_path: Path) -> None:
    rows = [
        {"image": "one.png", "text": "a heart", "box": [0, 1, 2, 3.5]},
        {"image": "one.png", "answer": "a rib", "box": [0, 1, 2, 3]},
    ]

    grounding, region = json_set(tmp_path, rows)

    assert grounding.place == Place(0, 1, 2, 3.5) and grounding.box is None
    assert region.box == Place(0, 1, 2, 3) and region.place is None


def test_answers_may_be_several_or_weighed(tmp_path: Path) -> None:
    rows = [
        {"image": "one.png", "question": "q", "answer": ["left", "left lung"]},
        {"image": "one.png", "question": "q", "answer": {"no": 0.3, "yes": 1}},
    ]

    several, weighed = json_set(tmp_path, rows)

    assert several.references == {"left": 1.0, "left lung": 1.0}
    assert weighed.answer == "yes" and weighed.references["no"] == 0.3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "no JSON object"),
        ("[1]", "no JSON object"),
        ({"question": "q", "answer": "a"}, "names no"),
        ({"image": "one.png", "question": " ", "answer": "a"}, 'no "question"'),
        ({"image": "one.png", "question": "q"}, 'no "answer"'),
        ({"image": "one.png", "question": "q", "answer": "  "}, "answer is empty"),
        ({"image": "one.png", "question": "q", "answer": {"a": 2}}, "weight"),
        ({"image": "one.png", "question": {"a": 1}, "answer": "a"}, "no text"),
        ({"image": "one.png", "question": "q", "answer": "a", "candidates": "a"}, "candidates"),
        ({"image": "one.png", "text": "t", "box": [3, 0, 1, 1]}, "four numbers"),
        ({"image": "one.png", "text": "t", "box": [0, 0, 1]}, "four numbers"),
        ({"image": "one.png", "task": "divination", "answer": "a"}, "divination"),
        ({"image": "one.png", "task": "detection", "answer": "a"}, "detection"),
        ({"premise": "a", "hypothesis": "b", "label": "perhaps"}, "perhaps"),
    ],
)
def test_a_bad_row_is_left_out_and_named_by_its_line(
    tmp_path: Path, row: object, reason: str
) -> None:
    good = {"image": "one.png", "question": "q", "answer": "a"}

    cases = json_set(tmp_path, [good, row, good])

    assert [case.line for case in cases] == [1, 3]
    (left_out,) = cases.left_out
    assert left_out.line == 2 and reason in left_out.reason
    assert cases.count() == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("two.png", "cannot be read"),
        ("../one.png", "outside the folder"),
        ("set.jsonl", "no format"),
        ("cut.png", "damaged"),
        ("film.dcm", "write DICOM as PNG"),
        ("a\0b", "no name"),
    ],
)
def test_a_picture_is_opened_only_when_it_is_wanted(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "cut.png").write_bytes(png(size=(64, 64), mode="RGB")[:60])
    (tmp_path / "film.dcm").write_bytes(bytes(128) + b"DICM" + bytes(64))

    (case,) = json_set(tmp_path, [{"image": name, "question": "q", "answer": "a"}])

    with pytest.raises(BadRow, match=reason):
        case.pixels()


def test_pictures_are_grey_or_colour_as_the_file_has_them(tmp_path: Path) -> None:
    (tmp_path / "rgb.png").write_bytes(png(mode="RGB"))
    rows = [{"image": name, "question": "q", "answer": "a"} for name in ("one.png", "rgb.png")]

    grey, colour = (case.pixels() for case in json_set(tmp_path, rows))

    assert grey.shape == (4, 6) and colour.shape == (4, 6, 3) and grey.dtype == np.uint8


def test_a_part_is_always_the_same_and_a_split_is_what_rows_say(tmp_path: Path) -> None:
    rows = [
        {"image": "one.png", "question": f"q{n}", "answer": "a", "split": "test" if n % 2 else "x"}
        for n in range(40)
    ]

    some = [case.text for case in json_set(tmp_path, rows, part=5)]
    tested = json_set(tmp_path, rows, split="test", part=50)

    assert len(some) == 5 and some == [case.text for case in json_set(tmp_path, rows, part=5)]
    assert some != [f"q{n}" for n in range(5)]
    assert [case.text for case in tested] == [f"q{n}" for n in range(1, 40, 2)]
    assert tested.count() == 20


def test_our_own_split_goes_by_the_patient(tmp_path: Path) -> None:
    rows = [
        {"image": "one.png", "question": f"q{n}", "answer": "a", "patient": f"p{n // 2}"}
        for n in range(400)
    ]

    parts = [
        {case.group for case in json_set(tmp_path, rows, split=split)}
        for split in ("held_out", "validation", "training")
    ]

    assert sum(map(len, parts)) == 200 and len(set().union(*parts)) == 200
    assert 20 < len(parts[0]) < 60


# --- what is wrong with a whole file ---


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl", b"\n \n", "is empty"),
        ("a.jsonl", b'{"question": "caf\xe9"}', "Line 1 of .* is not UTF-8"),
        ("a.tsv", b"one\ttwo\tthree\tfour\n", "4 columns"),
        ("a.tsv", b"no tabs at all\n", "1 columns"),
        ("a.xlsx", b"PK", "no labelled set that is known"),
        ("a.json", b"{}", "no list of questions"),
        ("a.json", b"[", "cannot be read"),
        ("labels.csv", b"picture,label\na.png,sick\n", "lacks the column file"),
        ("labels.csv", b"file,label\n", "holds no film"),
        ("labels.csv", b"file,findings\na.png,Mass|Nodule\n", "several findings"),
        ("images.zip", b"", "neither"),
    ],
)
def test_a_file_that_is_no_set_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    path = tmp_path if name in ("labels.csv", "images.zip") else tmp_path / name

    with pytest.raises(LabelledProblem, match=reason):
        list(read_labelled(path))


def test_a_set_of_bad_rows_alone_says_why(tmp_path: Path) -> None:
    rows = [{"image": "one.png", "question": "q"}] * 9

    with pytest.raises(LabelledProblem, match=r"no case that can be used: line 1.*and 4 more"):
        list(json_set(tmp_path, rows))


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabelledProblem, match="There is no labelled set"):
        read_labelled(tmp_path / "none.jsonl")
    with pytest.raises(LabelledProblem, match="no task 'divination'"):
        read_labelled(tmp_path, task="divination")
    with pytest.raises(LabelledProblem, match="of the part 'test'"):
        list(json_set(tmp_path, [{"text": "a", "summary": "b"}], split="test"))


# --- the authors' tables ---


def test_questions_of_the_authors_tables_in_both_alphabets_of_base64(tmp_path: Path) -> None:
    picture = png(200, (41, 17), "RGB")
    standard = base64.b64encode(picture).decode()
    safe = base64.urlsafe_b64encode(picture).decode().rstrip("=")
    rows = [
        ["1", "i1", "Where is the -- LESION", "1|!+left lung", "lung&&chest", standard],
        ["2", "i1", "Is there a mass?", "0.3|!+no&&1|!+yes", "", safe],
    ]

    first, second = table_set(tmp_path, rows)

    assert first.text == "Where is the -- LESION" and first.references == {"left lung": 1.0}
    assert second.answer == "yes" and second.group == "i1"
    assert np.array_equal(first.pixels(), second.pixels())
    assert first.pixels().shape == (17, 41, 3)


def test_the_rows_of_the_golden_questions_are_read(tmp_path: Path, root: Path) -> None:
    file = root / "tests/data/goldens/preprocess/task_examples.json"
    examples = json.loads(file.read_text(encoding="utf-8"))["vqa"]["examples"]
    picture = base64.b64encode(png()).decode()
    rows = []
    for one in examples:
        number, _, question, answers, objects = one["row"]
        rows.append([number, "image", question, answers, objects, picture])

    cases = list(table_set(tmp_path, rows))

    assert [case.references for case in cases] == [one["ref_dict"] for one in examples]


def test_captions_classes_pairs_and_summaries_of_the_authors_tables(tmp_path: Path) -> None:
    picture = base64.b64encode(png()).decode()

    (caption,) = table_set(tmp_path, [["1", "i", "First.&&Second", "", picture]])
    classes = table_set(tmp_path, [["1", picture, "oedema"], ["2", picture, "normal"]])
    (bare,) = table_set(tmp_path, [[picture, "normal"]])
    pairs = list(table_set(tmp_path, [["a", "b", "1"], ["a", "c", "2"], ["a", "d", "0"]]))
    (summary,) = table_set(tmp_path, [["a long text", "short"]])

    assert list(caption.references) == ["First.", "Second"] and caption.task == FINDINGS
    assert [case.answer for case in classes] == ["oedema", "normal"]
    assert classes.classes == ("normal", "oedema") and bare.answer == "normal"
    assert [case.answer for case in pairs] == ["entailed", "contradicted", "neutral"]
    assert {case.group for case in pairs} == {"a"} and pairs[1].text2 == "c"
    assert (summary.task, summary.text, summary.answer) == (SUMMARY, "a long text", "short")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["2", "i", "q", "1|!+yes", ""], "none of its columns"),
        (["2", "i", "q", "yes", "", "PICTURE"], "weight"),
        (["2", "i", "q", "0|!+yes", "", "PICTURE"], "weight"),
        (["2", "i", " ", "1|!+yes", "", "PICTURE"], "question is empty"),
        (["2", "i", "q", "1|!+yes", "", "", "PICTURE"], "7 columns where there are 6"),
    ],
)
def test_a_bad_row_of_a_table_is_named_by_its_line(
    tmp_path: Path, row: list[str], reason: str
) -> None:
    picture = base64.b64encode(png()).decode()
    good = ["1", "i", "q", "1|!+yes", "", picture]

    cases = table_set(tmp_path, [good, [c.replace("PICTURE", picture) for c in row]])

    assert [case.line for case in cases] == [1]
    assert cases.left_out[0].line == 2 and reason in cases.left_out[0].reason


# --- folders ---


def test_films_are_classes_for_a_model_that_classifies_else_questions(tmp_path: Path) -> None:
    table = "file,label,cause,patient\na.png,normal,,p1\nb.png,pneumonia,bacteria,p2\n"
    (tmp_path / "labels.csv").write_text(table)
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("a.png", png(1))
        archive.writestr("b.png", png(2))

    classes = read_labelled(tmp_path, tasks=(CLASSIFY,), findings=FINDINGS_ASKED)
    questions = read_labelled(tmp_path, tasks=(CHOICE,), findings=FINDINGS_ASKED)

    assert [case.answer for case in classes] == ["normal", "pneumonia"]
    assert classes.classes == ("normal", "pneumonia")
    asked = [(case.text, case.answer, case.group, case.pixels()[0, 0]) for case in questions]
    assert asked == [
        ("is there pneumonia?", "no", "p1", 1),
        ("is there pneumonia?", "yes", "p2", 2),
        ("is it bacterial?", "yes", "p2", 2),
    ]


def test_films_with_findings_are_asked_and_lie_in_a_folder(tmp_path: Path) -> None:
    table = "file,findings\na.png,Effusion|Mass\nb.png,No Finding\nc.png,\n"
    (tmp_path / "labels.csv").write_text(table)
    (tmp_path / "images").mkdir()
    for name in "abc":
        (tmp_path / "images" / f"{name}.png").write_bytes(png())
    asked = [Finding(name, f"{name}?", "Yes.", "No.") for name in ("effusion", "normal")]

    cases = read_labelled(tmp_path, tasks=(CHOICE,), findings=asked)

    assert [case.answer for case in cases] == ["yes", "no", "no", "yes"]
    assert [one.line for one in cases.left_out] == [4]


def test_vqa_rad_is_read_as_it_is_published(tmp_path: Path) -> None:
    rows = [
        {
            "image_name": "one.jpg",
            "question": "Is it normal?",
            "answer": "Yes ",
            "answer_type": "CLOSED ",
            "phrase_type": "test_freeform",
        },
        {
            "image_name": "one.jpg",
            "question": "Which plane?",
            "answer": 3,
            "answer_type": "OPEN",
            "phrase_type": "para",
        },
    ]
    (tmp_path / "VQA_RAD Dataset Public.json").write_text(json.dumps(rows))
    (tmp_path / "VQA_RAD Image Folder").mkdir()
    (tmp_path / "VQA_RAD Image Folder" / "one.jpg").write_bytes(png())

    everything = list(read_labelled(tmp_path))
    tested = list(read_labelled(tmp_path, split="test"))

    assert [case.is_closed for case in everything] == [True, False]
    assert [case.answer for case in everything] == ["Yes", "3"]
    assert [case.text for case in tested] == ["Is it normal?"]
    assert tested[0].pixels().shape == (4, 6)


def test_the_sets_beside_the_project_are_read_whole(shared: Path) -> None:
    data = shared / "data"

    rad = read_labelled(data / "vqa_rad", split="held_out")
    films = read_labelled(data / "cxr_pneumonia_224", split="held_out", tasks=(CLASSIFY,))

    cases = list(rad)
    assert len(cases) == 340 and sum(case.is_closed is True for case in cases) == 211
    assert not rad.left_out and cases[0].pixels().ndim >= 2
    assert films.count() == 974 and films.classes == ("normal", "pneumonia")
