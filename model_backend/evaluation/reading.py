"""Opens a labelled set: a data set of ours, JSON lines, tables, VQA-RAD, films; no torch.

A set is read row by row each time it is gone through, so that its size does not matter. Rows that
cannot be used are left out and named by their line; what is wrong with the file as a whole is a
LabelledProblem.
"""

from __future__ import annotations

import hashlib
import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeGuard

from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.reading import open_dataset
from model_backend.datasets.row import PARTS
from model_backend.datasets.writing import FILE as STORED
from model_backend.evaluation import rows
from model_backend.evaluation.films import (
    asked_about,
    classified,
    described,
    questions_for,
    read_films,
)
from model_backend.evaluation.labelled import BadRow, LabelledCase, LabelledProblem, LeftOut
from model_backend.evaluation.stored import Wanted, answers_of, stored_cases, wanted_of
from model_backend.folder import Finding, sha256_of
from model_backend.request import CHOICE, CLASSIFY, FINDINGS
from model_backend.tasks import TASKS
from model_backend.training.split import HELD_OUT, TRAINING, VALIDATION, part_of

LONGEST_LINE = 256 * 2**20  # bytes; a picture of 120 million pixels as base64 is shorter
MOST_NAMED = 5  # rows left out that a message names
OWN_SPLITS = (TRAINING, VALIDATION, HELD_OUT)  # ours, by the hash of the group's name
VALIDATION_BYTES = (0, 26)  # as in recipes/demo.toml
PUBLIC = "VQA_RAD Dataset Public.json"
PUBLIC_IMAGES = "VQA_RAD Image Folder"
QUESTIONS, LABELS = "questions.jsonl", "labels.csv"

Numbered = tuple[int, LabelledCase | BadRow]


@dataclass
class LabelledSet:
    """A labelled set to go through; after that `left_out` says which rows were not used."""

    path: Path  # as it was named
    file: Path  # that holds the labels
    layout: str  # in words
    classes: tuple[str, ...] = ()  # the labels that occur, where it is a set of classes
    split: str = ""  # only these rows: one of OWN_SPLITS, or what rows say of themselves
    part: int = 0  # only so many rows, always the same ones; 0: all
    answers: tuple[str, ...] = ()  # of its training part to questions, the commonest first
    names_parts: bool = False  # its rows are of train, validation and test, whatever they are named
    licence: str = ""
    source: str = ""
    wanted: Wanted = Wanted()  # of a stored data set
    left_out: list[LeftOut] = field(default_factory=list)
    _rows: Callable[[], Iterator[Numbered]] = lambda: iter(())
    _count: Callable[[], int] | None = None  # of all rows, where it is known without reading them

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @property
    def sha256(self) -> str:
        """Of the file with the labels."""
        return sha256_of(self.file)

    def __iter__(self) -> Iterator[LabelledCase]:
        """The cases in the order of the file. Raises LabelledProblem when there is none."""
        self.left_out = []
        chosen = self._chosen()
        count = 0
        for line, row in self._rows():
            if isinstance(row, BadRow):
                self.left_out.append(LeftOut(line, str(row)))
            elif self._is_wanted(row) and (chosen is None or _key(row) in chosen):
                count += 1
                yield row
        if count == 0:
            raise LabelledProblem(f"{self.file} holds no case{self._why_none()}.")

    def count(self) -> int:
        """How many cases there are to go through: pictures are not opened, and a stored data set
        counts rows that cannot be used as well."""
        if self._count is not None:
            found = self._count()
        else:
            found = sum(self._is_wanted(row) for _, row in self._rows())
        return min(found, self.part) if self.part else found

    def leave_out(self, case: LabelledCase, reason: str) -> None:
        """A case that turned out to be unusable when it was asked."""
        self.left_out.append(LeftOut(case.line, reason.rstrip(".")))

    def _is_wanted(self, row: LabelledCase | BadRow) -> TypeGuard[LabelledCase]:
        if isinstance(row, BadRow):
            return False
        if self.split in OWN_SPLITS and not (self.names_parts and self.split in PARTS):
            return part_of(row.group, VALIDATION_BYTES) == self.split
        return not self.split or row.split == self.split

    def _chosen(self) -> set[tuple[int, str]] | None:
        """The cases of a part: those whose hash is smallest, so that they lie anywhere."""
        if not self.part:
            return None
        ranked = ((_rank(row), _key(row)) for _, row in self._rows() if self._is_wanted(row))
        return {key for _, key in heapq.nsmallest(self.part, ranked)}

    def _why_none(self) -> str:
        if self.left_out:
            return f" that can be used: {shown(self.left_out)}"
        return f" of the part {self.split!r}" if self.split else ""


def _key(row: LabelledCase) -> tuple[int, str]:
    return row.line, row.text


def _rank(row: LabelledCase) -> bytes:
    return hashlib.sha256(repr(_key(row)).encode()).digest()


def shown(left_out: Sequence[LeftOut]) -> str:
    """The first rows left out, in words."""
    named = [f"line {one.line}: {one.reason}" for one in left_out[:MOST_NAMED]]
    rest = len(left_out) - len(named)
    return "; ".join(named) + (f"; and {rest} more" if rest else "")


def is_stored(path: Path) -> bool:
    """Whether a folder is a data set that `wetread dataset convert` made."""
    return (path / STORED).is_file()


def read_labelled(
    path: Path,
    *,
    task: str = "",
    split: str = "",
    part: int = 0,
    tasks: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> LabelledSet:
    """The labelled set at `path`: a `.jsonl` or `.tsv` file, or a folder.

    A folder holds a data set that `wetread dataset convert` made (`dataset.json`), or
    `questions.jsonl` with `images/` (JSON lines; also VQA-RAD as it is passed on),
    or VQA-RAD as it is published, or `labels.csv` with `images/` or `images.zip`: columns `file`,
    and `label` or `findings` (parted by `|`), perhaps `cause`, `patient` and `split`. Films are a
    classification over their labels; with `task` "choice", or where the model's `tasks` lack
    classification, each film is asked those of the model's `findings` that the labels speak of.

    `task` says what rows are that do not say so themselves. Raises LabelledProblem.
    """
    if task and task not in TASKS:
        raise LabelledProblem(f"There is no task {task[:40]!r}. Tasks: {', '.join(TASKS)}.")
    if part < 0:
        raise LabelledProblem("A part has at least one case.")
    opened = _open(path, task, split, tasks, findings)
    return replace(opened, split=split, part=part)


def _open(
    path: Path, task: str, split: str, tasks: Sequence[str], findings: Sequence[Finding]
) -> LabelledSet:
    if path.is_dir():
        if is_stored(path):
            return _stored(path, task, split, tasks, findings)
        if (path / PUBLIC).is_file():
            return _public(path)
        if (path / QUESTIONS).is_file():
            images = path / "images"
            return _json_lines(path, path / QUESTIONS, images if images.is_dir() else path, task)
        if (path / LABELS).is_file():
            return _films(path, task, tasks, findings)
        raise LabelledProblem(
            f"The folder {path} is no labelled set: it holds neither {STORED} nor {QUESTIONS} nor "
            f"{LABELS} nor {PUBLIC!r}."
        )
    if not path.is_file():
        raise LabelledProblem(f"There is no labelled set {path}.")
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        return _json_lines(path, path, path.parent, task)
    if path.suffix.lower() == ".tsv":
        return _table(path, task)
    if path.suffix.lower() == ".json":
        return _public(path.parent, path)
    raise LabelledProblem(
        f"{path} is no labelled set that is known here. Give a .jsonl or .tsv file, or a folder."
    )


def _stored(
    folder: Path, task: str, split: str, tasks: Sequence[str], findings: Sequence[Finding]
) -> LabelledSet:
    """A data set that `wetread dataset convert` made; of its parts only those wanted are read."""
    try:
        stored = open_dataset(folder)
    except DatasetProblem as problem:
        raise LabelledProblem(str(problem)) from problem
    wanted = wanted_of(stored, task, tasks, findings)
    if wanted is None:
        raise LabelledProblem(
            f"The data set {folder} has no rows of the task {task} for this model. It has: "
            f"{', '.join(stored.tasks)}."
        )
    parts = (split,) if split in PARTS else PARTS
    is_counted = split in ("", *PARTS) and not wanted.findings
    total = sum(stored.count(part, wanted.task) for part in parts)
    return LabelledSet(
        folder,
        folder / STORED,
        f"data set of {stored.source}",
        stored.answers(CLASSIFY),
        answers=answers_of(stored),
        names_parts=True,
        licence=stored.licence,
        source=stored.source,
        wanted=wanted,
        _rows=lambda: stored_cases(stored, wanted, parts),
        _count=(lambda: total) if is_counted else None,
    )


# --- files of lines ---


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, without their ends; blank ones are passed over.

    Raises LabelledProblem for a file that is not UTF-8 or has a line beyond all measure.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE:
                    raise LabelledProblem(f"Line {number} of {path} is too long for a case.")
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                if text.strip():
                    yield number, text
    except UnicodeDecodeError as error:
        raise LabelledProblem(
            f"Line {number} of {path} is not UTF-8. Save the file as UTF-8 text."
        ) from error
    except OSError as error:
        raise LabelledProblem(f"{path} cannot be read ({error.strerror}).") from error


def _first_line(path: Path) -> str:
    for _, text in lines_of(path):
        return text
    raise LabelledProblem(f"{path} is empty.")


def _json_lines(path: Path, file: Path, images: Path, task: str) -> LabelledSet:
    _first_line(file)

    def numbered() -> Iterator[Numbered]:
        for line, text in lines_of(file):
            yield line, _row_or_fault(partial(_json_row, text, line, images, task))

    return LabelledSet(path, file, "JSON lines", _classes(numbered()), _rows=numbered)


def _classes(rows: Iterator[Numbered]) -> tuple[str, ...]:
    """The labels of a set of classes; none where no row is to be classified."""
    found = {
        row.answer for _, row in rows if isinstance(row, LabelledCase) and row.task == CLASSIFY
    }
    return tuple(sorted(found))


def _json_row(text: str, line: int, images: Path, task: str) -> LabelledCase:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRow("it is no JSON object") from error
    if not isinstance(row, dict):
        raise BadRow("it is no JSON object")
    return rows.json_case(row, line, images, task)


def _table(path: Path, task: str) -> LabelledSet:
    first = _first_line(path).split("\t")
    try:
        task = task or rows.table_task(first)
    except BadRow as bad:
        raise LabelledProblem(
            f"{path} is no table of the authors': {bad}. Columns are parted by tabs."
        ) from bad

    def numbered() -> Iterator[Numbered]:
        for line, text in lines_of(path):
            cells = text.split("\t")
            yield line, _row_or_fault(partial(rows.table_case, cells, line, task))

    classes: tuple[str, ...] = ()
    if task == CLASSIFY:
        classes = _classes(numbered())
    words = f"table of the task {task}, {len(first)} columns"
    return LabelledSet(path, path, words, classes, _rows=numbered)


def _row_or_fault(make: Callable[[], LabelledCase]) -> LabelledCase | BadRow:
    try:
        return make()
    except BadRow as bad:
        return bad


def _public(folder: Path, file: Path | None = None) -> LabelledSet:
    """VQA-RAD as it is published: one JSON list, and a folder of images."""
    file = file or folder / PUBLIC
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise LabelledProblem(f"{file} cannot be read ({type(error).__name__}).") from error
    if not isinstance(content, list):
        raise LabelledProblem(f"{file} is no list of questions.")
    images = folder / PUBLIC_IMAGES if (folder / PUBLIC_IMAGES).is_dir() else folder

    def numbered() -> Iterator[Numbered]:
        for number, row in enumerate(content, 1):
            text = json.dumps(row)
            yield number, _row_or_fault(partial(_json_row, text, number, images, ""))

    return LabelledSet(folder, file, "VQA-RAD as published", _rows=numbered)


def _films(
    folder: Path, task: str, tasks: Sequence[str], findings: Sequence[Finding]
) -> LabelledSet:
    file = folder / LABELS
    table = read_films(file, list(lines_of(file)))
    asked = questions_for(table, findings)
    if not task:
        task = CHOICE if asked and CLASSIFY not in tasks else CLASSIFY
    if task == CLASSIFY:
        classes = tuple(sorted({film.label for film in table if film.label}))
        if not classes:
            raise LabelledProblem(
                f"{file} has several findings a film, not one label: add --task choice."
            )
        return LabelledSet(
            folder, file, "films, one class each", classes, _rows=lambda: classified(folder, table)
        )
    if task == FINDINGS:
        return LabelledSet(
            folder, file, "films, findings texts", _rows=lambda: described(folder, table)
        )
    if task != CHOICE or not asked:
        raise LabelledProblem(
            f"The model has no question about the labels of {file}. Write JSON lines with "
            "questions instead."
        )
    return LabelledSet(
        folder, file, "films, closed questions", _rows=lambda: asked_about(folder, table, asked)
    )
