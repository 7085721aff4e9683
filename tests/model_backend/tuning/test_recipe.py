"""A recipe whose every key is known, and refusals that name what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_backend.biomedgpt.config import SIZES
from model_backend.training.problems import TrainingProblem
from model_backend.tuning.recipe import read_tuning
from tests.model_backend.tuning.conftest import Recipes

SOURCE = '[[source]]\ndata = "questions"\n'


def test_a_recipe_says_the_paper_s_rates(recipes: Recipes) -> None:
    recipe = read_tuning(recipes(SOURCE, network="", size="small", epochs=100))

    assert recipe.network == SIZES["small"]
    assert recipe.tuning.rate == 5e-5
    assert recipe.tuning.betas == (0.9, 0.999)
    assert recipe.sources[0].objectives == ("auto",)


@pytest.mark.parametrize(
    ("values", "source", "says"),
    [
        ({"speed": 3}, SOURCE, "unknown key 'speed'"),
        ({"precision": "fp8"}, SOURCE, "precision is one of"),
        ({"frozen": ("head",)}, SOURCE, "frozen parts"),
        ({"warmup": 1.5}, SOURCE, "warmup"),
        ({}, "", "no [[source]]"),
        ({}, SOURCE + "rows = 0\n", "rows is at least 1"),
        ({}, SOURCE + 'augment = "cubist"\n', "augment is one of"),
        ({}, SOURCE + "color = 1\n", "unknown key 'color'"),
        ({}, "[[source]]\nrows = 1\n", "lacks a key"),
        ({"parent": "demo"}, SOURCE, "a parent and a network"),
    ],
)
def test_what_no_run_can_use_is_named(
    values: dict[str, object], source: str, says: str, recipes: Recipes
) -> None:
    path = recipes(source, **values)

    with pytest.raises(TrainingProblem, match=says.replace("[", r"\[")):
        read_tuning(path)


def test_a_network_that_cannot_be_is_refused(recipes: Recipes) -> None:
    path = recipes(SOURCE, network="[network]\nd_model = 30\nheads = 4\n")

    with pytest.raises(TrainingProblem, match="does not divide"):
        read_tuning(path)


def test_a_recipe_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingProblem, match="cannot be read"):
        read_tuning(tmp_path / "none.toml")
