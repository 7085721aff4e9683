"""Checkpoints load whole or are refused by the name of what is wrong, and never run anything."""

from __future__ import annotations

import argparse
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from model_backend.biomedgpt.checkpoint import load_fairseq, load_network
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.weights import load_weights, network_with, save_weights
from model_backend.request import BadCheckpoint

CHECKPOINT = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny" / "checkpoint.pt"
Write = Callable[[dict[str, Any]], Path]


@pytest.fixture
def content() -> dict[str, Any]:
    """The golden file as torch itself reads it."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        loaded: dict[str, Any] = torch.load(CHECKPOINT, weights_only=True)
    return loaded


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(what: dict[str, Any]) -> Path:
        path = tmp_path / "checkpoint.pt"
        torch.save(what, path)
        return path

    return write_file


def refused(path: Path, config: OFAConfig | None = None) -> BadCheckpoint:
    with pytest.raises(BadCheckpoint) as caught:
        load_network(path, config)
    return caught.value


def assert_same(one: BiomedGPT, other: BiomedGPT) -> None:
    state = other.state_dict()
    assert one.state_dict().keys() == state.keys()
    for key, entry in one.state_dict().items():
        assert torch.equal(entry, state[key]), key


# --- what is right ---


def test_the_file_tells_its_own_configuration(tiny_config: OFAConfig) -> None:
    config, state = load_fairseq(CHECKPOINT)

    assert config == tiny_config
    assert all(entry.dtype in (torch.float32, torch.int64) for entry in state.values())


def test_a_bare_state_dict_loads(content: dict[str, Any], write: Write, tiny: BiomedGPT) -> None:
    assert_same(load_network(write(content["model"]), tiny.config), tiny)


def test_averaged_weights_are_taken_when_asked(
    content: dict[str, Any], write: Write, tiny: BiomedGPT
) -> None:
    averaged = {key: entry.clone() for key, entry in content["model"].items()}
    averaged["encoder.layer_norm.bias"] += 1
    content["extra_state"]["ema"] = averaged
    path = write(content)

    plain, ema = load_network(path), load_network(path, ema=True)

    assert_same(plain, tiny)
    difference = ema.encoder.layer_norm.bias - tiny.encoder.layer_norm.bias
    torch.testing.assert_close(difference, torch.ones(32), atol=1e-3, rtol=0)


def test_averaged_weights_that_are_not_there_are_named() -> None:
    with pytest.raises(BadCheckpoint) as caught:
        load_fairseq(CHECKPOINT, ema=True)

    assert caught.value.key == "extra_state.ema"


def test_computed_entries_may_be_there_or_not(
    content: dict[str, Any], write: Write, tiny: BiomedGPT
) -> None:
    model = content["model"]
    model["decoder.image_position_idx"] = torch.zeros(1025, dtype=torch.long)
    model["encoder.token_rp_bucket"] = torch.zeros(1024, 1024, dtype=torch.long)
    for key in ("decoder.output_projection.weight", "decoder.version", "encoder.version"):
        del model[key]

    assert_same(load_network(write(content)), tiny)


def test_a_row_too_many_is_dropped_and_rows_too_few_are_drawn(
    content: dict[str, Any], write: Write, tiny: BiomedGPT
) -> None:
    model = content["model"]
    keys = [key for key in model if key.endswith(("embed_tokens.weight", "projection.weight"))]
    table = model[keys[0]]
    image = model["decoder.embed_image_positions.weight"]

    for key in keys:
        model[key] = torch.cat([table, torch.zeros(1, 32)])
    dropped = load_network(write(content), tiny.config)
    for key in keys:
        model[key] = table[:-100]
    model["decoder.embed_image_positions.weight"] = image[:-5]
    path = write(content)
    grown, again = load_network(path, tiny.config), load_network(path, tiny.config)

    assert_same(dropped, tiny)
    drawn = grown.encoder.embed_tokens.weight[-100:]
    assert torch.equal(grown.encoder.embed_tokens.weight[:-100], table[:-100].float())
    assert float(drawn.std()) == pytest.approx(32**-0.5, rel=0.1)
    assert len(grown.decoder.embed_image_positions.weight) == 65
    assert_same(grown, again)


def test_very_old_names_are_understood(
    content: dict[str, Any], write: Write, tiny: BiomedGPT
) -> None:
    old: dict[str, Tensor] = {}
    orders = {
        "encoder": ["self_attn_layer_norm", "final_layer_norm"],
        "decoder": ["self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"],
    }
    for key, entry in content["model"].items():
        stack, _, rest = key.partition(".layers.")
        name = rest.split(".")[1] if rest else ""
        if rest and name in orders[stack]:
            key = key.replace(name, f"layer_norms.{orders[stack].index(name)}")
        if ".self_attn.q_proj." in key:
            parts = [key.replace("q_proj", f"{letter}_proj") for letter in "qkv"]
            fused = key.replace("q_proj.", "in_proj_")
            old[fused] = torch.cat([content["model"][part] for part in parts])
        elif ".self_attn.k_proj." not in key and ".self_attn.v_proj." not in key:
            old[key] = entry
    old["classification_heads.mnli.dense.weight"] = torch.ones(2, 2)

    assert_same(load_network(write({"model": old}), tiny.config), tiny)


def test_names_of_the_other_distribution_are_understood(
    content: dict[str, Any], write: Write, tiny: BiomedGPT
) -> None:
    renamed = {}
    for key, entry in content["model"].items():
        theirs = key.replace("encoder_attn", "cross_attn").replace(
            "ffn_layernorm", "ffn_layer_norm"
        )
        for ours in ("self_attn_ln", "cross_attn_ln"):
            theirs = theirs.replace(f".{ours}.", f".{ours.removesuffix('_ln')}_mid_layer_norm.")
        theirs = theirs.replace(".attn_ln.", ".self_attn_mid_layer_norm.")
        if not theirs.endswith("version"):
            renamed[theirs] = entry
    assert "encoder.layers.0.self_attn_mid_layer_norm.weight" in renamed
    assert "decoder.layers.1.cross_attn_layer_norm.bias" in renamed

    assert_same(load_network(write(renamed), tiny.config), tiny)


def test_our_own_file_survives_a_round_trip(tiny: BiomedGPT, tmp_path: Path) -> None:
    save_weights(tmp_path / "weights.safetensors", tiny, torch.float32)

    state = load_file(tmp_path / "weights.safetensors")
    assert_same(network_with(tiny.config, state), tiny)


# --- what is wrong ---


def test_a_missing_entry_is_named(content: dict[str, Any], write: Write) -> None:
    del content["model"]["decoder.layers.1.fc2.bias"]

    assert refused(write(content)).key == "decoder.layers.1.fc2.bias"


def test_an_extra_entry_is_named(content: dict[str, Any], write: Write) -> None:
    content["model"]["decoder.layers.0.adapter.weight"] = torch.zeros(2)

    assert refused(write(content)).key == "decoder.layers.0.adapter.weight"


@pytest.mark.parametrize(
    "key",
    [
        "encoder.layers.0.fc1.bias",
        "encoder.token_rel_pos_table_list.0.weight",
        "encoder.embed_tokens.weight",
        "encoder.pos_ln.weight",
    ],
)
def test_an_entry_of_another_shape_is_named(
    content: dict[str, Any], write: Write, tiny_config: OFAConfig, key: str
) -> None:
    content["model"] = {
        name: entry
        for name, entry in content["model"].items()
        if name not in ("decoder.embed_tokens.weight", "decoder.output_projection.weight")
    }
    content["model"][key] = torch.zeros(7, 3, 2)

    assert refused(write(content)).key == key
    assert refused(write(content), tiny_config).key == key


def test_a_bucket_table_of_another_size_is_named(content: dict[str, Any], write: Write) -> None:
    content["model"]["decoder.image_rp_bucket"] = torch.zeros(3, 3, dtype=torch.long)

    assert refused(write(content)).key == "decoder.image_rp_bucket"


def test_embeddings_that_are_not_tied_are_named(content: dict[str, Any], write: Write) -> None:
    table = content["model"]["decoder.output_projection.weight"].clone()
    table[5] += 1
    content["model"]["decoder.output_projection.weight"] = table

    assert refused(write(content)).key == "decoder.output_projection.weight"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_named(
    content: dict[str, Any], write: Write, value: float
) -> None:
    content["model"]["encoder.embed_images.bn1.running_var"].fill_(value)

    assert refused(write(content)).key == "encoder.embed_images.bn1.running_var"


def test_a_wrong_vocabulary_is_refused(content: dict[str, Any], write: Write) -> None:
    content["cfg"]["task"]["code_dict_size"] = 8192

    assert refused(write(content)).key == "encoder.embed_tokens.weight"


def test_a_network_that_this_is_not_is_refused(content: dict[str, Any], write: Write) -> None:
    content["cfg"]["model"].encoder_prompt = True

    assert refused(write(content)).key == "encoder_prompt"


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 1_000_000, 5_500_000])
def test_a_truncated_file_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.pt"
    path.write_bytes(CHECKPOINT.read_bytes()[:size])

    assert "fetch it again" in str(refused(path))


@pytest.mark.parametrize(
    "body", [b"not a checkpoint\n" * 500, b"\x80\x02}q\x00.", b"PK\x03\x04junk"]
)
def test_another_kind_of_file_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "other.pt"
    path.write_bytes(body)

    assert isinstance(refused(path), BadCheckpoint)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "nowhere.pt" in str(refused(tmp_path / "nowhere.pt"))


def test_a_file_without_weights_is_refused(write: Write) -> None:
    assert refused(write({"model": {}})).key == "model"
    assert refused(write({"model": {"encoder.layer_norm.bias": "text"}})).key


def test_our_own_file_cut_short_is_refused(tiny: BiomedGPT, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(path, tiny)
    path.write_bytes(path.read_bytes()[:-1000])

    with pytest.raises(BadCheckpoint, match=r"weights\.safetensors"):
        load_weights(path, tiny.config)


def test_our_own_file_with_an_entry_too_many_is_refused(tiny: BiomedGPT, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"odd": torch.zeros(1)}, path)

    with pytest.raises(BadCheckpoint):
        load_weights(path, tiny.config)


# --- what is hostile ---


class Payload:
    """Runs a command when an ordinary unpickler reads it."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


class Evaluated(Payload):
    """The same through eval."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"__import__('os').system({self.command!r})",)


@pytest.mark.parametrize("kind", [Payload, Evaluated])
@pytest.mark.parametrize("place", ["cfg", "extra_state", "model", "bare", "legacy"])
def test_a_hostile_file_runs_nothing(
    content: dict[str, Any], tmp_path: Path, kind: type[Payload], place: str
) -> None:
    mark, path = tmp_path / "mark", tmp_path / "hostile.pt"
    payload = kind(f"touch {mark}")
    if place == "bare":
        path.write_bytes(pickle.dumps(payload))
    elif place == "model":
        content["model"]["encoder.layer_norm.bias"] = payload
        torch.save(content, path)
    else:
        content["cfg" if place == "legacy" else place]["payload"] = payload
        torch.save(content, path, _use_new_zipfile_serialization=place != "legacy")

    if place in ("bare", "model"):
        refused(path)
    else:
        load_network(path)  # what the file names stays inert; its weights are sound

    assert not mark.exists()


def test_the_payload_would_have_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    pickle.loads(pickle.dumps(Payload(f"touch {mark}")))

    assert mark.exists()


def test_a_torchscript_program_is_refused(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "program.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("program/constants.pkl", b"\x80\x02).")
        archive.writestr("program/data.pkl", b"\x80\x02}q\x00.")

    assert "program.pt" in str(refused(path))
