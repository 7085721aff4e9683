"""Priors of the open study: looked for, and brought to the screen one reading each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.audit import Event
from dicom_io.errors import DicomProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.priors import Prior, find_priors, ranked
from dicom_io.study import Study
from ui.jobs import Job, Jobs
from ui.language import tr
from ui.reading import Arrival, Reading
from ui.trail import Trail
from ui.ways import Ways


class Priors(QObject):
    """What was made of the same patient before. All of it ends with the open study.

    Nothing here touches the report: frames of a prior are told by signals of their own.
    """

    found = pyqtSignal(object)  # tuple[Prior, ...], the most relevant first
    not_found = pyqtSignal(str)  # why nothing can be offered, in a sentence
    frames_arrived = pyqtSignal(object, object)  # Study, tuple[ImageFrame, ...]
    ended = pyqtSignal(object)  # Study: all that will come is here
    problem = pyqtSignal(str)  # one sentence

    def __init__(self, jobs: Jobs, ways: Ways, trail: Trail, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._ways = ways
        self._trail = trail
        self._patient: Identity | None = None
        self._search: Job | None = None
        self._found: tuple[Prior, ...] | None = None
        self._readings: dict[str, Reading] = {}  # by StudyInstanceUID

    def known(self) -> tuple[Prior, ...] | None:
        """What was found for the open study; None before it was looked for."""
        return self._found

    @property
    def is_looking(self) -> bool:
        return self._search is not None

    def look_for(self, current: Study, region: str) -> None:
        """Look on the disk and in every source; `found` or `not_found` follows."""
        self._patient = current.identity
        if self._found:  # what was empty is looked for again: another study may have come since
            self._tell()
            return
        if self._search is not None:
            return
        gathered: list[Prior] = []
        self._search = self._jobs.start(
            partial(self._look, current, region),
            on_item=gathered.append,
            on_done=partial(self._looked, current, gathered),
            on_failed=self._failed,
            pool="network",
        )

    def open(self, prior: Prior, patient: Identity) -> None:
        """Bring a prior here. Its files must name the same patient of the same issuer."""
        uid = prior.study.identity.study
        if uid in self._readings:
            self._tell_all(uid)
            return
        self._patient = patient
        reading = Reading(self._jobs, self)
        self._readings[uid] = reading
        reading.frames_arrived.connect(partial(self._arrive, uid))
        reading.ended.connect(partial(self._end, uid))
        reading.failed.connect(partial(self._fail, uid))
        reading.progressed.connect(self._note)
        reading.open(prior.study, self._ways.to(uid, prior.source))

    def frames(self, study: str) -> tuple[ImageFrame, ...]:
        """What is here of a prior."""
        reading = self._readings.get(study)
        return reading.frames() if reading is not None else ()

    def study(self, study: str) -> Study | None:
        """A prior that was opened."""
        reading = self._readings.get(study)
        return reading.study if reading is not None else None

    def close(self) -> None:
        """Another study is opened: nothing of this patient is told any more."""
        if self._search is not None:
            self._search.cancel()
        self._search = self._found = self._patient = None
        for uid in tuple(self._readings):
            self._drop(uid)

    # --- what happens ---

    def _looked(self, current: Study, gathered: list[Prior]) -> None:
        self._search = None
        self._found = ranked(current, gathered)
        self._tell()

    def _tell(self) -> None:
        if self._found:
            self.found.emit(self._found)
        else:
            self.not_found.emit(tr("No other study of this patient was found."))

    def _failed(self, error: Exception) -> None:
        self._search = None
        if not isinstance(error, DicomProblem):
            self._jobs.failed.emit(error)
            return
        self.not_found.emit(tr("Earlier studies could not be looked for. {why}", why=error))

    def _arrive(self, uid: str, frames: tuple[ImageFrame, ...]) -> None:
        reading, patient = self._readings.get(uid), self._patient
        if reading is None or patient is None:
            return
        if not all(frame.identity.same_patient(patient) for frame in frames):
            self._drop(uid)
            self.problem.emit(
                tr(
                    "The earlier study names another patient or another issuer of the patient "
                    "number; it may be another person's and is not shown."
                )
            )
            return
        if len(reading.frames()) == len(frames):
            self._trail(Event.ACCESSED, frames[0].identity.of_study(), what="prior")
        self.frames_arrived.emit(reading.study, frames)

    def _tell_all(self, uid: str) -> None:
        """It was opened before: what is here is told again."""
        reading = self._readings[uid]
        if reading.frames():
            self.frames_arrived.emit(reading.study, reading.frames())
        if not reading.is_loading:
            self.ended.emit(reading.study)

    def _end(self, uid: str, last: Arrival) -> None:
        reading = self._readings.get(uid)
        if reading is None:
            return
        if not reading.frames():
            self._drop(uid)
            self.problem.emit(tr("The earlier study holds no image that can be shown."))
            return
        self.ended.emit(reading.study)

    def _fail(self, uid: str, error: DicomProblem) -> None:
        reading = self._readings.get(uid)
        if reading is not None and not reading.frames():
            self._drop(uid)
        self.problem.emit(tr("The earlier study could not be brought here. {why}", why=error))

    def _note(self, arrival: Arrival) -> None:
        if arrival.problem:
            self.problem.emit(arrival.problem)

    def _drop(self, uid: str) -> None:
        reading = self._readings.pop(uid, None)
        if reading is not None:
            reading.blockSignals(True)  # nothing of it is told any more
            reading.close()
            reading.deleteLater()

    # --- on pool threads ---

    def _look(self, current: Study, region: str, cancelled: Callable[[], bool]) -> Iterator[Prior]:
        sources = tuple(self._ways.sources.values())
        yield from find_priors(current, region, sources, self._ways.here(), cancelled)
