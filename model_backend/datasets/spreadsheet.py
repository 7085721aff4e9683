"""The rows of an .xlsx file's first sheet: just what one published set needs of the format."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from model_backend.datasets.problems import DatasetProblem

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LARGEST = 256 * 2**20  # bytes of the unpacked sheet


def sheet_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """The rows below the header, each with its place. Raises DatasetProblem."""
    try:
        with zipfile.ZipFile(path) as book:
            shared = _shared(book)
            sheet = ElementTree.fromstring(_part(book, "xl/worksheets/sheet1.xml"))
    except (OSError, KeyError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise DatasetProblem(f"{path} is no spreadsheet that can be read ({error}).") from error
    rows = ((row.get("r", "?"), _cells(row, shared)) for row in sheet.iter(f"{_SPACE}row"))
    header = next(rows, ("", {}))[1]
    missing = [one for one in columns if one not in header.values()]
    if missing:
        raise DatasetProblem(f"The table {path} has no column {missing[0]!r}.")
    for number, cells in rows:
        named = {name: cells.get(column, "") for column, name in header.items()}
        yield f"row {number} of {path.name}", dict(named)


def _part(book: zipfile.ZipFile, name: str) -> bytes:
    if book.getinfo(name).file_size > _LARGEST:
        raise zipfile.BadZipFile(f"{name} is too large")
    return book.read(name)


def _shared(book: zipfile.ZipFile) -> list[str]:
    """The texts that cells point to by number."""
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    root = ElementTree.fromstring(_part(book, "xl/sharedStrings.xml"))
    return [_texts(one) for one in root.iter(f"{_SPACE}si")]


def _texts(node: ElementTree.Element) -> str:
    """The text of all runs, without the phonetic hints of East Asian texts."""
    runs = [one for one in node if one.tag != f"{_SPACE}rPh"]
    return "".join(text.text or "" for run in runs for text in run.iter(f"{_SPACE}t"))


def _cells(row: ElementTree.Element, shared: list[str]) -> dict[str, str]:
    """By the letters of the column."""
    found: dict[str, str] = {}
    for cell in row.iter(f"{_SPACE}c"):
        column = re.sub(r"\d", "", cell.get("r", ""))
        value = cell.findtext(f"{_SPACE}v") or ""
        if cell.get("t") == "s" and value.isdigit() and int(value) < len(shared):
            value = shared[int(value)]
        elif cell.get("t") == "inlineStr":
            inline = cell.find(f"{_SPACE}is")
            value = _texts(inline) if inline is not None else ""
        found[column] = value.strip()
    return found
