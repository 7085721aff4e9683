"""Who wrote which sentence, as one readable line that travels in the SR.

TID 2000 has no place for the origin of a single sentence. The line stands in the
ContributionDescription of the Contributing Equipment (PS3.3 C.12.1.1.5), the attribute for what a
device contributed: "Sentences: AI accepted 1-3, 5; AI edited 4; reader 6. Settings: beam=1".
Sentences are counted from 1 in reading order, notices left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dicom_io.report.document import Decision, Origin

Mark = tuple[Origin, Decision]

LONGEST_LINE = 1024  # characters, ST

_NAMES: dict[Mark, str] = {
    (Origin.AI, Decision.ACCEPTED): "AI accepted",
    (Origin.AI, Decision.SUGGESTED): "AI suggested",
    (Origin.AI_EDITED, Decision.ACCEPTED): "AI edited",
    (Origin.AI_EDITED, Decision.SUGGESTED): "AI edited undecided",
    (Origin.TEMPLATE, Decision.ACCEPTED): "template",
    (Origin.TEMPLATE, Decision.SUGGESTED): "template suggested",
    (Origin.HUMAN, Decision.ACCEPTED): "reader",
    (Origin.HUMAN, Decision.SUGGESTED): "reader undecided",
}
_MARKS = {name: mark for mark, name in _NAMES.items()}
_LINE = re.compile(r"Sentences: ([^.]*)\.")
_PART = re.compile(r"\s*([A-Za-z ]+?) ([\d, -]+)\s*")
_SETTINGS = re.compile(r"\. Settings: (.*)\.\Z", re.DOTALL)
_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


def line_of(marks: Mapping[int, Mark], settings: str = "") -> str:
    """The line for sentences by number. Settings are cut to what is left of 1,024 characters.

    Where the marks alone do not fit, each origin is widened to one range from its first to its
    last sentence, the reader's left out: nothing of the model's is then taken for a person's.
    """
    parts: dict[str, list[int]] = {}
    for number, mark in sorted(marks.items()):
        parts.setdefault(_NAMES[mark], []).append(number)
    line = _joined({name: _ranges(numbers) for name, numbers in parts.items()})
    if len(line) > LONGEST_LINE:
        wide = {name: f"{n[0]}-{n[-1]}" for name, n in parts.items() if not name.startswith("rea")}
        line = _joined(wide)
    room = LONGEST_LINE - len(line) - len(" Settings: .")
    if settings and room > 0:
        kept = settings if len(settings) <= room else settings[: room - 1] + "…"
        line += f" Settings: {kept}."
    return line


def _joined(parts: Mapping[str, str]) -> str:
    return "Sentences: " + "; ".join(f"{name} {text}" for name, text in parts.items()) + "."


def _ranges(numbers: Iterable[int]) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in runs)


def marks_of(line: str) -> dict[int, Mark] | None:
    """The inverse of `line_of`; None when the text holds no such line."""
    found = _LINE.search(line)
    if found is None:
        return None
    marks: dict[int, Mark] = {}
    for part in found[1].split(";"):
        named = _PART.fullmatch(part)
        if named is None or named[1] not in _MARKS:
            continue
        for run in _RANGE.finditer(named[2]):
            last = min(int(run[2] or run[1]), int(run[1]) + 20_000)
            for number in range(int(run[1]), last + 1):
                marks.setdefault(number, _MARKS[named[1]])
    return marks


def settings_of(line: str) -> tuple[tuple[str, str], ...]:
    """The settings that a line names, as name and value."""
    found = _SETTINGS.search(line)
    pairs = found[1].split(", ") if found else ()
    return tuple((name, value) for name, _, value in (pair.partition("=") for pair in pairs))
