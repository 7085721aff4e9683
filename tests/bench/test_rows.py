"""Figures are printed with what was wanted of them, and whether it holds."""

from __future__ import annotations

from bench.ours import Shared
from bench.rows import Row, as_markdown, as_text

ROWS = (
    Row("a step", "at least twice", "three times", True),
    Row("a caption", "within 2 times", "2.1 times", False),
    Row("a card", "", "not run: no GPU here"),
)


def test_table_has_a_line_for_each_row() -> None:
    lines = as_markdown(ROWS).splitlines()

    assert lines[2:] == [
        "| a step | at least twice | three times | yes |",
        "| a caption | within 2 times | 2.1 times | NO |",
        "| a card |  | not run: no GPU here | - |",
    ]


def test_text_leaves_out_what_nobody_wanted() -> None:
    text = as_text(ROWS)

    assert text.count("wanted") == 2
    assert text.endswith("measured  not run: no GPU here  [-]")


def test_shared_stem_is_counted_once() -> None:
    found = Shared(3.0, singly=11 * 1.25, stem=1.0, stems=1, are_equal=True, largest=0.0)

    assert found.ratio(11) == 3.0 / (11 * 0.25 + 1.0)
