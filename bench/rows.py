"""What was wanted, what was measured, and whether it holds: as text and as a table for docs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `holds` is None where it was not measured."""

    work: str
    wanted: str
    measured: str
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "yes", False: "NO", None: "-"}[self.holds]


def as_text(rows: Sequence[Row]) -> str:
    """Three lines a row, for a terminal."""
    lines = []
    for row in rows:
        lines += [row.work, f"    wanted    {row.wanted}" if row.wanted else ""]
        lines += [f"    measured  {row.measured}  [{row.verdict}]"]
    return "\n".join(line for line in lines if line)


def as_markdown(rows: Sequence[Row]) -> str:
    """A table as docs/model.md holds it."""
    lines = ["| work | wanted | measured | holds |", "|---|---|---|---|"]
    lines += [f"| {row.work} | {row.wanted} | {row.measured} | {row.verdict} |" for row in rows]
    return "\n".join(lines)
