"""Blocking network work on a thread of its own, so that its reader can be stopped at any time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from dicom_io.errors import Cancelled
from dicom_io.source import Stop

T = TypeVar("T")

POLL = 0.05  # seconds between two looks at `stop`


@dataclass(frozen=True, slots=True)
class _Ended:
    """The end of the work; `error` is what it raised."""

    error: BaseException | None


class Relay(Generic[T]):
    """A queue between the thread that talks to a node and the generator that is read.

    The worker calls `put` and looks at `stopped`; the reader iterates `items`.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[T | _Ended] = queue.SimpleQueue()
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """True once the reader wants no more."""
        return self._stopped.is_set()

    def put(self, item: T) -> None:
        """Hand an item to the reader."""
        self._queue.put(item)

    def items(
        self,
        work: Callable[[], None],
        stop: Stop,
        abandon: Callable[[], None],
        *,
        wait: bool = True,
    ) -> Iterator[T]:
        """Run `work` on a thread and yield what it puts.

        When `stop` says so, or the reader goes away, `stopped` becomes true and `abandon` is
        called, which must make `work` return soon; with `wait` the generator ends only after it
        has. Raises Cancelled after a stop, and whatever `work` raised.
        """
        thread = threading.Thread(target=self._run, args=(work,), name="pacs", daemon=True)
        thread.start()
        ended = False
        try:
            while True:
                if stop():
                    raise Cancelled("Stopped.")
                try:
                    item = self._queue.get(timeout=POLL)
                except queue.Empty:
                    continue
                if isinstance(item, _Ended):
                    ended = True
                    if item.error is not None:
                        raise item.error
                    return
                yield item
        finally:
            self._stopped.set()
            if not ended:
                abandon()
            if wait or ended:
                thread.join()

    def _run(self, work: Callable[[], None]) -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as caught:  # handed to the reader's thread, which raises it
            error = caught
        self._queue.put(_Ended(error))
