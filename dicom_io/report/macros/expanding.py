"""From a code to its words: other macros within, values from the image, places to fill in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydicom.dataset import Dataset

from dicom_io.errors import BadMacro
from dicom_io.report.macros.macro import LONGEST, Macro
from dicom_io.report.template.filling import value_of

PLACE = re.compile(r"\[[^\[\]\n]{1,80}\]")
LONGEST_PLACE = 80  # characters that fill one in
_INNER = re.compile(r"\{macro:([^\s{}]+)\}")
_MERGED = re.compile(r"\{(\w+)\}")


def chosen(code: str, macros: Sequence[Macro], language: str) -> Macro | None:
    """The macro of that code for a report in that language; None when there is none."""
    fits = [one for one in macros if one.code == code and _speaks(one.language, language)]
    return max(fits, key=lambda one: len(one.language), default=None)


def _speaks(own: str, language: str) -> bool:
    return not own or own.split("-")[0].lower() == language.split("-")[0].lower()


def expanded(
    macro: Macro, macros: Sequence[Macro], header: Dataset | None, language: str = "en"
) -> str:
    """The words of a macro. What the image does not say becomes a place to fill in.

    Raises BadMacro for a macro that holds itself, names one that is not there, or grows
    beyond what one may stand for.
    """

    def value(found: re.Match[str]) -> str:
        said = value_of(found[1], header) if header is not None else ""
        return said.replace("[", "(").replace("]", ")") or f"[{found[1]}]"

    return _MERGED.sub(value, _unfolded(macro, macros, language))


def _unfolded(macro: Macro, macros: Sequence[Macro], language: str) -> str:
    """The words with all macros within them put in, innermost last, without recursion."""
    # Each entry: the words left to look at, and the codes that they stand in.
    waiting: list[tuple[str, tuple[str, ...]]] = [(macro.text, (macro.code,))]
    done: list[str] = []
    while waiting:
        text, within = waiting.pop()
        found = _INNER.search(text)
        done.append(text[: found.start()] if found else text)
        if sum(map(len, done)) > LONGEST or len(waiting) > LONGEST:
            raise BadMacro(f"The macro {macro.code} grows beyond {LONGEST} characters. Shorten it.")
        if found is None:
            continue
        waiting.append((text[found.end() :], within))
        inner = chosen(found[1], macros, language)
        if inner is None:
            raise BadMacro(
                f"The macro {within[-1]} names {found[1]}, which is not there. Change it."
            )
        if inner.code in within:
            chain = ", ".join((*within, inner.code))
            raise BadMacro(f"A macro holds itself ({chain}). Change one of them.")
        waiting.append((inner.text, (*within, inner.code)))
    return "".join(done)


def places(text: str) -> list[str]:
    """What is left to fill in, in brackets."""
    return PLACE.findall(text)


def is_as_given(words: str, given: Sequence[str]) -> bool:
    """True when the words are those of the given expansions, with nothing but their places
    filled in."""
    left = " ".join(words.split())
    for text in given:
        rest = _after(left, " ".join(text.split()))
        if rest is None:
            return False
        left = rest
    return bool(given) and not left


def _after(words: str, text: str) -> str | None:
    """What follows the text in the words; None when they do not begin with it."""
    first, *others = PLACE.split(text)
    if not words.startswith(first):
        return None
    here = len(first)
    for number, piece in enumerate(others, 1):
        is_end = number == len(others) and not piece
        found = len(words) if is_end else words.find(piece, here)
        if found < 0 or found - here > LONGEST_PLACE or ". " in words[here:found]:
            return None
        here = found + len(piece)
    return words[here:].lstrip()
