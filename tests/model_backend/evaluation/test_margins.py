"""The margins of the demo model's controls are fitted, tested on others, and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_backend.controls.kept import CONTROLS, read_margins
from model_backend.evaluation.margins import main
from model_backend.folder import ModelFolder
from tests.model_backend.evaluation.conftest import Asked, OwnSet


def own(one: Asked) -> str:
    return "yes" if one.yes >= 0.5 else "no"


def test_margins_are_fitted_tested_and_kept(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("own.jsonl", own)
    (demo / CONTROLS).unlink()  # those that come along

    assert main([str(demo), str(labelled), "--json", "--precision=fp32", "--part=100"]) == 0

    said = json.loads(capsys.readouterr().out)
    margins = read_margins(demo, ModelFolder.read(demo).sha256)
    assert said["written"] and margins[""].value == said["margins"][""]["value"] > 0
    assert said["tested"]["cases"] >= 20
    assert said["tested"]["cases"] + margins[""].blind_cases == 100
    assert margins[""].blind_flagged >= 0.95


def test_a_run_that_is_not_to_write_writes_nothing_and_prints_a_table(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("own.jsonl", own)
    (demo / CONTROLS).unlink()  # those that come along

    assert main([str(demo), str(labelled), "--no-write", "--precision=fp32", "--part=100"]) == 0

    said = capsys.readouterr().out
    assert "all questions" in said and "Not kept." in said and not (demo / CONTROLS).exists()


def test_too_few_questions_are_one_sentence(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("own.jsonl", own)

    assert main([str(demo), str(labelled), "--part=10"]) == 1

    assert "10 yes/no questions are too few" in capsys.readouterr().err


def test_a_model_that_is_never_right_has_no_margin(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("never.jsonl", lambda one: "no" if one.yes >= 0.5 else "yes")

    assert main([str(demo), str(labelled), "--precision=fp32", "--part=100"]) == 1

    assert "no right answer to be spared" in capsys.readouterr().err
