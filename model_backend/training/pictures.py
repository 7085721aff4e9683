"""The three data sets as one list of pictures with names, patients and what their labels say."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model_backend.training.problems import TrainingProblem
from model_backend.training.split import part_of

VQA_RAD, CHILD, NIH = "vqa_rad", "cxr_pneumonia_224", "cxr_nih_64"

# The NIH labels that have a wording of ours; Hernia has none. Pneumonia is read apart: only normal
# films and the seven with that label say whether it is there.
NIH_NAMES = {
    "Effusion": "effusion",
    "Cardiomegaly": "cardiomegaly",
    "Atelectasis": "atelectasis",
    "Infiltration": "infiltration",
    "Pneumothorax": "pneumothorax",
    "Consolidation": "consolidation",
    "Nodule": "nodule",
    "Mass": "mass",
    "Emphysema": "emphysema",
    "Edema": "edema",
    "Pleural_Thickening": "pleural thickening",
    "Fibrosis": "fibrosis",
}


@dataclass(frozen=True, slots=True)
class RadQuestion:
    """One row of VQA-RAD, as written (only spaces trimmed)."""

    text: str
    answer: str
    closed: bool
    kind: str  # PRES, POS, ABN, SIZE, MODALITY, PLANE, ...


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of one set: where it lies, whose it is, which part, what is known of it."""

    source: str
    name: str
    group: str  # the patient, or the image's own name where a set has no patients
    part: str
    labels: dict[str, bool] = field(default_factory=dict)  # by the name of a finding
    organ: str = ""  # VQA-RAD: CHEST, ABD, HEAD
    questions: tuple[RadQuestion, ...] = ()


def read_pictures(
    data: Path, validation: tuple[int, int], *, adults_too: bool = True
) -> list[Picture]:
    """All pictures of the three sets under `data`, in a fixed order.

    With `adults_too`, adult films say whether there is pneumonia, where their labels know.

    Raises TrainingProblem when a folder, a file or a label is missing.
    """
    if not data.is_dir():
        raise TrainingProblem(f"There is no data folder {data}; name one with --data.")
    adults = partial(nih_pictures, with_pneumonia=adults_too)
    readers = ((CHILD, child_pictures), (NIH, adults), (VQA_RAD, rad_pictures))
    pictures: list[Picture] = []
    for name, reader in readers:
        folder = data / name
        if not folder.is_dir():
            raise TrainingProblem(f"The data folder {data} has no set {name}.")
        found = list(reader(folder, validation))
        if not found:
            raise TrainingProblem(
                f"The set {folder} has no labels, so nothing can be learnt from it."
            )
        pictures += found
    return pictures


def child_pictures(folder: Path, validation: tuple[int, int]) -> Iterator[Picture]:
    """The child chest films: normal, bacterial or viral pneumonia."""
    for row in rows_of(folder / "labels.csv", ("file", "label", "cause", "patient")):
        sick = one_of(row, "label", {"normal": False, "pneumonia": True}, folder)
        labels = {"normal": not sick, "pneumonia": sick}
        if sick:
            labels["bacterial"] = one_of(row, "cause", {"bacteria": True, "virus": False}, folder)
        part = part_of(row["patient"], validation)
        yield Picture(CHILD, row["file"], row["patient"], part, labels)


def nih_pictures(
    folder: Path, validation: tuple[int, int], with_pneumonia: bool = True
) -> Iterator[Picture]:
    """The small NIH films; a label that is not given counts as absent, as in the set's paper."""
    for row in rows_of(folder / "labels.csv", ("file", "findings", "patient")):
        found = set(row["findings"].split("|"))
        if found == {""}:
            raise TrainingProblem(f"The picture {row['file']} of {folder} has an empty label.")
        labels = {"normal": found == {"No Finding"}}
        labels |= {ours: theirs in found for theirs, ours in NIH_NAMES.items()}
        # Of films with other findings the label says too little: an infiltrate may be one.
        if with_pneumonia and (labels["normal"] or "Pneumonia" in found):
            labels["pneumonia"] = "Pneumonia" in found
        part = part_of(row["patient"], validation)
        yield Picture(NIH, row["file"], row["patient"], part, labels)


def rad_pictures(folder: Path, validation: tuple[int, int]) -> Iterator[Picture]:
    """VQA-RAD by image, each with all of its questions."""
    path = folder / "questions.jsonl"
    questions: dict[str, list[RadQuestion]] = {}
    organs: dict[str, str] = {}
    for number, line in enumerate(text_of(path).splitlines(), 1):
        try:
            row: dict[str, Any] = json.loads(line)
            name, organ = row["image_name"], row["image_organ"]
            closed = row["answer_type"].strip().upper() == "CLOSED"
            question = RadQuestion(row["question"], row["answer"], closed, row["question_type"])
        except (json.JSONDecodeError, KeyError) as error:
            raise TrainingProblem(f"Line {number} of {path} is no question: {error}.") from error
        if not question.answer.strip():
            raise TrainingProblem(f"Line {number} of {path} has an empty answer.")
        questions.setdefault(name, []).append(question)
        organs[name] = organ
    for name in sorted(questions):
        part = part_of(name, validation)
        asked = tuple(questions[name])
        yield Picture(VQA_RAD, name, name, part, organ=organs[name], questions=asked)


def rows_of(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a label table; raises TrainingProblem when a column is missing."""
    reader = csv.DictReader(io.StringIO(text_of(path)))
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise TrainingProblem(f"The table {path} has no column {missing[0]}.")
    return list(reader)


def one_of(row: dict[str, str], column: str, meaning: dict[str, bool], folder: Path) -> bool:
    """What one cell means; raises TrainingProblem for a word the set does not have."""
    if row[column] not in meaning:
        raise TrainingProblem(
            f"The picture {row['file']} of {folder} has the unknown {column} {row[column]!r}."
        )
    return meaning[row[column]]


def text_of(path: Path) -> str:
    """The text of one small file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingProblem(f"The file {path} cannot be read: {error}.") from error


class PictureFiles:
    """Opens pictures by name, out of a folder `images` or an archive `images.zip`."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._archives: dict[str, zipfile.ZipFile] = {}

    def pixels(self, picture: Picture) -> NDArray[np.uint8]:
        """The picture as the file has it: (height, width) grey or (height, width, 3) RGB."""
        try:
            with Image.open(io.BytesIO(self._bytes(picture))) as image:
                grey = image.mode in ("L", "1", "LA", "I;16", "I")
                return np.asarray(image.convert("L" if grey else "RGB"))
        except (OSError, KeyError, zipfile.BadZipFile, UnidentifiedImageError) as error:
            place = self._data / picture.source
            raise TrainingProblem(
                f"The picture {picture.name} of {place} cannot be read: {error}."
            ) from error

    def close(self) -> None:
        """Close the archives."""
        for archive in self._archives.values():
            archive.close()
        self._archives.clear()

    def _bytes(self, picture: Picture) -> bytes:
        folder = self._data / picture.source
        if (folder / "images").is_dir():
            return (folder / "images" / picture.name).read_bytes()
        if picture.source not in self._archives:
            self._archives[picture.source] = zipfile.ZipFile(folder / "images.zip")
        return self._archives[picture.source].read(picture.name)


def small_pixels(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Grey and exactly (size, size): the resizing of the model's own preprocessing, bicubic."""
    image = Image.fromarray(pixels).convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(image.convert("L"))
