"""Left and right in a text: when the picture is mirrored, the words must change sides; no torch."""

from __future__ import annotations

import re

# Beginnings of words, left then right, by language; whole words where the beginning is another's.
LEFT = {"en": r"left(?:-sided)?", "de": r"links\w*|linke\w*"}
RIGHT = {"en": r"right(?:-sided)?", "de": r"rechts\w*|rechte\w*"}
# "the left" of other things than sides.
_INNOCENT = re.compile(
    r"\b(?:is|are|was|be|been)\s+left\b|\bright\s+(?:angles?|away)\b|\bright-angled\b|"
    r"\brechteck\w*|\brechtwink\w*|\brechtzeitig\w*",
    re.IGNORECASE,
)


def sides_named(text: str) -> tuple[str, ...]:
    """ "left" and "right" in the order in which the text names them, in English or German."""
    clean = _INNOCENT.sub(lambda found: " " * len(found.group()), text)
    left, right = "|".join(LEFT.values()), "|".join(RIGHT.values())
    found = re.finditer(rf"\b(?:(?P<left>{left})|(?P<right>{right}))\b", clean, re.IGNORECASE)
    return tuple("left" if one["left"] else "right" for one in found)


def sides_follow(text: str, mirrored: str) -> bool:
    """Whether what is said of the mirrored picture names the other sides, in any order.

    A text that names no side, or both equally often, follows whatever the mirrored one says.
    """
    here, there = sides_named(text), sides_named(mirrored)
    counts = here.count("left"), here.count("right")
    if counts[0] == counts[1]:
        return True
    return (there.count("right"), there.count("left")) == counts
