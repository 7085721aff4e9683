"""A page as plain text for a terminal, and as plain data for a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from dicom_io.report.pages.page import Coded, Line, Page, Standing

DEEPEST_INDENT = 16  # levels; what lies deeper says its level instead

# What a relationship means to a reader; the others go without saying.
RELATIONS = {
    "INFERRED FROM": "inferred from",
    "SELECTED FROM": "selected from",
    "HAS ACQ CONTEXT": "acquired with",
}


def as_text(page: Page) -> str:
    """The page as lines that end with LF, the last one too."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield page.title
    yield "=" * len(page.title)
    yield standing_line(page)
    yield from page.notices
    yield ""
    yield from (f"{label}: {value}" for label, value in page.facts)
    yield ""
    for line in page.lines[1:]:
        yield from _line(page, line)


def standing_line(page: Page) -> str:
    """Kind and standing in one line: "Basic Text SR, verified"."""
    parts = [page.kind, page.standing.value]
    if page.standing is Standing.SUPERSEDED:
        parts[1] += f" by {page.successor}" if page.successor else ""
        if page.is_verified:
            parts.append("verified before")
    if page.predecessors:
        parts.append(f"follows {', '.join(page.predecessors)}")
    return ", ".join(part for part in parts if part)


def _line(page: Page, line: Line) -> Iterator[str]:
    level = line.depth - 1
    indent = "  " * min(level, DEEPEST_INDENT)
    if level > DEEPEST_INDENT:
        indent += f"[level {line.depth}] "
    texts = line_text(page, line).split("\n")
    yield f"{indent}{texts[0]}"
    yield from (f"{'  ' * min(level, DEEPEST_INDENT)}  {text}" for text in texts[1:])


def line_text(page: Page, line: Line, *, codes: bool = True) -> str:
    """One line in full: relation, name, value, codes where they are wanted."""
    name = (str(line.name) if codes else line.name.meaning) if line.name is not None else ""
    value = line.value
    if line.target >= 0:
        there = page.lines[line.target]
        what = there.name.meaning if there.name is not None else there.kind
        value = f"{value} see {page.position(there)} {what}".strip()
    if codes and line.codes:
        value = f"{value} ({'; '.join(_code(code, value) for code in line.codes)})".strip()
    said = f"{name}: {value}" if name and value else name or value or line.kind or "?"
    if line.observed:
        said += f" (observed {line.observed})"
    relation = RELATIONS.get(line.relationship, "")
    return f"{relation}: {said}" if relation else said


def _code(code: Coded, shown: str) -> str:
    """A code without the meaning that the value has said already."""
    return code.key if code.meaning in shown else f"{code.meaning}: {code.key}"


def as_data(page: Page) -> dict[str, Any]:
    """The page as JSON takes it: every line with its codes, reference and coordinates."""
    return {
        "title": page.title,
        "kind": page.kind,
        "standing": page.standing.value,
        "verified": page.is_verified,
        "successor": page.successor,
        "predecessors": list(page.predecessors),
        "identity": asdict(page.identity),
        "facts": [{"name": label, "value": value} for label, value in page.facts],
        "notices": list(page.notices),
        "lines": [_line_data(line) for line in page.lines],
    }


def _line_data(line: Line) -> dict[str, Any]:
    content = asdict(line)
    return {key: value for key, value in content.items() if value not in (None, "", (), [])}
