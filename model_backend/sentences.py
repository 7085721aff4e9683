"""Where one sentence of a report ends and the next begins; no torch."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)")
_NO_END = re.compile(r"(?:\b[A-Za-z]|\b(?:dr|mr|mrs|vs|cf|ca|approx|resp|fig|e\.g|i\.e))\.$", re.I)


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, without the blanks between them; none for a blank text.

    A full stop within a number or after a usual abbreviation ends nothing. The last sentence may
    lack its full stop.
    """
    return tuple(text[begin:end].strip() for begin, end in sentence_spans(text))


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Begin and end of each sentence in the text; blanks before it belong to it."""
    spans = []
    begin = 0
    for mark in _END.finditer(text):
        if mark.group() == "." and _NO_END.search(text, begin, mark.end()):
            continue
        spans.append((begin, mark.end()))
        begin = mark.end()
    if text[begin:].strip():
        spans.append((begin, len(text)))
    return tuple(spans)


def is_whole(sentence: str) -> bool:
    """True when the sentence has its full stop."""
    return bool(re.search(r"[.!?][\"')\]]*$", sentence))
