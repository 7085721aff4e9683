"""The audit, written from the Qt thread without waiting for the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.audit import AuditLog, Event, Outcome
from dicom_io.identity import Identity
from ui.jobs import Jobs

Detail = str | int | float


class Trail(QObject):
    """Records events one after the other, in the order in which they were told."""

    settled = pyqtSignal()  # nothing is left to write

    def __init__(self, jobs: Jobs, log: AuditLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._log = log
        self._waiting: list[Callable[[], None]] = []
        self._is_writing = False
        self.user = ""  # the reader, once one has signed

    @property
    def is_settled(self) -> bool:
        return not self._waiting and not self._is_writing

    def __call__(
        self,
        event: Event,
        identity: Identity | None = None,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        **details: Detail,
    ) -> None:
        """Record that something happened; see `AuditLog.record`."""
        write = partial(
            self._log.record, event, identity, user=self.user, outcome=outcome, **details
        )
        self._waiting.append(write)
        self._go_on()

    def _go_on(self) -> None:
        if self._is_writing:
            return
        if not self._waiting:
            self.settled.emit()
            return
        batch, self._waiting = tuple(self._waiting), []
        self._is_writing = True
        self._jobs.start(
            partial(_write, batch), on_done=self._end, on_failed=self._fail, pool="disk"
        )

    def _end(self) -> None:
        self._is_writing = False
        self._go_on()

    def _fail(self, error: Exception) -> None:
        self._jobs.failed.emit(error)
        self._end()


def _write(batch: tuple[Callable[[], None], ...], cancelled: Callable[[], bool]) -> Iterator[None]:
    for write in batch:
        write()
    yield None
