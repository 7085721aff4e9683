"""A Source over DICOMweb: QIDO-RS, WADO-RS and STOW-RS to one server (PS3.18)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from pydicom.dataset import Dataset

from dicom_io.errors import NodeRefused
from dicom_io.identity import Identity
from dicom_io.pacs import commitment, stow
from dicom_io.pacs.answers import instance_of, series_of, study_of
from dicom_io.pacs.choosing import WEB, WHY
from dicom_io.pacs.fetching import Fetching
from dicom_io.pacs.http import Web
from dicom_io.pacs.listing import StudyListing
from dicom_io.pacs.node import Node
from dicom_io.pacs.relay import Relay
from dicom_io.pacs.search import study_identifiers
from dicom_io.pacs.wado import WadoRetrieval
from dicom_io.source import Commitment, Fetched, Found, Query, Stop, Stored, never
from dicom_io.study import Instance, Series, Study

PAGE = 200  # studies asked for at once
MOST_PAGES = 500

_KEYS = (
    "PatientName",
    "PatientID",
    "AccessionNumber",
    "StudyInstanceUID",
    "StudyDate",
    "ModalitiesInStudy",
)
_STUDY_FIELDS = (
    "StudyDescription",
    "IssuerOfPatientID",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)
_SERIES_FIELDS = ("BodyPartExamined", "NumberOfSeriesRelatedInstances")
# What servers misread when it comes percent-encoded (spec B.3): asked as a wildcard instead.
_UNSAFE = re.compile(r"[^A-Za-z0-9*.,_-]+")


class WebSource:
    """One DICOMweb server as a `Source`.

    `secret` gives the password of `node.user`, or a token; it is asked for on the thread that
    connects, and may wait there for a keyring.
    """

    def __init__(self, node: Node, secret: Callable[[], str] = str) -> None:
        self.node = node
        self._secret = secret

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def way(self) -> str:
        """How studies come, for a person."""
        return "DICOMweb"

    @property
    def why(self) -> str:
        """Why they come so."""
        return WHY[WEB]

    def echo(self) -> float:
        """A search for one study. Returns the seconds it took. Raises NodeProblem."""
        began = time.monotonic()
        with self.opened() as web:
            _answers(web, "/studies?limit=1")
        return time.monotonic() - began

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        """Studies that match, each once, filtered again on our side; see `DimseSource.find`."""
        relay: Relay[Found] = Relay()

        def work() -> None:
            with self.opened() as web:
                self._search(web, query, relay)

        return relay.items(work, stop, _nothing, wait=False)

    def _search(self, web: Web, query: Query, relay: Relay[Found]) -> None:
        listing = StudyListing(query, relay)
        lister = _Lister(web)
        for identifier in study_identifiers(query):
            for study in _studies(web, identifier):
                if relay.stopped or not listing.take(study):
                    return
        listing.settle(lister.series)

    def series(self, study: str, stop: Stop = never) -> tuple[Series, ...]:
        """The series of a study, empty when the server holds none. Raises NodeProblem."""
        with self.opened() as web:
            return tuple(_Lister(web).series(study))

    def instances(self, study: str, series: str, stop: Stop = never) -> tuple[Instance, ...]:
        """The instances of a series. Raises NodeProblem."""
        with self.opened() as web:
            return tuple(_Lister(web).instances(study, series))

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        """Bring a study's objects by WADO-RS, a stream for each series; see `DimseSource.fetch`."""
        relay: Relay[Fetched] = Relay()
        under_way: list[Fetching] = []

        def work() -> None:
            with self.opened() as web:
                fetching = Fetching(
                    str(self.node),
                    study,
                    into,
                    relay.put,
                    partial(_listing, web),
                    partial(WadoRetrieval, web),
                )
                under_way.append(fetching)
                if not relay.stopped:
                    fetching.run(instances)

        return relay.items(work, stop, lambda: _close(under_way), wait=False)

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        """STOW-RS of each file as it is; one outcome each, in order. Raises NodeProblem."""
        relay: Relay[Stored] = Relay()

        def work() -> None:
            with self.opened() as web:
                for path in paths:
                    if relay.stopped:
                        return
                    relay.put(stow.store(web, path))

        return relay.items(work, stop, _nothing, wait=False)

    def commit(self, objects: Sequence[tuple[str, str]], stop: Stop = never) -> Commitment:
        """Storage commitment, which DICOMweb has not: by DIMSE, where the node has that address.
        See `source.Committing`."""
        if not self.node.host:
            raise NodeRefused(f"{self.node} has no DICOM port to ask.", self.node.name)
        return commitment.commit(self.node, objects, stop)

    @contextmanager
    def opened(self) -> Iterator[Web]:
        """A connection to the server, closed after use. Raises SecretProblem."""
        with closing(Web(self.node, self._secret())) as web:
            yield web


class _Lister:
    """QIDO-RS below a study."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def series(self, study: str) -> list[Series]:
        path = f"/studies/{quote(study)}/series?{_fields(_SERIES_FIELDS)}"
        found = [series_of(answer) for answer in _answers(self._web, path)]
        return sorted(found, key=lambda one: (one.number is None, one.number or 0))

    def instances(self, study: str, series: str) -> list[Instance]:
        path = f"/studies/{quote(study)}/series/{quote(series)}/instances"
        found = [instance_of(answer) for answer in _answers(self._web, path)]
        return sorted(found, key=lambda one: (one.number is None, one.number or 0))


@contextmanager
def _listing(web: Web) -> Iterator[_Lister]:
    yield _Lister(web)


def _studies(web: Web, identifier: Dataset) -> Iterator[Study]:
    """The answers to one search, page by page."""
    asked = "&".join(part for part in (_query(identifier), _fields(_STUDY_FIELDS)) if part)
    seen: set[str] = set()
    count = 0
    for _ in range(MOST_PAGES):  # a server may give fewer than we ask for: ask until none is new
        answers = _answers(web, f"/studies?{asked}&limit={PAGE}&offset={count}")
        found = [study_of(answer) for answer in answers]
        fresh = [one for one in found if one.identity.study not in seen]
        yield from fresh
        seen |= {one.identity.study for one in fresh}
        count += len(found)
        if not fresh:
            return


def _query(identifier: Dataset) -> str:
    """A C-FIND identifier's keys as QIDO-RS writes them."""
    pairs = ((keyword, str(identifier.get(keyword) or "")) for keyword in _KEYS)
    asked = ((keyword, re.sub(r"\*+", "*", _UNSAFE.sub("*", value))) for keyword, value in pairs)
    return "&".join(f"{keyword}={value}" for keyword, value in asked if value not in ("", "*"))


def _fields(keywords: Sequence[str]) -> str:
    return "&".join(f"includefield={keyword}" for keyword in keywords)


def _answers(web: Web, path: str) -> list[Dataset]:
    """The data sets of a QIDO-RS answer. Raises NodeProblem."""
    content = web.json(path)
    if content is None:
        return []
    if not isinstance(content, list):
        raise NodeRefused(
            f"{web.node} does not answer as DICOMweb does. Check the address of its DICOMweb root.",
            web.node.name,
        )
    return [answer for answer in map(_dataset, content) if answer is not None]


def _dataset(content: object) -> Dataset | None:
    """One answer; None where it cannot be read, which must not cost us the others."""
    try:
        return Dataset.from_json(content) if isinstance(content, dict) else None
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
        return None


def _close(under_way: Sequence[Fetching]) -> None:
    for fetching in under_way:
        fetching.close()


def _nothing() -> None:
    """A request under way ends by itself, at its time-out at the latest."""
