"""Every published size has exactly the published entries; a configuration keeps what it says."""

from __future__ import annotations

import hashlib
import json
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from model_backend.biomedgpt.config import SIZES, OFAConfig
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.positions import code_positions, image_buckets, token_buckets
from model_backend.biomedgpt.weights import computed_shapes, state_shapes
from model_backend.request import BadCheckpoint

SPEC = Path(__file__).resolve().parents[2] / "data" / "spec"


def read(name: str) -> Any:
    return json.loads(lzma.decompress((SPEC / f"{name}.json.xz").read_bytes()))


@pytest.mark.parametrize("size", SIZES)
def test_every_size_has_the_published_entries(size: str) -> None:
    published = read(f"state_dict_{size}")

    shapes = {**state_shapes(SIZES[size]), **computed_shapes(SIZES[size])}

    assert shapes == {key: tuple(entry["shape"]) for key, entry in published["fairseq"].items()}


@pytest.mark.parametrize("size", SIZES)
def test_every_size_has_the_published_number_of_parameters(size: str) -> None:
    published = read(f"state_dict_{size}")

    with torch.device("meta"):
        network = BiomedGPT(SIZES[size])

    count = sum(weight.numel() for weight in network.parameters())
    tower = sum(weight.numel() for weight in network.encoder.embed_images.parameters())
    assert count == published["unique_parameters"]
    assert tower == published["resnet_parameters"]


@pytest.mark.parametrize("size", [16, 24, 256])
def test_text_buckets_equal_the_reference(size: int) -> None:
    golden = read("position_buckets")[f"token_bucket_{size}"]

    assert token_buckets(size).tolist() == golden["bucket"]
    assert token_buckets(size, 200).tolist() == golden["bucket"][824:1223]


@pytest.mark.parametrize("size", [2, 3, 74, 75, 500, 1024])
def test_text_buckets_stay_inside_their_table(size: int) -> None:
    buckets = token_buckets(size)

    assert 0 <= int(buckets.min()) and int(buckets.max()) <= 2 * size - 2


@pytest.mark.parametrize("side", [8, 10, 42])
def test_image_buckets_equal_the_reference(side: int) -> None:
    golden = read("position_buckets")[f"image_bucket_{side}"]
    places = torch.arange(side * side + 1)

    table = image_buckets(places[:, None], places[None, :], side)

    assert hashlib.sha256(table.numpy().tobytes()).hexdigest() == golden["sha256_int64_le"]


def test_code_positions_follow_the_specification() -> None:
    published = code_positions(128, 42)

    assert len(published) == 1026
    assert published[:18].tolist() == [0, *range(1, 17), 43]
    assert published[256:259].tolist() == [1 + 15 * 42 + 15, 1024, 1024]
    assert len(code_positions(64, 8)) == 834
    assert len(code_positions(256, 42)) == 1 + 1024 + 769


def test_a_configuration_survives_a_round_trip(tiny_config: OFAConfig) -> None:
    content = json.loads(json.dumps(tiny_config.to_json()))

    assert OFAConfig.from_json(content) == tiny_config
    assert tiny_config.resnet_layers == (2, 2, 1)
    assert tiny_config.vocab_size == 6601


def test_sync_bn_stands_for_its_eps(goldens: Path) -> None:
    content = json.loads((goldens / "tiny" / "config.json").read_text(encoding="utf-8"))

    config = OFAConfig.from_json({**content, "sync_bn": True})

    assert config.batch_norm_eps == 1e-3
    assert BiomedGPT(config).encoder.embed_images.bn1.eps == 1e-3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("heads", 5),
        ("heads", 0),
        ("heads", True),
        ("d_model", "wide"),
        ("vocab_size", 6600),
        ("resnet_layers", [2, 2]),
        ("resnet_layers", 3),
        ("scale_attn", "yes"),
        ("token_bucket_size", 1),
        ("adapter", True),
        ("encoder_prompt", True),
        ("activation_fn", "relu"),
        ("dictionary", [13, 262]),
    ],
)
def test_an_impossible_configuration_names_what_is_wrong(
    goldens: Path, key: str, value: object
) -> None:
    content = json.loads((goldens / "tiny" / "config.json").read_text(encoding="utf-8"))

    with pytest.raises(BadCheckpoint) as caught:
        OFAConfig.from_json({**content, key: value})

    assert caught.value.key == key


def test_scaling_switches_take_their_weights_along(tiny_config: OFAConfig) -> None:
    bare = replace(tiny_config, scale_attn=False, scale_fc=False, scale_heads=False)
    added = set(state_shapes(tiny_config)) - set(state_shapes(bare))
    residual = set(state_shapes(replace(bare, scale_resids=True))) - set(state_shapes(bare))

    kinds = {key.split(".", 3)[3] for key in added}
    assert kinds == {
        f"{name}.{part}"
        for name in ("attn_ln", "self_attn_ln", "cross_attn_ln", "ffn_layernorm")
        for part in ("weight", "bias")
    } | {"self_attn.c_attn", "encoder_attn.c_attn"}
    assert len(residual) == 4 and all(key.endswith(".w_resid") for key in residual)
