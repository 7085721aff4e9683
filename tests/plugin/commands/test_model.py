"""`model`, `train` and `evaluate`: what there is, and one sentence where there is nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from model_backend.folder import EMBEDDED
from tests.commands import Wetread


@pytest.mark.usefixtures("embedded")
def test_list_names_the_embedded_model_and_those_in_the_data_root(
    wetread: Wetread, own_home: Path, echo_folder: Path
) -> None:
    shutil.copytree(echo_folder, own_home / "models" / "echo")

    listed = wetread("model", "list", "--json").objects

    assert [one["name"] for one in listed] == ["echo", "wetread-demo", "wetread-practice"]
    assert {"version", "tasks", "path"} <= set(listed[0])
    assert "wetread-demo" in wetread("model", "list").out


@pytest.mark.usefixtures("embedded")
def test_the_card_of_the_embedded_model_tells_held_out_figures(wetread: Wetread) -> None:
    if not (EMBEDDED / "card.json").exists():
        pytest.skip("the embedded model is missing: it has no card yet")

    text, (card,) = wetread("model", "card").out, wetread("model", "card", "--json").objects

    assert card == json.loads((EMBEDDED / "card.json").read_text(encoding="utf-8"))
    assert card["figures"] and all(one["title"] in text for one in card["figures"])
    assert "Research use only" in text and "children" in text
    assert "interval" in text and "beside" in text


@pytest.mark.parametrize("card", [None, "{}", "{", "[]", '{"version": 1}', '{"model": 3}'])
def test_a_model_without_a_readable_card_is_one_sentence(
    wetread: Wetread, own_home: Path, echo_folder: Path, card: str | None
) -> None:
    folder = own_home / "models" / "echo"
    shutil.copytree(echo_folder, folder)
    if card is not None:
        (folder / "card.json").write_text(card)

    ran = wetread("model", "card", "echo")

    assert ran.code == 1 and ran.out == ""
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["model"],
        ["model", "cards"],
        ["model", "card", "no-such-model"],
        ["model", "card", "../../etc"],
        ["model", "card", "no such name"],
        ["evaluate", "no-such-model"],
        ["train"],
    ],
)
def test_what_is_not_there_is_one_sentence(wetread: Wetread, words: list[str]) -> None:
    ran = wetread(*words)

    assert ran.code in (1, 2) and ran.out == ""
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1


def test_train_and_evaluate_pass_on_what_their_process_says(
    child: Callable[..., subprocess.Popen[str]], tmp_path: Path, echo_folder: Path
) -> None:
    (tmp_path / "wrong.toml").write_text("nonsense")

    for words in (
        ["train", tmp_path / "wrong.toml"],
        ["evaluate", f"{echo_folder}/", "--data", tmp_path / "nowhere", "--json"],
    ):
        process = child(*words)
        printed, said = process.communicate(timeout=60)

        assert process.returncode == 1
        assert printed == "" and said.count("\n") == 1
        assert str(tmp_path) in said
