"""Phrases as lists of words that stand in a text, for word lists that are data; no torch."""

from __future__ import annotations

import re
from functools import cache


@cache
def pattern_of(phrase: str) -> re.Pattern[str]:
    """A phrase of the list: `compar*` is a beginning, `(a|b)` one of these words, `*` alone any
    word, `#` a number, `...` up to six words. A sentence's end is never crossed."""
    between, whole = r"[^\w.;]+", ""
    for word in phrase.split():
        if word == "...":
            whole += rf"(?:[\w'-]+{between}){{0,6}}?"
            continue
        if word in ("*", "#"):
            known = r"[\w'-]+" if word == "*" else r"\d+"
        else:
            ends = [re.escape(one).replace(r"\*", r"\w*") for one in word.strip("()").split("|")]
            known = "|".join(ends)
        whole += rf"(?:{known})(?!\w){between}"
    return re.compile(rf"(?<!\w){whole.removesuffix(between)}", re.IGNORECASE)
