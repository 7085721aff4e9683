"""Reads a data set row group by row group, in a fixed order, shuffled or not, in shards or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.datasets.columns import arrow, rows_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import PARTS, Row
from model_backend.datasets.writing import FILE, FORMAT, VERSION

POOL = 8  # row groups that are mixed with one another when rows are shuffled


@dataclass(frozen=True, slots=True)
class _Group:
    """One row group of one file."""

    file: Path
    index: int
    rows: int


@dataclass(frozen=True)
class Dataset:
    """A data set on the disk. Opening it reads only what describes it."""

    folder: Path
    facts: Mapping[str, Any]  # dataset.json

    @property
    def name(self) -> str:
        return str(self.facts["name"])

    @property
    def source(self) -> str:
        """The converter that made it."""
        return str(self.facts["source"])

    @property
    def licence(self) -> str:
        return str(self.facts["licence"])

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that occur in any part."""
        return tuple(sorted({task for tasks in self.facts["rows"].values() for task in tasks}))

    def answers(self, task: str) -> tuple[str, ...]:
        """The different answers of the training part alone, the commonest first."""
        return tuple(self.facts["answers"].get(task, ()))

    def count(self, part: str, task: str = "") -> int:
        """How many rows a part has, of one task or of all. No file is opened."""
        tasks = self.facts["rows"][_part(part)]
        return int(tasks.get(task, 0)) if task else sum(tasks.values())

    def rows(
        self,
        part: str,
        start: int = 0,
        shard: tuple[int, int] = (0, 1),
        seed: int | None = None,
    ) -> Iterator[Row]:
        """The rows of a part in a fixed order; with `seed` in another one, fixed by it.

        `start` is a place in the order of the whole part, and shard (i, n) has the places i,
        i + n, ...: whoever saw `k` rows in all shards together goes on with `start=k`. Row groups
        before it are not read. Raises DatasetProblem for a file that is missing or damaged.
        """
        mine, shards = shard
        if not 0 <= mine < shards or start < 0:
            raise DatasetProblem(f"There is no shard {mine} of {shards} from the row {start}.")
        place = 0
        for pool, order in _pools(self._groups(part), seed):
            wanted = order[(np.arange(place, place + len(order)) % shards) == mine]
            skipped = _before(start, mine, shards) - _before(place, mine, shards)
            place += len(order)
            wanted = wanted[max(skipped, 0) :]
            if len(wanted):
                yield from _read(pool, wanted, part)

    def _groups(self, part: str) -> list[_Group]:
        groups: list[_Group] = []
        for shard in self.facts["shards"][_part(part)]:
            file = self.folder / shard["file"]
            with _opened(file) as opened:
                described = opened.metadata
                for index in range(described.num_row_groups):
                    groups.append(_Group(file, index, described.row_group(index).num_rows))
        return groups


def _before(place: int, mine: int, shards: int) -> int:
    """How many places below `place` belong to a shard."""
    return max(place - mine + shards - 1, 0) // shards


def _pools(
    groups: list[_Group], seed: int | None
) -> Iterator[tuple[list[_Group], NDArray[np.int64]]]:
    """Row groups that are read together, and the order of their rows."""
    if seed is None:
        for group in groups:
            yield [group], np.arange(group.rows)
        return
    chance = np.random.default_rng(seed)
    mixed = [groups[place] for place in chance.permutation(len(groups))]
    for first in range(0, len(mixed), POOL):
        pool = mixed[first : first + POOL]
        yield pool, chance.permutation(sum(group.rows for group in pool))


def _read(pool: list[_Group], wanted: NDArray[np.int64], part: str) -> Iterator[Row]:
    pa = arrow()
    tables = []
    for group in pool:
        with _opened(group.file) as opened:
            try:
                tables.append(opened.read_row_group(group.index))
            except (OSError, pa.ArrowException) as error:
                raise _damaged(group.file) from error
    table = pa.concat_tables(tables)
    for first in range(0, len(wanted), 32):  # few rows at a time as Python values
        yield from rows_of(table.take(pa.array(wanted[first : first + 32])), part)


def _opened(file: Path) -> Any:
    pa = arrow()
    try:
        return pa.parquet.ParquetFile(file)
    except FileNotFoundError as error:
        raise DatasetProblem(
            f"The data set lacks its file {file}. Copy it again or convert it again."
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise _damaged(file) from error


def _damaged(file: Path) -> DatasetProblem:
    return DatasetProblem(f"{file} is damaged. Copy the data set again or convert it again.")


def _part(part: str) -> str:
    if part not in PARTS:
        raise DatasetProblem(f"There is no part {part!r}. Parts: {', '.join(PARTS)}.")
    return part


def open_dataset(folder: Path) -> Dataset:
    """The data set in a folder.

    Raises DatasetProblem when there is none, when it is of a later version, or when one of its
    files is missing or shorter than it was written.
    """
    path = folder / FILE
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DatasetProblem(
            f"{folder} is no data set: {FILE} cannot be read ({error.strerror}). Make one with: "
            "wetread dataset convert"
        ) from error
    except ValueError as error:
        raise DatasetProblem(f"{path} is damaged. Convert the data set again.") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise DatasetProblem(f"{path} describes no data set of Wetread.")
    if facts.get("version") != VERSION:
        raise DatasetProblem(
            f"{folder} is a data set of the version {facts.get('version')}, which this Wetread "
            f"cannot read (it reads {VERSION}). Convert it again, or update Wetread."
        )
    for shards in facts["shards"].values():
        for shard in shards:
            _check_size(folder / shard["file"], int(shard["bytes"]))
    return Dataset(folder, facts)


def _check_size(file: Path, size: int) -> None:
    try:
        found = file.stat().st_size
    except OSError as error:
        raise DatasetProblem(
            f"The data set lacks its file {file}. Copy it again or convert it again."
        ) from error
    if found != size:
        raise DatasetProblem(
            f"{file} has {found} bytes instead of {size}. Copy the data set again."
        )
