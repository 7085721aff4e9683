"""The report as text."""

from __future__ import annotations

from dicom_io.report.document import human_sentence
from dicom_io.report.plain import as_text
from tests.reports import MODEL, draft, film, signed, suggestion


def test_a_signed_report_as_text() -> None:
    text = as_text(signed(draft(film(), IMPRESSION=(human_sentence("Normal."),))))

    assert text == (
        "Diagnostic Imaging Report\n"
        "=========================\n"
        "\n"
        "Research use only. Not for clinical use.\n"
        "\n"
        "Findings\n"
        "--------\n"
        "There are round opacities in both lungs.  [AI]\n"
        "The heart is at the upper limit of normal.  [AI, edited]\n"
        "No pleural effusion.\n"
        "\n"
        "Impression\n"
        "----------\n"
        "Normal.\n"
        "\n"
        "Signed by Demo^Reader (DEMONSTRATION), 2026-03-04T05:06:07+01:00\n"
        f"Model: wetread-demo 1.0.0, weights sha256:{MODEL.sha256}\n"
        "Patient ID: P-17\n"
        "Study: 2.25.1003\n"
    )


def test_a_draft_says_so_and_marks_what_is_undecided() -> None:
    text = as_text(draft(film(), suggestion("Perhaps."), suggestion("No.").rejected()))

    assert "AI DRAFT – UNVERIFIED" in text
    assert "Perhaps.  [AI] [not decided]" in text
    assert "No." not in text
    assert "Signed by" not in text
