"""Adapters learn beside frozen weights; merged into them they change no answer."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.weights import load_weights
from model_backend.folder import ModelFolder
from model_backend.training.__main__ import main
from model_backend.training.problems import TrainingProblem
from model_backend.tuning import adapters
from model_backend.tuning.export import export
from tests.model_backend.tuning.conftest import Recipes, run_of

QUESTIONS = '[[source]]\ndata = "questions"\nrows = 8\nconstrained = true\n'
LORA = "[adapters]\nrank = 4\n"


@pytest.fixture(scope="module")
def parent(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of an untaught network."""
    from tests.model_backend.tuning.conftest import NETWORK

    folder = tmp_path_factory.mktemp("parent")
    recipe = folder / "parent.toml"
    recipe.write_text(
        f'version = 1\nname = "parent"\n[tuning]\nsteps = 1\n{NETWORK}\n{QUESTIONS}', "utf-8"
    )
    assert main([str(recipe), "--data", str(data), "--out", str(folder)]) == 0
    return folder / "model"


def test_only_the_adapters_learn(
    parent: Path, recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    recipe = recipes(QUESTIONS + LORA, network="", parent=str(parent), steps=3, rate=1e-2)
    run = run_of(recipe, data, tmp_path / "out")
    before = {name: one.clone() for name, one in run.begun.network.state_dict().items()}

    run.train()

    after = run.begun.network.state_dict()
    moved = {name for name, one in after.items() if not one.equal(before[name])}
    weights = {name for name in moved if "running_" not in name and "num_batches" not in name}
    assert weights and all("lora_" in name for name in weights)
    share = sum(one.numel() for one in run.learner.learnt) / sum(
        one.numel() for one in run.begun.network.parameters()
    )
    assert share < 0.02


def test_the_merged_folder_says_what_the_adapted_network_said(
    parent: Path, recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    recipe = recipes(
        QUESTIONS + LORA, network="", parent=str(parent), steps=3, rate=3e-2, dropout=0.0
    )
    run = run_of(recipe, data, tmp_path / "out")
    run.train()
    network = run.begun.network.eval()
    source = torch.tensor([[0, 5, 6, 7, 2]])
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        said = network(source, source, picture)

    folder = export(run, tmp_path / "model")

    keys = load_file(folder.weights_path).keys()
    assert keys == load_file(ModelFolder.read(parent).weights_path).keys()
    merged = load_weights(folder.weights_path, OFAConfig.from_json(folder.config))
    with torch.no_grad():
        found = merged(source, source, picture)
    torch.testing.assert_close(found, said, atol=2e-2, rtol=0)  # halves of single precision
    plain = load_weights(ModelFolder.read(parent).weights_path, OFAConfig.from_json(folder.config))
    with torch.no_grad():
        assert float((plain(source, source, picture) - said).abs().max()) > 5e-2


def test_a_run_with_adapters_is_taken_up_again(
    parent: Path, recipes: Recipes, data: Path, tmp_path: Path
) -> None:
    settings = {"parent": str(parent), "steps": 4, "rate": 1e-2, "ema": 0.9}
    recipe = recipes(QUESTIONS + LORA, network="", **settings)
    unbroken = run_of(recipe, data, tmp_path / "unbroken")
    unbroken.train()
    run_of(recipe, data, tmp_path / "out").train(until=2)

    again = run_of(recipe, data, tmp_path / "out")
    again.train()

    for name, one in unbroken.learner.average.items():
        assert one.equal(again.learner.average[name]), name


def test_layers_that_are_not_there_are_named(
    recipes: Recipes, parent: Path, data: Path, tmp_path: Path
) -> None:
    lora = '[adapters]\ntargets = ["w_nothing"]\n'
    recipe = recipes(QUESTIONS + lora, network="", parent=str(parent))

    with pytest.raises(TrainingProblem, match="w_nothing"):
        run_of(recipe, data, tmp_path / "out")


def test_norms_learn_where_they_are_asked_to(
    recipes: Recipes, parent: Path, data: Path, tmp_path: Path
) -> None:
    lora = LORA + "learn_norms = true\n"
    run = run_of(recipes(QUESTIONS + lora, network="", parent=str(parent)), data, tmp_path / "out")

    learnt = {name for name, one in run.begun.network.named_parameters() if one.requires_grad}

    assert "encoder.layers.0.self_attn.c_attn" in learnt
    assert "decoder.layer_norm.weight" in learnt
    assert not any(name.endswith("fc1.weight") for name in learnt)
    adapters.merge(run.begun.network)
    assert not any("lora_" in name for name, _ in run.begun.network.named_parameters())
