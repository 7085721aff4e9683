"""FrameStore: decoded frames of all panes, within one budget of memory, each decoded once."""

from __future__ import annotations

import ctypes
import math
import os
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from PyQt6.QtCore import QObject

from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.icc import changes_colours, to_srgb
from dicom_io.image.overlay_planes import OverlayPlane, read_overlays
from dicom_io.image.pyramid import Pyramid
from dicom_io.image.render import Renderer, Window, notices_of
from dicom_io.image.samples import Values
from dicom_io.image.shutter import notices_of_shutter
from ui.jobs import Job, Jobs

LEAST_BUDGET = 512 * 2**20  # bytes
SHARE = 0.25  # of the machine's memory, when nobody set a budget
MUCH = 32 * 2**20  # bytes that are worth giving back to the system at once
SMALL = 2**20  # pixels that the Qt thread may look at
SPARE = 0.03  # of the budget, let go of at a time: ranking every frame takes a while


class Loaded:
    """A decoded frame, ready to be drawn under any window.

    What drawing takes besides the stored values is made when it is first asked for: of the
    hundreds of frames that are decoded ahead, few are looked at soon.
    """

    def __init__(self, frame: ImageFrame, decoded: Decoded, *, is_srgb: bool = False) -> None:
        """`is_srgb` says that colours went through the file's profile already."""
        self.frame = frame
        self.decoded = decoded
        self._is_srgb = is_srgb

    @property
    def stored(self) -> Values:
        """The stored values."""
        return self.decoded.values

    @cached_property
    def renderer(self) -> Renderer:
        return Renderer(self.frame, self.stored, is_srgb=self._is_srgb)

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """That the file offers, then the automatic one."""
        return self.renderer.windows

    @cached_property
    def _planes(self) -> tuple[tuple[OverlayPlane, ...], tuple[str, ...]]:
        return read_overlays(self.frame, self.decoded)

    @property
    def overlays(self) -> tuple[OverlayPlane, ...]:
        """That the file lays over the picture."""
        return self._planes[0]

    @cached_property
    def notices(self) -> tuple[str, ...]:
        """What a reader should know about how it is shown."""
        own = (*notices_of(self.frame), *self.decoded.notices)
        return (*own, *self._planes[1], *notices_of_shutter(self.frame))

    @property
    def size(self) -> int:
        """Bytes of the stored values, and of the overlays that were taken out of them."""
        if self.frame.pyramid is not None:
            return 0  # its tiles are kept for themselves
        return self.stored.nbytes + sum(one.nbytes for one in self.decoded.overlays.values())

    def prepare(self) -> None:
        """Make now what would take long on the Qt thread."""
        if self.frame.pyramid is None and self.stored.size > SMALL:
            _ = self.windows, self.notices

    def lean(self) -> Loaded:
        """The same without the renderer, whose tables are quickly made again."""
        lean = Loaded(self.frame, self.decoded, is_srgb=self._is_srgb)
        for name in ("windows", "notices", "_planes"):
            if name in self.__dict__:
                lean.__dict__[name] = self.__dict__[name]
        return lean


class Holder(Protocol):
    """Whoever wants frames decoded: a reel."""

    def rank(self, frame: ImageFrame) -> float:
        """How near the frame is to what is wanted, 0 for the one wanted now; infinite for none."""

    def take(self, loaded: Loaded) -> None:
        """A frame that this holder asked for is decoded."""

    def fail(self, frame: ImageFrame, error: Exception) -> None:
        """A frame that this holder asked for cannot be decoded."""


@dataclass(eq=False)
class _UnderWay:
    """A frame that is being decoded, and for whom."""

    job: Job
    holders: list[Holder] = field(default_factory=list)


class FrameStore(QObject):
    """Used on the Qt thread only. A frame object stands for itself: two frames of one identity
    are never mistaken for each other, and two panes that show one series share its frames.

    When the budget is full, the frames farthest from what any pane shows are let go of; the one
    that a pane shows never is.
    """

    def __init__(
        self, jobs: Jobs, budget: int | None = None, parent: QObject | None = None
    ) -> None:
        """`budget` in bytes; without one a quarter of the machine's memory."""
        super().__init__(parent)
        self._jobs = jobs
        self._budget = budget if budget is not None else default_budget()
        self._holders: weakref.WeakSet[Holder] = weakref.WeakSet()
        self._kept: dict[ImageFrame, Loaded] = {}
        self._under_way: dict[ImageFrame, _UnderWay] = {}
        self._bytes = 0
        self._hopeless = math.inf  # the least rank that nothing kept would make room for

    @classmethod
    def of(cls, jobs: Jobs) -> FrameStore:
        """The one that all panes with these jobs share; made when first asked for."""
        store = jobs.findChild(cls)
        return store if store is not None else cls(jobs, parent=jobs)

    @property
    def budget(self) -> int:
        """Bytes that decoded frames may take."""
        return self._budget

    @budget.setter
    def budget(self, size: int) -> None:
        self._budget = size
        self.moved()
        self._make_room(0)

    @property
    def decoded_bytes(self) -> int:
        """What the decoded frames take now."""
        return self._bytes

    def join(self, holder: Holder) -> None:
        """This one's frames are kept from now on."""
        self._holders.add(holder)
        self.moved()

    def leave(self, holder: Holder) -> None:
        """This one wants nothing any more; what nobody else wants is let go of at once."""
        self._holders.discard(holder)
        for frame in list(self._under_way):
            self.cancel(frame, holder)
        before = self._bytes
        for frame in [frame for frame in self._kept if math.isinf(self._rank(frame))]:
            self._drop(frame)
        if before - self._bytes > MUCH:
            self._jobs.start(giving_back, pool="disk")
        self.moved()

    def moved(self) -> None:
        """What is wanted has changed: what there was no room for may be worth having now."""
        self._hopeless = math.inf

    def has(self, frame: ImageFrame) -> bool:
        return frame in self._kept

    def loaded(self, frame: ImageFrame) -> Loaded | None:
        """The frame ready to be drawn, if it is decoded."""
        kept = self._kept.get(frame)
        return kept.lean() if kept is not None else None

    def has_room(self, rank: float, size: int) -> bool:
        """True when a frame of that rank, of about `size` bytes, would be kept."""
        if self._bytes + size * (len(self._under_way) + 1) <= self._budget:
            return True
        if rank < self._hopeless and any(self._rank(frame) > rank for frame in self._kept):
            return True
        self._hopeless = min(self._hopeless, rank)
        return False

    def decode(self, frame: ImageFrame, holder: Holder, *, urgent: bool = False) -> None:
        """Have a frame decoded for a holder; once, whoever else waits for it."""
        under_way = self._under_way.get(frame)
        holders = under_way.holders if under_way is not None else []
        if holder not in holders:
            holders.append(holder)
        if under_way is not None:
            if not urgent or not under_way.job.is_waiting:
                return
            under_way.job.cancel()  # to the head of the queue
        job = self._jobs.start(
            decoding(frame),
            on_item=self._arrived,
            on_failed=lambda error: self._failed(frame, error),
            pool="decode",
            urgent=urgent,
        )
        self._under_way[frame] = _UnderWay(job, holders)

    def cancel(self, frame: ImageFrame, holder: Holder) -> None:
        """The holder does not wait for this frame any more."""
        under_way = self._under_way.get(frame)
        if under_way is None or holder not in under_way.holders:
            return
        under_way.holders.remove(holder)
        if not under_way.holders:
            under_way.job.cancel()
            del self._under_way[frame]

    def _arrived(self, loaded: Loaded) -> None:
        holders = self._under_way.pop(loaded.frame).holders
        self._make_room(loaded.size)
        self._kept[loaded.frame] = loaded.lean()
        self._bytes += loaded.size
        for holder in holders:
            holder.take(loaded)

    def _failed(self, frame: ImageFrame, error: Exception) -> None:
        for holder in self._under_way.pop(frame).holders:
            holder.fail(frame, error)

    def _rank(self, frame: ImageFrame) -> float:
        return min((holder.rank(frame) for holder in self._holders), default=math.inf)

    def _make_room(self, size: int) -> None:
        """Let go of the frames least worth having until the budget holds `size` bytes more."""
        if self._bytes + size <= self._budget:
            return
        ranks = {frame: self._rank(frame) for frame in self._kept}
        goal = self._budget * (1 - SPARE) - size
        for frame in sorted(ranks, key=lambda one: ranks[one], reverse=True):
            if self._bytes <= goal or ranks[frame] == 0:
                return
            self._drop(frame)

    def _drop(self, frame: ImageFrame) -> None:
        self._bytes -= self._kept.pop(frame).size


def decoding(frame: ImageFrame) -> Callable[[Callable[[], bool]], Iterator[Loaded]]:
    """The work of decoding one frame, for a pool thread."""

    def work(cancelled: Callable[[], bool]) -> Iterator[Loaded]:
        if not cancelled():
            if frame.pyramid is not None:
                yield opened(frame, frame.pyramid)
                return
            decoded = frame.decoded()
            if changes_colours(frame):  # 40 ms for a million pixels: not on the Qt thread
                decoded = replace(decoded, values=to_srgb(frame, decoded.values))
            loaded = Loaded(frame, decoded, is_srgb=True)
            loaded.prepare()
            yield loaded

    return work


def giving_back(cancelled: Callable[[], bool]) -> Iterator[None]:
    """Work for a pool thread: what the C library keeps of freed frames goes back to the system,
    which the model's process may need. Only glibc keeps that much."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
    yield from ()


def opened(frame: ImageFrame, pyramid: Pyramid) -> Loaded:
    """A slide, ready to be painted tile by tile. Its stored values have the right shape and no
    memory: nobody may look for pixels there."""
    pyramid.levels()
    nothing = np.broadcast_to(np.uint8(0), (frame.rows, frame.columns, 3))
    return Loaded(frame, Decoded(nothing), is_srgb=True)


def default_budget() -> int:
    """Bytes: a quarter of the machine's memory, and never less than 512 MiB."""
    return max(LEAST_BUDGET, int(SHARE * machine_memory()))


def machine_memory() -> int:
    """Bytes of memory that the machine has; 0 where the system does not say."""
    if sys.platform == "win32":

        class Status(ctypes.Structure):
            """MEMORYSTATUSEX of the Windows interface."""

            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (name, ctypes.c_ulonglong) for name in ("all", "free", "a", "b", "c", "d", "e")
            ]

        status = Status(length=ctypes.sizeof(Status))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.all)
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0
