"""An update of the weights: the reference's gradients, and no number changed by what is skipped."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from model_backend.biomedgpt.checkpoint import load_fairseq
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.loss import LossOptions, label_smoothed_loss
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.tokenizer import PAD
from model_backend.biomedgpt.weights import network_with
from model_backend.tuning.batch import Batch, Group
from model_backend.tuning.forward import Forward
from model_backend.tuning.learner import Learner
from model_backend.tuning.recipe import Tuning
from tests.model_backend.tuning.conftest import ALONE

TINY = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny"
PLAIN = Tuning(
    precision="fp32",
    dropout=0.0,
    drop_path=0.0,
    clip_norm=0.0,
    label_smoothing=0.1,
    rate=1e-3,
    weight_decay=0.01,
)
Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def inputs() -> Tensors:
    return load_file(TINY / "inputs.safetensors")


def network() -> BiomedGPT:
    config = replace(OFAConfig.from_json(TINY / "config.json"), dropout=0.0, drop_path=0.0)
    return network_with(*load_fairseq(TINY / "checkpoint.pt", config)).requires_grad_(True)


def golden_batch(inputs: Tensors, **changes: Any) -> Batch:
    group = Group(
        objectives=("answer",) * 3,
        loss=1,
        source=inputs["src_tokens"],
        previous=inputs["prev_output_tokens"],
        target=inputs["target"],
        conf=torch.ones(3),
        codes=None,
        size=64,
        image_of=torch.arange(3),
        masks=inputs["patch_masks"],
        order=None,
        symbols=None,
        allowed=None,
    )
    return Batch({64: inputs["patch_images"]}, (replace(group, **changes),), 3)


def test_an_update_has_the_reference_s_gradients_and_moves_the_weights_by_them(
    inputs: Tensors,
) -> None:
    begun = network()
    before = copy.deepcopy(begun.state_dict())
    learner = Learner(begun, PLAIN, ALONE)

    update = learner.update(0, [golden_batch(inputs)], PLAIN.rate)

    gradients = {name: weight.grad for name, weight in begun.named_parameters()}
    after = begun.state_dict()
    assert not update.skipped and update.each.keys() == {"answer"}
    for name, golden in load_file(TINY / "train_step.safetensors").items():
        kind, _, key = name.partition(".")
        found = gradients[key] if kind == "grad" else after[key]
        assert found is not None
        scale = max(float(golden.abs().max()), 1e-3)
        torch.testing.assert_close(found, golden, atol=1e-3 * scale, rtol=0, msg=name)
        if kind == "grad":  # Adam's first step: the sign of the gradient times the rate
            clear = golden.abs() > 1e-4
            moved = before[key] * (1 - PLAIN.rate * PLAIN.weight_decay)
            moved = moved - PLAIN.rate * golden / (golden.abs() + PLAIN.eps)
            torch.testing.assert_close(after[key][clear], moved[clear], atol=2e-5, rtol=0, msg=name)


def test_two_half_batches_weigh_what_their_places_weigh(inputs: Tensors) -> None:
    learner = Learner(network(), PLAIN, ALONE)
    frozen = Learner(network(), PLAIN, ALONE)
    for one in (learner, frozen):  # statistics of a batch would differ from its halves'
        one.network.encoder.embed_images.is_frozen = True

    whole = learner.update(0, [golden_batch(inputs)], 1e-3)
    halves = frozen.update(0, [rows_of(inputs, [0]), rows_of(inputs, [1, 2])], 1e-3)

    assert halves.loss == pytest.approx(whole.loss, rel=1e-5)
    assert halves.norm == pytest.approx(whole.norm, rel=1e-4)


def rows_of(inputs: Tensors, rows: list[int]) -> Batch:
    return golden_batch(
        {name: one[rows] if len(one) == 3 else one for name, one in inputs.items()},
        objectives=("answer",) * len(rows),
        conf=torch.ones(len(rows)),
        image_of=torch.arange(len(rows)),
    )


def test_a_few_symbols_compete_as_if_the_whole_vocabulary_were_masked(inputs: Tensors) -> None:
    begun = network().train()
    target = inputs["target"]
    counts = target != PAD
    wanted = target[counts]
    symbols = torch.tensor([0, 1, 2, 3, *sorted({*wanted.tolist(), 40, 50, 60} - {0, 1, 2, 3})])
    allowed = (
        torch.rand(len(wanted), len(symbols), generator=torch.Generator().manual_seed(1)) < 0.5
    )
    allowed[torch.arange(len(wanted)), torch.searchsorted(symbols, wanted)] = True
    options = LossOptions(label_smoothing=0.1)

    batch = golden_batch(inputs, symbols=symbols, allowed=allowed)
    total, _ = Forward(begun, options, tower_learns=True)(batch, {1: 1.0}, 0)

    whole = torch.zeros(*target.shape, begun.config.vocab_size, dtype=torch.bool)
    rows = torch.zeros(len(wanted), begun.config.vocab_size, dtype=torch.bool)
    rows[:, symbols] = allowed
    whole[counts] = rows
    seen = begun.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
    logits = begun.decode(inputs["prev_output_tokens"], seen)
    plain = label_smoothed_loss(logits, target, options, allowed=whole)
    assert float(total.detach()) == pytest.approx(float(plain.loss.detach()), rel=1e-5)


def test_recomputing_gives_the_same_gradients_with_dropout(inputs: Tensors) -> None:
    norms = []
    for recompute in (False, True):
        torch.manual_seed(3)
        begun = network()
        begun = network_with(
            replace(begun.config, dropout=0.2, drop_path=0.2),
            {k: v for k, v in begun.state_dict().items() if k != "decoder.embed_tokens.weight"},
        ).requires_grad_(True)
        learner = Learner(begun, replace(PLAIN, recompute=recompute), ALONE)
        norms.append(learner.update(0, [golden_batch(inputs)], 1e-3).norm)

    assert norms[1] == pytest.approx(norms[0], rel=1e-5)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_stays_near_single(precision: str, inputs: Tensors) -> None:
    single = Learner(network(), PLAIN, ALONE).update(0, [golden_batch(inputs)], 1e-3)
    half = Learner(network(), replace(PLAIN, precision=precision), ALONE)

    found = half.update(0, [golden_batch(inputs)], 1e-3)

    assert found.loss == pytest.approx(single.loss, rel=0.02)
    assert found.norm == pytest.approx(single.norm, rel=0.1)


def test_an_overflow_of_fp16_moves_nothing_and_halves_the_scale(inputs: Tensors) -> None:
    learner = Learner(network(), replace(PLAIN, precision="fp16", ema=0.9), ALONE)
    learner.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**100)
    before = copy.deepcopy(learner.network.state_dict())

    update = learner.update(0, [golden_batch(inputs)], 1e-3)

    assert update.skipped
    assert learner.scaler.get_scale() == 2.0**99
    weights = dict(learner.network.named_parameters())
    assert all(weights[name].equal(before[name]) for name in weights)


def test_the_average_follows_from_the_first_update_on(inputs: Tensors) -> None:
    learner = Learner(network(), replace(PLAIN, ema=0.9), ALONE)
    name = "encoder.layers.0.fc1.weight"
    before = learner.network.state_dict()[name].clone()

    learner.update(0, [golden_batch(inputs)], 1e-3)

    now = learner.network.state_dict()[name]
    torch.testing.assert_close(learner.average[name], 0.9 * before + 0.1 * now)
    with learner.averaged():
        assert learner.network.state_dict()[name].equal(learner.average[name])
    assert learner.network.state_dict()[name].equal(now)


def test_frozen_parts_stay_as_they_are(inputs: Tensors) -> None:
    parts = ("embeddings", "tower", "encoder")
    learner = Learner(network(), replace(PLAIN, frozen=parts), ALONE)
    before = copy.deepcopy(learner.network.state_dict())

    learner.update(0, [golden_batch(inputs)], 1e-3)

    after = learner.network.state_dict()
    moved = {name for name, one in after.items() if not one.equal(before[name])}
    assert moved and all(name.startswith("decoder.") for name in moved)


def test_a_batch_without_a_usable_row_moves_nothing() -> None:
    learner = Learner(network(), PLAIN, ALONE)

    update = learner.update(0, [Batch({}, (), 4)], 1e-3)

    assert update.skipped and update.places == 0
