"""Published checkpoints as tests make them: both styles, every size."""

from __future__ import annotations

import argparse
import json
import lzma
import re
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

DATA = Path(__file__).resolve().parent / "data"
CHECKPOINT = DATA / "goldens" / "tiny" / "checkpoint.pt"
Content = dict[str, Any]
# config.json of the transformers style, with the fields of the specification (2.4).
CONFIG = {
    "d_model": 32,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "resnet_type": "resnet50",
    "normformer": True,
    "token_bucket_size": 16,
    "image_bucket_size": 8,
    "attn_scale_factor": 2.0,
    "code_image_size": 64,
    "code_dict_size": 64,
    "num_bins": 32,
    "vocab_size": 6601,
    "max_position_embeddings": 1024,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
_THEIRS = (
    (r"^(encoder\.layers\.\d+)\.attn_ln\.", r"\1.self_attn_mid_layer_norm."),
    (r"^(decoder\.layers\.\d+)\.self_attn_ln\.", r"\1.self_attn_mid_layer_norm."),
    (r"^(decoder\.layers\.\d+)\.cross_attn_ln\.", r"\1.cross_attn_mid_layer_norm."),
    (r"^(decoder\.layers\.\d+)\.encoder_attn\.", r"\1.cross_attn."),
    (r"^(decoder\.layers\.\d+)\.encoder_attn_layer_norm\.", r"\1.cross_attn_layer_norm."),
    (r"\.ffn_layernorm\.", ".ffn_layer_norm."),
)


def golden() -> Content:
    """The golden file as torch itself reads it."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        loaded: Content = torch.load(CHECKPOINT, weights_only=True)
    return loaded


def renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state in the transformers style's names (spec 2.4)."""
    theirs: dict[str, Tensor] = {}
    for key, entry in state.items():
        if key.endswith(".version"):
            continue
        for ours, other in _THEIRS:
            key = re.sub(ours, other, key)
        theirs[key] = entry
    theirs["decoder.image_position_idx"] = torch.zeros(1025, dtype=torch.long)
    return theirs


def write_folder(
    folder: Path, state: dict[str, Tensor], kind: str, shards: int = 1, **config: object
) -> Path:
    """A folder in the transformers style: kind bin or safetensors, in so many files."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **config}))
    stem, save = ("pytorch_model", torch.save) if kind == "bin" else ("model", save_apart)
    if shards == 1:
        save(state, folder / f"{stem}.{kind}")
        return folder
    table: dict[str, str] = {}
    for number in range(shards):
        name = f"{stem}-{number + 1:05d}-of-{shards:05d}.{kind}"
        part = dict(list(state.items())[number::shards])
        save(part, folder / name)
        table.update({key: name for key in part})
    index = {"metadata": {}, "weight_map": table}
    (folder / f"{stem}.{kind}.index.json").write_text(json.dumps(index))
    return folder


def save_apart(state: dict[str, Tensor], path: Path) -> None:
    """As safetensors is written: no two entries on the same bytes."""
    save_file({key: entry.clone().contiguous() for key, entry in state.items()}, path)


# --- every size ---


def entries_of(size: str, style: str = "fairseq") -> dict[str, dict[str, Any]]:
    """Every key of a published file of that size: shape, dtype; `hf` also fairseq_key."""
    packed = (DATA / "spec" / f"state_dict_{size}.json.xz").read_bytes()
    entries: dict[str, dict[str, Any]] = json.loads(lzma.decompress(packed))[style]
    return entries


def write_published(path: Path, size: str) -> dict[str, Tensor]:
    """A file of a published size as training in half precision leaves it, with random weights:
    settings in a namespace and in objects of OmegaConf's form, averaged weights, and an
    optimiser's state in float32. Returns the averaged weights."""
    torch.manual_seed(1)
    state = {key: _random(key, entry["shape"]) for key, entry in entries_of(size).items()}
    for tied in ("decoder.embed_tokens.weight", "decoder.output_projection.weight"):
        state[tied] = state["encoder.embed_tokens.weight"]
    ema = dict(state)
    ema["encoder.layer_norm.bias"] = state["encoder.layer_norm.bias"] + 1
    task = {"_name": "vqa_gen", "patch_image_size": 384, "prompt_type": "prev_output"}
    task |= {"ans2label_file": "../datasets/trainval_ans2label.pkl", "add_object": True}
    model = argparse.Namespace(_name="ofa", attn_scale_factor=2, code_image_size=128)
    moments = {number: {"exp_avg": torch.zeros(500_000)} for number in range(8)}
    content = {
        "args": None,
        "cfg": {
            "_name": None,
            "model": model,
            "task": DictConfig({key: AnyNode(value) for key, value in task.items()}),
        },
        "model": state,
        "criterion": None,
        "optimizer_history": [{"criterion_name": "c", "num_updates": 7}],
        "task_state": {},
        "extra_state": {"metrics": [AnyNode(0.5)], "val_loss": 0.5, "ema": ema},
        "last_optimizer_state": {"state": moments, "param_groups": [{"lr": 0.1}]},
    }
    torch.save(content, path)
    return ema


def _random(key: str, shape: list[int]) -> Tensor:
    if key.endswith((".version", "running_var")):
        return torch.ones(shape, dtype=torch.float16)
    if key.endswith(("_idx", "_bucket", "num_batches_tracked")):
        return torch.zeros(shape, dtype=torch.int64)
    return torch.randn(shape).mul_(0.02).half()


class AnyNode:
    """As OmegaConf keeps a value."""

    def __init__(self, value: object) -> None:
        self._val, self._metadata = value, {"key": "k", "optional": True}


class DictConfig:
    """As OmegaConf keeps a table."""

    def __init__(self, nodes: dict[str, Any]) -> None:
        self._content, self._metadata, self._parent = nodes, {"ref_type": "Any"}, None
