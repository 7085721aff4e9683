"""Sets of questions about pictures, each as a miniature in its documented layout."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import TEST, TRAIN, VALIDATION
from tests.dataset_miniature import Miniature, all_rows, drawn

IMAGES = 12


@pytest.fixture
def vqa_rad(miniature: Miniature) -> Miniature:
    """The public JSON with its image folder; as in the set, parts go by question, not by image."""
    questions = []
    for number in range(IMAGES):
        name = f"synpic{number}.jpg"
        miniature.draw(f"VQA_RAD Image Folder/{name}", number, "JPEG")
        common = {"image_name": name, "image_organ": "CHEST", "evaluation": "evaluated"}
        for phrase, text, answer, kind in (
            ("freeform", "Is there a mass?", "Yes ", "CLOSED"),
            ("test_freeform", "Where is the mass?", "Left  lower Lobe", "OPEN"),
        ):
            questions.append(
                {
                    **common,
                    "qid": f"{number}-{phrase}",
                    "phrase_type": phrase,
                    "question": text,
                    "question_type": "PRES",
                    "answer": answer,
                    "answer_type": kind,
                }
            )
    miniature.put("VQA_RAD Dataset Public.json", json.dumps(questions))
    return miniature


def test_vqa_rad_is_parted_by_image_because_its_own_split_is_not(vqa_rad: Miniature) -> None:
    found = vqa_rad.convert("vqa_rad")

    rows = all_rows(found)
    parts = {row.group: {one.part for one in rows if one.group == row.group} for row in rows}
    assert len(rows) == 2 * IMAGES
    assert all(len(one) == 1 for one in parts.values())
    assert found.facts["split"] == "patient"
    assert (
        f"has {IMAGES} of {IMAGES} patients or images in several parts" in found.facts["notes"][0]
    )


def test_vqa_rad_keeps_its_own_split_on_demand_and_says_what_that_means(vqa_rad: Miniature) -> None:
    found = vqa_rad.convert("vqa_rad", split="official")

    assert {row.attributes["phrase"] for row in found.rows(TEST)} == {"test_freeform"}
    assert {row.attributes["phrase"] for row in found.rows(TRAIN)} == {"freeform"}
    assert "better than the truth" in found.facts["notes"][0]
    assert found.facts["duplicates"]["same file"]["count"] > 0


def test_vqa_rad_answers_are_small_letters_and_open_or_closed(vqa_rad: Miniature) -> None:
    rows = {row.id: row for row in all_rows(vqa_rad.convert("vqa_rad"))}

    closed, opened = rows["3-freeform"], rows["3-test_freeform"]
    assert (closed.answer, closed.is_closed, closed.candidates) == ("yes", True, ("yes", "no"))
    assert (opened.answer, opened.is_closed, opened.candidates) == ("left lower lobe", False, ())
    assert closed.images == (drawn(3, "JPEG"),)
    assert closed.attributes == {"organ": "chest", "kind": "pres", "phrase": "freeform"}


def test_vqa_rad_as_it_lies_beside_the_project(shared: Path, tmp_path: Path) -> None:
    miniature = Miniature(tmp_path)

    found = miniature.convert("vqa_rad", path=shared / "data" / "vqa_rad")

    assert sum(found.count(part) for part in (TRAIN, VALIDATION, TEST)) == 1928
    assert sum(found.facts["groups"].values()) == 230
    assert miniature.left_out == []


def test_slake_takes_one_language_and_its_own_parts(miniature: Miniature) -> None:
    for place, name in enumerate(("train", "validation", "test")):
        miniature.draw(f"imgs/xmlab{place}/source.jpg", place, "JPEG")
        row = {
            "img_id": place,
            "img_name": f"xmlab{place}/source.jpg",
            "question": "What modality is used?",
            "answer": "MRI",
            "q_lang": "en",
            "location": "Abdomen",
            "modality": "MRI",
            "answer_type": "OPEN",
            "base_type": "vqa",
            "content_type": "Modality",
            "triple": ["vhead", "_", "_"],
            "qid": place,
        }
        chinese = {
            **row,
            "q_lang": "zh",
            "question": "这是什么?",
            "answer": "核磁",
            "qid": 90 + place,
        }
        miniature.put(f"{name}.json", json.dumps([row, chinese]))

    found = miniature.convert("slake")

    assert [found.count(part) for part in (TRAIN, VALIDATION, TEST)] == [1, 1, 1]
    row_read = next(found.rows(TRAIN))
    assert (row_read.answer, row_read.attributes["kind"]) == ("mri", "modality")
    assert found.facts["split"] == "official"


def test_slake_in_chinese(miniature: Miniature) -> None:
    miniature.draw("imgs/xmlab0/source.jpg", 0, "JPEG")
    row = {"img_name": "xmlab0/source.jpg", "question": "有肿块吗?", "answer": "有", "q_lang": "zh"}
    for name in ("train", "validate", "test"):
        miniature.put(f"{name}.json", json.dumps([row] if name == "train" else []))

    found = miniature.convert("slake", language="zh")

    assert [row.text for row in all_rows(found)] == ["有肿块吗?"]


def test_path_vqa_reads_pictures_out_of_parquet(miniature: Miniature) -> None:
    for place, part in enumerate(("train", "validation", "test")):
        cells = {
            "image": [{"bytes": drawn(place), "path": None}, {"bytes": drawn(place), "path": None}],
            "question": ["is this a cyst?", "what is shown?"],
            "answer": ["yes", "Liver cells"],
        }
        (miniature.folder / "data").mkdir(exist_ok=True)
        pq.write_table(
            pa.table(cells), miniature.folder / "data" / f"{part}-00000-of-00001.parquet"
        )

    found = miniature.convert("path_vqa")

    train = list(found.rows(TRAIN))
    assert [row.is_closed for row in train] == [True, False]
    assert train[0].group == train[1].group
    assert found.count(VALIDATION) == found.count(TEST) == 2
    assert found.answers("answer") == ("liver cells", "yes")


def test_a_hub_of_questions_or_captions(miniature: Miniature) -> None:
    for part, columns in (
        ("train", {"question": ["is it?", "is it?"], "answer": ["yes", "left"]}),
        ("test", {"caption": ["A heart.", None], "image_id": ["a", "b"]}),
    ):
        cells: dict[str, list[object]] = {"image": [{"bytes": drawn(1)}, {"bytes": drawn(2)}]}
        if part == "test":
            cells["image"] = [{"bytes": drawn(3)}, {"bytes": None}]
        path = miniature.folder / f"{part}-00000-of-00001.parquet"
        pq.write_table(pa.table({**cells, **columns}), path)

    rows = {row.task: row for row in all_rows(miniature.convert("hub"))}

    assert rows["findings"].answer == "A heart."
    assert rows["answer"].images in ((drawn(1),), (drawn(2),))
    assert miniature.left_out == ["row 2 of test-00000-of-00001.parquet: its image is empty"]


def test_a_set_in_another_layout_is_refused_with_the_file_that_it_lacks(
    miniature: Miniature,
) -> None:
    for source, words in (
        ("vqa_rad", "has no file VQA_RAD Dataset Public.json"),
        ("slake", "has no file train.json"),
        ("path_vqa", "has no parquet file"),
    ):
        with pytest.raises(DatasetProblem, match=words):
            miniature.convert(source)
    assert not miniature.out.exists()
