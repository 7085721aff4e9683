"""docs/features.md: every "yes" names tests, and these are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CITED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows_of(page: str) -> list[list[str]]:
    """The cells of every row of every table, headings and rules left out."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if row[0] not in ("Feature", "Point")]


def named_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_every_test_that_the_page_names_is_there(root: Path) -> None:
    cited = CITED.findall((root / "docs/features.md").read_text(encoding="utf-8"))
    assert len(cited) > 30

    for file, name in cited:
        names = named_in(root / file)
        assert any(one.startswith("test_") for one in names), file
        assert not name or name in names, f"{file} has no {name}"


def test_every_yes_of_ours_is_held_by_a_test(root: Path) -> None:
    rows = rows_of((root / "docs/features.md").read_text(encoding="utf-8"))
    compared = [row for row in rows if len(row) == 11]
    assert len(compared) > 20 and all(len(row) in (2, 11) for row in rows)

    for row in rows:
        claims = len(row) == 2 or row[9].startswith("**Y**")
        assert bool(CITED.search(row[-1])) == claims, row[0]
