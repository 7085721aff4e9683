"""Entries: the stacks of a study's series, each as one thing to choose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.stack import Stack, stacks_of
from dicom_io.study import Series
from ui.worklist.thumbnails import SeriesEntry


class Shelf:
    """The frames of a study by series, in stacks; those that have not grown are not looked at."""

    def __init__(self) -> None:
        self._frames: dict[str, list[ImageFrame]] = {}
        self._stacks: dict[str, tuple[Stack, ...]] = {}
        self._grown: set[str] = set()

    def clear(self) -> None:
        """Nothing is here."""
        self._frames.clear()
        self._stacks.clear()
        self._grown.clear()

    def add(self, frames: Iterable[ImageFrame]) -> bool:
        """More frames; True when a series came that was not here."""
        before = len(self._frames)
        for frame in frames:
            series = frame.identity.series
            self._frames.setdefault(series, []).append(frame)
            self._grown.add(series)
        return len(self._frames) > before

    def settle(self) -> tuple[Stack, ...]:
        """Put what has grown into stacks; gives the stacks that may be others now."""
        grown, self._grown = self._grown, set()
        for series in grown:
            self._stacks[series] = stacks_of(self._frames[series])
        return tuple(stack for series in grown for stack in self._stacks[series])

    def look_again(self) -> None:
        """Let `settle` give all stacks, not only those that have grown."""
        self._grown.update(self._frames)

    def series(self, series: str) -> tuple[ImageFrame, ...]:
        """The frames of a series, stack after stack."""
        if series in self._grown:  # and stays so, for those who wait to be told
            return in_order(self._frames[series])
        return tuple(frame for stack in self._stacks.get(series, ()) for frame in stack.frames)

    def entries(self) -> list[SeriesEntry]:
        """All stacks, the series by number."""
        found = [entry for stacks in self._stacks.values() for entry in entries_of(stacks)]
        found.sort(key=lambda entry: (entry.series.number is None, entry.series.number or 0))
        return found


def entries_of(stacks: Sequence[Stack]) -> list[SeriesEntry]:
    """The stacks of one series as entries, in order."""
    return [
        SeriesEntry(series_of(stack.frames), stack.frames, stack.name, stack.warnings)
        for stack in stacks
    ]


def in_order(frames: Iterable[ImageFrame]) -> tuple[ImageFrame, ...]:
    """The frames of one series by their place in the patient, stack after stack."""
    return tuple(frame for stack in stacks_of(frames) for frame in stack.frames)


def series_of(frames: Sequence[ImageFrame]) -> Series:
    """What the header of the first frame says of its series."""
    first = frames[0]

    def text(keyword: str) -> str:
        return str(first.header.get(keyword) or "").strip()

    one = first.identity
    return Series(
        Identity(one.patient_id, one.issuer, one.study, one.series),
        whole_number(first, "SeriesNumber"),
        first.modality,
        text("SeriesDescription"),
        text("BodyPartExamined"),
        len(frames),
    )


def whole_number(frame: ImageFrame, keyword: str) -> int | None:
    """An IS attribute of the header, None when it is absent or no number."""
    try:
        return int(str(frame.header.get(keyword)))
    except ValueError:
        return None
