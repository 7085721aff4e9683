"""The Source protocol: find, fetch and store, whatever lies behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from dicom_io.identity import Identity
from dicom_io.study import Study

Stop = Callable[[], bool]


def never() -> bool:
    """A `Stop` for work that nobody can cancel."""
    return False


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for at STUDY level; an empty text matches everything, `*` is a wildcard.

    `text` is what a person typed into one field: a source matches it against name, patient ID and
    accession number and joins the answers.
    """

    text: str = ""
    patient_name: str = ""
    patient_id: str = ""
    accession: str = ""
    study: str = ""  # StudyInstanceUID
    date: str = ""  # YYYYMMDD or a range YYYYMMDD-YYYYMMDD
    modality: str = ""
    limit: int = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One event of a search: a study, or the end of an answer that was cut."""

    study: Study | None
    count: int  # studies so far, this one counted
    incomplete: str = ""  # why the list may lack studies; "" while it does not


@dataclass(frozen=True, slots=True)
class Fetched:
    """One event of a retrieval: an instance has arrived (or failed, then `path` is None)."""

    identity: Identity
    path: Path | None
    completed: int
    failed: int
    remaining: int  # as the source says; -1 when it does not
    bytes: int = 0  # of all instances so far
    problem: str = ""  # one sentence when the instance failed


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcome of storing one instance."""

    path: Path
    uid: str  # SOPInstanceUID
    status: int  # DIMSE status; 0x0000 success, 0xB... warning
    problem: str = ""  # "" when it was stored without a warning


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a node answers for, and what not."""

    committed: frozenset[str]  # SOP Instance UIDs
    failed: Mapping[str, str]  # SOP Instance UID to what the node says of itself: "it holds no …"


@runtime_checkable
class Committing(Protocol):
    """A source that can be asked for storage commitment."""

    def commit(self, objects: Sequence[tuple[str, str]], stop: Stop = never) -> Commitment:
        """Whether it answers for objects, pairs of class and instance UID.

        Raises NodeRefused where it offers no commitment, other NodeProblems, and Cancelled.
        """
        ...


class Source(Protocol):
    """A place that studies come from and reports go to.

    Each method is a generator that looks at `stop` between items and then ends with Cancelled.
    All raise NodeProblem or FileProblem for known problems. None touches Qt; callers choose the
    thread.
    """

    @property
    def name(self) -> str: ...

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        """Studies that match, as they arrive."""
        ...

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        """Bring the study's objects (or only `instances`) into the folder `into`, one file each.

        Raises NothingFound when the source holds no such study.
        """
        ...

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        """Send files, one outcome each, in the order given."""
        ...
