"""From a recipe to a card: the whole way on drawn data, by the two commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_backend.evaluation.__main__ import main as evaluate
from model_backend.evaluation.card import CARD
from model_backend.evaluation.card_text import card_text
from model_backend.training.__main__ import main as train


def test_a_trained_model_is_measured_on_what_was_held_out(
    tiny_recipe: Path, drawn_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(drawn_data)]
    assert train([str(tiny_recipe), *data, "--out", str(tmp_path)]) == 0
    capsys.readouterr()

    code = evaluate([str(tmp_path / "model"), *data, "--json", "--write"])

    printed = capsys.readouterr()
    assert code == 0, printed.err
    card = json.loads(printed.out)
    assert card == json.loads((tmp_path / "model" / CARD).read_text(encoding="utf-8"))
    figures = {one["name"]: one for one in card["figures"]}
    closed = figures["vqa_rad/closed/accuracy"]
    assert closed["groups"] == card["counts"]["vqa_rad"]["held_out_pictures"]
    assert closed["cases"] == 2 * closed["groups"]
    assert 0 <= closed["low"] <= closed["value"] <= closed["high"] <= 1
    assert figures["vqa_rad/open/accuracy"]["floors"][0]["value"] >= 0
    assert card["sample"] and all(len(one["probabilities"]) == 2 for one in card["sample"])
    assert closed["title"] in card_text(card)
