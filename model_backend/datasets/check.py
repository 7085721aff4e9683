"""Looks through a whole data set for what would spoil training or measuring."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from model_backend.datasets.duplicates import NEAR, SAME_TEXT, Repeat, Seen
from model_backend.datasets.picture import Marks, marks_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.reading import Dataset
from model_backend.datasets.row import PARTS, TRAIN, Row
from model_backend.evaluation.labelled import BadRow, decoded
from model_backend.importing.progress import Bar, Silent
from model_backend.request import ANSWER
from model_backend.tasks import TASKS

NAMED = 5  # rows that a message names


@dataclass
class Trouble:
    """One kind of thing that is wrong, with how many rows have it and the first of them."""

    kind: str
    count: int = 0
    named: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        more = self.count - len(self.named)
        return f"{self.kind}: {self.count} ({'; '.join(self.named)}{'; ...' if more else ''})"


@dataclass(frozen=True)
class Checked:
    """What was found: `faults` are to be mended, `notes` to be known."""

    rows: Mapping[str, int]
    faults: Sequence[Trouble]
    notes: Sequence[str]
    repeats: Mapping[str, list[Repeat]]


@dataclass
class _Ledger:
    """What is gathered while the rows go by."""

    troubles: dict[str, Trouble] = field(default_factory=dict)
    groups: dict[bytes, int] = field(default_factory=dict)  # hash of a group -> bits of PARTS
    ids: set[bytes] = field(default_factory=set)
    answers: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # part, task
    seen: Seen = field(default_factory=Seen)
    last: tuple[bytes, Marks] | None = None

    def fault(self, kind: str, row: Row) -> None:
        """One row that has it."""
        trouble = self.troubles.setdefault(kind, Trouble(kind))
        trouble.count += 1
        if len(trouble.named) < NAMED:
            trouble.named.append(f"{row.part} {row.id}")


def check_dataset(dataset: Dataset, bar: type[Bar] = Silent) -> Checked:
    """Read every row and open every picture. Raises DatasetProblem for a damaged file."""
    ledger = _Ledger()
    rows = {part: dataset.count(part) for part in PARTS}
    with bar(desc=dataset.name, total=sum(rows.values())) as shown:
        for part in PARTS:
            count = 0
            for row in dataset.rows(part):
                _look_at(row, ledger)
                count += 1
                shown.update(1)
            if count != rows[part]:
                raise DatasetProblem(
                    f"The part {part} of {dataset.folder} has {count} rows instead of "
                    f"{rows[part]}. Convert it again."
                )
    repeats = ledger.seen.repeats()
    faults = [*ledger.troubles.values(), *_across(ledger, repeats)]
    return Checked(rows, faults, _notes(dataset, ledger, repeats), repeats)


def _look_at(row: Row, ledger: _Ledger) -> None:
    for kind in _faults_of(row):
        ledger.fault(kind, row)
    mark = hashlib.blake2b(row.id.encode(), digest_size=8).digest()
    if mark in ledger.ids:
        ledger.fault("ids that occur twice", row)
    ledger.ids.add(mark)
    group = hashlib.blake2b(row.group.encode(), digest_size=8).digest()
    ledger.groups[group] = ledger.groups.get(group, 0) | 1 << PARTS.index(row.part)
    ledger.answers.setdefault((row.part, row.task), Counter())[row.answer] += 1
    for picture in row.images:
        key = hashlib.sha256(picture).digest()
        try:
            if ledger.last is None or ledger.last[0] != key:
                ledger.last = key, marks_of(picture, decoded(picture))
            ledger.seen.add_picture(row, ledger.last[1])
        except BadRow:
            ledger.fault("damaged pictures", row)
    ledger.seen.add_text(row)


def _faults_of(row: Row) -> list[str]:
    task = TASKS.get(row.task)
    if task is None:
        return ["unknown tasks"]
    found = []
    if task.has_image and not row.images:
        found.append("missing pictures")
    texts = zip(task.texts, (row.text, row.text2), strict=False)
    if any(not text.strip() for _, text in texts):
        found.append("empty texts")
    if task.gives in ("text", "choice") and not row.answer.strip():
        found.append("empty answers")
    if row.candidates and row.answer not in row.candidates:
        found.append("answers that are no candidate")
    if any(not 0 < weight <= 1 for weight in row.references.values()):
        found.append("weights that are not above 0 and at most 1")
    if any(not (0 <= box.x0 < box.x1 and 0 <= box.y0 < box.y1) for box in row.boxes):
        found.append("boxes that are empty or outside")
    return found


def _across(ledger: _Ledger, repeats: Mapping[str, list[Repeat]]) -> list[Trouble]:
    found = []
    cut = sum(bits.bit_count() > 1 for bits in ledger.groups.values())
    if cut:
        found.append(Trouble("patients or images in several parts", cut, []))
    for kind, pairs in repeats.items():
        if pairs and kind not in (NEAR, SAME_TEXT):
            words = f"pictures in several parts, {kind}"
            found.append(Trouble(words, len(pairs), [str(one) for one in pairs[:NAMED]]))
    return found


def _notes(dataset: Dataset, ledger: _Ledger, repeats: Mapping[str, list[Repeat]]) -> list[str]:
    notes = []
    for kind in (NEAR, SAME_TEXT):
        if pairs := repeats[kind]:
            what = "Pictures that look the same" if kind == NEAR else "Texts that are the same"
            named = "; ".join(str(one) for one in pairs[:NAMED])
            notes.append(f"{what} in several parts: {len(pairs)} ({named}).")
    for (part, task), answers in sorted(ledger.answers.items()):
        if task in TASKS and TASKS[task].gives == "choice" and len(answers) == 1 and part == TRAIN:
            notes.append(f"One class only: every {task} row of {part} is {next(iter(answers))!r}.")
    for part in PARTS:
        if not dataset.count(part):
            notes.append(f"The part {part} is empty.")
    notes += _unlearnt(dataset, ledger)
    return notes


def _unlearnt(dataset: Dataset, ledger: _Ledger) -> list[str]:
    """How many answers of the other parts the list of the training part lacks."""
    notes = []
    known = set(dataset.answers(ANSWER))
    for part in PARTS:
        answers = ledger.answers.get((part, ANSWER))
        if part == TRAIN or not answers or not known:
            continue
        lacking = sum(count for answer, count in answers.items() if answer not in known)
        if not lacking:
            continue
        share = lacking / answers.total()
        notes.append(
            f"Answers of {part} that the training part never gives: {lacking} of "
            f"{answers.total()} ({share:.1%}); no list made from it can be right there."
        )
    return notes
