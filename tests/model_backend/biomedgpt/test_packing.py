"""Packed weights give what the plain ones give, as exactly as their precision allows."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.encoder import EncoderOutput
from model_backend.biomedgpt.network import BiomedGPT, DecoderCache, initialise
from model_backend.biomedgpt.packing import PRECISIONS, best_precision, prepare
from model_backend.biomedgpt.products import (
    Convolution,
    Half,
    Int8,
    Packed,
    PackedConvolution,
    Plain,
    has_fbgemm,
    has_packed,
)
from model_backend.biomedgpt.scoring import Question, score_candidates
from model_backend.biomedgpt.search import Search, generate
from model_backend.biomedgpt.weights import load_weights, save_weights
from model_backend.request import BadCheckpoint, BadRequest

GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny"
SEARCHES: list[dict[str, Any]] = json.loads((GOLDENS / "generation.json").read_text())
# Largest difference of a logit and their root mean square, where logits have a deviation of 3.
CLOSE = {"fp32": (1e-4, 1e-5), "bf16": (0.6, 0.1), "int8": (1.2, 0.2)}


@pytest.fixture(scope="module")
def packed(tiny: BiomedGPT) -> dict[str, BiomedGPT]:
    """The tiny network in every precision."""
    return {precision: prepare(copy.deepcopy(tiny), precision) for precision in PRECISIONS}


def encode(network: BiomedGPT, inputs: dict[str, Tensor], picture: str) -> EncoderOutput:
    with torch.no_grad():
        return network.encode(inputs["src_tokens"], inputs[picture], inputs["patch_masks"])


@pytest.mark.parametrize("picture", ["patch_images", "patch_images_nonsquare"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_packed_weights_give_the_plain_ones_logits(
    precision: str,
    picture: str,
    packed: dict[str, BiomedGPT],
    tiny: BiomedGPT,
    inputs: dict[str, Tensor],
) -> None:
    codes = torch.tensor([False, True, False])
    largest, usual = CLOSE[precision]

    for masks in (None, codes):
        with torch.no_grad():
            plain, mine = (
                network.decode(
                    inputs["prev_output_tokens"], encode(network, inputs, picture), masks
                )
                for network in (tiny, packed[precision])
            )
        real = inputs["prev_output_tokens"] != 1
        difference = (mine - plain)[real]
        assert mine.dtype == torch.float32
        assert difference.abs().max() < largest
        assert difference.square().mean().sqrt() < usual


def test_packed_float32_keeps_to_the_golden_numbers(
    packed: dict[str, BiomedGPT], inputs: dict[str, Tensor], outputs: dict[str, Tensor]
) -> None:
    network = packed["fp32"]
    with torch.no_grad():
        encoder = encode(network, inputs, "patch_images")
        logits, states = network.decoder(inputs["prev_output_tokens"], encoder)

    found = {"encoder_out": encoder.states, "logits": logits}
    found |= {f"encoder_state_{number}": one for number, one in enumerate(encoder.layers)}
    found |= {f"decoder_state_{number}": one for number, one in enumerate(states)}
    for name, one in found.items():
        torch.testing.assert_close(one, outputs[f"full.{name}"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("golden", SEARCHES, ids=[one["name"] for one in SEARCHES])
def test_packed_float32_finds_the_golden_symbols(
    golden: dict[str, Any], packed: dict[str, BiomedGPT], inputs: dict[str, Tensor]
) -> None:
    network, extra = packed["fp32"], dict(golden["settings"])
    if "crange" in golden:
        low, high = golden["crange"].split(",")
        extra["crange"] = (int(low), int(high))
    extra["zero_shot"] = golden.get("zero_shot", False)
    extra["gen_code"] = golden.get("extra", {}).get("gen_code", False)
    scoring = json.loads((GOLDENS / "scoring.json").read_text())
    trie = Trie(scoring["vqa_all_candidates"]["answer_token_ids"]) if golden.get("trie") else None
    with torch.no_grad():
        encoder = network.encode(inputs["src_tokens"])
        if golden.get("images", True):
            encoder = encode(network, inputs, "patch_images")

    found = generate(
        network,
        encoder,
        Search(**extra),
        source_length=28,
        prefixes=golden.get("prefix_tokens"),
        trie=trie,
    )

    for mine, theirs in zip(found, golden["hypotheses"], strict=True):
        assert [list(one.tokens) for one in mine] == [one["tokens"] for one in theirs]
        scores = [one["score"] for one in theirs]
        assert [one.score for one in mine] == pytest.approx(scores, abs=1e-4)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_caches_change_nothing_in_any_precision(
    precision: str, packed: dict[str, BiomedGPT], inputs: dict[str, Tensor]
) -> None:
    network, cache = packed[precision], DecoderCache()
    tokens = torch.randint(4, 6000, (6, 5), generator=torch.Generator().manual_seed(1))
    encoder = encode(network, inputs, "patch_images")

    with torch.no_grad():
        whole = network.decode(tokens, encoder)
        steps = [network.decode(tokens[:, : end + 1], encoder, cache=cache) for end in range(5)]

    # Rounding to int8 can tip where float32 differs in its last bit; then by a step of a scale.
    close = 1e-4 if precision != "int8" else 0.2
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, atol=close, rtol=0)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_an_answer_does_not_depend_on_what_is_asked_beside_it(
    precision: str, packed: dict[str, BiomedGPT], inputs: dict[str, Tensor]
) -> None:
    network = packed[precision]
    answers = ((5, 6), (7,), (900, 12, 5))
    encoder = encode(network, inputs, "patch_images")
    asked = [Question(row, (0, 40, 50 + row), answers) for row in range(3)]

    together = score_candidates(network, encoder, asked)
    alone = [score_candidates(network, encoder, [one])[0] for one in asked]

    close = 1e-4 if precision != "int8" else 0.2
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=close)


@pytest.mark.skipif(not has_fbgemm(), reason="the operating system's PyTorch has no FBGEMM")
def test_rows_are_rounded_to_int8_each_by_itself() -> None:
    draw = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(24, 40, generator=draw), torch.randn(24, generator=draw)
    x = torch.randn(6, 40, generator=draw) * torch.tensor([1e-3, 1, 1e3, 1, 5, 0])[:, None]
    product = Int8(weight, bias)

    together = product(x)
    exact = x @ weight.T + bias

    assert torch.equal(together, torch.cat([product(row[None]) for row in x]))
    assert ((together - exact).abs() <= 0.04 * x.norm(dim=1)[:, None] + 1e-5).all()


@pytest.mark.skipif(not has_packed(), reason="the operating system's PyTorch has no oneDNN")
@pytest.mark.parametrize("side", [12, 7])
def test_a_packed_convolution_gives_the_plain_ones_values(side: int) -> None:
    torch.manual_seed(0)
    plain = torch.nn.Conv2d(16, 32, 3, 2, 1)
    x = torch.randn(2, 16, side, side)
    shortcut = torch.randn(2, 32, (side + 1) // 2, (side + 1) // 2)
    given = plain.weight.detach(), torch.randn(32)
    plain.bias = torch.nn.Parameter(given[1])

    with torch.no_grad():
        wanted = plain(x).relu(), (plain(x) + shortcut).relu()
        for ready in (
            Convolution(*given, plain, relu=True),
            PackedConvolution(*given, plain, relu=True, side=12),
        ):
            torch.testing.assert_close(ready(x), wanted[0], atol=1e-5, rtol=0)
        straight = (
            Convolution(*given, plain, relu=False),
            PackedConvolution(*given, plain, relu=False, side=12),
        )
        for one in straight:
            sum_of = one.onto(x, shortcut.clone(memory_format=torch.channels_last))
            torch.testing.assert_close(sum_of, wanted[1], atol=1e-5, rtol=0)


@pytest.mark.skipif(not has_fbgemm(), reason="the operating system's PyTorch has no FBGEMM")
def test_sixteen_bits_lose_nothing_of_weights_that_had_no_more() -> None:
    draw = torch.Generator().manual_seed(0)
    weight = (torch.randn(24, 40, generator=draw) * 0.02).half().float()
    x, bias = torch.randn(6, 40, generator=draw), torch.randn(24, generator=draw)

    torch.testing.assert_close(Half(weight, bias)(x), x @ weight.T + bias, atol=1e-5, rtol=1e-5)


@pytest.mark.skipif(not has_packed(), reason="the operating system's PyTorch has no oneDNN")
@pytest.mark.parametrize("rows", [1, 5, 600])
def test_a_packed_product_takes_any_number_of_rows(rows: int) -> None:
    draw = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(24, 40, generator=draw), torch.randn(24, generator=draw)
    x = torch.randn(2, rows, 40, generator=draw)

    plain, packed = Plain(weight, bias, torch.float32), Packed(weight, bias, 5, torch.float32)

    torch.testing.assert_close(packed(x), plain(x), atol=1e-4, rtol=1e-4)


def test_without_the_packed_products_plain_ones_serve(
    tiny: BiomedGPT, inputs: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("has_packed", "has_fbgemm", "has_bfloat16"):
        monkeypatch.setattr(f"model_backend.biomedgpt.packing.{name}", lambda: False)

    for precision in PRECISIONS:
        network = prepare(copy.deepcopy(tiny), precision)
        assert not any(isinstance(one, Packed | Half | Int8) for one in network.modules())
        states = encode(network, inputs, "patch_images").states
        torch.testing.assert_close(
            states, encode(tiny, inputs, "patch_images").states, atol=1e-4, rtol=0
        )


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", [torch.float16, torch.float32])
def test_a_file_gives_what_the_network_in_memory_gives(
    precision: str,
    kind: torch.dtype,
    tiny: BiomedGPT,
    inputs: dict[str, Tensor],
    tmp_path: Path,
) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, tiny, kind)
    rounded = copy.deepcopy(tiny)
    if kind == torch.float16:
        rounded.half().float()

    network = load_weights(path, tiny.config, precision)

    expected = encode(prepare(rounded, precision), inputs, "patch_images")
    assert torch.equal(encode(network, inputs, "patch_images").states, expected.states)
    assert network.encoder.embed_tokens.weight.dtype == kind  # as the file holds them
    assert not network.training


def test_every_switch_of_a_configuration_can_be_packed(tiny_config: OFAConfig) -> None:
    plain = replace(tiny_config, scale_attn=False, scale_fc=False, scale_heads=False)
    other = replace(tiny_config, scale_resids=True, disable_entangle=False, freeze_resnet=True)
    tokens = torch.tensor([[0, 60, 70, 2]])

    for config in (plain, other):
        torch.manual_seed(1)
        network = BiomedGPT(config)
        initialise(network)
        network.eval().requires_grad_(False)
        logits = network.decode(tokens, network.encode(tokens))
        packed = prepare(copy.deepcopy(network), "fp32")

        found = packed.decode(tokens, packed.encode(tokens))
        torch.testing.assert_close(found, logits, atol=1e-5, rtol=0)


def test_a_precision_that_there_is_not_is_refused(tiny: BiomedGPT) -> None:
    with pytest.raises(BadRequest, match="fp32, bf16, int8"):
        prepare(copy.deepcopy(tiny), "fp8")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["encoder.embed_tokens.weight", "decoder.layers.1.fc2.bias"])
def test_a_file_with_values_that_are_no_numbers_is_refused(
    name: str, value: float, tiny: BiomedGPT, tmp_path: Path
) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, tiny, torch.float16)
    state = load_file(path)
    state[name].flatten()[3] = value
    save_file(state, path)

    with pytest.raises(BadCheckpoint, match="no numbers") as caught:
        load_weights(path, tiny.config)
    assert caught.value.key == name


def test_small_models_stay_in_float32_everywhere() -> None:
    for device in ("cpu", "cuda", "mps"):
        assert best_precision(20 * 2**20, device) == "fp32"
    assert best_precision(400 * 2**20, "cuda") == "bf16"
    assert best_precision(400 * 2**20, "mps") == "fp32"
    assert best_precision(400 * 2**20, "cpu") in ("fp32", "bf16")
