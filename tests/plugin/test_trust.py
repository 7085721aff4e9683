"""What a model wrote is held against what is open before a reader sees it."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Decision,
    Origin,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
    human_sentence,
)
from dicom_io.report.doubts import CONTRADICTED, doubts_of
from plugin._trust import checked, faults, held_back

WHERE = Identity("1", "", "1.2", "1.2.3", "1.2.3.4", 0)


def suggested(text: str) -> Sentence:
    return Sentence(text, text, Origin.AI, Decision.SUGGESTED)


def report(findings: list[Sentence], impression: list[Sentence] | None = None) -> ReportDocument:
    sections = (
        Section(SectionKind.FINDINGS, tuple(findings)),
        Section(SectionKind.IMPRESSION, tuple(impression or ())),
    )
    return ReportDocument(WHERE, sections=sections)


def header(**values: str) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize(
    "text",
    ["The heart is unchanged.", "Compared with the previous film there is less fluid."],
)
def test_comparison_with_nothing_never_reaches_the_reader(text: str) -> None:
    before = report([suggested(text), suggested("There is no effusion.")])

    after = checked(before, Dataset())

    assert [one.text for one in after.sentences()] == ["There is no effusion."]
    assert held_back(before, after) == 1
    assert checked(before, Dataset(), has_prior=True).sentences() == before.sentences()


def test_what_a_person_wrote_or_decided_is_left_alone() -> None:
    own = human_sentence("Unchanged after three months, 12 mm.")
    taken = suggested("The heart is unchanged.").accepted()

    assert checked(report([own, taken]), Dataset()).sentences() == (own, taken)


@pytest.mark.parametrize(
    ("text", "known", "told"),
    [
        ("A fracture of the right hand.", {"ImageLaterality": "L"}, "other side"),
        ("A fracture of the left hand.", {"ImageLaterality": "L"}, ""),
        ("The left lung is clear, the right too.", {}, ""),
        ("The uterus is enlarged.", {"PatientSex": "M"}, "other sex"),
        ("The prostate is enlarged.", {"PatientSex": "F"}, "other sex"),
        ("The prostate is enlarged.", {"PatientSex": "M"}, ""),
        ("Collapse of T13.", {}, "no such level"),
        ("Collapse of T12 and L1.", {}, ""),
        ("A fracture of the 13th rib.", {}, "no such level"),
        ("A nodule of 12 mm.", {}, "nobody has measured"),
    ],
)
def test_sentence_that_does_not_fit_what_is_open_says_so(
    text: str, known: dict[str, str], told: str
) -> None:
    found = faults(text, header(**known))

    assert (told in " ".join(found)) if told else found == ()


def test_impression_against_its_findings_is_flagged() -> None:
    findings = [suggested("There is a pneumothorax.")]
    impression = [
        suggested("There is no pneumothorax."),
        suggested("Normal chest."),
        suggested("There is a pneumothorax on the left."),
    ]

    after = checked(report(findings, impression), Dataset())

    flagged = [
        CONTRADICTED in doubts_of(one) for one in after.section(SectionKind.IMPRESSION).sentences
    ]
    assert flagged == [True, True, False]


def test_flag_ends_with_the_readers_decision() -> None:
    one = Sentence(
        "1", "It is.", Origin.AI, Decision.SUGGESTED, note="same on noise, not calibrated"
    )

    assert doubts_of(one) == ("same on noise",)
    assert doubts_of(one.accepted()) == ()
