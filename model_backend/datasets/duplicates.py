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
class Seen:
    """The pictures and texts of a set, each once with the part and row that had it first."""

    parts: dict[bytes, dict[str, str]] = field(default_factory=dict)  # mark -> part -> row
    looks: dict[str, dict[bytes, str]] = field(default_factory=dict)  # part -> look -> row
    files: dict[str, bytes] = field(default_factory=dict)  # row -> pixels, of `looks`
    texts: dict[bytes, dict[str, str]] = field(default_factory=dict)

    def add_picture(self, row: Row, marks: Marks) -> None:
        """A row's picture."""
        for kind, mark in ((b"f", marks.file), (b"p", marks.pixels)):
            self.parts.setdefault(kind + mark, {}).setdefault(row.part, row.id)
        looks = self.looks.setdefault(row.part, {})
        if marks.look not in looks:
            looks[marks.look] = row.id
            self.files[f"{row.part} {row.id}"] = marks.pixels

    def add_text(self, row: Row) -> None:
        """A row's question or text, together with its picture where it has one."""
        pictures = b"".join(hashlib.sha256(picture).digest() for picture in row.images)
        words = "\0".join(plain(one) for one in (row.task, row.text, row.text2))
        if not row.text:
            return
        mark = hashlib.sha256(words.encode() + pictures).digest()
        self.texts.setdefault(mark, {}).setdefault(row.part, row.id)

    def repeats(self) -> dict[str, list[Repeat]]:
        """What is in several parts, by kind; a pair is told once, as the closest kind it is."""
        files = _across(SAME_FILE, {k: v for k, v in self.parts.items() if k[:1] == b"f"})
        told = {(one.one, one.other) for one in files}
        pixels = _across(SAME_PIXELS, {k: v for k, v in self.parts.items() if k[:1] == b"p"})
        pixels = [one for one in pixels if (one.one, one.other) not in told]
        return {
            SAME_FILE: files,
            SAME_PIXELS: pixels,
            NEAR: self._near(),
            SAME_TEXT: _across(SAME_TEXT, self.texts),
        }

    def _near(self) -> list[Repeat]:
        found: list[Repeat] = []
        for place, part in enumerate(PARTS):
            for other in PARTS[place + 1 :]:
                ones, others = self.looks.get(part, {}), self.looks.get(other, {})
                rows, other_rows = list(ones.values()), list(others.values())
                for i, j, bits in near_pairs(list(ones), list(others)):
                    names = f"{part} {rows[i]}", f"{other} {other_rows[j]}"
                    if self.files[names[0]] != self.files[names[1]]:
                        found.append(Repeat(NEAR, *names, bits))
        return sorted(found, key=lambda one: one.bits)


def _across(kind: str, marks: Mapping[bytes, Mapping[str, str]]) -> list[Repeat]:
    found: list[Repeat] = []
    for parts in marks.values():
        names = [f"{part} {parts[part]}" for part in PARTS if part in parts]
        found += [Repeat(kind, names[0], other) for other in names[1:]]
    return found


def facts_of(repeats: Mapping[str, Sequence[Repeat]]) -> dict[str, Any]:
    """For dataset.json: how many of each kind, and some of them by name."""
    return {
        kind: {"count": len(found), "named": [str(one) for one in found[:NAMED]]}
        for kind, found in repeats.items()
    }
