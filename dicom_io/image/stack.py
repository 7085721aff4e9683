"""Stack: the frames of a series in the order in which they lie in the patient, phases apart.

The order is that of the positions along the slices' normal, never that of numbers or file names
while positions are there. Frames that lie at one place are parted by what the header says of
them (phases, echoes, b-values, ...). What cannot be settled is told in a sentence.
Source: DICOM PS3.3 C.7.6.2.1.1; the keys of separation are those of `dicom_io.image.place`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.evenness import SAME_PLACE, Evenness, evenness_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.phases import Item, parted
from dicom_io.image.place import Place, places_of
from dicom_io.image.slide import is_slide, slides_of

PARALLEL = 1e-3  # greatest difference of a direction cosine
CROSS_SECTIONS = {"CT", "MR", "PT"}  # where a missing position is worth a word
NO_POSITIONS = (
    "The file does not say where these images lie; they are ordered by {by}, "
    "and distances between them are not known."
)
NOT_PARALLEL = "These images are not parallel; they are ordered by image number."
MIXED_SIZES = "The images of this series differ in size; each size is a stack of its own."
SAME_NAME = "Left out, since they bear the identifier of another image: {count}."


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
    why_no_volume: str = ""  # a sentence, "" for a volume
    spacing: float = 0.0  # mm between slices, the median; 0 when not known


def stacks_of(frames: Iterable[ImageFrame]) -> tuple[Stack, ...]:
    """The stacks of one series, in order; () for no frames.

    Every frame is in exactly one stack, but for those that bear the identifier of another.
    """
    given = list(frames)
    unique: dict[tuple[str, str, int], ImageFrame] = {}
    for frame in given:
        name = frame.identity
        unique.setdefault((name.series, name.instance, name.frame), frame)
    kept = list(unique.values())
    items = [Item(frame, place) for frame, place in zip(kept, places_of(kept), strict=True)]
    stacks = [stack for group in _groups(items) for stack in group]
    stacks = [*_slides(kept), *map(_of_tiles, stacks)]
    if len(kept) < len(given) and stacks:
        told = SAME_NAME.format(count=len(given) - len(kept))
        stacks[0] = replace(stacks[0], warnings=(*stacks[0].warnings, told))
    return tuple(stacks)


def _slides(frames: list[ImageFrame]) -> Iterator[Stack]:
    """Each slide as one picture, before its tiles."""
    why = "A slide has no planes."
    for slide in slides_of(frames):
        yield Stack((slide,), "slide", why_no_volume=why)


def _of_tiles(stack: Stack) -> Stack:
    """The same, called by what it is when its frames are tiles of a slide."""
    if not is_slide(stack.frames[0].header):
        return stack
    return replace(stack, name=", ".join(filter(None, ("tile by tile", stack.name))))


def _groups(items: list[Item]) -> Iterator[list[Stack]]:
    """Localizers last; then by size and frame of reference, then by direction."""
    by_series = _parts(items, lambda item: (item.frame.identity.study, item.frame.identity.series))
    for series in by_series.values():
        coarse = _parts(series, lambda item: _coarse(item.place))
        parts = sorted(coarse.items(), key=lambda part: (part[0][0], _least_number(part[1])))
        sizes = {key[1:4] for key in coarse}
        references = list(dict.fromkeys(key[4] for key, _ in parts))
        for key, group in parts:
            words = _words(key, len(sizes), references, len(coarse))
            warnings = (MIXED_SIZES,) if len(sizes) > 1 else ()
            yield list(_stacks(group, words, warnings))


def _coarse(place: Place) -> tuple[bool, int, int, bool, str]:
    """What never stands in one stack with anything else."""
    return place.is_localizer, place.rows, place.columns, place.is_colour, place.reference


def _words(
    key: tuple[bool, int, int, bool, str], sizes: int, references: list[str], parts: int
) -> tuple[str, ...]:
    words = []
    if key[0] and parts > 1:
        words.append("localizer")
    if sizes > 1:
        words.append(f"{key[2]} × {key[1]}")
    if len(references) > 1:
        words.append(f"frame of reference {references.index(key[4]) + 1}")
    return tuple(words)


def _stacks(
    items: list[Item], words: tuple[str, ...], warnings: tuple[str, ...]
) -> Iterator[Stack]:
    """The stacks of frames of one size in one frame of reference."""
    placed = [item for item in items if item.place.position and item.place.orientation]
    rest = [item for item in items if not (item.place.position and item.place.orientation)]
    directions = _by_direction(placed)
    lone = [group for group in directions if len(group) == 1]
    if len(lone) >= 3:  # turned about an axis, or three films of three planes
        directions = [group for group in directions if len(group) > 1]
        yield _numbered(
            [group[0] for group in lone], words, (*warnings, NOT_PARALLEL), NOT_PARALLEL
        )
    names = _direction_names(directions)
    for group, name in zip(directions, names, strict=True):
        yield from _parallel(group, (*words, *name), warnings)
    if rest:
        extra = ("without a position",) if placed else ()
        yield from _unplaced(rest, (*words, *extra), warnings)


def _by_direction(items: list[Item]) -> list[list[Item]]:
    """Groups of parallel frames with the same rows; those of the smallest number first."""
    exact = _parts(items, lambda item: item.place.orientation)
    groups: list[tuple[NDArray[np.float64], list[Item]]] = []
    for orientation, members in exact.items():
        this = np.array(orientation)
        for first, group in groups:
            if np.abs(first - this).max() <= PARALLEL:
                group.extend(members)
                break
        else:
            groups.append((this, list(members)))
    return sorted((group for _, group in groups), key=_least_number)


def _direction_names(groups: list[list[Item]]) -> list[tuple[str, ...]]:
    """Axial, coronal, ... when there are several directions; numbered where names repeat."""
    if len(groups) < 2:
        return [() for _ in groups]
    plain = [plane_name(group[0].place.normal) for group in groups]
    found: list[tuple[str, ...]] = []
    for place, name in enumerate(plain):
        nth = plain[: place + 1].count(name)
        found.append((name if plain.count(name) == 1 else f"{name} {nth}",))
    return found


def plane_name(normal: Sequence[float]) -> str:
    """What radiologists call a plane with this normal, within some 25 degrees; else "oblique"."""
    for part, name in zip(normal, ("sagittal", "coronal", "axial"), strict=True):
        if abs(part) > 0.9:
            return name
    return "oblique"


def _parallel(
    items: list[Item], words: tuple[str, ...], warnings: tuple[str, ...]
) -> Iterator[Stack]:
    """Phases apart, each in the order of its positions."""
    normal = np.array(items[0].place.normal)
    origins = np.array([item.place.position for item in items])
    depths = origins @ normal
    across = origins - np.outer(depths, normal)
    columns = np.round(across).tolist()
    for item, depth, side in zip(items, depths.tolist(), columns, strict=True):
        item.depth, item.column = depth, tuple(side)
    parts, told = parted(items)
    for part, name in parts:
        part.sort(key=lambda item: (round(item.depth / SAME_PLACE), item.tie()))
        facts = _evenness(part)
        yield _stack(part, (*words, *name), (*warnings, *told), facts)


def _evenness(part: list[Item]) -> Evenness:
    return evenness_of([item.place for item in part], [item.depth for item in part])


def _stack(
    part: list[Item], words: tuple[str, ...], warnings: tuple[str, ...], facts: Evenness
) -> Stack:
    return Stack(
        tuple(item.frame for item in part),
        ", ".join(words),
        tuple(item.depth for item in part),
        (*warnings, *facts.warnings),
        not facts.why_no_volume,
        facts.why_no_volume,
        facts.spacing,
    )


def _unplaced(
    items: list[Item], words: tuple[str, ...], warnings: tuple[str, ...]
) -> Iterator[Stack]:
    """Frames whose place is not known: clips by themselves, the rest by number."""
    clips = _parts([item for item in items if item.place.frames > 1], _instance)
    rest = [item for item in items if item.place.frames == 1]
    count = len(clips)
    for place, clip in enumerate(sorted(clips.values(), key=_least_number), start=1):
        several = (f"clip {place} of {count}",) if count > 1 or rest else ()
        parts, told = parted(clip, is_cine=True)
        for part, name in parts:
            part.sort(key=lambda item: (item.place.in_stack, item.frame.index))
            yield _numbered(part, (*words, *several, *name), (*warnings, *told), sort=False)
    if rest:
        by, order = _fallback(rest)
        rest.sort(key=order)
        told = (NO_POSITIONS.format(by=by),) if _should_tell(rest, by) else ()
        yield _numbered(rest, words, (*warnings, *told), sort=False)


def _should_tell(items: list[Item], by: str) -> bool:
    """Projections never had positions; a word about them would be noise."""
    if len(items) < 2:
        return False
    return by != "image number" or items[0].place.modality in CROSS_SECTIONS


def _fallback(items: list[Item]) -> tuple[str, Callable[[Item], Any]]:
    """By what frames without positions are ordered, in words and as a key."""
    numbers = {item.place.number for item in items}
    if None not in numbers and len(numbers) == len(items):
        return "image number", lambda item: item.tie()
    locations = {item.place.location for item in items}
    if None not in locations and len(locations) == len(items):
        return "slice location", lambda item: (item.place.location, item.tie())
    times = {item.key("time") for item in items}
    if None not in times and len(times) == len(items):
        return "acquisition time", lambda item: (item.key("time"), item.tie())
    if numbers == {None}:
        return "identifier", lambda item: item.tie()
    return "image number, which repeats, and identifier", lambda item: item.tie()


def _numbered(
    items: list[Item],
    words: tuple[str, ...],
    warnings: tuple[str, ...],
    why: str = "The file does not say where these images lie.",
    *,
    sort: bool = True,
) -> Stack:
    """A stack without positions."""
    if sort:
        items = sorted(items, key=lambda item: item.tie())
    frames = tuple(item.frame for item in items)
    return Stack(frames, ", ".join(words), (), warnings, False, why)


def _instance(item: Item) -> str:
    return item.frame.identity.instance


def _least_number(items: list[Item]) -> tuple[Any, ...]:
    return min(item.tie() for item in items)


def _parts(items: list[Item], key: Callable[[Item], Any]) -> dict[Any, list[Item]]:
    found: dict[Any, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
