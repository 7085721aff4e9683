"""Turns a source into a data set: looks through it once for its patients, then writes it."""

from __future__ import annotations

import hashlib
import os
import re
import warnings
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from model_backend.datasets.columns import arrow
from model_backend.datasets.draft import Draft, Fault, Origin, Source
from model_backend.datasets.duplicates import Repeat, Seen, facts_of
from model_backend.datasets.parting import AUTO, Groups, Parting, parting_of
from model_backend.datasets.picture import Marks, marks_of, prepared
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import PARTS, Row
from model_backend.datasets.writing import UNFINISHED, DatasetWriter
from model_backend.evaluation.labelled import BadRow
from model_backend.importing.progress import Bar, Silent
from model_backend.tasks import TASKS

NAMED = 20  # rows left out that are named
AHEAD = 32  # pictures that are read before their turn, or remembered after it


@dataclass
class LeftOut:
    """The rows that were not used: how many for each reason, and the first ones by their place."""

    counts: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """One row more."""
        self.counts[_kind(fault.reason)] += 1
        if len(self.named) < NAMED:
            self.named.append(f"{fault.place}: {fault.reason}")

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def _kind(reason: str) -> str:
    """A reason without what is quoted or counted in it, so that the like are counted together."""
    plain = re.sub(r"'[^']*'", "'...'", reason)
    return re.sub(r"(?<![\w-])\d+(?![\w-])", "N", plain)


@dataclass(frozen=True)
class Converted:
    """What was written, and what is to be said about it."""

    out: Path
    rows: Mapping[str, int]  # by part
    left_out: LeftOut
    repeats: Mapping[str, list[Repeat]]
    parting: Parting
    notes: tuple[str, ...]


def convert(
    source: Source,
    origin: Origin,
    out: Path,
    *,
    split: str = AUTO,
    only: Mapping[str, str] = {},
    longest: int = 0,
    bar: type[Bar] = Silent,
) -> Converted:
    """Write the set at `origin` to `out`; the folder is there only when all of it is.

    `only` keeps rows of which an attribute has a value; `longest` shrinks larger pictures. Raises
    DatasetProblem when there is no usable row, `out` is taken, or the disk is full.
    """
    if out.exists():
        raise DatasetProblem(f"{out} is there already. Choose another folder.")
    arrow()  # before any work: it may not be installed
    groups, left_out = _looked_through(source, origin, only)
    if not groups.rows:
        which = "".join(f" with {name}={value}" for name, value in only.items())
        raise DatasetProblem(f"{origin.path} holds no row{which} that can be used{_why(left_out)}.")
    parting = parting_of(groups, split)
    notes = tuple(one for one in (parting.note, *_leftovers(out)) if one)
    drafts = _drafts(source, origin, only, lambda _: None)
    with (
        warnings.catch_warnings(action="ignore"),  # Pillow's and pydicom's, about odd metadata
        _writer(source, out) as writer,
        bar(desc=source.name, total=groups.rows) as shown,
    ):
        seen = Seen()
        rows = _written(_Pictures(longest).in_order(drafts), parting, seen, left_out, shown, writer)
        if not rows.total():
            raise DatasetProblem(f"{origin.path} holds no row that can be used{_why(left_out)}.")
        repeats = seen.repeats()
        writer.facts |= _facts(parting, left_out, repeats, notes, source)
    return Converted(out, {part: rows[part] for part in PARTS}, left_out, repeats, parting, notes)


def _writer(source: Source, out: Path) -> DatasetWriter:
    facts = {"title": source.title, "documented": source.documented, "groups_are": source.group}
    name = out.resolve().name
    return DatasetWriter(out, name=name, source=source.name, licence=source.licence, facts=facts)


def _written(
    drafts: Iterable[_Ready],
    parting: Parting,
    seen: Seen,
    left_out: LeftOut,
    shown: Bar,
    writer: DatasetWriter,
) -> Counter[str]:
    """Write every row whose pictures can be used; how many there are in each part."""
    rows: Counter[str] = Counter()
    for ready in drafts:
        if ready.fault:
            left_out.add(Fault(ready.draft.place, ready.fault))
        else:
            row = _row(ready, parting, seen)
            writer.write(row)
            rows[row.part] += 1
        shown.update(1)
    return rows


def _looked_through(
    source: Source, origin: Origin, only: Mapping[str, str]
) -> tuple[Groups, LeftOut]:
    groups, left_out = Groups(), LeftOut()
    for draft in _drafts(source, origin, only, left_out.add):
        groups.add(draft.row.group, draft.official)
    return groups, left_out


def _drafts(
    source: Source, origin: Origin, only: Mapping[str, str], on_fault: Callable[[Fault], None]
) -> Iterator[Draft]:
    """The rows to be used, always the same ones in the same order."""
    for found in source.read(origin):
        if isinstance(found, Fault):
            on_fault(found)
        elif reason := _wrong(found):
            on_fault(Fault(found.place, reason))
        elif all(found.row.attributes.get(name) == value for name, value in only.items()):
            yield found


def _wrong(draft: Draft) -> str:
    """What is wrong with a row, without opening its pictures; "" when nothing is."""
    row, task = draft.row, TASKS.get(draft.row.task)
    if task is None:
        return f"there is no task '{row.task[:40]}'"
    if task.has_image and not draft.pictures:
        return "it names no image"
    for name, text in zip(task.texts, (row.text, row.text2), strict=False):
        if not text.strip():
            return f"its {name} is empty"
    if task.gives in ("text", "choice") and not row.answer.strip():
        return "its answer is empty"
    if row.candidates and row.answer not in row.candidates:
        return f"its answer '{row.answer[:40]}' is none of those that the set knows"
    return ""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row's pictures, read and recognised, or why one of them cannot be used."""

    draft: Draft
    pictures: tuple[tuple[bytes, Marks], ...] = ()
    fault: str = ""


@dataclass
class _Pictures:
    """Reads and checks pictures in every core; remembers the last ones, which questions share."""

    longest: int
    known: OrderedDict[bytes, tuple[bytes, Marks]] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def in_order(self, drafts: Iterable[Draft]) -> Iterator[_Ready]:
        """The drafts with their pictures, in their order; a few more are always on their way."""
        pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
        waiting: deque[Future[_Ready]] = deque()
        try:
            for draft in drafts:
                waiting.append(pool.submit(self._ready, draft))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # at Ctrl+C nobody waits for what has not begun
            pool.shutdown(cancel_futures=True)

    def _ready(self, draft: Draft) -> _Ready:
        try:
            return _Ready(draft, tuple(self._read(read()) for read in draft.pictures))
        except BadRow as bad:
            return _Ready(draft, fault=str(bad))

    def _read(self, given: bytes) -> tuple[bytes, Marks]:
        """The picture to be kept, and its marks. Raises BadRow."""
        key = hashlib.sha256(given).digest()
        with self.lock:
            if key in self.known:
                return self.known[key]
        picture, pixels = prepared(given, self.longest)
        found = picture, marks_of(picture, pixels)
        with self.lock:
            self.known[key] = found
            while len(self.known) > AHEAD:
                self.known.popitem(last=False)
        return found


def _row(ready: _Ready, parting: Parting, seen: Seen) -> Row:
    """The row in its part; its pictures and texts are remembered in `seen`."""
    draft = ready.draft
    part = parting.part(draft.row.group, draft.official)
    images = tuple(picture for picture, _ in ready.pictures)
    row = replace(draft.row, part=part, images=images)
    for _, marks in ready.pictures:
        seen.add_picture(row, marks)
    seen.add_text(row)
    return row


def _facts(
    parting: Parting,
    left_out: LeftOut,
    repeats: Mapping[str, list[Repeat]],
    notes: tuple[str, ...],
    source: Source,
) -> dict[str, Any]:
    return {
        "split": parting.way,
        "left_out": dict(left_out.counts.most_common()),
        "left_out_named": left_out.named,
        "duplicates": facts_of(repeats),
        "notes": [*notes, *([source.note] if source.note else [])],
    }


def _why(left_out: LeftOut) -> str:
    return f": {'; '.join(left_out.named[:5])}" if left_out.named else ""


def _leftovers(out: Path) -> list[str]:
    """What conversions that were killed have left beside `out`."""
    if not out.parent.is_dir():
        return []
    return [
        f"A conversion that was stopped has left {path}; delete it unless one is running."
        for path in sorted(out.parent.glob(f".{out.name}{UNFINISHED}*"))
    ]
