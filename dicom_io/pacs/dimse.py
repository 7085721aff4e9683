"""A Source over DIMSE: C-ECHO, C-FIND, C-GET and C-STORE to one node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import

from dicom_io.errors import NodeRefused, OperationFailed
from dicom_io.identity import Identity
from dicom_io.pacs import commitment, status
from dicom_io.pacs.answers import study_of
from dicom_io.pacs.association import associate, lost
from dicom_io.pacs.fetching import Fetching, Received, Retriever
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.listing import StudyListing
from dicom_io.pacs.move import MoveRetrieval
from dicom_io.pacs.node import Node
from dicom_io.pacs.relay import Relay
from dicom_io.pacs.retrieval import Retrieval
from dicom_io.pacs.search import Search, searching, study_identifiers
from dicom_io.pacs.sending import Sending
from dicom_io.source import Commitment, Fetched, Found, Query, Stop, Stored, never
from dicom_io.study import Instance, Series

T = TypeVar("T")


class DimseSource:
    """One node of the network as a `Source`. Holds no connection between calls."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._way = "C-GET"

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def way(self) -> str:
        """How studies come, for a person."""
        return self._way

    def echo(self) -> float:
        """C-ECHO. Returns the seconds it took, the association included. Raises NodeProblem."""
        began = time.monotonic()
        context = build_context(Verification)
        with associate(self.node, [context], service=Verification) as association:
            since = time.monotonic()
            code = association.send_c_echo().get("Status")
        if code is None:
            raise lost(self.node, "at an echo", since)
        if code != status.SUCCESS:
            raise OperationFailed(
                f"{self.node} did not answer an echo as it should: {status.meaning(code)}.",
                self.node.name,
                code,
            )
        return time.monotonic() - began

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        """Studies that match, each once, filtered again on our side.

        `query.limit` 0 means no limit. A list that was cut, by the limit or by the node, ends
        with an event without a study that says so. Raises NodeProblem, Cancelled.
        """
        relay: Relay[Found] = Relay()
        searches: list[Search] = []

        def work() -> None:
            with searching(self.node) as search:
                searches.append(search)
                if not relay.stopped:
                    self._search(searches[0], query, relay)

        return relay.items(work, stop, lambda: _cancel(searches), wait=False)

    def _search(self, search: Search, query: Query, relay: Relay[Found]) -> None:
        listing = StudyListing(query, relay)
        for identifier in study_identifiers(query):
            for answer in search.answers(identifier):
                if relay.stopped or not listing.take(study_of(answer)):
                    return
        if not listing.settle(search.series):
            return
        if search.cut_off:
            cut_off = f"{self.node} ended its answer early; the list may lack studies."
            relay.put(Found(None, listing.count, f"{cut_off} Narrow the search."))

    def series(self, study: str, stop: Stop = never) -> tuple[Series, ...]:
        """The series of a study, empty when the node holds none. Raises NodeProblem, Cancelled."""
        return tuple(self._list(lambda search: search.series(study), stop))

    def instances(self, study: str, series: str, stop: Stop = never) -> tuple[Instance, ...]:
        """The instances of a series. Their class is "" where the node does not tell it."""
        return tuple(self._list(lambda search: search.instances(study, series), stop))

    def _list(self, ask: Callable[[Search], list[T]], stop: Stop) -> Iterator[T]:
        relay: Relay[T] = Relay()
        searches: list[Search] = []

        def work() -> None:
            with searching(self.node) as search:
                searches.append(search)
                for one in ask(search):
                    relay.put(one)

        return relay.items(work, stop, lambda: _cancel(searches), wait=False)

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        """Bring a study's objects (or only `instances`) by C-GET, series by series.

        Files are named by a hash of their SOP Instance UID and hold the data set as it was sent.
        An object that does not arrive gives an event with a sentence and does not stop the
        others. Raises NothingFound, NodeProblem, StorageProblem, Cancelled; files that have
        arrived stay, none is ever partial.
        """
        relay: Relay[Fetched] = Relay()
        fetching = Fetching(
            str(self.node),
            study,
            into,
            relay.put,
            partial(searching, self.node),
            self._retrieving,
        )
        return relay.items(lambda: fetching.run(instances), stop, fetching.close, wait=False)

    def _retrieving(self, folder: Path, study: str, received: Received) -> Retriever:
        intake = Intake(folder, study, received)
        if not self.node.listen:
            return Retrieval(self.node, intake)
        return GetOrMove(
            Retrieval(self.node, intake), MoveRetrieval(self.node, intake), self._moved
        )

    def _moved(self) -> None:
        self._way = "C-MOVE"

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        """C-STORE each file as it is, in its own transfer syntax; one outcome each, in order.

        Raises NodeProblem when there is no connection, or it breaks; files without an outcome
        were then not stored, as far as we know.
        """
        relay: Relay[Stored] = Relay()
        sending = Sending(self.node, relay)
        return relay.items(lambda: sending.run(paths), stop, sending.close, wait=False)

    def commit(self, objects: Sequence[tuple[str, str]], stop: Stop = never) -> Commitment:
        """Storage commitment; see `source.Committing`."""
        return commitment.commit(self.node, objects, stop)


class GetOrMove:
    """C-GET, which needs no port of ours; C-MOVE from the first series on that comes only so."""

    def __init__(self, get: Retriever, move: Retriever, moved: Callable[[], None]) -> None:
        self._ways = [get, move]
        self._moved = moved

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances; see `fetching.Retriever`."""
        said: list[str] = []
        if len(self._ways) > 1:
            try:
                said = self._ways[0].get(series, wanted, whole=whole)
            except NodeRefused:
                pass  # it does not offer C-GET
            if len(self.missing(wanted)) < len(wanted):
                return said
        moved = self._ways[-1].get(series, wanted, whole=whole)
        if len(self.missing(wanted)) == len(wanted):
            return said or moved
        del self._ways[:-1]
        self._moved()
        return moved

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        return self._ways[-1].missing(wanted)

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        for way in self._ways:
            way.close()


def _cancel(searches: list[Search]) -> None:
    for search in searches:
        search.cancel()
