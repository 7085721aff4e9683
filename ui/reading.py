"""The study that is being read: fetched or taken from the disk, its frames as they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.errors import DicomProblem, FileProblem, NoPixels
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.source import Fetched, Stop
from dicom_io.study import Study
from ui.jobs import Job, Jobs


@dataclass(frozen=True)
class Arrival:
    """What one step brought: frames (none for an object without an image), counts, a problem."""

    frames: tuple[ImageFrame, ...] = ()
    completed: int = 0
    failed: int = 0
    remaining: int = -1  # -1 when the source does not say
    problem: str = ""
    objects: tuple[Path, ...] = ()  # files of objects without an image: states, key images, reports


@dataclass(frozen=True)
class Way:
    """How a study comes here; both parts are called on a pool thread."""

    on_disk: Callable[[], Sequence[Path]]  # the files that are here already
    fetch: Callable[[Stop], Iterator[Fetched]] | None = None  # what is missing; None: nothing is


class Reading(QObject):
    """One study at a time. Nothing of an earlier study is told once another was opened."""

    study_opened = pyqtSignal(object)  # Study | None
    frames_arrived = pyqtSignal(object)  # tuple[ImageFrame, ...], new ones of the open study
    objects_arrived = pyqtSignal(object)  # tuple[Path, ...], objects without an image; unchecked
    progressed = pyqtSignal(object)  # Arrival
    ended = pyqtSignal(object)  # the last Arrival: all is here that will come
    failed = pyqtSignal(object)  # DicomProblem

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._study: Study | None = None
        self._identity: Identity | None = None
        self._frames: dict[Identity, ImageFrame] = {}
        self._last = Arrival()

    @property
    def study(self) -> Study | None:
        return self._study

    @property
    def identity(self) -> Identity | None:
        """The open study as its files name it; None until the first of them is here."""
        return self._identity

    @property
    def is_loading(self) -> bool:
        return self._job is not None and self._job.is_running

    def frames(self) -> tuple[ImageFrame, ...]:
        return tuple(self._frames.values())

    def open(self, study: Study, way: Way) -> None:
        """Open a study; the one before is closed and its loading given up."""
        self.close()
        self._study = study
        self.study_opened.emit(study)
        self._job = self._jobs.start(
            partial(bring, way),
            on_item=self._arrive,
            on_done=self._end,
            on_failed=self._fail,
            pool="network" if way.fetch is not None else "disk",
        )

    def close(self) -> None:
        """No study is open any more."""
        self.stop()
        was_open = self._study is not None
        self._study = self._identity = None
        self._frames.clear()
        self._last = Arrival()
        if was_open:
            self.study_opened.emit(None)

    def stop(self) -> bool:
        """Give up loading what is still to come; False when nothing was."""
        job, self._job = self._job, None
        was_loading = job is not None and job.is_running
        if job is not None:
            job.cancel()
        return was_loading

    def _arrive(self, arrival: Arrival) -> None:
        fresh = tuple(frame for frame in arrival.frames if frame.identity not in self._frames)
        own = tuple(frame for frame in fresh if self._belongs(frame.identity))
        if len(own) != len(fresh):
            stray = "An object in this study names another patient or study; it is not shown."
            arrival = replace(arrival, problem=stray)
        self._frames.update({frame.identity: frame for frame in own})
        self._last = arrival
        if own:
            self.frames_arrived.emit(own)
        if arrival.objects:
            self.objects_arrived.emit(arrival.objects)
        self.progressed.emit(arrival)

    def _belongs(self, identity: Identity) -> bool:
        """True when the file is of the study that was chosen.

        A search often says nothing of the issuer; the first file then settles it for the rest.
        """
        if self._identity is not None:
            return identity.same_study(self._identity)
        chosen = self._study.identity if self._study else None
        if chosen is None or identity.study != chosen.study:
            return False
        if chosen.patient_id and identity.patient_id != chosen.patient_id:
            return False
        if chosen.issuer and identity.issuer != chosen.issuer:
            return False
        self._identity = identity.of_study()
        return True

    def _end(self) -> None:
        self._job = None
        self.ended.emit(self._last)

    def _fail(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, DicomProblem):
            self._jobs.failed.emit(error)
            return
        self.failed.emit(error)


def bring(way: Way, cancelled: Callable[[], bool]) -> Iterator[Arrival]:
    """Work for a pool thread: first what is on the disk, then what the source has.

    Raises NodeProblem, NothingFound, StorageProblem. A single unreadable file is an Arrival with
    a problem, an object without an image one without frames.
    """
    here = way.on_disk()
    for count, path in enumerate(here, start=1):
        if cancelled():
            return
        yield arrival_of(path, Arrival(completed=count, remaining=len(here) - count))
    if way.fetch is None:
        return
    for fetched in way.fetch(cancelled):
        counts = Arrival(
            completed=fetched.completed,
            failed=fetched.failed,
            remaining=fetched.remaining,
            problem=fetched.problem,
        )
        yield arrival_of(fetched.path, counts) if fetched.path is not None else counts


def arrival_of(path: Path, counts: Arrival) -> Arrival:
    """The frames of one file with the counts so far."""
    try:
        return replace(counts, frames=open_frames(path))
    except NoPixels:
        return replace(counts, objects=(path,))
    except FileProblem as error:
        return replace(counts, problem=str(error))
