"""Margins are read back as they were written, for the same weights and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_backend.controls.kept import CONTROLS, read_margins, write_margins
from model_backend.controls.margin import fit_margins
from model_backend.request import BadCheckpoint, ModelError

WEIGHTS = "a" * 64
MARGINS = fit_margins({"a?": [0.01] * 40}, {"a?": [0.5] * 40})


def test_margins_come_back_as_they_were(tmp_path: Path) -> None:
    write_margins(tmp_path, WEIGHTS, MARGINS, {"sets": []})

    assert read_margins(tmp_path, WEIGHTS) == MARGINS
    assert [one.name for one in tmp_path.iterdir()] == [CONTROLS]


def test_margins_of_other_weights_or_none_are_none(tmp_path: Path) -> None:
    assert read_margins(tmp_path, WEIGHTS) == {}

    write_margins(tmp_path, WEIGHTS, MARGINS, {})

    assert read_margins(tmp_path, "b" * 64) == {}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "",
        lambda content: "[]",
        lambda content: json.dumps({**content, "margins": {}}),
        lambda content: json.dumps({**content, "margins": {"": {}}}),
        lambda content: json.dumps(content).replace('"value": ', '"value": -'),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, damage: object) -> None:
    write_margins(tmp_path, WEIGHTS, MARGINS, {})
    path = tmp_path / CONTROLS
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(damage(content))  # type: ignore[operator]

    with pytest.raises(BadCheckpoint, match=CONTROLS):
        read_margins(tmp_path, WEIGHTS)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="could not be written"):
        write_margins(tmp_path / "none", WEIGHTS, MARGINS, {})
