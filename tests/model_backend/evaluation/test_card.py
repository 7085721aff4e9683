"""The card tells what was measured, and the shipped one what the shipped weights give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_backend.evaluation.__main__ import main
from model_backend.evaluation.card import CARD, held_out_cases
from model_backend.evaluation.card_text import card_text
from model_backend.evaluation.cases import Case
from model_backend.evaluation.measure import ask_all
from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.request import BadRequest
from model_backend.training.pictures import CHILD, NIH, VQA_RAD, read_pictures
from model_backend.training.recipe import PACKAGED
from model_backend.training.split import HELD_OUT
from model_backend.training.wordings import read_wordings

LARGEST = 40 * 2**20  # bytes of the shipped weights


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EMBEDDED / CARD).read_text(encoding="utf-8"))
    return content


def test_the_shipped_weights_are_small_and_those_of_the_card(card: dict[str, Any]) -> None:
    folder = ModelFolder.read(EMBEDDED)

    folder.check()

    assert folder.weights_path.stat().st_size <= LARGEST
    assert card["model"]["sha256"] == folder.sha256


def test_the_shipped_card_says_what_a_reader_must_know(card: dict[str, Any]) -> None:
    text = card_text(card)

    assert "Research use only" in text
    assert "children aged one to five" in text and "64-pixel" in text
    unwrapped = " ".join(text.split())
    for source in ("VQA-RAD", "CC0 1.0", "CC BY 4.0", "NIH Clinical Center"):
        assert source in unwrapped
    assert "normal against pneumonia: area under the curve" in text
    assert "bag of words of the question" in text
    assert "No better than chance on held-out cases: Adults at 64 pixels" in unwrapped
    assert max(map(len, text.splitlines())) <= 100


def test_the_shipped_card_gives_an_interval_and_floors_to_each_figure(
    card: dict[str, Any],
) -> None:
    figures = {one["name"]: one for one in card["figures"]}

    assert all(one["value"] <= one["high"] for one in figures.values())
    # A calibration error is biased upwards in every resample, so its interval may lie above it.
    certain = [one for name, one in figures.items() if not name.endswith("/calibration")]
    assert all(one["low"] <= one["value"] for one in certain)
    closed = figures["vqa_rad/closed/accuracy"]
    assert len(closed["floors"]) == 4 and closed["groups"] == 39
    assert figures[f"{CHILD}/pneumonia/auc"]["value"] >= 0.94
    for aim in card["wanted"]:
        if "points" in aim:
            best = max(floor["value"] for floor in closed["floors"])
            assert aim["reached"] == (closed["value"] - best >= 0.08)


def test_the_shipped_weights_give_the_answers_of_the_card(
    card: dict[str, Any], shared: Path
) -> None:
    pictures = read_pictures(shared / "data", (0, 26))
    places = {(one.source, one.name): index for index, one in enumerate(pictures)}
    kept = card["sample"][::2]
    cases = [
        Case(
            places[one["source"], one["picture"]],
            one["source"],
            one["question"],
            "",
            tuple(one["candidates"]),
        )
        for one in kept
    ]

    given = ask_all(ModelFolder.read(EMBEDDED), shared / "data", pictures, cases)

    assert len(given) >= 8
    assert {pictures[case.picture].part for case in cases} == {HELD_OUT}
    for answer, one in zip(given, kept, strict=True):
        assert answer.probabilities == pytest.approx(one["probabilities"], abs=2e-3)


def test_cases_are_asked_of_held_out_pictures_only(shared: Path) -> None:
    pictures = read_pictures(shared / "data", (0, 26))

    cases, known = held_out_cases(pictures, read_wordings(PACKAGED / "wordings.toml"))

    assert {pictures[case.picture].part for case in cases} == {HELD_OUT}
    assert HELD_OUT not in {pictures[case.picture].part for case in known}
    closed = [case for case in cases if case.task == f"{VQA_RAD}/closed"]
    assert len(closed) == 211 and all(len(case.candidates) > 1 for case in closed)
    assert sum(case.task == f"{CHILD}/pneumonia" for case in cases) == 974
    assert sum(case.task == f"{NIH}/normal" for case in cases) == 88


def test_what_cannot_be_evaluated_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1
    assert "no model" in capsys.readouterr().err

    assert main([str(EMBEDDED), "--data", str(tmp_path / "nowhere")]) == 1
    assert "no data folder" in capsys.readouterr().err


def test_an_empty_candidate_is_refused_by_the_model(shared: Path) -> None:
    pictures = read_pictures(shared / "data", (0, 26))
    case = Case(0, CHILD, "is there pneumonia?", "yes", ("yes", " "))

    with pytest.raises(BadRequest, match="empty"):
        ask_all(ModelFolder.read(EMBEDDED), shared / "data", pictures, [case])
