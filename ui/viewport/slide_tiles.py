"""SlideTiles: the tiles of one slide around what is seen of it, read on pool threads, nearest the
middle first, under the budget that all decoded frames share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from dicom_io.image.crop import Box
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.pyramid import Level, Pyramid
from ui.jobs import THREADS, Jobs
from ui.viewport.frame_store import FrameStore, Loaded
from ui.viewport.picture import as_image

AHEAD = 2 * THREADS["decode"]  # tiles under way: more would be read in an order that is over
MARGIN = 1  # tiles around what is seen that are read too
FARTHEST = 1e6  # rank of a tile that nobody looks at; the coarsest is worth most


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tile lies: its level, and column and row among the level's tiles."""

    level: int
    column: int
    row: int


class SlideTiles(QObject):
    """`changed` when a tile has come. A tile that cannot be read is tried once; `problem` is the
    first sentence."""

    changed = pyqtSignal()

    def __init__(self, frame: ImageFrame, pyramid: Pyramid, jobs: Jobs, parent: QObject) -> None:
        """The levels of `pyramid` must have been read before."""
        super().__init__(parent)
        self.frame = frame
        self.levels = pyramid.levels()
        self._pyramid = pyramid
        self._store = FrameStore.of(jobs)
        self._tiles: dict[Place, ImageFrame] = {}
        self._places: dict[ImageFrame, Place] = {}
        self._images: dict[ImageFrame, tuple[Loaded, QImage]] = {}
        self._running: set[ImageFrame] = set()
        self._failed: dict[Place, Exception] = {}
        self.count = 0  # tiles that have come so far
        self._seen: tuple[int, Box] = (len(self.levels) - 1, (0.0, 0.0, 0.0, 0.0))
        self._store.join(self)

    @property
    def problem(self) -> Exception | None:
        """Why a tile cannot be read; None while all could be."""
        return next(iter(self._failed.values()), None)

    def close(self) -> None:
        """Nothing of this slide is wanted any more."""
        self._tiles.clear()
        self._places.clear()
        self._images.clear()
        self._running.clear()
        self._store.leave(self)

    def look_at(self, level: int, box: Box) -> None:
        """Have the tiles read that lie in a box of the level's columns and rows."""
        if (level, box) == self._seen and self._running:
            return
        self._seen = (level, box)
        for frame in [one for one in self._running if self.rank(one) >= FARTHEST]:
            self._running.discard(frame)
            self._store.cancel(frame, self)
        self._store.moved()
        self._read_next()

    def image(self, place: Place) -> QImage | None:
        """The tile's pixels, if they are here; RGB888, not to be changed."""
        frame = self._tiles.get(place)
        if frame is None:
            return None
        if not self._store.has(frame):
            self._images.pop(frame, None)
            return None
        kept = self._images.get(frame)
        if kept is None:
            loaded = self._store.loaded(frame)
            if loaded is None:
                return None
            kept = self._images[frame] = (loaded, as_image(loaded.stored))
        return kept[1]

    def places_in(self, level: int, box: Box) -> Iterator[Place]:
        """The tiles of a level that a box of its columns and rows touches."""
        one = self.levels[level]
        left, top = max(0, math.floor(box[0] / one.tile)), max(0, math.floor(box[1] / one.tile))
        right = min(math.ceil(box[2] / one.tile), math.ceil(one.columns / one.tile))
        bottom = min(math.ceil(box[3] / one.tile), math.ceil(one.rows / one.tile))
        for row in range(top, bottom):
            for column in range(left, right):
                yield Place(level, column, row)

    # --- for the store ---

    def rank(self, frame: ImageFrame) -> float:
        """How far from the middle of what is seen, in tiles; the coarsest level is always near."""
        place = self._places.get(frame)
        if place is None:
            return math.inf
        level, box = self._seen
        if place.level == len(self.levels) - 1:
            return 1.0
        if place.level != level:
            return FARTHEST + abs(place.level - level)
        side = self.levels[level].tile
        across = abs((place.column + 0.5) * side - (box[0] + box[2]) / 2)
        down = abs((place.row + 0.5) * side - (box[1] + box[3]) / 2)
        beyond = max(across - (box[2] - box[0]) / 2, down - (box[3] - box[1]) / 2)
        far = FARTHEST if beyond > (MARGIN + 1) * side else 0.0
        return 2.0 + far + math.hypot(across, down) / side

    def take(self, loaded: Loaded) -> None:
        """A tile is here."""
        self._running.discard(loaded.frame)
        if sip.isdeleted(self):
            self._store.leave(self)
            return
        if loaded.frame in self._places:
            self.count += 1
            self.changed.emit()
            self._read_next()

    def fail(self, frame: ImageFrame, error: Exception) -> None:
        """A tile cannot be read."""
        self._running.discard(frame)
        if sip.isdeleted(self):
            self._store.leave(self)
            return
        if frame in self._places:
            self._failed[self._places[frame]] = error
            self.changed.emit()
            self._read_next()

    def _read_next(self) -> None:
        """Keep the threads busy with the nearest tiles that are missing."""
        for place in self._wanted():
            if len(self._running) >= AHEAD:
                return
            frame = self._tile(place)
            if frame in self._running or place in self._failed or self._store.has(frame):
                continue
            size = (
                3 * self.levels[place.level].tile ** 2
            )  # bytes; the frame's header is the slide's
            if not self._store.has_room(self.rank(frame), size):
                return
            self._running.add(frame)
            self._store.decode(frame, self)

    def _wanted(self) -> list[Place]:
        """First the coarsest level, which stands in for all others, then what is seen."""
        level, box = self._seen
        last = len(self.levels) - 1
        coarsest = self.levels[last]
        first = list(self.places_in(last, (0.0, 0.0, coarsest.columns, coarsest.rows)))
        if level == last:
            return first
        edge = MARGIN * self.levels[level].tile
        wider = (box[0] - edge, box[1] - edge, box[2] + edge, box[3] + edge)
        seen = sorted(self.places_in(level, wider), key=lambda place: self.rank(self._tile(place)))
        return [*first, *seen]

    def _tile(self, place: Place) -> ImageFrame:
        """The tile as a frame of its own, which the store keeps like any other."""
        known = self._tiles.get(place)
        if known is not None:
            return known
        level = self.levels[place.level]
        frame = replace(self.frame, decode=reading(self._pyramid, level, place), pyramid=None)
        self._tiles[place] = frame
        self._places[frame] = place
        return frame


def reading(pyramid: Pyramid, level: Level, place: Place) -> Callable[[int], Decoded]:
    """What reads one tile."""

    def decode(index: int) -> Decoded:
        x, y = place.column * level.tile, place.row * level.tile
        width, height = min(level.tile, level.columns - x), min(level.tile, level.rows - y)
        return Decoded(pyramid.region(place.level, x, y, width, height))

    return decode
