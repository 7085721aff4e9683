"""Writes a data set: beside its place under another name, and renamed when it is whole."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from model_backend.datasets.columns import arrow, table_of, writer_of
from model_backend.datasets.problems import DatasetProblem, refused_by_disk
from model_backend.datasets.row import PARTS, TRAIN, Row

VERSION = 1
FILE = "dataset.json"
FORMAT = "wetread dataset"
UNFINISHED = ".unfinished-"
GROUP_ROWS = 256  # of one row group, which is read as a whole
GROUP_BYTES = 16 * 2**20  # of its different pictures
SHARD_BYTES = 256 * 2**20


@dataclass
class _Shards:
    """The files of one part, of which the last may be open."""

    part: str
    folder: Path
    waiting: list[Row] = field(default_factory=list)
    pictures: set[bytes] = field(default_factory=set)  # of the rows that wait
    bytes: int = 0  # of those pictures
    files: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0  # in the open file
    file: BinaryIO | None = None
    writer: Any = None

    def put(self, row: Row) -> None:
        self.waiting.append(row)
        for picture in row.images:
            if picture not in self.pictures:
                self.pictures.add(picture)
                self.bytes += len(picture)
        if len(self.waiting) >= GROUP_ROWS or self.bytes >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits as one row group."""
        if self.waiting:
            if self.file is None:
                name = f"{self.part}-{len(self.files):05d}.parquet"
                self.file = (self.folder / name).open("wb")
                self.writer = writer_of(self.file)
            self.writer.write_table(table_of(self.waiting), row_group_size=len(self.waiting))
            self.rows += len(self.waiting)
            self.waiting, self.pictures, self.bytes = [], set(), 0
            if self.file.tell() >= SHARD_BYTES:
                self.end_file()

    def end_file(self) -> None:
        """Close the open file and note what it holds."""
        if self.file is None:
            return
        self.writer.close()
        self.file.flush()
        os.fsync(self.file.fileno())
        name, size = Path(self.file.name).name, self.file.tell()
        self.files.append({"file": name, "rows": self.rows, "bytes": size})
        self.abandon()

    def abandon(self) -> None:
        """Let the file go as it is."""
        if self.file is not None:
            self.file.close()
        self.file, self.writer, self.rows = None, None, 0


class DatasetWriter:
    """Takes rows one by one; a context. The folder stands at `out` only when the block ends well.

    Raises DatasetProblem when `out` is taken, and when the disk is full; then nothing is left.
    """

    def __init__(
        self, out: Path, *, name: str, source: str, licence: str, facts: Mapping[str, Any] = {}
    ) -> None:
        self.out = out
        self.facts: dict[str, Any] = dict(facts)  # more for dataset.json; may grow until the end
        self._named = {"name": name, "source": source, "licence": licence}
        self._draft = out.with_name(f".{out.name}{UNFINISHED}{secrets.token_hex(4)}")
        self._parts = {part: _Shards(part, self._draft) for part in PARTS}
        self._counts: dict[str, Counter[str]] = {part: Counter() for part in PARTS}
        self._groups: dict[str, set[str]] = {part: set() for part in PARTS}
        self._answers: dict[str, Counter[str]] = {}

    def __enter__(self) -> DatasetWriter:
        arrow()  # before any work: it may not be installed
        if self.out.exists():
            raise DatasetProblem(f"{self.out} is there already. Choose another folder.")
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            self._draft.mkdir(mode=0o700)  # most sets may not be passed on
        except OSError as error:
            raise refused_by_disk(error, self.out) from error
        return self

    def write(self, row: Row) -> None:
        """One row more, of a part that is decided."""
        if row.part not in self._parts:
            raise DatasetProblem(f"The row {row.id} belongs to no part: {row.part!r}.")
        self._counts[row.part][row.task] += 1
        self._groups[row.part].add(row.group)
        if row.part == TRAIN and row.answer:
            self._answers.setdefault(row.task, Counter())[row.answer] += 1
        try:
            self._parts[row.part].put(row)
        except OSError as error:
            raise refused_by_disk(error, self.out) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as refused:
            raise refused_by_disk(refused, self.out) from refused
        finally:
            for shards in self._parts.values():
                shards.abandon()
            shutil.rmtree(self._draft, ignore_errors=True)

    def _finish(self) -> None:
        for shards in self._parts.values():
            shards.flush()
            shards.end_file()
        if not any(shards.files for shards in self._parts.values()):
            raise DatasetProblem(f"There is no row to write to {self.out}.")
        with (self._draft / FILE).open("w", encoding="utf-8") as file:
            json.dump(self._description(), file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        if self.out.exists():  # made by someone else meanwhile
            raise DatasetProblem(f"{self.out} is there already. Choose another folder.")
        os.replace(self._draft, self.out)

    def _description(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "version": VERSION,
            **self._named,
            "rows": {part: dict(sorted(tasks.items())) for part, tasks in self._counts.items()},
            "groups": {part: len(groups) for part, groups in self._groups.items()},
            "answers": {task: _by_frequency(found) for task, found in self._answers.items()},
            "shards": {part: shards.files for part, shards in self._parts.items()},
            **self.facts,
        }


# More different answers than this are free text, and no list that one could choose from.
LONGEST_LIST = 20_000


def _by_frequency(answers: Mapping[str, int]) -> Sequence[str]:
    """The commonest first, then by the alphabet; none where there are too many for a list."""
    if len(answers) > LONGEST_LIST:
        return []
    return sorted(answers, key=lambda answer: (-answers[answer], answer))
