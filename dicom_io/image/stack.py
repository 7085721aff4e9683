"""Stack: the frames of a series in the order in which they lie in the patient, phases apart.

Source: DICOM PS3.3 C.7.6.2.1.1; the keys of separation are those of the functional groups and
their counterparts in single-frame images.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dicom_io.image.frame import ImageFrame
from dicom_io.image.header import number


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames that a reader scrolls through."""

    frames: tuple[ImageFrame, ...]
    name: str = (
        ""  # what tells it from the series' other stacks: "phase 2", "echo 1"; "" when alone
    )
    positions: tuple[float, ...] = ()  # mm along the normal, one a frame; () when not known
    warnings: tuple[str, ...] = ()  # a sentence each: gaps, doubles, mixed sizes
    is_volume: bool = False  # evenly spaced and parallel: may be cut along other planes


def stacks_of(frames: Iterable[ImageFrame]) -> tuple[Stack, ...]:
    """The stacks of one series, in order; () for no frames."""

    def place(frame: ImageFrame) -> tuple[int, str, int]:
        return number(frame.header, "InstanceNumber", 0), frame.identity.instance, frame.index

    ordered = tuple(sorted(frames, key=place))
    return (Stack(ordered),) if ordered else ()
