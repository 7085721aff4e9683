"""Fetching a study by C-GET: list it, retrieve series by series, account for every object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pynetdicom.presentation import build_context

from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs.association import associate
from dicom_io.pacs.contexts import UNCOMPRESSED
from dicom_io.pacs.node import Node
from dicom_io.pacs.retrieval import Retrieval
from dicom_io.pacs.search import FIND, Search, list_instances, list_series
from dicom_io.source import Fetched
from dicom_io.storage import storage_problem
from dicom_io.study import Instance, Series


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

    node: Node
    study: str
    into: Path
    report: Callable[[Fetched], None]
    completed: int = 0
    failed: int = 0
    bytes: int = 0
    total: int = 0
    closed: bool = False
    retrieval: Retrieval = field(init=False)

    def __post_init__(self) -> None:
        self.retrieval = Retrieval(self.node, self.into, self.study, self._arrived)

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
        context = build_context(FIND, list(UNCOMPRESSED))
        with associate(self.node, [context], service=FIND) as association:
            search = Search(self.node, association)
            for series in list_series(search, self.study):
                uid = series.identity.series
                if self.closed:
                    break
                if not uid or (instances and "" not in series_wanted and uid not in series_wanted):
                    continue
                listed = list_instances(search, self.study, uid)
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
