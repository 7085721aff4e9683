"""Slow work: generators that run on pool threads and deliver their items on the Qt thread.

A work function takes `cancelled: Callable[[], bool]`, looks at it between items, and yields what
it makes. It owns no QObject and touches no widget.

    job = jobs.start(work, on_item=self.add_row, on_done=self.finish, on_failed=self.show_problem)
    job.cancel()

Four pools, so that a dead PACS cannot stop the thumbnails and a busy model neither: "network",
"disk" (headers and thumbnails), "decode" (the frames of the panes, one thread a core; the codecs
let go of the interpreter) and "model".
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from PyQt6.QtCore import QObject, Qt, pyqtSignal, pyqtSlot

if TYPE_CHECKING:
    import logging

Item = TypeVar("Item")
Pool = Literal["network", "disk", "decode", "model"]
THREADS: dict[Pool, int] = {
    "network": 4,
    "disk": 2,
    "decode": max(2, os.cpu_count() or 2),
    "model": 1,
}
TURN = 0.010  # s; then the Qt thread looks after its other events, and comes back
SWITCH = 0.001  # s that a busy thread may keep the Qt thread waiting for the interpreter
LIMIT = 3.0  # s; how long closing waits for threads that do not look at `cancelled`


class Job:
    """One piece of work under way. Made by `Jobs.start` on the Qt thread, and used only there."""

    def __init__(
        self,
        work: Callable[[Callable[[], bool]], Iterator[Any]],
        on_item: Callable[[Any], None] | None,
        on_done: Callable[[], None] | None,
        on_failed: Callable[[Exception], None] | None,
    ) -> None:
        self._forget: Callable[[Job], None] | None = None
        self._work = work
        self._on_item = on_item
        self._on_done = on_done
        self._on_failed = on_failed
        self._cancelled = threading.Event()
        self._ended = False
        self._taken = False  # by a thread of its pool

    @property
    def is_waiting(self) -> bool:
        """True until a thread of its pool has taken it up."""
        return not self._taken

    @property
    def is_running(self) -> bool:
        """True until its end was delivered or it was cancelled."""
        return not self._ended

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop the work; nothing is delivered any more, not even its end."""
        self._cancelled.set()
        self._ended = True
        if self._forget is not None:
            self._forget(self)


class _Threads:
    """Daemon threads that take work from one queue, urgent work first.

    Not QThreadPool: its destructor waits without limit, and a call that hangs in a socket would
    keep the whole program from closing.
    """

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._waiting: deque[Callable[[], None]] = deque()
        self._idle = 0
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def put(self, call: Callable[[], None], urgent: bool) -> None:
        with self._changed:
            if self._closed:
                return
            if urgent:
                self._waiting.appendleft(call)
            else:
                self._waiting.append(call)
            if self._idle < len(self._waiting) and len(self._threads) < self._count:
                name = f"{self._name}-{len(self._threads) + 1}"
                thread = threading.Thread(target=self._serve, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def wait(self, until: float) -> bool:
        """Wait for all threads to end; False when `until` (time.monotonic) came first."""
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._changed.wait()
                self._idle -= 1
                if self._closed:
                    return
                call = self._waiting.popleft()
            call()
            del call  # or an idle thread would keep what it made last


class Jobs(QObject):
    """The one runner of slow work. Create it on the Qt thread; close it with the window."""

    failed = pyqtSignal(Exception)  # a failure that no `on_failed` took
    _arrived = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        sys.setswitchinterval(SWITCH)
        self._pools = {name: _Threads(name, count) for name, count in THREADS.items()}
        self._events: deque[tuple[Job, str, Any]] = deque()
        self._jobs: set[Job] = set()
        self._closed = False
        self._told = threading.Event()  # a delivery is already on its way
        queued = Qt.ConnectionType.QueuedConnection
        self._arrived.connect(self._deliver, queued)  # type: ignore[call-arg]  # stubs lack it

    def start(
        self,
        work: Callable[[Callable[[], bool]], Iterator[Item]],
        *,
        on_item: Callable[[Item], None] | None = None,
        on_done: Callable[[], None] | None = None,
        on_failed: Callable[[Exception], None] | None = None,
        pool: Pool = "network",
        urgent: bool = False,
    ) -> Job:
        """Run `work(cancelled)` on a thread of that pool; the callbacks run on the Qt thread.

        `on_item` gets each item in order, then comes exactly one of `on_done()` and
        `on_failed(error)`; without `on_failed` the signal `failed` carries the error. After
        `cancel` nothing comes. `urgent` work goes to the head of its pool's queue.
        """
        job = Job(work, on_item, on_done, on_failed)
        if self._closed:
            job.cancel()
            return job
        job._forget = self._jobs.discard
        self._jobs.add(job)
        self._pools[pool].put(lambda: self._run(job), urgent)
        return job

    def cancel_all(self) -> None:
        """Cancel every job that is under way or waiting."""
        for job in tuple(self._jobs):
            job.cancel()

    def close(self, limit: float = LIMIT) -> bool:
        """Cancel everything and wait at most `limit` seconds; False when a thread hangs on."""
        self._closed = True
        self.cancel_all()
        for pool in self._pools.values():
            pool.close()
        until = time.monotonic() + limit
        ended = [pool.wait(until) for pool in self._pools.values()]
        if not all(ended):
            _log().warning("Closing without waiting for work that did not stop in %s s.", limit)
        self._events.clear()
        return all(ended)

    def _run(self, job: Job) -> None:
        """On a pool thread. Every error goes to the Qt thread, so that none is swallowed here."""
        if job.is_cancelled:
            return
        job._taken = True
        try:
            items = job._work(job._cancelled.is_set)
            try:
                for item in items:
                    if job.is_cancelled:
                        return
                    self._tell(job, "item", item)
            finally:
                if isinstance(items, Generator):
                    items.close()
        except Exception as error:
            self._tell(job, "failed", error)
        else:
            self._tell(job, "done", None)

    def _tell(self, job: Job, kind: str, value: Any) -> None:
        if job.is_cancelled or self._closed:
            return
        self._events.append((job, kind, value))
        self._wake()

    def _wake(self) -> None:
        if not self._told.is_set():
            self._told.set()
            self._arrived.emit()

    @pyqtSlot()
    def _deliver(self) -> None:
        """On the Qt thread: hand out what has arrived, a short turn at a time."""
        self._told.clear()
        end_of_turn = time.monotonic() + TURN
        try:
            while self._events and time.monotonic() < end_of_turn:
                self._deliver_one(*self._events.popleft())
        finally:  # also when a callback raised: what came after it is still delivered
            if self._events:
                self._wake()

    def _deliver_one(self, job: Job, kind: str, value: Any) -> None:
        if job.is_cancelled:
            return
        if kind == "item":
            if job._on_item is not None:
                job._on_item(value)
            return
        job._ended = True
        self._jobs.discard(job)
        if kind == "done":
            if job._on_done is not None:
                job._on_done()
        elif job._on_failed is not None:
            job._on_failed(value)
        else:
            _log().error("Work failed and nobody took it.", exc_info=value)
            self.failed.emit(value)


def _log() -> logging.Logger:
    """Imported when there is something to say: the window's first look does without."""
    import logging

    return logging.getLogger(__name__)
