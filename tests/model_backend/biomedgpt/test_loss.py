"""Losses, gradients and one training pass equal the reference's (goldens/tiny/losses.json)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from model_backend.biomedgpt.checkpoint import load_fairseq
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.loss import Loss, LossOptions, label_smoothed_loss
from model_backend.biomedgpt.network import BiomedGPT, initialise
from model_backend.biomedgpt.weights import network_with

TINY = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny"
GOLDENS: dict[str, Any] = json.loads((TINY / "losses.json").read_text(encoding="utf-8"))
CASES = [name for name in GOLDENS if name != "train_mode_gradient"]
# The golden file does not print its conf; these are the only round values that give both its sums.
CONF = [1.0, 0.3, 2.0]

Tensors = dict[str, Tensor]


def options_of(settings: dict[str, Any]) -> LossOptions:
    wanted = dict(settings)
    if "constraint_range" in wanted:
        low, high = wanted["constraint_range"].split(",")
        wanted["constraint_range"] = (int(low), int(high))
    if wanted.pop("use_rdrop", False):
        assert wanted["reg_alpha"] > 0
    return LossOptions(**wanted)


@pytest.fixture(scope="module")
def logits(tiny: BiomedGPT, inputs: Tensors) -> Tensor:
    with torch.no_grad():
        seen = tiny.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
        return tiny.decode(inputs["prev_output_tokens"], seen)


@pytest.mark.parametrize("case", CASES)
def test_every_golden_loss_agrees(case: str, logits: Tensor, inputs: Tensors) -> None:
    golden, target = GOLDENS[case], inputs["target"].clone()
    extra: dict[str, Tensor] = {}
    if case == "smooth0.1_conf":
        extra["conf"] = torch.tensor(CONF)
    if case == "smooth0.1_constraint_masks":
        extra["allowed"] = torch.zeros(logits.shape, dtype=torch.bool)
        extra["allowed"][tuple(inputs["constraint_masks_idx"].T)] = True
    if case == "smooth0.1_ignore_eos_equal_len":
        logits, target = logits[:1], target[:1]
    if case == "smooth0.1_range":
        target[:2] = 1
    if case == "smooth0.1_rdrop":
        logits, target = logits.repeat(2, 1, 1), target.repeat(2, 1)

    found = label_smoothed_loss(
        logits, target, options_of(golden["settings"]), update=golden["update_num"], **extra
    )

    assert float(found.loss) == pytest.approx(golden["loss"], rel=1e-5)
    assert float(found.nll) == pytest.approx(golden["nll_loss"], rel=1e-5)
    assert found.sample_size == golden["sample_size"]


def test_halves_that_differ_cost_something(logits: Tensor, inputs: Tensors) -> None:
    target = inputs["target"].repeat(2, 1)
    apart = torch.cat([logits, logits * 1.5])

    plain = label_smoothed_loss(apart, target)
    found = label_smoothed_loss(apart, target, LossOptions(reg_alpha=2.0))

    first, second = (torch.log_softmax(half, -1)[inputs["target"] != 1] for half in apart.chunk(2))
    there = (first.exp() * (first - second)).sum()
    back = (second.exp() * (second - first)).sum()
    assert float(found.loss - plain.loss) == pytest.approx(float(there + back), rel=1e-4)


@pytest.fixture(scope="module")
def trained(tiny_config: OFAConfig, inputs: Tensors) -> tuple[BiomedGPT, Loss]:
    """The tiny network after one backward pass in training mode, without dropout."""
    config = replace(tiny_config, dropout=0.0, drop_path=0.0)
    network = network_with(*load_fairseq(TINY / "checkpoint.pt", config))
    network.requires_grad_(True).train()
    seen = network.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
    logits = network.decode(inputs["prev_output_tokens"], seen)
    loss = label_smoothed_loss(logits, inputs["target"], LossOptions(label_smoothing=0.1))
    (loss.loss / loss.sample_size).backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
    return network, loss


def test_every_gradient_norm_agrees(trained: tuple[BiomedGPT, Loss]) -> None:
    network, loss = trained
    golden = GOLDENS["train_mode_gradient"]

    norms = {
        name: float(weight.grad.norm())
        for name, weight in network.named_parameters()
        if weight.grad is not None and bool(weight.grad.any())
    }

    assert float(loss.loss.detach()) == pytest.approx(golden["loss"], rel=1e-5)
    assert loss.sample_size == golden["sample_size"]
    wanted = golden["grad_norms_of_loss_over_sample_size"]
    for name, norm in wanted.items():
        assert norms.get(name, 0.0) == pytest.approx(norm, rel=1e-3, abs=1e-6), name
    assert norms.keys() <= wanted.keys()
    assert norms.keys().isdisjoint(golden["no_gradient"])


def test_gradients_and_batch_norms_agree_entry_by_entry(trained: tuple[BiomedGPT, Loss]) -> None:
    network, _ = trained
    gradients = {name: weight.grad for name, weight in network.named_parameters()}
    state = network.state_dict()

    for name, golden in load_file(TINY / "train_step.safetensors").items():
        kind, _, key = name.partition(".")
        found = gradients[key] if kind == "grad" else state[key]
        assert found is not None
        scale = max(float(golden.abs().max()), 1e-3)
        torch.testing.assert_close(found, golden, atol=1e-3 * scale, rtol=0, msg=name)


def test_training_in_bfloat16_gives_finite_gradients(
    tiny_config: OFAConfig, inputs: Tensors
) -> None:
    torch.manual_seed(0)
    network = BiomedGPT(replace(tiny_config, attention_dropout=0.1, activation_dropout=0.1))
    initialise(network)
    network.train()
    images = inputs["patch_images"].contiguous(memory_format=torch.channels_last)

    with torch.autocast("cpu", torch.bfloat16):
        seen = network.encode(inputs["src_tokens"], images, inputs["patch_masks"])
        logits = network.decode(inputs["prev_output_tokens"], seen)
    loss = label_smoothed_loss(logits, inputs["target"])
    loss.loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped

    assert torch.isfinite(loss.loss)
    gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
    assert all(bool(torch.isfinite(one).all()) for one in gradients)
    assert len(gradients) > 200


def test_frozen_batch_norms_neither_learn_nor_move(tiny_config: OFAConfig, inputs: Tensors) -> None:
    network = BiomedGPT(replace(tiny_config, freeze_resnet=True)).train()

    network.image_features(inputs["patch_images"])

    for module in network.encoder.embed_images.batch_norms():
        assert not module.training
        assert module.num_batches_tracked is not None and int(module.num_batches_tracked) == 0
        assert not module.weight.requires_grad
