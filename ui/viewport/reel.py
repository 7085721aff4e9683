"""Reel: the frames of one series, decoded by several threads, the nearest first, in a budget."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.header import number
from ui.jobs import THREADS, Jobs
from ui.viewport.frame_store import FrameStore, Loaded

__all__ = ["Loaded", "Reel"]

AHEAD = 4 * THREADS["decode"]  # frames under way for one reel: no thread waits for the Qt thread
FAR = 2 * AHEAD  # frames from the one wanted; what is under way beyond is given up
READY = 6  # frames whose tables are kept, so that what was just seen comes back at once
_AHEAD, _BEHIND = 1.5, 3.0  # rank of a step in the way of scrolling, and against it


class Reel(QObject):
    """Decoded frames around the one wanted.

    `loaded` and `failed` name the frame; nothing comes for a series that was closed. A frame that
    failed is not tried again until the series is opened anew. Without a `budget` of its own a reel
    shares one store with all others.
    """

    loaded = pyqtSignal(object)  # Loaded
    failed = pyqtSignal(object, object)  # ImageFrame, Exception

    def __init__(
        self,
        jobs: Jobs,
        budget: int | None = None,
        parent: QObject | None = None,
        *,
        store: FrameStore | None = None,
    ) -> None:
        super().__init__(parent)
        if store is None:
            store = FrameStore.of(jobs) if budget is None else FrameStore(jobs, budget, self)
        self._store = store
        self._frames: tuple[ImageFrame, ...] = ()
        self._places: dict[Identity, int] = {}
        self._problems: dict[Identity, Exception] = {}
        self._running: set[ImageFrame] = set()
        self._ready: OrderedDict[ImageFrame, Loaded] = OrderedDict()
        self._wanted = 0
        self._direction = 1
        self._coming: Iterator[int] | None = None  # places that are worth decoding, from here on
        self._size = 0  # bytes of a frame, about
        self._next: int | None = None  # the one of them that there was no thread or room for

    @property
    def frames(self) -> tuple[ImageFrame, ...]:
        return self._frames

    @property
    def decoded_bytes(self) -> int:
        """What the decoded frames of all reels of the store take now."""
        return self._store.decoded_bytes

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
        self._look_around()

    def put_in_order(self, frames: Sequence[ImageFrame]) -> None:
        """These frames and no others, in this order; nothing decoded is lost. Only the one wanted
        stays when it is not among them, at the end."""
        wanted = self._frames[self._wanted].identity if self._frames else None
        given = {frame.identity: frame for frame in frames}
        here = self._frames[self._wanted : self._wanted + 1]
        rest = [frame for frame in here if frame.identity not in given]
        self._frames = (*given.values(), *rest)
        self._places = {frame.identity: place for place, frame in enumerate(self._frames)}
        self._wanted = self._places[wanted] if wanted is not None else 0
        self._look_around()

    def close(self) -> None:
        """Drop everything."""
        self._frames = ()
        self._places.clear()
        self._problems.clear()
        self._running.clear()
        self._ready.clear()
        self._wanted, self._direction = 0, 1
        self._coming = self._next = None
        self._store.leave(self)

    def want(self, index: int) -> None:
        """Decode this frame next, then its neighbours, first those in the way of scrolling."""
        if index != self._wanted:
            self._direction = 1 if index > self._wanted else -1
        self._wanted = index
        for frame in [frame for frame in self._running if self.rank(frame) > _BEHIND * FAR]:
            self._running.discard(frame)
            self._store.cancel(frame, self)
        self._look_around()

    def get(self, frame: ImageFrame) -> Loaded | None:
        """The frame decoded, if it is."""
        mine = self._mine(frame)
        if mine is None:
            return None
        ready = self._ready.get(mine)
        if ready is None:
            ready = self._store.loaded(mine)
        if ready is not None:
            self._make_ready(ready)
        return ready

    def problem(self, frame: ImageFrame) -> Exception | None:
        """Why the frame cannot be decoded, if that was tried."""
        return self._problems.get(frame.identity)

    # --- for the store ---

    def rank(self, frame: ImageFrame) -> float:
        """As `Holder` says: two frames ahead count as much as one behind."""
        place = self._places.get(frame.identity)
        if place is None or self._frames[place] is not frame:
            return math.inf
        steps = (place - self._wanted) * self._direction
        return steps * _AHEAD if steps >= 0 else -steps * _BEHIND

    def take(self, loaded: Loaded) -> None:
        """A frame is there."""
        self._running.discard(loaded.frame)
        if not self._expects(loaded.frame):
            return
        if self.rank(loaded.frame) <= READY:
            self._make_ready(loaded)
        self.loaded.emit(loaded)
        self._decode_next()

    def fail(self, frame: ImageFrame, error: Exception) -> None:
        """A frame cannot be decoded."""
        self._running.discard(frame)
        if not self._expects(frame):
            return
        self._problems[frame.identity] = error
        self.failed.emit(frame, error)
        self._decode_next()

    def _expects(self, frame: ImageFrame) -> bool:
        """False for a frame that came too late: the series was closed, or the pane is gone."""
        if sip.isdeleted(self):
            self._store.leave(self)
            return False
        return self._mine(frame) is frame

    # --- what to decode ---

    def _mine(self, frame: ImageFrame) -> ImageFrame | None:
        """This reel's own frame of that identity."""
        place = self._places.get(frame.identity)
        return self._frames[place] if place is not None else None

    def _make_ready(self, loaded: Loaded) -> None:
        self._ready[loaded.frame] = loaded
        self._ready.move_to_end(loaded.frame)
        for frame in [frame for frame in self._ready if not self._store.has(frame)]:
            del self._ready[frame]
        if len(self._ready) > READY:
            self._ready.popitem(last=False)

    def _look_around(self) -> None:
        """Begin again with the frame wanted."""
        if not self._frames:
            return
        self._store.join(self)
        self._coming, self._next = self._order(), None
        wanted = self._frames[self._wanted]
        sample = 3 if wanted.is_colour else max(1, number(wanted.header, "BitsAllocated", 16) // 8)
        self._size = wanted.rows * wanted.columns * sample
        if not self._store.has(wanted) and wanted.identity not in self._problems:
            self._running.add(wanted)
            self._store.decode(wanted, self, urgent=True)
        self._decode_next()

    def _decode_next(self) -> None:
        """Keep all threads busy, as long as there is room for what they make."""
        while len(self._running) < AHEAD:
            place = self._next if self._next is not None else next(self._coming or iter(()), None)
            self._next = None
            if place is None:
                return
            frame = self._frames[place]
            if self._is_settled(frame):
                continue
            if not self._store.has_room(self.rank(frame), self._size):
                self._next = place
                return
            self._running.add(frame)
            self._store.decode(frame, self)

    def _is_settled(self, frame: ImageFrame) -> bool:
        return frame in self._running or frame.identity in self._problems or self._store.has(frame)

    def _order(self) -> Iterator[int]:
        """The frames worth having besides the one wanted, the nearest first by their rank."""
        total, wanted, direction = len(self._frames), self._wanted, self._direction
        ahead = behind = 0
        while ahead < total or behind < total:
            if (ahead + 1) * _AHEAD <= (behind + 1) * _BEHIND and ahead < total:
                ahead += 1
                place = wanted + direction * ahead
            else:
                behind += 1
                place = wanted - direction * behind
            if 0 <= place < total:
                yield place
