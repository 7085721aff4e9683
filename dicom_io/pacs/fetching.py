"""Fetching a study: list it, retrieve series by series, account for every object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs.intake import Intake
from dicom_io.source import Fetched
from dicom_io.storage import storage_problem
from dicom_io.study import Instance, Series


class Listing(Protocol):
    """What a node says that a study holds."""

    def series(self, study: str) -> list[Series]: ...

    def instances(self, study: str, series: str) -> list[Instance]: ...


class Retriever(Protocol):
    """One way to bring the instances of a series here: C-GET, C-MOVE or WADO-RS. What arrives
    goes into an intake."""

    def whole(self, series: Series) -> list[str]:
        """Retrieve a series whose instances nobody has listed yet; some may not come this way.

        Returns and raises as `get` does.
        """
        ...

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve; `whole` says that `wanted` is all that the series has.

        Returns a sentence for each failure that the node reported; what did not arrive then, the
        intake says. Raises NodeProblem when the connection fails, StorageProblem.
        """
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
    way: Callable[[Intake], Retriever]
    completed: int = 0
    failed: int = 0
    bytes: int = 0
    total: int = 0
    closed: bool = False
    intake: Intake = field(init=False)
    retrieval: Retriever = field(init=False)
    of_series: Counter[str] = field(default_factory=Counter)  # objects that have arrived

    def __post_init__(self) -> None:
        self.intake = Intake(self.into, self.study, self._arrived)
        self.retrieval = self.way(self.intake)

    def close(self) -> None:
        self.closed = True
        self.retrieval.close()

    def run(self, instances: Sequence[Identity] = ()) -> None:
        """Retrieve and report. Raises NothingFound, NodeProblem, StorageProblem."""
        if instances or self._is_begun():
            self._listed(instances)
        else:
            self._unlisted()

    def _is_begun(self) -> bool:
        """True where an earlier retrieval left files: each object is asked for only once."""
        return self.into.is_dir() and any(self.into.glob("*.dcm"))

    def _unlisted(self) -> None:
        """Series by series, without waiting for a list of what they hold. Where as many objects
        come as the node counts, nothing is lost; else it is asked what is."""
        with self.listing() as search:
            found = [one for one in search.series(self.study) if one.identity.series]
        self._require(found)
        self.total = sum(one.instance_count for one in found)
        left: list[tuple[Series, list[str]]] = []
        for series in found:
            if self.closed:
                return
            said = self.retrieval.whole(series)
            if not 0 < series.instance_count <= self.of_series[series.identity.series]:
                left.append((series, said))
        if left and not self.closed:
            self._what_is_left(left)

    def _what_is_left(self, left: Sequence[tuple[Series, list[str]]]) -> None:
        with self.listing() as search:
            listed = [search.instances(self.study, series.identity.series) for series, _ in left]
        self.total = self.completed + sum(len(self.intake.missing(some)) for some in listed)
        if not self.total:
            self._require(())
        for (series, said), some in zip(left, listed, strict=True):
            missing = tuple(self.intake.missing(some))
            if missing and not self.closed:
                portion = Portion(series, missing, whole=len(missing) == len(some))
                self._retrieve(portion, said)

    def _listed(self, instances: Sequence[Identity]) -> None:
        """What is named, or what an earlier retrieval did not bring."""
        portions = self._portions(instances)
        known = [one.identity.instance for portion in portions for one in portion.wanted]
        lacking = [one for one in instances if one.instance not in known]
        self.total = len(known) + len(lacking)
        self._require(known)
        for identity in lacking:
            self._missed(identity, f"{self.node} does not hold this object.")
        for portion in portions:
            if self.closed:
                return
            self.intake.found(portion.wanted)
            missing = tuple(self.intake.missing(portion.wanted))
            if missing:
                whole = portion.whole and len(missing) == len(portion.wanted)
                self._retrieve(replace(portion, wanted=missing, whole=whole))

    def _require(self, found: Sequence[object]) -> None:
        """Make the folder for what was found. Raises NothingFound, StorageProblem."""
        if not found:
            raise NothingFound(
                f"{self.node} holds no such objects of this study. Search again and choose a study "
                "from the list."
            )
        try:
            self.into.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, self.into) from error

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

    def _retrieve(self, portion: Portion, said: Sequence[str] = ()) -> None:
        """One series; a failure of it does not stop the others."""
        said = self.retrieval.get(portion.series, portion.wanted, whole=portion.whole) or said
        problem = said[-1] if said else f"{self.node} did not send this object. Try again."
        if self.closed:
            return
        for one in self.intake.missing(portion.wanted):
            self._missed(replace(one.identity, study=self.study), problem)

    def _arrived(self, identity: Identity, path: Path, size: int) -> None:
        self.completed += 1
        self.of_series[identity.series] += 1
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
