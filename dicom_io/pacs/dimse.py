"""A Source over DIMSE: C-ECHO, C-FIND, C-GET and C-STORE to one node."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]  # made at import

from dicom_io.errors import OperationFailed
from dicom_io.identity import Identity
from dicom_io.pacs import commitment, status
from dicom_io.pacs.answers import study_of
from dicom_io.pacs.association import associate, lost
from dicom_io.pacs.choosing import KeptChoice, Ways
from dicom_io.pacs.fetching import Fetching, Retriever
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

    def __init__(self, node: Node, choice: KeptChoice | None = None) -> None:
        self.node = node
        self._choice = choice or KeptChoice(replace(node, web=""))

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

    def ways(self, intake: Intake) -> list[tuple[str, Retriever]]:
        """C-GET, which needs no port of ours; C-MOVE where we have one."""
        found: list[tuple[str, Retriever]] = [("C-GET", Retrieval(self.node, intake))]
        if self.node.listen:
            found.append(("C-MOVE", MoveRetrieval(self.node, intake)))
        return found

    def _retrieving(self, intake: Intake) -> Retriever:
        return Ways(self.node, intake, self.ways(intake), self._choice)

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


def _cancel(searches: list[Search]) -> None:
    for search in searches:
        search.cancel()
