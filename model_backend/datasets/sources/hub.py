"""Sets as a hub passes them on: parquet files with a picture, and a question or a caption."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import parquet_rows, word
from model_backend.datasets.parting import official_part
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.questions import question
from model_backend.datasets.texts import caption
from model_backend.evaluation.rows import YES_NO, plain


def read(origin: Origin) -> Iterator[Found]:
    """Their rows; pictures have no names there, so that their bytes say which are the same."""
    folder = origin.path / "data" if (origin.path / "data").is_dir() else origin.path
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise DatasetProblem(f"The folder {folder} has no parquet file.")
    for file in files:
        part = official_part(file.name.partition("-")[0])
        for place, row in parquet_rows(file, ("image",)):
            name = f"{file.stem} {place.split()[1]}"
            yield _found(row, name, part, place)


def _found(row: dict[str, Any], name: str, part: str, place: str) -> Found:
    picture = _bytes_of(row["image"])
    if picture is None:
        return Fault(place, "its image is empty")
    group = hashlib.sha256(picture).hexdigest()
    if "question" in row:
        answer = word(row.get("answer"))
        return question(
            name,
            group,
            word(row["question"]),
            answer,
            _given(picture),
            is_closed=plain(answer) in YES_NO,
            official=part,
            place=place,
        )
    if "caption" not in row:
        return Fault(place, "it has neither a question nor a caption")
    text = word(row["caption"])
    return caption(name, group, text, (_given(picture),), official=part, place=place)


def _bytes_of(cell: Any) -> bytes | None:
    """The picture in a cell, which is {bytes, path} as the library `datasets` writes it."""
    given = cell.get("bytes") if isinstance(cell, dict) else cell
    return given if isinstance(given, bytes) and given else None


def _given(picture: bytes) -> Callable[[], bytes]:
    return lambda: picture


PATH_VQA = Source(
    "path_vqa",
    "PathVQA",
    "MIT for the questions; the images belong to the books' publishers",
    "the folder with data/train-*.parquet, validation-*.parquet and test-*.parquet",
    "dataset card huggingface.co/datasets/flaviagiammarino/path-vqa; He et al., arXiv:2003.10286",
    "image",
    read,
    "The set says nothing of patients; closed are the questions that yes or no answers.",
)
HUB = Source(
    "hub",
    "A hub's parquet files of pictures with questions or captions",
    "of the set",
    "the folder with PART-*.parquet, or with data/ that holds them: image, and question and "
    "answer, or caption",
    "dataset cards on huggingface.co: flaviagiammarino/vqa-rad, mdwiratathya/SLAKE-vqa-english, "
    "eltorio/ROCO-radiology",
    "image",
    read,
    "The files say nothing of patients; closed are the questions that yes or no answers.",
)
