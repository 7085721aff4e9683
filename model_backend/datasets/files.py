"""The files that public sets are made of: tables, JSON, parquet; plain or gzipped."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from model_backend.datasets.columns import arrow
from model_backend.datasets.problems import DatasetProblem

_LONGEST_CELL = 64 * 2**20  # characters; a discharge letter has some 50,000


def found_in(folder: Path, *names: str) -> Path:
    """The first of these files that the folder has, as it is or gzipped. Raises DatasetProblem."""
    if not folder.is_dir():
        raise DatasetProblem(f"There is no folder {folder}.")
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    raise DatasetProblem(f"The folder {folder} has no file {' or '.join(names)}.")


@contextmanager
def text_of(path: Path) -> Iterator[TextIO]:
    """A text file in UTF-8, gzipped or not. Raises DatasetProblem for whatever goes wrong in it."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetProblem(f"{path} cannot be read ({reason}).") from error
    except UnicodeDecodeError as error:
        raise DatasetProblem(f"{path} is not UTF-8. Save the file as UTF-8 text.") from error


def table_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows of a table with a header, each with its place.

    Raises DatasetProblem when one of `columns` is missing. A short row has "" in what it lacks.
    """
    csv.field_size_limit(_LONGEST_CELL)
    with text_of(path) as file:
        reader = csv.DictReader(file, restval="")
        missing = [one for one in columns if one not in (reader.fieldnames or ())]
        if missing:
            raise DatasetProblem(f"The table {path} has no column {missing[0]!r}.")
        try:
            for row in reader:
                row.pop(None, None)  # cells beyond the header
                yield f"line {reader.line_num} of {path.name}", row
        except csv.Error as error:
            raise DatasetProblem(
                f"Line {reader.line_num} of {path} is no row of a table ({error})."
            ) from error


def json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSON list, or of JSON lines, each with its place; others are passed over.

    Raises DatasetProblem when the file is neither.
    """
    with text_of(path) as file:
        first = file.read(1)
        while first.isspace():
            first = file.read(1)
        file.seek(0)
        try:
            if first == "[":
                for number, row in enumerate(json.load(file), 1):
                    if isinstance(row, dict):
                        yield f"entry {number} of {path.name}", row
                return
            for number, line in enumerate(file, 1):
                if line.strip() and isinstance(row := json.loads(line), dict):
                    yield f"line {number} of {path.name}", row
        except (ValueError, RecursionError) as error:
            raise DatasetProblem(f"{path} is no JSON ({error}).") from error


def parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a parquet file, each with its place. Raises DatasetProblem."""
    pa = arrow()
    try:
        with pa.parquet.ParquetFile(path) as file:
            missing = [one for one in columns if one not in file.schema_arrow.names]
            if missing:
                raise DatasetProblem(f"The table {path} has no column {missing[0]!r}.")
            number = 0
            for batch in file.iter_batches(batch_size=64):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number} of {path.name}", row
    except (OSError, pa.ArrowException) as error:
        raise DatasetProblem(f"{path} is no parquet file that can be read ({error}).") from error


def word(value: object) -> str:
    """A cell as text, without blanks around it; "" for what is missing."""
    return "" if value is None else str(value).strip()


def inside(folder: Path, name: str) -> Path:
    """A file named by a set, which may not lead out of its folder."""
    path = folder / name
    if ".." in Path(name).parts or Path(name).is_absolute():
        return folder / "a name that leads out of the set"
    return path
