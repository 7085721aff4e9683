"""Cine: how long each frame of a clip stands, and which one is due at a moment."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from dicom_io.image.frame import ImageFrame

USUAL = 15.0  # frames a second, where nothing is stored
SLOWEST, FASTEST = 0.1, 200.0  # frames a second; what lies outside is no rate that anybody meant
FRAME_TIME_VECTOR = Tag("FrameTimeVector")


@dataclass(frozen=True)
class Pace:
    """Seconds that each frame stands, in the order of the series, and where that is said."""

    durations: tuple[float, ...]
    source: str  # the attribute's name, or "usual"
    sweeps: bool = False  # to and fro, as PreferredPlaybackSequencing asks

    @property
    def rate(self) -> float:
        """Frames a second, on average."""
        return len(self.durations) / math.fsum(self.durations)


def pace_of(frames: Sequence[ImageFrame]) -> Pace:
    """The pace of a series: of one clip as its file says, of single images the usual one.

    Asked in this order: RecommendedDisplayFrameRate, CineRate, then FrameTimeVector where
    FrameIncrementPointer points at it, FrameTime, FrameTimeVector. A value that cannot be meant
    (not above 0, a vector of another length) counts as absent.
    Source: PS3.3 C.7.6.5.1 (Cine), C.7.6.6 (Multi-frame). Raises ValueError for no frames.
    """
    if not frames:
        raise ValueError("There is no frame to play.")
    header, count = frames[0].header, len(frames)
    is_clip = all(frame.identity.instance == frames[0].identity.instance for frame in frames)
    sweeps = str(header.get("PreferredPlaybackSequencing") or "").strip() == "1"
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = _number(header.get(keyword))
        if SLOWEST <= rate <= FASTEST:
            return Pace((1 / rate,) * count, keyword, sweeps)
    vector = _vector(header, frames) if is_clip else ()
    if vector and header.get("FrameIncrementPointer") == FRAME_TIME_VECTOR:
        return Pace(vector, "FrameTimeVector", sweeps)
    each = _number(header.get("FrameTime")) / 1000
    if 1 / FASTEST <= each <= 1 / SLOWEST:
        return Pace((each,) * count, "FrameTime", sweeps)
    if vector:
        return Pace(vector, "FrameTimeVector", sweeps)
    return Pace((1 / USUAL,) * count, "usual", sweeps)


def _vector(header: Dataset, frames: Sequence[ImageFrame]) -> tuple[float, ...]:
    """How long each frame stands by FrameTimeVector; () when it is absent or not of this clip.

    Its value n is the time from frame n-1 to frame n, in milliseconds; the first is 0 and says
    nothing. The last frame stands as long as the frames do on average.
    """
    value = header.get("FrameTimeVector")
    try:
        steps = [_number(one) / 1000 for one in value or ()]
    except TypeError:
        return ()
    if len(steps) != frames[0].number_of_frames or len(steps) < 2:
        return ()
    between = steps[1:]
    if not all(0 < one <= 1 / SLOWEST for one in between):
        return ()
    stands = [*between, math.fsum(between) / len(between)]
    return tuple(stands[frame.index] for frame in frames)


def _number(value: object) -> float:
    """The value as a number; 0 when it is none."""
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0


class Timeline:
    """Which frame is due after how many seconds, round and round, or to and fro."""

    def __init__(self, durations: Sequence[float], *, sweeps: bool = False) -> None:
        count = len(durations)
        order = list(range(count))
        if sweeps:
            order += range(count - 2, 0, -1)
        self.order = tuple(order)
        self._starts: list[float] = []
        self.period = 0.0
        for index in order:
            self._starts.append(self.period)
            self.period += durations[index]

    def step_at(self, seconds: float) -> int:
        """How many frames were due since the beginning, the first not counted."""
        rounds, rest = divmod(seconds, self.period)
        return int(rounds) * len(self.order) + bisect_right(self._starts, rest) - 1

    def frame_of(self, step: int) -> int:
        """The frame that is due at a step."""
        return self.order[step % len(self.order)]

    def moment_of(self, frame: int) -> float:
        """Seconds after the beginning at which a frame is first due."""
        return self._starts[self.order.index(frame)]


def faster(pace: Pace, factor: float) -> Pace:
    """The same pace, so many times as fast, within what a screen can show."""
    rate = min(max(pace.rate * factor, SLOWEST), FASTEST)
    factor = rate / pace.rate
    return replace(pace, durations=tuple(one / factor for one in pace.durations))
