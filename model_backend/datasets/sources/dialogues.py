"""HealthCareMagic and iCliniq: what patients ask on two web sites and what doctors answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from model_backend.datasets.draft import Found, Origin, Source
from model_backend.datasets.files import json_rows, parquet_rows, word
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.texts import summary


def read(names: tuple[str, ...], answer: str, origin: Origin) -> Iterator[Found]:
    """A question and its answer a row, as a text to be answered in the form of a summary."""
    for file in _files(origin.path, names):
        rows = parquet_rows if file.suffix == ".parquet" else None
        found = rows(file, ("input", answer)) if rows else json_rows(file)
        for place, row in found:
            name = f"{file.stem} {place.split()[1]}"
            yield summary(name, name, word(row.get("input")), word(row.get(answer)), place=place)


def _files(path: Path, names: tuple[str, ...]) -> list[Path]:
    if path.is_file():
        return [path]
    found = [path / name for name in names if (path / name).is_file()]
    found = found[:1] or sorted((path / "data").glob("*.parquet"))
    if not found:
        raise DatasetProblem(f"The folder {path} has no file {' or '.join(names)}.")
    return found


_CARD = "dataset cards huggingface.co/datasets/lavita/ChatDoctor-"
HEALTHCAREMAGIC = Source(
    "healthcaremagic",
    "HealthCareMagic-100k",
    "disputed: collected from a web site by third parties",
    "HealthCareMagic-100k.json, a list of {instruction, input, output} (or data/*.parquet)",
    f"{_CARD}HealthCareMagic-100k; github.com/Kent0n-Li/ChatDoctor",
    "question",
    partial(read, ("HealthCareMagic-100k.json",), "output"),
    "There is no official split; nothing says which questions are of one person.",
)
ICLINIQ = Source(
    "icliniq",
    "iCliniq",
    "disputed: collected from a web site by third parties",
    "iCliniq.json, a list of {input, answer_icliniq, ...} (or data/*.parquet)",
    f"{_CARD}iCliniq; github.com/Kent0n-Li/ChatDoctor",
    "question",
    partial(read, ("iCliniq.json", "iCliniq-10k.json"), "answer_icliniq"),
    "There is no official split; nothing says which questions are of one person.",
)
