"""Finds words that compare with an earlier study, in English and German; no torch, no DICOM.

A model that saw one film cannot know that anything is "unchanged". The words are data
(`comparison.toml`), each with the phrases in which it compares nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model_backend.controls.phrases import pattern_of

TABLE = Path(__file__).with_name("comparison.toml")
LANGUAGES = ("en", "de")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A word or phrase that compares: text[start:end]."""

    start: int
    end: int
    word: str  # as written
    language: str  # of the list that it stands in


@dataclass(frozen=True, slots=True)
class _Entry:
    language: str
    words: re.Pattern[str]
    innocent: tuple[re.Pattern[str], ...]


def comparisons(text: str, language: str = "") -> tuple[Comparison, ...]:
    """What compares in this text, in its order; nothing twice.

    `language` is "en" or "de", perhaps with a region ("de-AT"); any other, and none, looks for
    both.
    """
    wanted = language.lower().partition("-")[0].partition("_")[0]
    found: list[Comparison] = []
    for entry in _entries():
        if wanted in LANGUAGES and entry.language != wanted:
            continue
        spans = [one.span() for pattern in entry.innocent for one in pattern.finditer(text)]
        for one in entry.words.finditer(text):
            start, end = one.span()
            if not any(low <= start and end <= high for low, high in spans):
                found.append(Comparison(start, end, one.group(), entry.language))
    found.sort(key=lambda one: (one.start, -one.end))
    return tuple(
        one
        for place, one in enumerate(found)
        if not any(before.end > one.start for before in found[:place])
    )


def compares(text: str, language: str = "") -> bool:
    """Whether anything in the text compares with an earlier study."""
    return bool(comparisons(text, language))


@cache
def _entries() -> tuple[_Entry, ...]:
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        _Entry(language, _pattern(entry["words"]), tuple(map(pattern_of, entry.get("unless", ()))))
        for language in LANGUAGES
        for entry in table[language]
    )


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    # Longer phrases first, so that the whole phrase is marked.
    parts = [pattern_of(phrase).pattern for phrase in sorted(phrases, key=len, reverse=True)]
    return re.compile("|".join(parts), re.IGNORECASE)
