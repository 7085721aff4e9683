"""Phases: frames that lie at the same places, parted by what the header says tells them apart.

First by what always parts frames (temporal position, echo, b-value, energy window, ...), each
value a part. Where several frames still lie at one place, by the first attribute whose values
part them cleanly; where each place has its own values (trigger times of heart beats that differ
in length) by the rank of the value at its place. Source: DICOM PS3.3 C.7.6.16.2, C.8.3.1, C.8.4.8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from dicom_io.image.evenness import SAME_PLACE
from dicom_io.image.frame import ImageFrame
from dicom_io.image.place import (
    ACQUISITION,
    B_VALUE,
    DIRECTION,
    ECHO,
    ECHO_TIME,
    FRAME,
    KERNEL,
    KIND,
    REFERENCE_TIME,
    STACK,
    TEMPORAL,
    TIME,
    TRIGGER,
    Place,
)

COLUMN, NUMBER = "column", "number"
# Values that part frames of one place, the most telling first; then those whose rank does.
BY_VALUE = (
    COLUMN,
    DIRECTION,
    KIND,
    ECHO_TIME,
    KERNEL,
    TRIGGER,
    REFERENCE_TIME,
    ACQUISITION,
    TIME,
    FRAME,
)
BY_RANK = (TRIGGER, REFERENCE_TIME, ECHO_TIME, ACQUISITION, TIME, FRAME, NUMBER)
MOST = 0.9  # of the places must hold as many frames as the fullest, for ranks to mean anything
LEAST = 2  # frames of a part, or it is a double and no phase
BY_NUMBER = (
    "Several images lie at each place and the file does not say what tells them apart; they are "
    "parted by image number."
)

Names = tuple[str, ...]
Part = tuple[list["Item"], Names]


@dataclass(slots=True)
class Item:
    """A frame with its place; `depth` in mm along the normal, `column` beside it."""

    frame: ImageFrame
    place: Place
    depth: float = 0.0
    column: tuple[float, ...] = ()
    keys: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = {**dict(self.place.soft), **dict(self.place.hard)}

    def key(self, name: str) -> Any:
        """The value of a key, None when the file has none."""
        if name == COLUMN:
            return self.column or None
        return self.place.number if name == NUMBER else self.keys.get(name)

    def tie(self) -> tuple[bool, int, str, int]:
        """The order where nothing else tells: by InstanceNumber, UID and frame."""
        number = self.place.number
        return number is None, number or 0, self.frame.identity.instance, self.frame.index

    @property
    def slot(self) -> int:
        return round(self.depth / SAME_PLACE)


def parted(items: list[Item], *, is_cine: bool = False) -> tuple[list[Part], Names]:
    """The parts, each with its name, and sentences about what is not certain.

    Frames that all lie at one place are a cine and stay together, in the order of their keys.
    """
    slots = _slots(items)
    if not is_cine and len(slots) == 1 and len(items) > 1:
        return [(items, ())], ()
    parts: list[Part] = [(items, ())]
    for name in _hard_names(items):
        parts = [one for part in parts for one in _by_hard(part, name)]
    found: list[Part] = []
    told: list[str] = []
    for group, names in parts:
        more, sentence = _by_soft(group) if not is_cine else ([(group, ())], "")
        found += [(one, (*names, *name)) for one, name in more]
        if sentence and sentence not in told:
            told.append(sentence)
    return found, tuple(told)


def _hard_names(items: list[Item]) -> list[str]:
    """What always parts frames, in a fixed order, where it has more than one value."""
    names = dict.fromkeys(name for item in items for name, _ in item.place.hard)
    first = [name for name in (STACK, TEMPORAL, ECHO, ECHO_TIME, B_VALUE) if name in names]
    return [*first, *(name for name in names if name not in first)]


def _by_hard(part: Part, name: str) -> list[Part]:
    """Parted by each value, unless every frame has a value of its own and its own place."""
    items, names = part
    values = _by_value(items, name)
    if len(values) < 2:
        return [part]
    lonely = len(items) < LEAST * len(values)
    if lonely and _most(items) == 1:
        return [part]
    return [(group, (*names, words)) for group, words in _named(values, name)]


def _by_soft(items: list[Item]) -> tuple[list[Part], str]:
    """Parted where several frames lie at one place; as they are, where nothing tells them."""
    count = _most(items)
    if count == 1:
        return [(items, ())], ""
    for name in BY_VALUE:
        values = _by_value(items, name)
        parts = list(values.values())
        if len(parts) < 2 or any(len(part) < LEAST for part in parts):
            continue
        if len(parts) == count and all(_most(part) == 1 for part in parts):
            return [(group, (words,)) for group, words in _named(values, name)], ""
        if _parts_help(parts, count):
            found = []
            for group, words in _named(values, name):
                inner, sentence = _by_soft(group)
                found += [(one, (words, *more)) for one, more in inner]
            return found, sentence
    slots = list(_slots(items).values())
    full = [slot for slot in slots if len(slot) == count]
    if len(full) < MOST * len(slots) or len(full) < LEAST:
        return [(items, ())], ""
    return _by_rank(items, slots, full, count)


def _parts_help(parts: list[list[Item]], count: int) -> bool:
    """True when each part has fewer at one place, and all parts alike: one of several keys."""
    most = {_most(part) for part in parts}
    return len(most) == 1 and most.pop() * len(parts) == count


def _by_rank(
    items: list[Item], slots: list[list[Item]], full: list[list[Item]], count: int
) -> tuple[list[Part], str]:
    """The first of each place, the second of each, ...

    A place that lacks a frame is filled by the nearest time; numbers say nothing there.
    """
    for name in BY_RANK:
        if not all(_tells(slot, name) for slot in slots):
            continue
        for slot in slots:
            slot.sort(key=lambda item, name=name: item.key(name))  # type: ignore[misc]
        usual = [median(float(slot[rank].key(name)) for slot in full) for rank in range(count)]
        ranks: list[list[Item]] = [[] for _ in range(count)]
        for slot in slots:
            of_slot = range(count) if len(slot) == count else _nearest(slot, name, usual)
            for rank, item in zip(of_slot, slot, strict=False):
                ranks[rank].append(item)
        if sum(map(len, ranks)) == len(items):
            named: list[Part] = [(one, (_phase(rank, count),)) for rank, one in enumerate(ranks)]
            return named, BY_NUMBER if name == NUMBER else ""
    return [(items, ())], ""


def _nearest(slot: list[Item], name: str, usual: list[float]) -> Sequence[int]:
    """The phase of each frame of a place that lacks some; () where that is not clear."""
    if name == NUMBER:
        return ()
    found = [
        min(range(len(usual)), key=lambda rank: abs(usual[rank] - float(item.key(name))))
        for item in slot
    ]
    return found if len(set(found)) == len(found) else ()


def _tells(slot: list[Item], name: str) -> bool:
    """True when every frame of the place has a number of its own."""
    values = {item.key(name) for item in slot}
    return len(values) == len(slot) and all(isinstance(one, int | float) for one in values)


def _slots(items: Sequence[Item]) -> dict[int, list[Item]]:
    """Frames by place; places nearer than SAME_PLACE are one."""
    found: dict[int, list[Item]] = {}
    last, name = None, 0
    for item in sorted(items, key=lambda one: one.depth):
        if last is None or item.depth - last > SAME_PLACE:
            name += 1
        last = item.depth
        found.setdefault(name, []).append(item)
    return found


def _most(items: Sequence[Item]) -> int:
    """How many frames the fullest place holds."""
    return max(Counter(map(len, _slots(items).values())), default=0)


def _by_value(items: list[Item], name: str) -> dict[Any, list[Item]]:
    found: dict[Any, list[Item]] = {}
    for item in items:
        found.setdefault(item.key(name), []).append(item)
    return dict(sorted(found.items(), key=lambda pair: _sortable(pair[0])))


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, ""
    if isinstance(value, float | int):
        return 1, value
    return (2, value) if isinstance(value, tuple) else (3, value)


def _named(values: dict[Any, list[Item]], name: str) -> list[tuple[list[Item], str]]:
    count = len(values)
    return [
        (group, name_of(name, value, number, count))
        for number, (value, group) in enumerate(values.items())
    ]


def name_of(key: str, value: Any, number: int, count: int) -> str:
    """What a reader calls the part `number` (from 0) of `count` that `key` tells apart."""
    if key in (TEMPORAL, TRIGGER, REFERENCE_TIME, ACQUISITION, TIME, FRAME, NUMBER):
        return _phase(number, count)
    if value is None:
        return f"without {key}" if key != KIND else "other"
    if key == KIND and isinstance(value, tuple):
        return " ".join(word.replace("_", " ").lower() for word in value) or "other"
    if key == ECHO_TIME:
        return f"echo time {value:g} ms" if isinstance(value, float) else f"{key} {number + 1}"
    if key == COLUMN:
        return f"side {number + 1} of {count}"
    if key == DIRECTION:
        return f"direction {number + 1} of {count}"
    return f"{key} {value:g}" if isinstance(value, float | int) else f"{key} {number + 1}"


def _phase(number: int, count: int) -> str:
    return f"phase {number + 1} of {count}"
