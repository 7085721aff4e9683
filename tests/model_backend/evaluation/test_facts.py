"""The fact score counts what texts state and deny against labels."""

from __future__ import annotations

from model_backend.evaluation.facts import KINDS, fact_score, fact_sheet
from model_backend.request import FINDINGS
from tests.model_backend.evaluation.answers import said, yes_no_cases

LABELS = {"Effusion": True, "pneumothorax": False, "mass": False, "Device": True}


def test_each_statement_is_held_to_its_label() -> None:
    sheet = fact_sheet("There is an effusion. No mass. Pneumothorax on the left. A nodule.", LABELS)

    assert sheet.kinds("effusion") == ("stated", "labelled", "supported")
    assert sheet.kinds("mass") == ("denied", "rightly_denied")
    assert sheet.kinds("pneumothorax") == ("stated", "contradictory")
    assert sheet.kinds("nodule") == ("stated", "unsupported")
    assert "device" not in sheet.labels  # no text is searched for it
    counts = sheet.counts()
    assert {kind: counts[kind] for kind in KINDS} == {
        "stated": 3,
        "denied": 1,
        "doubted": 0,
        "supported": 1,
        "rightly_denied": 1,
        "contradictory": 1,
        "unsupported": 1,
        "labelled": 1,
        "missed": 0,
    }


def test_a_denied_finding_that_is_there_is_contradictory_and_a_silent_one_missed() -> None:
    assert fact_sheet("No effusion.", LABELS).kinds("effusion")[-1] == "contradictory"
    assert fact_sheet("The heart is normal.", LABELS).kinds("effusion") == ("labelled", "missed")
    assert fact_sheet("Possible effusion.", LABELS).kinds("effusion") == ("doubted", "labelled")


def test_a_film_that_is_labelled_normal_shows_none_of_the_findings() -> None:
    sheet = fact_sheet("There is an effusion.", {"No Finding": True})

    assert sheet.kinds("effusion") == ("stated", "contradictory")
    assert sheet.kinds("normal") == ("labelled", "missed") and sheet.counts()["missed"] == 1


def test_shares_come_from_all_texts_with_intervals() -> None:
    texts = ["There is an effusion.", "No effusion.", "A mass.", "The lungs are clear."] * 10
    cases = [said(FINDINGS, "", text, labels=LABELS, line=n) for n, text in enumerate(texts)]

    found = fact_score(cases, 100)

    shares = {one["name"]: one for one in found["shares"]}
    assert found["cases"] == 40 and found["counts"]["contradictory"] == 20
    assert shares["fact_precision"]["value"] == 50 and shares["fact_recall"]["value"] == 25
    assert shares["fact_precision"]["low"] < 50 < shares["fact_precision"]["high"]
    rows = {one["finding"]: one for one in found["findings"]}
    assert rows["effusion"]["supported"] == 10 and rows["mass"]["contradictory"] == 10


def test_a_likeness_of_words_is_not_a_likeness_of_facts() -> None:
    right = fact_sheet("There is an effusion.", {"effusion": True}).counts()
    wrong = fact_sheet("There is no effusion.", {"effusion": True}).counts()

    assert right["supported"] == 1 and wrong["supported"] == 0 and wrong["contradictory"] == 1


def test_without_labels_there_is_no_fact_score() -> None:
    assert fact_score([said(FINDINGS, "clear", "clear")]) == {}
    assert fact_score(yes_no_cases(4)) == {}
