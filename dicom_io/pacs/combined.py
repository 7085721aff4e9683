"""A Source over a node that speaks both DICOMweb and DIMSE: whichever works, and the other one when
it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from dicom_io.errors import NodeProblem, OperationFailed
from dicom_io.identity import Identity
from dicom_io.pacs.choosing import KeptChoice, Ways
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.fetching import Fetching, Retriever
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.relay import Relay
from dicom_io.pacs.wado import WadoRetrieval
from dicom_io.pacs.web import WebSource
from dicom_io.source import Fetched, Found, Query, Stop, Stored, never
from dicom_io.study import Instance, Series

T = TypeVar("T")


class CombinedSource:
    """One node with two doors, as a `Source`. Holds no connection between calls."""

    def __init__(self, web: WebSource, dimse: DimseSource, choice: KeptChoice) -> None:
        self.node = web.node
        self._web = web
        self._dimse = dimse
        self._choice = choice

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def way(self) -> str:
        """How studies come, for a person."""
        return self._choice.get().way

    @property
    def why(self) -> str:
        """Why they come so."""
        return self._choice.get().why

    def echo(self) -> float:
        """Seconds of an answer at either door. Raises NodeProblem that names both."""
        return next(self._either(lambda door: iter((door.echo(),))))

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        """Studies that match; see `DimseSource.find`."""
        return self._either(lambda door: door.find(query, stop))

    def series(self, study: str, stop: Stop = never) -> tuple[Series, ...]:
        """The series of a study. Raises NodeProblem, Cancelled."""
        return next(self._either(lambda door: iter((door.series(study, stop),))))

    def instances(self, study: str, series: str, stop: Stop = never) -> tuple[Instance, ...]:
        """The instances of a series. Raises NodeProblem, Cancelled."""
        return next(self._either(lambda door: iter((door.instances(study, series, stop),))))

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        """Bring a study's objects by the way that works; see `DimseSource.fetch`."""
        relay: Relay[Fetched] = Relay()
        under_way: list[Fetching] = []

        def work() -> None:
            with self._web.opened() as web:

                def ways(intake: Intake) -> Retriever:
                    doors = [*self._dimse.ways(intake), ("DICOMweb", WadoRetrieval(web, intake))]
                    return Ways(self.node, intake, doors[-1:] + doors[:-1], self._choice)

                fetching = Fetching(
                    str(self.node), study, into, relay.put, partial(_listing, self), ways
                )
                under_way.append(fetching)
                if not relay.stopped:
                    fetching.run(instances)

        def close() -> None:
            for fetching in under_way:
                fetching.close()

        return relay.items(work, stop, close, wait=False)

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        """STOW-RS or C-STORE of each file; see `DimseSource.store`."""
        return self._either(lambda door: door.store(paths, stop))

    def _either(self, ask: Callable[[WebSource | DimseSource], Iterator[T]]) -> Iterator[T]:
        """What the first door gives; the second is asked where the first gave nothing and failed.

        Raises NodeProblem; with a sentence for each door where neither works.
        """
        first: NodeProblem | None = None
        doors = (self._web, self._dimse) if self.way == "DICOMweb" else (self._dimse, self._web)
        for door in doors:
            given = False
            try:
                for one in ask(door):
                    given = True
                    yield one
                return
            except NodeProblem as problem:
                if given:
                    raise
                if first is None:
                    first = problem
                    continue
                told = " ".join(
                    f"{'DICOMweb' if which is self._web else 'DICOM'}: {what}"
                    for which, what in zip(doors, (first, problem), strict=True)
                )
                raise OperationFailed(told, self.name, 0) from problem


class _Lister:
    """What a study holds, asked at either door."""

    def __init__(self, source: CombinedSource) -> None:
        self._source = source

    def series(self, study: str) -> list[Series]:
        return list(self._source.series(study))

    def instances(self, study: str, series: str) -> list[Instance]:
        return list(self._source.instances(study, series))


@contextmanager
def _listing(source: CombinedSource) -> Iterator[_Lister]:
    yield _Lister(source)
