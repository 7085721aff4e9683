"""From the rows of a stored data set to labelled cases; no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import PARTS, Row
from model_backend.evaluation.labelled import BadRow, LabelledCase
from model_backend.evaluation.rows import UNMEASURED, YES_NO, checked
from model_backend.folder import Finding
from model_backend.request import (
    ANSWER,
    CHOICE,
    CLASSIFY,
    FINDINGS,
    GROUNDING,
    REGION,
    SUMMARY,
    Place,
)
from model_backend.tasks import TASKS

SAMPLE_SEED = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be asked of the rows."""

    task: str = ""  # rows of this task alone; "": all
    findings: tuple[Finding, ...] = ()  # films become these closed questions, by their labels
    described: bool = False  # films become findings texts that are held to their labels


def wanted_of(
    stored: Dataset, task: str, tasks: Sequence[str], findings: Sequence[Finding]
) -> Wanted | None:
    """How a set can be put to a model of these tasks; None where it has no rows for `task`.

    Labelled films are a classification. With `task` "choice", or where the model does not classify,
    they are asked its findings; with "findings" their texts are held to the labels.
    """
    has_films = CLASSIFY in stored.tasks
    if task in stored.tasks or (not task and not (has_films and tasks and CLASSIFY not in tasks)):
        return Wanted(task)
    if not has_films:
        return None
    if task == FINDINGS:
        return Wanted(CLASSIFY, described=True)
    if task in ("", CHOICE) and findings:
        return Wanted("" if not task else CLASSIFY, tuple(findings))
    return Wanted(task) if not task else None


def answers_of(stored: Dataset) -> tuple[str, ...]:
    """The answers to questions in the training part alone, the commonest first of each task."""
    return tuple(dict.fromkeys([*stored.answers(ANSWER), *stored.answers(CHOICE)]))


def stored_cases(
    stored: Dataset, wanted: Wanted, parts: Sequence[str] = PARTS
) -> Iterator[tuple[int, LabelledCase | BadRow]]:
    """The rows of these parts as cases, numbered from 1."""
    number = 0
    for part in parts:
        for row in stored.rows(part):
            number += 1
            for case in _cases_or_fault(row, number, wanted):
                yield number, case


def some_cases(folder: Path, part: str, wanted: Wanted, most: int) -> Iterator[LabelledCase]:
    """Usable cases of so many rows of a part, drawn from all over it without reading the rest."""
    stored = open_dataset(folder)
    found = 0
    for number, row in enumerate(stored.rows(part, seed=SAMPLE_SEED), 1):
        if found == most:
            return
        cases = [one for one in _cases_or_fault(row, number, wanted) if not isinstance(one, BadRow)]
        found += bool(cases)
        yield from cases


def _cases_or_fault(row: Row, number: int, wanted: Wanted) -> Iterator[LabelledCase | BadRow]:
    if wanted.task and row.task != wanted.task:
        return
    try:
        if row.task == CLASSIFY and wanted.findings:
            yield from _asked_about(row, number, wanted.findings)
        elif row.task == CLASSIFY and wanted.described:
            yield _described(row, number)
        else:
            yield stored_case(row, number)
    except BadRow as bad:
        yield bad


def stored_case(row: Row, number: int) -> LabelledCase:
    """One row as the model will be asked it. Raises BadRow."""
    if row.task not in TASKS or row.task in UNMEASURED:
        raise BadRow(f"its task {row.task[:40]!r} is none that can be measured here")
    if TASKS[row.task].has_image and not row.images:
        raise BadRow("it has no picture")
    references = dict(row.references) or ({row.answer: 1.0} if row.answer.strip() else {})
    if row.task != GROUNDING and not (row.task in (FINDINGS, SUMMARY) and row.labels):
        references = checked(references, row.task)
    box = _first_box(row) if row.task in (GROUNDING, REGION) else None
    task = (CHOICE if row.candidates else ANSWER) if row.task in (ANSWER, CHOICE) else row.task
    return LabelledCase(
        line=number,
        task=task,
        references={} if row.task == GROUNDING else references,
        group=row.group or row.id,
        text=row.text,
        text2=row.text2,
        candidates=row.candidates,
        picture=_Kept(row.images[0]) if row.images else None,
        box=box if row.task == REGION else None,
        place=box if row.task == GROUNDING else None,
        is_closed=row.is_closed if row.task in (ANSWER, CHOICE) else None,
        split=row.part,
        labels=row.labels,
        attributes=row.attributes,
    )


def _asked_about(row: Row, number: int, findings: Sequence[Finding]) -> Iterator[LabelledCase]:
    """A film with those closed questions that its labels answer; one that only follows another is
    asked where that one is present."""
    if not row.labels:
        raise BadRow("it has no labels, only a class")
    film = _described(row, number)
    for finding in findings:
        if finding.name in row.labels and (not finding.after or row.labels.get(finding.after)):
            yield LabelledCase(
                number,
                CHOICE,
                {"yes" if row.labels[finding.name] else "no": 1.0},
                film.group,
                finding.question,
                candidates=YES_NO,
                picture=film.picture,
                is_closed=True,
                split=row.part,
                labels=row.labels,
                attributes=row.attributes,
            )


def _described(row: Row, number: int) -> LabelledCase:
    """A film whose findings text is to be held to its labels."""
    if not row.labels:
        raise BadRow("it has no labels, only a class")
    if not row.images:
        raise BadRow("it has no picture")
    return LabelledCase(
        number,
        FINDINGS,
        {},
        row.group or row.id,
        picture=_Kept(row.images[0]),
        split=row.part,
        labels=row.labels,
        attributes=row.attributes,
    )


def _first_box(row: Row) -> Place:
    if not row.boxes:
        raise BadRow("it has no box")
    box = row.boxes[0]
    return Place(box.x0, box.y0, box.x1, box.y1, box.label)


class _Kept:
    """A picture that is at hand. Equal `args` tell that two cases ask about the same one."""

    def __init__(self, picture: bytes) -> None:
        self._picture = picture
        self.args = (hashlib.blake2b(picture).digest(),)

    def __call__(self) -> bytes:
        return self._picture
