"""Reel: the frames of one series, decoded on the disk pool, the nearest first, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Renderer, Window, notices_of
from ui.jobs import Job, Jobs

BUDGET = 512 * 2**20  # bytes of decoded frames kept, the shown one always among them
REACH = 300  # frames, at most, that are decoded ahead and behind together
SLOW = 1  # frames decoded ahead at a time, so that a thread is left for the one wanted now


@dataclass(frozen=True, eq=False)
class Loaded:
    """A decoded frame, ready to be drawn under any window."""

    frame: ImageFrame
    renderer: Renderer  # holds the stored values
    windows: tuple[Window, ...]  # that the file offers, then the automatic one
    notices: tuple[str, ...] = ()  # what a reader should know about how it is shown

    @property
    def size(self) -> int:
        """Bytes of the stored values."""
        return int(self.renderer.stored.nbytes)


class Reel(QObject):
    """Decoded frames around the one wanted.

    `loaded` and `failed` name the frame; nothing comes for a series that was closed. A frame that
    failed is not tried again until the series is opened anew.
    """

    loaded = pyqtSignal(object)  # Loaded
    failed = pyqtSignal(object, object)  # ImageFrame, Exception

    def __init__(self, jobs: Jobs, budget: int = BUDGET, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._budget = budget
        self._frames: tuple[ImageFrame, ...] = ()
        self._places: dict[Identity, int] = {}
        self._kept: dict[Identity, Loaded] = {}
        self._problems: dict[Identity, Exception] = {}
        self._running: dict[Identity, Job] = {}
        self._wanted = 0
        self._direction = 1
        self._full = False

    @property
    def frames(self) -> tuple[ImageFrame, ...]:
        return self._frames

    @property
    def decoded_bytes(self) -> int:
        """What the decoded frames take now."""
        return sum(one.size for one in self._kept.values())

    def open(self, frames: Sequence[ImageFrame]) -> None:
        """Hold another series; everything under way for the one before is dropped."""
        self.close()
        self.add(frames)

    def add(self, frames: Sequence[ImageFrame]) -> None:
        """More frames at the end; those already there are left out."""
        fresh = [frame for frame in frames if frame.identity not in self._places]
        for frame in fresh:
            self._places[frame.identity] = len(self._places)
        self._frames = (*self._frames, *fresh)
        self._decode_next()

    def put_in_order(self, frames: Sequence[ImageFrame]) -> None:
        """The same frames in another order, with any that are new; nothing decoded is lost."""
        wanted = self._frames[self._wanted].identity if self._frames else None
        given = {frame.identity: frame for frame in frames}
        rest = [frame for frame in self._frames if frame.identity not in given]
        self._frames = (*given.values(), *rest)
        self._places = {frame.identity: place for place, frame in enumerate(self._frames)}
        self._wanted = self._places[wanted] if wanted is not None else 0
        self._full = False
        self._decode_next()

    def close(self) -> None:
        """Drop everything."""
        for job in self._running.values():
            job.cancel()
        self._running.clear()
        self._frames = ()
        self._places.clear()
        self._kept.clear()
        self._problems.clear()
        self._wanted, self._direction, self._full = 0, 1, False

    def want(self, index: int) -> None:
        """Decode this frame next, then its neighbours, first those in the way of scrolling."""
        if index != self._wanted:
            self._direction = 1 if index > self._wanted else -1
            self._full = False
        self._wanted = index
        self._decode_next()

    def get(self, frame: ImageFrame) -> Loaded | None:
        """The frame decoded, if it is."""
        return self._kept.get(frame.identity)

    def problem(self, frame: ImageFrame) -> Exception | None:
        """Why the frame cannot be decoded, if that was tried."""
        return self._problems.get(frame.identity)

    def _decode_next(self) -> None:
        for index in self._order():
            frame = self._frames[index]
            now = index == self._wanted
            if not now and (self._full or len(self._running) >= SLOW):
                return
            if not self._is_settled(frame):
                self._decode(frame, urgent=now)

    def _is_settled(self, frame: ImageFrame) -> bool:
        name = frame.identity
        return name in self._kept or name in self._problems or name in self._running

    def _order(self) -> Iterator[int]:
        """The frames worth having, the wanted one first, two ahead for each one behind."""
        if not self._frames:
            return
        yield self._wanted
        reach = self._room()
        ahead = behind = 0
        for step in range(reach):
            if step % 3 == 2:
                behind += 1
                index = self._wanted - self._direction * behind
            else:
                ahead += 1
                index = self._wanted + self._direction * ahead
            if 0 <= index < len(self._frames):
                yield index

    def _room(self) -> int:
        """How many frames besides the wanted one the budget holds."""
        kept = self._kept.get(self._frames[self._wanted].identity)
        if kept is None or len(self._frames) == 1:
            return 0
        return min(REACH, max(0, self._budget // max(1, kept.size) - 1))

    def _decode(self, frame: ImageFrame, *, urgent: bool) -> None:
        def arrived(loaded: Loaded) -> None:
            self._running.pop(frame.identity, None)
            self._keep(loaded)

        def failed(error: Exception) -> None:
            self._running.pop(frame.identity, None)
            self._problems[frame.identity] = error
            self.failed.emit(frame, error)
            self._decode_next()

        self._running[frame.identity] = self._jobs.start(
            decoding(frame), on_item=arrived, on_failed=failed, pool="disk", urgent=urgent
        )

    def _keep(self, loaded: Loaded) -> None:
        self._kept[loaded.frame.identity] = loaded
        self._make_room()
        self.loaded.emit(loaded)
        self._decode_next()

    def _make_room(self) -> None:
        """Let go of the frames least worth having until the budget holds."""
        size = self.decoded_bytes
        if size <= self._budget:
            return
        ranks = {self._frames[index].identity: rank for rank, index in enumerate(self._order())}
        last = len(ranks)
        for name in sorted(self._kept, key=lambda one: ranks.get(one, last), reverse=True):
            if size <= self._budget or self._places[name] == self._wanted:
                return
            size -= self._kept.pop(name).size
            self._full |= name in ranks  # or it would be decoded and let go of for ever


def decoding(frame: ImageFrame) -> Callable[[Callable[[], bool]], Iterator[Loaded]]:
    """The work of decoding one frame, for a pool thread."""

    def work(cancelled: Callable[[], bool]) -> Iterator[Loaded]:
        if not cancelled():
            renderer = Renderer(frame, frame.stored())
            yield Loaded(frame, renderer, renderer.windows, notices_of(frame))

    return work
