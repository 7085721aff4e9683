"""Finds the same picture, or the same text, in several parts of a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_backend.datasets.picture import Marks, near_pairs
from model_backend.datasets.row import PARTS, Row
from model_backend.evaluation.rows import plain

NAMED = 20  # examples of each kind
_KEPT = 16  # bytes of a hash: enough to tell any number of pictures apart
SAME_FILE, SAME_PIXELS, NEAR, SAME_TEXT = "same file", "same pixels", "look the same", "same text"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Two rows of different parts that hold the same."""

    kind: str
    one: str  # part and id
    other: str
    bits: int = 0  # that differ in the perceptual hash

    def __str__(self) -> str:
        bits = f" ({self.bits} of 256 bits differ)" if self.bits else ""
        return f"{self.one} and {self.other}{bits}"


@dataclass
class _Firsts:
    """Which part and row had a mark first, and who had it again in another part."""

    kind: str
    first: dict[bytes, tuple[int, str]] = field(default_factory=dict)  # mark -> part, row
    again: dict[tuple[bytes, int], str] = field(default_factory=dict)  # mark, part -> row

    def add(self, mark: bytes, part: int, row: str) -> None:
        """One row that has it."""
        before = self.first.setdefault(mark, (part, row))[0]
        if before != part:
            self.again.setdefault((mark, part), row)

    def repeats(self) -> list[Repeat]:
        """The pairs, the part that comes first in PARTS first."""
        found = []
        for (mark, part), row in self.again.items():
            pair = sorted([self.first[mark], (part, row)])
            one, other = (f"{PARTS[place]} {name}" for place, name in pair)
            found.append(Repeat(self.kind, one, other))
        return found


@dataclass
class Seen:
    """The pictures and texts of a set, each once with the part and row that had it first."""

    files: _Firsts = field(default_factory=lambda: _Firsts(SAME_FILE))
    pixels: _Firsts = field(default_factory=lambda: _Firsts(SAME_PIXELS))
    texts: _Firsts = field(default_factory=lambda: _Firsts(SAME_TEXT))
    looks: dict[str, dict[bytes, tuple[str, bytes]]] = field(default_factory=dict)
    # part -> look -> row that had it first, and its pixels' mark

    def add_picture(self, row: Row, marks: Marks) -> None:
        """A row's picture."""
        place = PARTS.index(row.part)
        self.files.add(marks.file[:_KEPT], place, row.id)
        self.pixels.add(marks.pixels[:_KEPT], place, row.id)
        looks = self.looks.setdefault(row.part, {})
        looks.setdefault(marks.look, (row.id, marks.pixels[:_KEPT]))

    def add_text(self, row: Row) -> None:
        """A row's question or text, together with its picture where it has one."""
        if row.text:
            mark = hashlib.sha256()
            for one in (row.task, row.text, row.text2):
                mark.update(plain(one).encode() + b"\0")
            for picture in row.images:
                mark.update(hashlib.sha256(picture).digest())
            self.texts.add(mark.digest()[:_KEPT], PARTS.index(row.part), row.id)

    def repeats(self) -> dict[str, list[Repeat]]:
        """What is in several parts, by kind; a pair is told once, as the closest kind it is."""
        files = self.files.repeats()
        told = {(one.one, one.other) for one in files}
        pixels = [one for one in self.pixels.repeats() if (one.one, one.other) not in told]
        return {
            SAME_FILE: files,
            SAME_PIXELS: pixels,
            NEAR: self._near(),
            SAME_TEXT: self.texts.repeats(),
        }

    def _near(self) -> list[Repeat]:
        found: list[Repeat] = []
        for place, part in enumerate(PARTS):
            for other in PARTS[place + 1 :]:
                ones, others = self.looks.get(part, {}), self.looks.get(other, {})
                rows, other_rows = list(ones.values()), list(others.values())
                for i, j, bits in near_pairs(list(ones), list(others)):
                    (name, pixels), (other_name, other_pixels) = rows[i], other_rows[j]
                    if pixels != other_pixels:  # else it is told as the same pixels
                        names = f"{part} {name}", f"{other} {other_name}"
                        found.append(Repeat(NEAR, *names, bits))
        return sorted(found, key=lambda one: one.bits)


def facts_of(repeats: Mapping[str, Sequence[Repeat]]) -> dict[str, Any]:
    """For dataset.json: how many of each kind, and some of them by name."""
    return {
        kind: {"count": len(found), "named": [str(one) for one in found[:NAMED]]}
        for kind, found in repeats.items()
    }
