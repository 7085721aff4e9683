"""The rows of a run in their order, and the batches made of them ahead of their use.

Every row has a place in an endless stream: epoch after epoch, each in an order of its own. A step
takes fixed places, so that whoever knows the number of a step knows its rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

from model_backend.datasets.reading import Dataset
from model_backend.datasets.row import Row
from model_backend.training.problems import TrainingProblem
from model_backend.tuning.batch import Batch, Collator
from model_backend.tuning.examples import ExampleMaker, Made, Ready

AHEAD = 4  # batches that wait to be used
THREADS = 4  # that decode pictures


@dataclass(frozen=True)
class Stream:
    """One source's rows, without end."""

    ready: Ready
    dataset: Dataset
    seed: int

    @property
    def part(self) -> str:
        return self.ready.source.part

    def of_part(self, part: str) -> Stream:
        """The same source's rows of another part."""
        return replace(
            self, ready=replace(self.ready, source=replace(self.ready.source, part=part))
        )

    @property
    def count(self) -> int:
        return self.dataset.count(self.part)

    def rows(self, first: int, share: tuple[int, int]) -> Iterator[tuple[int, Row]]:
        """From the place `first` on the rows at the places mine, mine + n, ... of `share`.

        Raises TrainingProblem when the part is empty.
        """
        mine, shares = share
        if not self.count:
            raise TrainingProblem(
                f"The data set {self.dataset.folder} has no row in its part {self.part}."
            )
        epoch, start = divmod(first, self.count)
        while True:
            begun = epoch * self.count
            shard = (mine - begun) % shares, shares
            order = (self.seed * 1_000_003 + self.ready.number) * 1_009 + epoch
            place = start + (shard[0] - start) % shares
            for row in self.dataset.rows(self.part, start, shard, order):
                yield begun + place, row
                place += shares
            epoch, start = epoch + 1, 0


@dataclass(frozen=True)
class Mixture:
    """Makes the batches of one process: of each source so many rows."""

    streams: Sequence[Stream]
    maker: ExampleMaker
    collator: Collator
    size: int
    seed: int

    def batches(self, first: int, rank: int, world: int, accumulate: int) -> Iterator[Batch]:
        """The process's batches from the update `first` on, `accumulate` of each update.

        Batch j of process r is the chunk j * world + r of its update, so that two processes learn
        from what one process with two batches an update learns from.
        """
        chunks = world * accumulate
        shares = [
            one.rows(first * one.ready.source.rows * chunks, (rank, world)) for one in self.streams
        ]
        number = first
        with ThreadPoolExecutor(THREADS, thread_name_prefix="prepare") as pool:
            while True:
                of_update = [
                    list(islice(share, one.ready.source.rows * accumulate))
                    for one, share in zip(self.streams, shares, strict=True)
                ]
                for chunk in range(accumulate):
                    made: list[Made] = []
                    for one, rows in zip(self.streams, of_update, strict=True):
                        made += self._made(one.ready, rows[chunk::accumulate], pool)
                    seed = [self.seed, 5, number, chunk * world + rank]
                    yield self.collator.collate(made, self.size, seed)
                number += 1

    def _made(
        self, ready: Ready, rows: Sequence[tuple[int, Row]], pool: ThreadPoolExecutor
    ) -> list[Made]:
        others = [row for _, row in rows]
        return list(pool.map(lambda one: self.maker.make(ready, one[1], one[0], others), rows))


class Ahead:
    """Draws from an iterator in a thread of its own, a few values ahead; a context."""

    def __init__(self, batches: Iterator[Batch], ahead: int = AHEAD) -> None:
        self._batches = batches
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._waiting = deque(self._pool.submit(next, batches) for _ in range(ahead))

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(self._batches, Generator):
            self._batches.close()

    def next(self) -> Batch:
        """The next batch. Raises what went wrong while it was made."""
        found = self._waiting.popleft()
        self._waiting.append(self._pool.submit(next, self._batches))
        return found.result()
