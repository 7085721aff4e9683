"""Measuring: what the marks of a window measure, never so slowly that a drag would halt.

Small shapes are measured at once. What takes longer is worked out on a pool thread, one at a time
and the newest first; until then lengths and areas, which need no pixels, are there already.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Point, Value
from dicom_io.image.frame import ImageFrame
from dicom_io.image.measure import dimensions, intensities, reach
from dicom_io.image.modality import Values
from ui.jobs import Jobs

AT_ONCE = 250_000  # pixels that a paint may look at: about a millisecond
KEPT = 500  # results

_Key = tuple[Identity, Path, Kind, tuple[Point, ...]]


@dataclass(frozen=True)
class Measured:
    """What is known of a mark so far."""

    values: tuple[Value, ...]
    is_complete: bool = True


@dataclass(frozen=True)
class _Wish:
    key: _Key
    annotation: Annotation
    frame: ImageFrame
    stored: Values


class Measuring(QObject):
    """Remembers what was measured. `changed` says that a result has come."""

    changed = pyqtSignal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._results: OrderedDict[_Key, tuple[Value, ...]] = OrderedDict()
        self._running = False
        self._wishes: OrderedDict[str, _Wish] = OrderedDict()  # by mark, the newest last

    def of(self, annotation: Annotation, frame: ImageFrame, stored: Values) -> Measured:
        """The values of a mark on this frame. Raises ValueError for another frame's mark."""
        key = (annotation.identity, frame.path, annotation.kind, annotation.points)
        known = self._results.get(key)
        if known is not None:
            self._results.move_to_end(key)
            self._wishes.pop(annotation.id, None)
            return Measured(known)
        plain = dimensions(annotation, frame)
        if reach(annotation, frame) <= AT_ONCE:
            return Measured(self._keep(key, (*plain, *intensities(annotation, frame, stored))))
        self._wishes[annotation.id] = _Wish(key, annotation, frame, stored)
        self._wishes.move_to_end(annotation.id)
        self._next()
        return Measured(plain, is_complete=False)

    def _keep(self, key: _Key, values: tuple[Value, ...]) -> tuple[Value, ...]:
        self._results[key] = values
        while len(self._results) > KEPT:
            self._results.popitem(last=False)
        return values

    def _next(self) -> None:
        """Work out the newest wish, unless one is under way."""
        if self._running or not self._wishes:
            return
        wish = self._wishes.popitem(last=True)[1]

        def work(cancelled: Callable[[], bool]) -> Iterator[tuple[Value, ...]]:
            found = dimensions(wish.annotation, wish.frame)
            yield (*found, *intensities(wish.annotation, wish.frame, wish.stored))

        def arrived(values: tuple[Value, ...]) -> None:
            self._keep(wish.key, values)

        def ended() -> None:
            self._running = False
            self._next()
            self.changed.emit()

        def failed(error: Exception) -> None:
            self._keep(wish.key, dimensions(wish.annotation, wish.frame))  # not tried again
            ended()
            self._jobs.failed.emit(error)

        job = self._jobs.start(
            work, on_item=arrived, on_done=ended, on_failed=failed, pool="disk", urgent=True
        )
        self._running = job.is_running
