"""PathVQA: questions made of captions from pathology books."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import parquet_rows, word
from model_backend.datasets.parting import official_part
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.questions import question
from model_backend.evaluation.rows import YES_NO, plain


def read(origin: Origin) -> Iterator[Found]:
    """Its questions; the images have no names, so that their bytes say which are the same."""
    folder = origin.path / "data" if (origin.path / "data").is_dir() else origin.path
    files = sorted(folder.glob("*.parquet"))
    if not files:
        raise DatasetProblem(f"The folder {folder} has no parquet file of PathVQA.")
    for file in files:
        part = official_part(file.name.partition("-")[0])
        for place, row in parquet_rows(file, ("image", "question", "answer")):
            picture = bytes_of(row["image"])
            if picture is None:
                yield Fault(place, "its image is empty")
                continue
            answer = word(row["answer"])
            yield question(
                f"{part}-{place.split()[1]}-{file.stem}",
                hashlib.sha256(picture).hexdigest(),
                word(row["question"]),
                answer,
                _given(picture),
                is_closed=plain(answer) in YES_NO,
                official=part,
                place=place,
            )


def bytes_of(cell: Any) -> bytes | None:
    """The picture in a cell, which is {bytes, path} as the library `datasets` writes it."""
    given = cell.get("bytes") if isinstance(cell, dict) else cell
    return given if isinstance(given, bytes) and given else None


def _given(picture: bytes) -> Callable[[], bytes]:
    return lambda: picture


SOURCE = Source(
    "path_vqa",
    "PathVQA",
    "MIT for the questions; the images belong to the books' publishers",
    "the folder with data/train-*.parquet, validation-*.parquet and test-*.parquet",
    "dataset card huggingface.co/datasets/flaviagiammarino/path-vqa; He et al., arXiv:2003.10286",
    "image",
    read,
    "The set says nothing of patients; closed are the questions that yes or no answers.",
)
