"""What an English text states, denies and leaves open about findings; no torch.

After NegEx (Chapman and others, J Biomed Inform 2001): words before or after a finding deny it or
leave it open, up to the end of their clause. Findings and words are data (`findings.toml`). Rules:

1. A text falls into sentences at a full stop, a semicolon, a question mark or a line's end.
2. The longest phrase of a finding counts; each mention is judged for itself.
3. The nearest denying or doubting word before it holds, unless a stop ("but", "except", "there
   is") lies between; lists ("no effusion, pneumothorax or mass") are denied whole.
4. After a comma, a finding that is said to be there ("..., effusion is present") is not reached.
5. A denying or doubting word after it holds within the clause; doubt wins over denial.
6. Whole sentences deny findings that they do not name ("the lungs are clear but for a nodule").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from model_backend.controls.phrases import pattern_of

TABLE = Path(__file__).with_name("findings.toml")
STATED, DENIED, DOUBTED = "stated", "denied", "doubted"
REACH_AFTER = 60  # letters between a finding and what is said of it
_SENTENCE = re.compile(r"(?<!\d)[.;!?]+|[.;!?]+(?!\d)|\n+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mention:
    """What is said of one finding at one place: sentence[start:end]."""

    finding: str
    says: str  # stated, denied or doubted
    sentence: str
    start: int
    end: int


def statements(text: str) -> dict[str, str]:
    """Of each finding that the text speaks of, what it says in the end: what is stated anywhere is
    stated, else what is left open anywhere is open, else it is denied."""
    said: dict[str, str] = {}
    order = (DENIED, DOUBTED, STATED)
    for one in mentions(text):
        before = said.get(one.finding, DENIED)
        said[one.finding] = max(before, one.says, key=order.index)
    return said


def mentions(text: str) -> list[Mention]:
    """Every mention of a finding, sentence by sentence."""
    found: list[Mention] = []
    for sentence in _SENTENCE.split(text):
        found += _in_sentence(" ".join(sentence.split()))
    return found


def finding_named(label: str) -> str:
    """Our name of a finding that a data set calls `label`."""
    name = " ".join(label.lower().split())
    return str(_table()["names"].get(name, name))


def known_findings() -> frozenset[str]:
    """The findings that texts are searched for."""
    return frozenset(_table()["findings"])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def _in_sentence(sentence: str) -> list[Mention]:
    cues = _table()["cues"]
    innocent = _spans(cues["innocent"], sentence)
    denying = _outside(_spans(cues["denying"], sentence), innocent)
    doubting = _spans(cues["doubting"], sentence)
    stops = _spans(cues["stops"], sentence)
    found = []
    for finding, span, usual in _named(sentence):
        says = _judged(sentence, span, denying, doubting, stops)
        if usual == DENIED:  # "abnormal": denied again it says nothing
            if says != STATED:
                continue
            says = DENIED
        found.append(Mention(finding, says, sentence, *span))
    return found + _denied_by(sentence, {one.finding for one in found})


def _named(sentence: str) -> list[tuple[str, Span, str]]:
    """Findings by name, the longest phrase first; none inside another."""
    table = _table()
    every = [
        (finding, span, STATED)
        for finding, phrases in table["findings"].items()
        for span in _spans(phrases, sentence)
    ]
    every += [
        (finding, span, DENIED)
        for finding, phrases in table["states_not"].items()
        for span in _spans(phrases, sentence)
    ]
    every.sort(key=lambda one: one[1][0] - one[1][1])
    kept: list[tuple[str, Span, str]] = []
    for one in every:
        if all(one[1][1] <= other[1][0] or other[1][1] <= one[1][0] for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one[1])


def _denied_by(sentence: str, named: set[str]) -> list[Mention]:
    return [
        Mention(finding, DENIED, sentence, *span)
        for phrase, findings in _table()["denies"].items()
        for span in _spans([phrase], sentence)
        for finding in findings
        if finding not in named
    ]


def _judged(
    sentence: str,
    span: Span,
    denying: Sequence[Span],
    doubting: Sequence[Span],
    stops: Sequence[Span],
) -> str:
    after = _after(sentence, span, stops)
    if after:
        return after
    nearest, says = 0, STATED
    for cues, meaning in ((denying, DENIED), (doubting, DOUBTED)):
        for _, end in cues:
            if end <= span[0] and end > nearest and not _between(stops, end, span[0]):
                nearest, says = end, meaning
    is_listed = "," in sentence[nearest : span[0]]
    if says == DENIED and is_listed and _is_affirmed(sentence, span, stops):
        return STATED
    return says


def _after(sentence: str, span: Span, stops: Sequence[Span]) -> str:
    """What is said of the finding behind it; "" when nothing is."""
    cues = _table()["cues"]
    affirmed = _spans(cues["affirming_after"], sentence)
    for phrases, meaning in ((cues["doubting_after"], DOUBTED), (cues["denying_after"], DENIED)):
        for start, _ in _spans(phrases, sentence):
            if span[1] <= start <= span[1] + REACH_AFTER and not (
                _between(stops, span[1], start) or _between(affirmed, span[1], start)
            ):
                return meaning
    return ""


def _is_affirmed(sentence: str, span: Span, stops: Sequence[Span]) -> bool:
    cues = _spans(_table()["cues"]["affirming_after"], sentence)
    return any(
        span[1] <= start <= span[1] + REACH_AFTER and not _between(stops, span[1], start)
        for start, _ in cues
    )


def _spans(phrases: Iterable[str], sentence: str) -> list[Span]:
    return [one.span() for phrase in phrases for one in pattern_of(phrase).finditer(sentence)]


def _outside(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    return [one for one in spans if not any(a <= one[0] and one[1] <= b for a, b in others)]


def _between(spans: Sequence[Span], start: int, end: int) -> bool:
    return any(start <= one[0] and one[1] <= end for one in spans)
