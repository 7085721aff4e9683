"""Keeps the open report on the disk: saved a moment after each change, found again when opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.report.document import ReportDocument
from dicom_io.report.drafts import Drafts
from ui.jobs import Job, Jobs

PAUSE = 400  # ms from a change until it is written


class Autosave(QObject):
    """Writes one report after the other, never two at once, so that an older never wins.

    `saved` names the report written; `failed` says why one could not be. It is kept in memory and
    tried again with the next `flush`.
    """

    saved = pyqtSignal(object)  # ReportDocument
    failed = pyqtSignal(object, object)  # ReportDocument, Exception
    settled = pyqtSignal()  # nothing is left to write

    def __init__(self, jobs: Jobs, drafts: Drafts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._drafts = drafts
        self._waiting: dict[str, ReportDocument] = {}  # by id, the oldest change first
        self._unsaved: dict[str, ReportDocument] = {}  # those that could not be written
        self._noted: set[str] = set()  # ids of reports that have or had a sentence
        self._writing: ReportDocument | None = None
        self._lookup: Job | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self.flush)

    @property
    def is_settled(self) -> bool:
        return not self._waiting and self._writing is None

    @property
    def lacks_room(self) -> bool:
        """True while a report could not be written: closing now would lose its last changes."""
        return bool(self._unsaved)

    def note(self, document: ReportDocument | None) -> None:
        """The report has changed. One without a sentence is not worth a file, unless it had one.

        The first change begins the pause and the next ones do not put it off, so that steady
        typing is written as it goes.
        """
        if document is not None and (document.sentences() or document.id in self._noted):
            self._noted.add(document.id)
            self._waiting[document.id] = document
            if not self._pause.isActive():
                self._pause.start()

    def flush(self) -> None:
        """Write now what waits to be written, and try again what could not be."""
        self._pause.stop()
        self._waiting = self._unsaved | self._waiting
        self._unsaved = {}
        self._write_next()

    def _write_next(self) -> None:
        if self._writing is not None or not self._waiting:
            return
        document = self._waiting.pop(next(iter(self._waiting)))
        self._writing = document
        self._jobs.start(
            partial(_save, self._drafts, document),
            on_done=self._written,
            on_failed=self._not_written,
            pool="disk",
            urgent=True,
        )

    def look_up(self, identity: Identity, found: Callable[[ReportDocument | None], None]) -> None:
        """Tell `found` the last report of this study, or None. A later look-up replaces this."""
        if self._lookup is not None:
            self._lookup.cancel()
        unwritten = [*self._waiting.values(), *([self._writing] if self._writing else [])]
        unwritten += self._unsaved.values()
        for document in unwritten:
            if document.identity.same_study(identity):
                found(document)
                return
        answers: list[ReportDocument] = []

        def failed(error: Exception) -> None:
            self._jobs.failed.emit(error)
            found(None)

        self._lookup = self._jobs.start(
            partial(_of_study, self._drafts, identity),
            on_item=answers.append,
            on_done=lambda: found(answers[0] if answers else None),
            on_failed=failed,
            pool="disk",
            urgent=True,
        )

    def give_up_look_up(self) -> None:
        """The study was closed before its report was found."""
        if self._lookup is not None:
            self._lookup.cancel()
            self._lookup = None

    def _written(self) -> None:
        document, self._writing = self._writing, None
        if document is not None:
            self.saved.emit(document)
        self._go_on()

    def _not_written(self, error: Exception) -> None:
        document, self._writing = self._writing, None
        if document is not None:
            self._unsaved[document.id] = document
            self.failed.emit(document, error)
        self._go_on()

    def _go_on(self) -> None:
        if self._waiting and not self._pause.isActive():
            self._write_next()
        elif self.is_settled:
            self.settled.emit()


def _save(
    drafts: Drafts, document: ReportDocument, cancelled: Callable[[], bool]
) -> Iterator[None]:
    drafts.save(document)
    yield None


def _of_study(
    drafts: Drafts, identity: Identity, cancelled: Callable[[], bool]
) -> Iterator[ReportDocument]:
    yield from drafts.of_study(identity)[:1]
