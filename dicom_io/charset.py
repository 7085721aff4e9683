"""Names that were written in one character set and declared in another.

A file that declares ISO_IR 100 (or nothing) is read as Latin-1 (PS3.5 section 6.1.2.3), whatever
its bytes were meant to be. Nothing is guessed here behind a reader's back: the name stays as it is
declared, and what it was probably meant to be is said beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_WORDS = re.compile(r"[^\s^=,]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """Another reading of the bytes of a text."""

    charset: str  # as DICOM would have had it declared
    text: str


def meant(text: str) -> Reading | None:
    """What a text read as Latin-1 was probably meant to be; None where nothing speaks against it.

    UTF-8 is told by its form. GB18030 is told when every word that is not plain ASCII consists of
    pairs of bytes above 127 alone and each pair is a Chinese character: no western name is written
    without a single ASCII letter in the word.

    >>> meant("ÕÅ^Èý")
    Reading(charset='GB18030', text='张^三')
    >>> meant("MÃ¼ller^BÃ¤rbel")
    Reading(charset='ISO_IR 192', text='Müller^Bärbel')
    >>> meant("Müller^Bärbel"), meant("Buc^Jérôme"), meant("Doe^Jane")
    (None, None, None)
    """
    if text.isascii():
        return None
    try:
        stored = text.encode("latin-1")
    except UnicodeEncodeError:
        return None  # it was not read as Latin-1
    for charset, codec, fits in _CANDIDATES:
        try:
            other = stored.decode(codec)
        except UnicodeDecodeError:
            continue
        if fits(text, other):
            return Reading(charset, other)
    return None


def _is_printable(text: str, other: str) -> bool:
    return all(sign.isprintable() for sign in other)


def _is_chinese_throughout(text: str, other: str) -> bool:
    foreign = [word for word in _WORDS.findall(text) if not word.isascii()]
    whole = all(not sign.isascii() for word in foreign for sign in word)
    even = all(len(word) % 2 == 0 for word in foreign)
    chinese = all("\u4e00" <= sign <= "\u9fff" for sign in other if not sign.isascii())
    return whole and even and chinese


_CANDIDATES: tuple[tuple[str, str, Callable[[str, str], bool]], ...] = (
    ("ISO_IR 192", "utf-8", _is_printable),
    ("GB18030", "gb18030", _is_chinese_throughout),
)
