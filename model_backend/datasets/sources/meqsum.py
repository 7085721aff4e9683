"""MeQSum: long consumer health questions and their summaries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model_backend.datasets.draft import Found, Origin, Source
from model_backend.datasets.files import parquet_rows, table_rows, word
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.spreadsheet import sheet_rows
from model_backend.datasets.texts import summary

COLUMNS = ("File", "CHQ", "Summary")


def read(origin: Origin) -> Iterator[Found]:
    """Its 1000 questions."""
    for place, row in _rows(_file(origin.path)):
        name = word(row["File"]) or place
        yield summary(name, name, word(row["CHQ"]), word(row["Summary"]), place=place)


def _file(path: Path) -> Path:
    found = [path] if path.is_file() else sorted(path.glob("*MeQSum*"))
    found = [one for one in found if one.suffix in (".xlsx", ".csv", ".parquet")]
    if not found:
        raise DatasetProblem(f"{path} holds no file of MeQSum (.xlsx, .csv or .parquet).")
    return found[0]


def _rows(file: Path) -> Iterator[tuple[str, dict[str, object]]]:
    if file.suffix == ".xlsx":
        yield from sheet_rows(file, COLUMNS)
    elif file.suffix == ".parquet":
        yield from parquet_rows(file, COLUMNS)
    else:
        for place, row in table_rows(file, COLUMNS):
            yield place, dict(row)


SOURCE = Source(
    "meqsum",
    "MeQSum",
    "not stated by its authors",
    "MeQSum_ACL2019_BenAbacha_Demner-Fushman.xlsx (or the same columns as .csv or .parquet)",
    "github.com/abachaa/MeQSum; huggingface.co/datasets/bigbio/meqsum; Ben Abacha, ACL 2019",
    "question",
    read,
    "There is no official split in the file.",
)
