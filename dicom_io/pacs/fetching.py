"""Fetching a study: list it, retrieve series by series, account for every object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.source import Fetched
from dicom_io.storage import storage_problem
from dicom_io.study import Instance, Series

Received = Callable[[Identity, Path, int], None]
"""Called with an instance's identity, its file and the file's size in bytes."""


class Listing(Protocol):
    """What a node says that a study holds."""

    def series(self, study: str) -> list[Series]: ...

    def instances(self, study: str, series: str) -> list[Instance]: ...


class Retriever(Protocol):
    """One way to bring the instances of a series here: C-GET, C-MOVE or WADO-RS."""

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve; `whole` says that `wanted` is all that the series has.

        Returns a sentence for each failure that the node reported; what did not arrive then,
        `missing` says. Raises NodeProblem when the connection fails, StorageProblem.
        """
        ...

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        ...

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        ...


@dataclass(frozen=True, slots=True)
class Portion:
    """What to retrieve of one series; `whole` when that is all of it."""

    series: Series
    wanted: tuple[Instance, ...]
    whole: bool


@dataclass(slots=True)
class Fetching:
    """One retrieval of a study. `run` works on the network thread, `close` may be called from
    another one; after it no further file appears."""

    node: str  # what a person calls it
    study: str
    into: Path
    report: Callable[[Fetched], None]
    listing: Callable[[], AbstractContextManager[Listing]]
    way: Callable[[Path, str, Received], Retriever]  # folder, study, what is told of each file
    completed: int = 0
    failed: int = 0
    bytes: int = 0
    total: int = 0
    closed: bool = False
    retrieval: Retriever = field(init=False)

    def __post_init__(self) -> None:
        self.retrieval = self.way(self.into, self.study, self._arrived)

    def close(self) -> None:
        self.closed = True
        self.retrieval.close()

    def run(self, instances: Sequence[Identity] = ()) -> None:
        """Retrieve and report. Raises NothingFound, NodeProblem, StorageProblem."""
        portions = self._portions(instances)
        known = [one.identity.instance for portion in portions for one in portion.wanted]
        lacking = [one for one in instances if one.instance not in known]
        self.total = len(known) + len(lacking)
        if not known:
            raise NothingFound(
                f"{self.node} holds no such objects of this study. Search again and choose a study "
                "from the list."
            )
        try:
            self.into.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, self.into) from error
        for identity in lacking:
            self._missed(identity, f"{self.node} does not hold this object.")
        for portion in portions:
            if self.closed:
                return
            self._retrieve(portion)

    def _portions(self, instances: Sequence[Identity]) -> list[Portion]:
        series_wanted = {one.series for one in instances}
        wanted = {one.instance for one in instances}
        found: list[Portion] = []
        with self.listing() as search:
            for series in search.series(self.study):
                uid = series.identity.series
                if self.closed:
                    break
                if not uid or (instances and "" not in series_wanted and uid not in series_wanted):
                    continue
                listed = search.instances(self.study, uid)
                some = tuple(o for o in listed if not wanted or o.identity.instance in wanted)
                if some:
                    found.append(Portion(series, some, whole=len(some) == len(listed)))
        return found

    def _retrieve(self, portion: Portion) -> None:
        """One series; a failure of it does not stop the others."""
        said = self.retrieval.get(portion.series, portion.wanted, whole=portion.whole)
        problem = said[-1] if said else f"{self.node} did not send this object. Try again."
        if self.closed:
            return
        for one in self.retrieval.missing(portion.wanted):
            self._missed(replace(one.identity, study=self.study), problem)

    def _arrived(self, identity: Identity, path: Path, size: int) -> None:
        self.completed += 1
        self.bytes += size
        self._report(identity, path)

    def _missed(self, identity: Identity, problem: str) -> None:
        self.failed += 1
        self._report(identity, None, problem)

    def _report(self, identity: Identity, path: Path | None, problem: str = "") -> None:
        remaining = max(0, self.total - self.completed - self.failed)
        self.report(
            Fetched(identity, path, self.completed, self.failed, remaining, self.bytes, problem)
        )
