"""Films in a folder with a table of labels, as classes or as closed questions; no torch."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from model_backend.evaluation.labelled import BadRow, LabelledCase, LabelledProblem
from model_backend.evaluation.rows import ATTRIBUTES, YES_NO, picture_of
from model_backend.folder import Finding
from model_backend.request import CHOICE, CLASSIFY, FINDINGS
from model_backend.training.pictures import NIH_NAMES

# The words of known tables for what our findings call otherwise.
RENAMED = {**NIH_NAMES, "bacteria": "bacterial", "virus": "viral", "No Finding": "normal"}


@dataclass(frozen=True, slots=True)
class Film:
    """One row of a table of labels."""

    line: int
    file: str
    group: str  # the patient, else the film
    split: str
    label: str  # as written; "" where the table lists findings
    findings: frozenset[str]  # what it shows, in our names
    attributes: Mapping[str, str]  # sex, age, view, where the table has them


def read_films(file: Path, lines: Sequence[tuple[int, str]]) -> list[Film]:
    """The rows of `labels.csv`, given its numbered lines.

    Raises LabelledProblem when a column is missing or there is no row.
    """
    reader = csv.DictReader(text for _, text in lines)
    try:
        columns = set(reader.fieldnames or ())
        if "file" not in columns or not {"label", "findings"} & columns:
            raise LabelledProblem(
                f"{file} lacks the column file, or both of label and findings. Its first line "
                "names its columns, parted by commas."
            )
        films = [_film(lines[reader.line_num - 1][0], row) for row in reader]
    except csv.Error as error:
        raise LabelledProblem(f"{file} is no table parted by commas ({error}).") from error
    if not films:
        raise LabelledProblem(f"{file} holds no film.")
    return films


def _film(line: int, row: dict[str, str | None]) -> Film:
    cells = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str)}
    words = [*cells.get("findings", "").split("|"), cells.get("label", ""), cells.get("cause", "")]
    shows = frozenset(RENAMED.get(word, word.lower()) for word in words if word)
    name = cells.get("file", "")
    return Film(
        line,
        name,
        cells.get("patient") or name,
        cells.get("split", ""),
        cells.get("label", ""),
        shows,
        {name: cells[name] for name in ATTRIBUTES if cells.get(name)},
    )


def questions_for(films: Sequence[Film], findings: Sequence[Finding]) -> list[Finding]:
    """Those of a model's findings that the labels of these films speak of."""
    known = frozenset[str]().union(*(film.findings for film in films))
    return [one for one in findings if one.name in known]


def classified(folder: Path, films: Sequence[Film]) -> Iterator[tuple[int, LabelledCase | BadRow]]:
    """Each film with its label as its class."""
    with _Pictures(folder) as pictures:
        for film in films:
            if not (film.label and film.file):
                yield film.line, BadRow("it has no label" if film.file else "it names no file")
                continue
            yield (
                film.line,
                LabelledCase(
                    film.line,
                    CLASSIFY,
                    {film.label: 1.0},
                    film.group,
                    picture=partial(pictures.read, film.file),
                    split=film.split,
                    attributes=film.attributes,
                ),
            )


def asked_about(
    folder: Path, films: Sequence[Film], findings: Sequence[Finding]
) -> Iterator[tuple[int, LabelledCase | BadRow]]:
    """Each film with the closed questions of these findings; one that only follows another is
    asked where that one is present."""
    with _Pictures(folder) as pictures:
        for film in films:
            if not (film.findings and film.file):
                yield film.line, BadRow("it has no label" if film.file else "it names no file")
                continue
            for finding in findings:
                if finding.after and finding.after not in film.findings:
                    continue
                yield (
                    film.line,
                    LabelledCase(
                        film.line,
                        CHOICE,
                        {"yes" if finding.name in film.findings else "no": 1.0},
                        film.group,
                        finding.question,
                        candidates=YES_NO,
                        picture=partial(pictures.read, film.file),
                        is_closed=True,
                        split=film.split,
                        attributes=film.attributes,
                    ),
                )


def described(folder: Path, films: Sequence[Film]) -> Iterator[tuple[int, LabelledCase | BadRow]]:
    """Each film with its labels, whose findings text is to be held to them.

    Every finding that the table names of any film is known of each of them.
    """
    known = frozenset[str]().union(*(film.findings for film in films))
    with _Pictures(folder) as pictures:
        for film in films:
            if not (film.findings and film.file):
                yield film.line, BadRow("it has no label" if film.file else "it names no file")
                continue
            case = LabelledCase(
                film.line,
                FINDINGS,
                {},
                film.group,
                picture=partial(pictures.read, film.file),
                split=film.split,
                labels={name: name in film.findings for name in sorted(known)},
                attributes=film.attributes,
            )
            yield film.line, case


class _Pictures:
    """The pictures of a folder, beside the table, in `images/` or in `images.zip`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "images" if (folder / "images").is_dir() else folder
        self._path = folder / "images.zip"
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> _Pictures:
        if self._path.is_file():
            try:
                self._archive = zipfile.ZipFile(self._path)
            except (OSError, zipfile.BadZipFile) as error:
                raise LabelledProblem(f"{self._path} is no archive that can be read.") from error
        return self

    def __exit__(self, *error: object) -> None:
        if self._archive is not None:
            self._archive.close()

    def read(self, name: str) -> bytes:
        """The image file of that name. Raises BadRow."""
        if self._archive is None:
            return picture_of(self._folder, name)
        try:
            return self._archive.read(name)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise BadRow(f"its image {name[:80]!r} is not in {self._path.name}") from error
