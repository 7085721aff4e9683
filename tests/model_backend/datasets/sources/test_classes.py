"""Sets of pictures with classes, each as a miniature in its documented layout."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model_backend.datasets.draft import Origin
from model_backend.datasets.known import source_named
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import PARTS, TEST, TRAIN, VALIDATION
from model_backend.training.split import HELD_OUT, part_of
from tests.dataset_miniature import Miniature, all_rows, drawn


def test_medmnist_reads_its_arrays_and_names_its_classes(miniature: Miniature) -> None:
    chance = np.random.default_rng(1)
    arrays: dict[str, Any] = {}
    for name in ("train", "val", "test"):
        arrays[f"{name}_images"] = chance.integers(0, 256, (2, 28, 28), dtype=np.uint8)
        arrays[f"{name}_labels"] = np.array([[0], [1]], dtype=np.uint8)
    np.savez(miniature.folder / "pneumoniamnist.npz", **arrays)

    found = miniature.convert("medmnist")

    assert [found.count(part) for part in (TRAIN, VALIDATION, TEST)] == [2, 2, 2]
    row = list(found.rows(TEST))[1]
    assert (row.answer, row.candidates) == ("pneumonia", ("normal", "pneumonia"))
    assert row.labels == {"normal": False, "pneumonia": True}


def test_medmnist_in_colour_with_a_label_that_is_no_class(miniature: Miniature) -> None:
    images = np.random.default_rng(2).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    arrays: dict[str, Any] = {}
    for name in ("train", "val", "test"):
        arrays |= {f"{name}_images": images, f"{name}_labels": np.array([[7], [8]], np.uint8)}
    np.savez(miniature.folder / "bloodmnist_64.npz", **arrays)

    found = miniature.convert("medmnist")

    assert {row.answer for row in all_rows(found)} == {"platelet"}
    assert miniature.left_out[0] == (
        "train picture 1 of bloodmnist: its label '[8]' is no class of the set"
    )


def test_medmnist_files_that_are_cut_or_hold_objects_are_refused(miniature: Miniature) -> None:
    path = miniature.folder / "breastmnist.npz"
    for images in (np.zeros((2, 28, 28)), np.array([None, None])):
        np.savez(path, train_images=images, train_labels=np.zeros((2, 1), np.uint8))
        with pytest.raises(DatasetProblem, match="cannot be read as MedMNIST"):
            miniature.convert("medmnist")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DatasetProblem, match="cannot be read as MedMNIST"):
        miniature.convert("medmnist")


def test_medmnist_sets_with_several_labels_are_refused(miniature: Miniature) -> None:
    np.savez(miniature.folder / "chestmnist.npz", train_images=np.zeros((1, 28, 28), np.uint8))

    with pytest.raises(DatasetProblem, match="no set of MedMNIST with one class a picture"):
        miniature.convert("medmnist")


HEADER = (
    "patient_id,{density},left or right breast,image view,abnormality id,abnormality type,"
    "mass shape,mass margins,assessment,pathology,subtlety,image file path,"
    "cropped image file path,ROI mask file path\n"
)


def cbis(miniature: Miniature, kind: str, part: str, *cases: tuple[str, str]) -> None:
    """Rows of one table; the image paths have the line break at the end that the real ones have."""
    word = {"train": "Training", "test": "Test"}[part]
    lines = [HEADER.format(density="breast_density" if kind == "mass" else "breast density")]
    for number, (patient, pathology) in enumerate(cases):
        case = f"{kind.capitalize()}-{word}_{patient}_LEFT_CC"
        film, crop = f"{case}/1.3.6/1.3.7/000000.dcm", f"{case}_1/1.3.8/1.3.9/000000.dcm"
        lines.append(
            f"{patient},3,LEFT,CC,1,{kind},OVAL,SPICULATED,4,{pathology},4,{film},"
            f'"{crop}\n","{crop}"\n'
        )
        seed = 100 * (kind == "calc") + 10 * (part == "test") + number
        miniature.draw(crop.replace(".dcm", ".png"), seed)
        miniature.draw(film.replace(".dcm", ".png"), seed + 50)
    miniature.put(f"{kind}_case_description_{part}_set.csv", "".join(lines))


def test_cbis_ddsm_takes_the_crop_of_each_abnormality(miniature: Miniature) -> None:
    cbis(miniature, "mass", "train", ("P_00001", "MALIGNANT"), ("P_00002", "BENIGN"))
    cbis(miniature, "mass", "test", ("P_00009", "BENIGN_WITHOUT_CALLBACK"), ("P_00010", "ODD"))

    found = miniature.convert("cbis_ddsm")

    row = next(found.rows(TEST))
    assert (row.answer, row.group) == ("benign without callback", "P_00009")
    assert row.images == (drawn(10),)
    assert row.attributes == {"kind": "mass", "view": "CC", "side": "left", "density": "3"}
    assert row.candidates == ("benign", "benign without callback", "malignant")
    assert miniature.left_out[0].endswith("its pathology 'ODD' is none that is known")


def test_cbis_ddsm_as_jpeg_files_with_their_list(miniature: Miniature) -> None:
    cbis(miniature, "mass", "train", ("P_00001", "MALIGNANT"))
    (miniature.folder / "csv").mkdir()
    for path in miniature.folder.glob("*.csv"):
        path.rename(miniature.folder / "csv" / path.name)
    miniature.draw("jpeg/1.3.9/1-249.jpg", 77, "JPEG")
    miniature.put(
        "csv/dicom_info.csv",
        "image_path,PatientID,SeriesDescription\n"
        "CBIS-DDSM/jpeg/1.3.9/1-249.jpg,Mass-Training_P_00001_LEFT_CC_1,cropped images\n"
        "CBIS-DDSM/jpeg/1.3.9/2-250.jpg,Mass-Training_P_00001_LEFT_CC_1,ROI mask images\n",
    )

    (row,) = all_rows(miniature.convert("cbis_ddsm"))

    assert row.images == (drawn(77, "JPEG"),)


@pytest.mark.parametrize(("swapped", "reason"), [(True, ""), (False, "its crop is a mask")])
def test_cbis_ddsm_masks_are_never_taken_for_crops(
    miniature: Miniature, swapped: bool, reason: str
) -> None:
    cbis(miniature, "mass", "train", ("P_00001", "MALIGNANT"), ("P_00002", "BENIGN"))
    mask = io.BytesIO()
    Image.fromarray(np.eye(48, dtype=np.uint8) * 255).save(mask, "PNG")
    crop = "Mass-Training_P_00001_LEFT_CC_1/1.3.8/1.3.9/000000"
    miniature.put(f"{crop}.png", mask.getvalue())
    if swapped:
        table = miniature.folder / "mass_case_description_train_set.csv"
        text = table.read_text()
        ends = f'"{crop}.dcm"\n'
        assert text.count(ends) == 1
        table.write_text(text.replace(ends, f'"{crop[:-1]}1.dcm"\n'))
        miniature.draw(f"{crop[:-1]}1.png", 5)

    rows = {row.group: row for row in all_rows(miniature.convert("cbis_ddsm"))}

    assert [one.rpartition(": ")[2] for one in miniature.left_out] == ([reason] if reason else [])
    assert ("P_00001" in rows) == swapped
    if swapped:
        assert rows["P_00001"].images == (drawn(5),)


def test_cbis_ddsm_can_take_the_whole_film(miniature: Miniature) -> None:
    cbis(miniature, "calc", "train", ("P_00001", "MALIGNANT"))

    rows = all_rows(miniature.convert("cbis_ddsm", picture="film"))

    assert [row.images for row in rows] == [(drawn(150),)]
    assert rows[0].attributes["kind"] == "calcification"


def test_cbis_ddsm_patients_in_both_official_parts_are_not_cut(miniature: Miniature) -> None:
    cbis(miniature, "mass", "train", ("P_00001", "MALIGNANT"), ("P_00002", "BENIGN"))
    cbis(miniature, "calc", "test", ("P_00001", "MALIGNANT"), ("P_00003", "BENIGN"))

    found = miniature.convert("cbis_ddsm")

    assert len({row.part for row in all_rows(found) if row.group == "P_00001"}) == 1
    assert "1 of 3 patients or images in several parts" in found.facts["notes"][0]


def test_one_kind_alone_can_be_taken(miniature: Miniature) -> None:
    cbis(miniature, "mass", "train", ("P_00001", "MALIGNANT"))
    cbis(miniature, "calc", "train", ("P_00002", "BENIGN"))

    found = miniature.convert("cbis_ddsm", only={"kind": "calcification"})

    assert [row.group for row in all_rows(found)] == ["P_00002"]


def test_dicom_is_read_by_whoever_can(miniature: Miniature) -> None:
    cbis(miniature, "mass", "train", ("P_00001", "MALIGNANT"))
    for path in miniature.folder.rglob("*.png"):
        path.rename(path.with_suffix(".dcm"))
    source = source_named("cbis_ddsm")

    (draft,) = source.read(Origin(miniature.folder, lambda path: drawn(len(path.name))))

    assert draft.pictures[0]() == drawn(10)  # type: ignore[union-attr]  # no fault among them
    with pytest.raises(DatasetProblem, match="DICOM, which is not read here"):
        miniature.convert("cbis_ddsm")


@pytest.mark.parametrize(
    ("source", "prefix", "readings"),
    [
        ("mc_cxr", "MCUCXR", ("Patient's Sex: F \nPatient's Age: 027Y\nok", "Patient's Sex: M")),
        ("sz_cxr", "CHNCXR", ("female 27yrs\nnormal", "Male, 45 yrs, PTB in the left upper field")),
    ],
)
def test_films_with_tuberculosis_are_told_by_their_names(
    miniature: Miniature, source: str, prefix: str, readings: tuple[str, str]
) -> None:
    for number, reading in enumerate(readings):
        miniature.draw(f"CXR_png/{prefix}_000{number}_{number}.png", number)
        miniature.put(f"ClinicalReadings/{prefix}_000{number}_{number}.txt", reading)
    miniature.draw(f"CXR_png/{prefix}_0007_1.png", 7)
    miniature.draw(f"CXR_png/{prefix}_0008_1_mask.png", 8)

    rows = {row.id[-6:]: row for row in all_rows(miniature.convert(source))}

    assert {name: row.answer for name, row in rows.items()} == {
        "0000_0": "normal",
        "0001_1": "tuberculosis",
        "0007_1": "tuberculosis",
    }
    assert rows["0000_0"].attributes == {"sex": "F", "age": "27", "view": "PA"}
    assert rows["0001_1"].attributes["sex"] == "M"
    assert rows["0007_1"].attributes == {}


def test_child_films_out_of_an_archive(miniature: Miniature) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.jpeg", drawn(number, "JPEG"))
    miniature.put("images.zip", packed.getvalue())
    miniature.put(
        "labels.csv",
        "file,label,cause,patient\n0.jpeg,normal,,a\n1.jpeg,pneumonia,virus,b\n"
        "2.jpeg,pneumonia,bacteria,c\n3.jpeg,normal,,d\n4.jpeg,odd,,e\n",
    )

    rows = {row.id: row for row in all_rows(miniature.convert("cxr_pneumonia"))}

    assert {name: row.answer for name, row in rows.items()} == {
        "0.jpeg": "normal",
        "1.jpeg": "viral pneumonia",
        "2.jpeg": "bacterial pneumonia",
    }
    assert rows["1.jpeg"].labels == {"normal": False, "pneumonia": True, "bacterial": False}
    assert sorted(miniature.left_out) == [
        "line 5 of labels.csv: its image '3.jpeg' is not in images.zip",
        "line 6 of labels.csv: its label 'odd' is none that the set has",
    ]


def test_nih_films_keep_every_finding_and_whose_they_are(miniature: Miniature) -> None:
    miniature.draw("images/a.png", 1)
    miniature.put(
        "labels.csv",
        "file,split,findings,patient,age,sex,view,follow_up\n"
        "a.png,train,Effusion|Mass,17,61,F,PA,2\nb.png,train,,18,61,F,PA,0\n"
        "c.png,train,Tail,19,61,F,PA,0\n",
    )

    (row,) = all_rows(miniature.convert("cxr_nih"))

    assert row.answer == "abnormal"
    assert {name for name, there in row.labels.items() if there} == {"effusion", "mass"}
    assert len(row.labels) == 15
    assert row.attributes == {"sex": "F", "age": "61", "view": "PA", "follow_up": "2"}
    assert [one.rpartition(": ")[2] for one in miniature.left_out] == [
        "its label '' is none that the set has",
        "its label 'Tail' is none that the set has",
    ]


@pytest.mark.parametrize(("source", "name"), [("cxr_nih", "cxr_nih_64")])
def test_held_out_patients_are_those_of_the_embedded_model(
    shared: Path, miniature: Miniature, source: str, name: str
) -> None:
    found = miniature.convert(source, path=shared / "data" / name)

    assert sum(found.count(part) for part in PARTS) == 723
    assert all(part_of(row.group, (0, 26)) == HELD_OUT for row in found.rows(TEST))
    assert not any(part_of(row.group, (0, 26)) == HELD_OUT for row in found.rows(TRAIN))
