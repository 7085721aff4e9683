"""From the rows of a stored data set to labelled cases; no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import PARTS, Row
from model_backend.evaluation.labelled import BadRow, LabelledCase
from model_backend.evaluation.rows import UNMEASURED, checked
from model_backend.request import ANSWER, CHOICE, FINDINGS, GROUNDING, REGION, SUMMARY, Place
from model_backend.tasks import TASKS

SAMPLE_SEED = 1


def answers_of(stored: Dataset) -> tuple[str, ...]:
    """The answers to questions in the training part alone, the commonest first of each task."""
    return tuple(dict.fromkeys([*stored.answers(ANSWER), *stored.answers(CHOICE)]))


def stored_cases(
    stored: Dataset, task: str = "", parts: Sequence[str] = PARTS
) -> Iterator[tuple[int, LabelledCase | BadRow]]:
    """The rows of these parts, of one task or of all, numbered from 1."""
    number = 0
    for part in parts:
        for row in stored.rows(part):
            number += 1
            if not task or row.task == task:
                yield number, _case_or_fault(row, number)


def some_cases(folder: Path, part: str, task: str, most: int) -> Iterator[LabelledCase]:
    """So many usable cases of a part, drawn from all over it without reading the rest."""
    stored = open_dataset(folder)
    found = 0
    for number, row in enumerate(stored.rows(part, seed=SAMPLE_SEED), 1):
        if found == most:
            return
        case = _case_or_fault(row, number) if not task or row.task == task else None
        if isinstance(case, LabelledCase):
            found += 1
            yield case


def _case_or_fault(row: Row, number: int) -> LabelledCase | BadRow:
    try:
        return stored_case(row, number)
    except BadRow as bad:
        return bad


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
