"""What readers did with a model's suggestions is counted by version and month, and can stop it."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from dicom_io.audit import AuditLog, Entry, Event, Outcome
from dicom_io.report.document import ReportDocument, Section, SectionKind, human_sentence
from dicom_io.report.monitoring import (
    REFUSED,
    Count,
    as_csv,
    as_svg,
    count,
    distance,
    total,
    why_switched_off,
)
from tests.reports import MODEL, asked_about, draft, film, signed, suggestion

OTHER = replace(MODEL, version="2.0.0")


def report(month: str = "2026-03", accepted: int = 1, rejected: int = 1) -> ReportDocument:
    """A signed report with one edited sentence, one of the reader's, and so many of the model's."""
    said = [
        *(suggestion(f"Accepted {n}.").accepted() for n in range(accepted)),
        *(suggestion(f"Rejected {n}.").rejected() for n in range(rejected)),
        suggestion("The heart is large.").edited("The heart is not large today."),
        human_sentence("No pleural effusion."),
    ]
    return replace(signed(draft(film(), *said)), signed_at=f"{month}-04T05:06:07+01:00")


def test_sentences_are_counted_by_what_became_of_them() -> None:
    (one,) = count([report(accepted=3, rejected=2), report(accepted=1, rejected=0)])

    assert (one.model, one.version, one.month, one.drafts) == (
        "wetread-demo", "1.0.0", "2026-03", 2
    )  # fmt: skip
    assert (one.accepted, one.edited, one.rejected, one.suggested) == (4, 2, 2, 8)
    assert one.acceptance == 0.5
    assert one.edit_distance == pytest.approx(3 / 4)  # "large." and two new words, of four


def test_months_and_versions_are_told_apart() -> None:
    later = report("2026-04")
    other = replace(later, asked=(asked_about(film(), OTHER),))

    counts = count([later, other, report()])

    assert [(one.month, one.version) for one in counts] == [
        ("2026-03", "1.0.0"), ("2026-04", "1.0.0"), ("2026-04", "2.0.0")
    ]  # fmt: skip
    assert total(counts, MODEL).drafts == 2


def test_drafts_and_reports_without_a_model_do_not_count() -> None:
    unsigned = draft(film())
    own = signed(draft(film(), human_sentence("Normal.")))

    assert count([unsigned, own]) == ()


def test_an_addendum_counts_only_what_is_new() -> None:
    before = report(accepted=3)
    new = Section(SectionKind.ADDENDUM, (suggestion("New.").accepted(),))
    after = signed(before.addendum("2.25.5").with_section(new))

    one = total(count([before, after]), MODEL)

    assert (one.accepted, one.drafts) == (4, 2)


def test_refusals_come_from_the_audit(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path)
    for what in (REFUSED, REFUSED, "draft"):
        audit.record(
            Event.ACCESSED_BY_MODEL, None, outcome=Outcome.MINOR_FAILURE, what=what,
            model="m", version="1",
        )  # fmt: skip

    (one,) = count([], audit.entries())

    assert (one.model, one.version, one.refusals, one.acceptance) == ("m", "1", 2, None)
    assert count([], [Entry("2026-03-01T", "QUERY", 0, "", None, (("what", REFUSED),))]) == ()


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b", "", 2),
        ("", "a", 1),
        ("no air", "air no", 2),
    ],
)
def test_the_distance_counts_words(one: str, other: str, words: int) -> None:
    assert distance(one.split(), other.split()) == words


def test_the_csv_has_a_line_a_model_and_month() -> None:
    rows = list(csv.DictReader(StringIO(as_csv(count([report(), report("2026-04")])))))

    assert [row["month"] for row in rows] == ["2026-03", "2026-04"]
    assert rows[0]["acceptance"] == "0.333"
    assert rows[0]["words_changed"] == "0.750"


def test_the_picture_is_one_and_says_its_numbers() -> None:
    odd = Count('<"m&">', "1", "", "2026-05", 1, 2, 1, 1)

    root = ET.fromstring(as_svg([*count([report()]), odd]))

    said = " ".join(one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "2026-03" in said and "1+1 of 3" in said and '<"m&"> 1' in said
    assert ET.fromstring(as_svg([])) is not None


@pytest.mark.parametrize(
    ("least", "after", "stops"),
    [(0.0, 1, False), (0.7, 1, True), (0.6, 1, False), (0.7, 100, False), (1.0, 3, True)],
)
def test_the_rule_stops_a_model_whose_words_are_not_kept(
    least: float, after: int, stops: bool
) -> None:
    whole = total(count([report(accepted=1, rejected=1)]), MODEL)  # 2 of 3 kept

    said = why_switched_off(whole, least, after)

    assert bool(said) is stops
    assert not said or ("67%" in said and "wetread-demo 1.0.0" in said)
