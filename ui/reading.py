"""The study that is being read: fetched or taken from the disk, its frames as they arrive."""

from __future__ import annotations

import filecmp
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from dicom_io.errors import DicomProblem, FileProblem, NoPixels
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.kinds import why_file_not_shown, why_not_shown
from dicom_io.image.place import places_of
from dicom_io.report.pages.content import is_report_file
from dicom_io.source import Fetched, Stop
from dicom_io.study import Study
from ui.jobs import Job, Jobs
from ui.language import tr

PAUSE = 50  # ms between two tellings of frames: whoever sorts them looks at the whole series


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
        self._problems: list[str] = []
        self._held: list[ImageFrame] = []  # arrived, but not told yet
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._tell)

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
        self._problems.clear()
        self._held.clear()
        self._pause.stop()
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
            stray = tr("An object in this study names another patient or study; it is not shown.")
            arrival = replace(arrival, problem=stray)
        self._frames.update({frame.identity: frame for frame in own})
        self._last = arrival
        if arrival.problem and arrival.problem not in self._problems:
            self._problems.append(arrival.problem)
        self._held += own
        if not self._pause.isActive():  # the first is told at once
            self._tell()
        if arrival.objects:
            self.objects_arrived.emit(arrival.objects)
        self.progressed.emit(arrival)

    def _tell(self) -> None:
        """Tell of the frames that have arrived since the last time."""
        held, self._held = tuple(self._held), []
        if held:
            self._pause.start()
            self.frames_arrived.emit(held)

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
        self._tell()
        self.ended.emit(replace(self._last, problem=_summary(self._problems)))

    def _fail(self, error: Exception) -> None:
        self._job = None
        self._tell()
        if not isinstance(error, DicomProblem):
            self._jobs.failed.emit(error)
            return
        self.failed.emit(error)


def _summary(problems: Sequence[str]) -> str:
    """The first problem, and how many more there were; "" for none."""
    more = len(problems) - 1
    if more < 1:
        return "".join(problems)
    one = tr("1 more object could not be shown.")
    several = tr("{count} more objects could not be shown.", count=more)
    return f"{problems[0]} {one if more == 1 else several}"


def bring(way: Way, cancelled: Callable[[], bool]) -> Iterator[Arrival]:
    """Work for a pool thread: first what is on the disk, then what the source has.

    Raises NodeProblem, NothingFound, StorageProblem. A single unreadable file is an Arrival with
    a problem, an object without an image one without frames. So is a second file with the SOP
    Instance UID of another one, unless the two are the same to the last byte.
    """
    here = way.on_disk()
    seen: dict[str, Path] = {}
    for count, path in enumerate(here, start=1):
        if cancelled():
            return
        arrival = arrival_of(path, Arrival(completed=count, remaining=len(here) - count))
        yield _checked(arrival, path, seen)
    if way.fetch is None:
        return
    for fetched in way.fetch(cancelled):
        counts = Arrival(
            completed=fetched.completed,
            failed=fetched.failed,
            remaining=fetched.remaining,
            problem=fetched.problem,
        )
        if fetched.path is None:
            yield counts
        else:
            yield _checked(arrival_of(fetched.path, counts), fetched.path, seen)


def _checked(arrival: Arrival, path: Path, seen: dict[str, Path]) -> Arrival:
    """The arrival, without its frames when an earlier file has the same SOP Instance UID."""
    if not arrival.frames:
        return arrival
    earlier = seen.setdefault(arrival.frames[0].identity.instance, path)
    if earlier == path:
        return arrival
    try:
        is_copy = filecmp.cmp(earlier, path, shallow=False)
    except OSError:
        is_copy = False
    if is_copy:
        return replace(arrival, frames=())
    twice = tr(
        "{second} has the same SOP Instance UID as {first}, but is another file; only the first "
        "is shown. Ask the sender which of the two is right.",
        second=path.name,
        first=earlier.name,
    )
    return replace(arrival, frames=(), problem=twice)


def arrival_of(path: Path, counts: Arrival) -> Arrival:
    """The frames of one file with the counts so far."""
    try:
        frames = open_frames(path)
        if told := why_not_shown(frames[0].header, path.name):
            return replace(counts, objects=(path,), problem=told)
        places_of(frames)  # remembered: whoever sorts them later does so on the Qt thread
        return replace(counts, frames=frames)
    except NoPixels:
        return _without_image(path, counts)
    except FileProblem as error:
        if is_report_file(path):  # too deep for others, not for `read_page`
            return replace(counts, objects=(path,))
        return replace(counts, problem=str(error))


def _without_image(path: Path, counts: Arrival) -> Arrival:
    """An object that holds no pixels, with a sentence when nobody here reads its kind."""
    try:
        return replace(counts, objects=(path,), problem=why_file_not_shown(path))
    except FileProblem as error:
        return replace(counts, problem=str(error))
