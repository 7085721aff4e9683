"""Texts are cleaned without losing what they say."""

from __future__ import annotations

import pytest

from dicom_io.errors import UnusableText
from dicom_io.report.text import LONGEST_TEXT, clean, fitting, paragraphs, shown, written


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  plain  ", "plain"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("tab\tstays", "tab\tstays"),
        ("page\fstays", "page\fstays"),
        ("\x00nul\x1b[0m\x7f\x85", "nul[0m"),
        ("lone \ud800surrogate", "lone surrogate"),
        ("e\u0301", "é"),
        ("≥ 5 mm 山 😀", "≥ 5 mm 山 😀"),
        ("< 5 mm", "< 5 mm"),
        ("a\\b", "a\\b"),
    ],
)
def test_clean_text(raw: str, expected: str) -> None:
    assert clean(raw) == expected
    assert clean(expected) == expected


@pytest.mark.parametrize("raw", ["", " ", "\r\n", "\x00", "\ud800", "lost \ufffd"])
def test_text_that_says_nothing_or_was_lost_is_refused(raw: str) -> None:
    with pytest.raises(UnusableText):
        clean(raw)


def test_the_longest_text_is_counted_as_it_is_written() -> None:
    assert clean("x" * LONGEST_TEXT)
    with pytest.raises(UnusableText):
        clean("é" * (LONGEST_TEXT // 2 + 1))
    with pytest.raises(UnusableText):
        clean("x\n" * (LONGEST_TEXT // 2) + "x")


def test_lines_end_with_cr_lf_in_the_file_only() -> None:
    assert written("a\nb") == "a\r\nb"
    assert shown(written("a\nb")) == "a\nb"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "# Findings\n- **Clear** lungs\n- No `effusion`",
            ("Findings", "Clear lungs", "No effusion"),
        ),
        ("<p>One.</p><p>Two<br/>Three</p>", ("One.", "Two", "Three")),
        ("1. First\n2) Second", ("First", "Second")),
        ("Nodule < 5 mm, > 3 mm", ("Nodule < 5 mm, > 3 mm",)),
        ("2 * 3 * 4 mm", ("2 * 3 * 4 mm",)),
        ("\n\n", ()),
    ],
)
def test_mark_up_becomes_plain_paragraphs(raw: str, expected: tuple[str, ...]) -> None:
    assert paragraphs(raw) == expected


@pytest.mark.parametrize(
    ("raw", "limit", "expected"),
    [
        ("short", 16, "short"),
        ("a\\b\nc", 16, "a b c"),
        ("x" * 20, 16, "x" * 13 + "…"),
        ("é" * 10, 16, "é" * 6 + "…"),
        ("", 16, ""),
    ],
)
def test_short_values_are_cut_with_a_sign(raw: str, limit: int, expected: str) -> None:
    assert fitting(raw, limit) == expected
    assert len(fitting(raw, limit).encode()) <= limit
