"""The data sets are read as they are, and what is wrong with them is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_backend.training.cache import load_pixels
from model_backend.training.pictures import (
    CHILD,
    NIH,
    VQA_RAD,
    PictureFiles,
    read_pictures,
    small_pixels,
)
from model_backend.training.problems import TrainingProblem
from model_backend.training.split import HELD_OUT


def test_each_set_says_what_its_labels_say(drawn_data: Path) -> None:
    pictures = read_pictures(drawn_data, (0, 60))

    by_name = {(one.source, one.name): one for one in pictures}
    assert by_name[CHILD, "normal/0.png"].labels == {"normal": True, "pneumonia": False}
    viral = by_name[CHILD, "pneumonia/2.png"]
    assert viral.labels == {"normal": False, "pneumonia": True, "bacterial": False}
    assert viral.group == "child-2"
    sick = by_name[NIH, "1.png"].labels
    assert sick["effusion"] and sick["mass"] and not sick["normal"] and not sick["nodule"]
    assert len(by_name[VQA_RAD, "synpic3.jpg"].questions) == 3


def test_parts_of_one_patient_never_differ(shared: Path) -> None:
    pictures = read_pictures(shared / "data", (0, 26))

    parts: dict[tuple[str, str], set[str]] = {}
    for one in pictures:
        parts.setdefault((one.source, one.group), set()).add(one.part)
    assert all(len(found) == 1 for found in parts.values())
    held_out = [one for one in pictures if one.part == HELD_OUT]
    assert sum(one.source == CHILD for one in held_out) == 974
    assert sum(one.source == NIH for one in held_out) == 88
    assert sum(one.source == VQA_RAD for one in held_out) == 40


def test_a_missing_folder_is_named(tmp_path: Path, own_data: Path) -> None:
    with pytest.raises(TrainingProblem, match="no data folder"):
        read_pictures(tmp_path / "nowhere", (0, 26))

    (own_data / NIH).rename(own_data / "elsewhere")
    with pytest.raises(TrainingProblem, match=f"no set {NIH}"):
        read_pictures(own_data, (0, 26))


def test_an_empty_label_table_is_named(own_data: Path) -> None:
    (own_data / CHILD / "labels.csv").write_text("file,label,cause,patient\n", encoding="utf-8")

    with pytest.raises(TrainingProblem, match=f"{CHILD} has no labels"):
        read_pictures(own_data, (0, 26))


@pytest.mark.parametrize(
    ("source", "name", "old", "new", "told"),
    [
        (CHILD, "labels.csv", "file,label", "file,word", "no column label"),
        (CHILD, "labels.csv", ",normal,", ",healthy,", "unknown label 'healthy'"),
        (CHILD, "labels.csv", ",bacteria,", ",,", "unknown cause ''"),
        (NIH, "labels.csv", ",No Finding,", ",,", "empty label"),
        (VQA_RAD, "questions.jsonl", '"answer": "Yes"', '"answer": " "', "empty answer"),
        (VQA_RAD, "questions.jsonl", '"answer_type"', '"kind"', "Line 1"),
        (VQA_RAD, "questions.jsonl", "{", "", "Line 1"),
    ],
)
def test_a_wrong_label_is_named(
    own_data: Path, source: str, name: str, old: str, new: str, told: str
) -> None:
    path = own_data / source / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")

    with pytest.raises(TrainingProblem, match=told):
        read_pictures(own_data, (0, 26))


def test_a_missing_or_damaged_picture_is_named(own_data: Path, tmp_path: Path) -> None:
    pictures = read_pictures(own_data, (0, 26))
    image = own_data / VQA_RAD / "images" / "synpic3.jpg"
    image.write_bytes(image.read_bytes()[:200])
    with pytest.raises(TrainingProblem, match=r"synpic3\.jpg"):
        load_pixels(pictures, own_data, 32, tmp_path / "cache")

    image.unlink()
    with pytest.raises(TrainingProblem, match=r"synpic3\.jpg"):
        load_pixels(pictures, own_data, 32, tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*"))


def test_pixels_are_decoded_once(own_data: Path, tmp_path: Path) -> None:
    pictures = read_pictures(own_data, (0, 26))
    first = load_pixels(pictures, own_data, 32, tmp_path)
    for archive in own_data.rglob("images.zip"):
        archive.unlink()

    second = load_pixels(pictures, own_data, 32, tmp_path)

    assert first.shape == (len(pictures), 32, 32) and np.array_equal(first, second)


def test_a_picture_keeps_its_colours_until_it_is_made_small(drawn_data: Path) -> None:
    pictures = read_pictures(drawn_data, (0, 26))
    files = PictureFiles(drawn_data)

    pixels = files.pixels(pictures[0])

    files.close()
    assert pixels.shape == (40, 40) and small_pixels(pixels, 16).shape == (16, 16)
