"""What the window says of the model: identity, measured quality, and the card in a dialogue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.storage import DataRoot
from model_backend.folder import EMBEDDED, NO_WEIGHTS, ModelFolder
from model_backend.request import BadCheckpoint, ModelIdentity
from plugin._shown import NO_CARD, identity_words, measured, quality_words
from plugin.card import CardDialog
from tests.plugin.desk import Desk, write_echo

FIGURE = {
    "name": "child/pneumonia/auc",
    "title": "Children, normal against pneumonia: area under the curve",
    "value": 0.9712,
    "low": 0.9581,
    "high": 0.982,
    "cases": 600,
    "groups": "patients",
    "floors": [{"name": "thumbnail", "value": 0.9}],
}
CARD = {
    "version": 1,
    "model": {"name": "echo", "version": "1.0.0", "sha256": "0" * 64},
    "said": ["Research use only."],
    "sources": ["nothing"],
    "figures": [FIGURE],
    "wanted": [],
    "training": {},
}


def test_identity_names_version_hash_and_device() -> None:
    model = ModelIdentity("demo", "1.2.0", "abcdef0123" + "0" * 54, device="cpu")

    assert identity_words(model) == "demo 1.2.0 · sha256 abcdef… · CPU"


def test_model_of_a_server_is_named_with_the_server() -> None:
    model = ModelIdentity("site", "vlm-7b", NO_WEIGHTS, address="https://gpu.hospital:443")

    assert identity_words(model) == "site vlm-7b · at gpu.hospital"


def test_quality_is_the_first_figure_with_its_interval() -> None:
    expected = "Children, normal against pneumonia: AUC 0.97 (0.96 to 0.98)"

    assert quality_words(CARD) == expected


def test_a_model_without_a_card_is_not_measured(echo_folder: ModelFolder) -> None:
    assert measured(echo_folder) == ("not measured", NO_CARD)


@pytest.mark.parametrize("card", [{"version": 1}, {**CARD, "figures": []}, {**CARD, "said": None}])
def test_a_damaged_card_is_named(card: dict[str, object], echo_folder: ModelFolder) -> None:
    (echo_folder.path / "card.json").write_text(json.dumps(card), "utf-8")

    with pytest.raises(BadCheckpoint, match="card of the model echo is damaged"):
        measured(echo_folder)


def test_the_bottom_line_and_the_dialogue_show_the_card(qtbot: QtBot, own_home: Path) -> None:
    root = DataRoot(own_home).create()
    name = write_echo(root)
    (root.models / name / "card.json").write_text(json.dumps(CARD), "utf-8")
    desk = Desk(qtbot, own_home, [], name)

    desk.wait(lambda: "AUC 0.97 (0.96 to 0.98)" in desk.window.status.text("quality"))
    desk.window.table.perform("model.card")
    desk.wait(lambda: shown_cards() != [])

    (dialog,) = shown_cards()
    assert "beside 0.900: thumbnail" in dialog.text.toPlainText()
    dialog.close()
    desk.close()


def shown_cards() -> list[CardDialog]:
    widgets = QApplication.topLevelWidgets()
    return [one for one in widgets if isinstance(one, CardDialog) and one.isVisible()]


def test_the_embedded_model_shows_what_was_measured() -> None:
    quality, text = measured(ModelFolder.read(EMBEDDED))

    assert " to " in quality
    assert "Research use only" in text
