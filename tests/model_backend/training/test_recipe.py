"""Recipes say what they mean, and a key that nobody reads is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_backend.training.__main__ import main
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import PACKAGED, find_recipe, read_recipe


def test_the_packaged_recipe_is_found_by_the_name_in_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert find_recipe(Path("recipes/demo.toml")) == PACKAGED / "demo.toml"
    recipe = read_recipe(Path("recipes/demo.toml"))

    assert recipe.name == "wetread-demo"
    assert recipe.total_steps == sum(stage.epochs * stage.steps for stage in recipe.stages)


def test_steps_know_their_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = read_recipe(Path("recipes/demo.toml"))
    first = recipe.stages[0].epochs * recipe.stages[0].steps

    assert recipe.stage_at(0) == (0, 0)
    assert recipe.stage_at(first - 1) == (0, first - 1)
    assert recipe.stage_at(first) == (1, 0)
    with pytest.raises(IndexError):
        recipe.stage_at(recipe.total_steps)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version = 1", "version = 1\nepoch = 3", "unknown key 'epoch'"),
        ("seed = 7", "seed = 7\nmomentum = 0.9", r"unknown key 'momentum' in \[learning\]"),
        ("heads = 2", "head = 2", r"unknown key 'head' in \[network\]"),
        ("rate = 2e-3", "rate = 2e-3\nfact = 0.3", r"unknown key 'fact' in \[stage\]"),
        ("child = 6", "", r"lacks a key in \[stage\]"),
        ("version = 1", "version = 2", "not of version 1"),
        ("version = 1", "version = ", "cannot be read"),
        ('"wordings.toml"', '"words.toml"', r"words\.toml, which are missing"),
    ],
)
def test_a_fault_is_told_in_one_sentence(
    tiny_recipe: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    tiny_recipe.write_text(tiny_recipe.read_text(encoding="utf-8").replace(old, new, 1))

    with pytest.raises(TrainingProblem, match=told):
        read_recipe(tiny_recipe)

    assert main([str(tiny_recipe)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_recipe_without_stages_is_refused(tiny_recipe: Path) -> None:
    text = tiny_recipe.read_text(encoding="utf-8")
    tiny_recipe.write_text(text[: text.index("[[stage]]")])

    with pytest.raises(TrainingProblem, match="no \\[\\[stage\\]\\]"):
        read_recipe(tiny_recipe)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingProblem, match="no recipe"):
        read_recipe(tmp_path / "demo.toml")


def test_the_hash_covers_the_wordings_too(tiny_recipe: Path) -> None:
    before = read_recipe(tiny_recipe).sha256
    wordings = tiny_recipe.with_name("wordings.toml")
    wordings.write_text(wordings.read_text(encoding="utf-8") + "\n# changed\n")

    assert read_recipe(tiny_recipe).sha256 != before
