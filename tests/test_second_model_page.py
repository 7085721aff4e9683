"""The backend in docs/second_model.md runs as it stands, and the page's claims hold."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from model_backend import models
from model_backend.chat.connection import LONGEST_TIME
from model_backend.chat.settings import LONGEST_SIDE, TIMEOUT, ChatSettings
from model_backend.folder import ModelFolder
from model_backend.request import ANSWER, CHOICE, Answer, BadRequest, ImageInput, Refusal, Request

PICTURE = ImageInput(np.full((4, 6), 77, np.uint8))


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "second_model.md").read_text(encoding="utf-8")


@pytest.fixture
def grey(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> models.Model:
    """The page's file put where backends lie, chosen by the page's `model.json`."""
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (description,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    backends, folder = tmp_path / "backends", tmp_path / "grey"
    backends.mkdir()
    folder.mkdir()
    (backends / "mean_grey.py").write_text(code, encoding="utf-8")
    (folder / "model.json").write_text(description, encoding="utf-8")
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(backends)])
    assert json.loads(description)["backend"] == "mean_grey"
    return models.load(ModelFolder.read(folder), "cpu")


def test_backend_of_the_page_answers_and_refuses(grey: models.Model) -> None:
    requests = [Request(ANSWER, (PICTURE,), "how bright?"), Request(CHOICE, (PICTURE,))]

    answer, refusal = grey.answer(requests, lambda: False)

    assert isinstance(answer, Answer) and answer.text == "Mean grey 77."
    assert (answer.model.name, answer.model.version) == ("grey", "1.0")
    assert isinstance(refusal, Refusal)


def test_backend_of_the_page_stops_and_says_what_is_missing(grey: models.Model) -> None:
    assert list(grey.answer([Request(ANSWER, (PICTURE,))], lambda: True)) == []
    with pytest.raises(BadRequest):
        list(grey.answer([Request(ANSWER)], lambda: False))


def test_backend_of_the_page_is_short(page: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)

    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_figures_of_the_page_are_those_of_the_code(page: str) -> None:
    assert f"{LONGEST_SIDE:,} pixels" in page
    assert f"seconds of silence, {TIMEOUT:.0f}" in page
    assert f"{LONGEST_TIME / 60:.0f} minutes in all" in page
    given_by_options = {"address", "model", "ca_file", "key"}
    entries = {field.name for field in fields(ChatSettings)} - given_by_options
    assert {entry for entry in entries if f"`{entry}`" not in page} == set()
