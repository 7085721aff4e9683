"""Published checkpoints: their keys and settings turned into ours (spec 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_backend.biomedgpt.config import FIXED, OFAConfig
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.unpickle import read_pickle
from model_backend.biomedgpt.weights import check_state, computed_shapes, network_with, state_shapes
from model_backend.request import BadCheckpoint

State = dict[str, Tensor]

# The fairseq-free distribution's names that differ from fairseq's (spec 2.4).
_TRANSFORMERS = (
    ("encoder", "self_attn_mid_layer_norm", "attn_ln"),
    ("decoder", "self_attn_mid_layer_norm", "self_attn_ln"),
    ("decoder", "cross_attn_mid_layer_norm", "cross_attn_ln"),
    ("decoder", "cross_attn_layer_norm", "encoder_attn_layer_norm"),
    ("decoder", "cross_attn", "encoder_attn"),
    ("encoder", "ffn_layer_norm", "ffn_layernorm"),
    ("decoder", "ffn_layer_norm", "ffn_layernorm"),
)
_OLD_NORMS = {
    "encoder": ("self_attn_layer_norm", "final_layer_norm"),
    "decoder": ("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"),
}
# Settings that no shape tells, by their name in the file's arguments and in ours.
_ARGUMENTS = (
    "attn_scale_factor",
    "code_image_size",
    "patch_image_size",
    "orig_patch_image_size",
    "disable_entangle",
    "interpolate_position",
    "dropout",
    "attention_dropout",
    "activation_dropout",
    "freeze_resnet",
    "sync_bn",
    *FIXED,
)


def load_fairseq(
    path: Path | str, config: OFAConfig | None = None, *, ema: bool = False
) -> tuple[OFAConfig, State]:
    """Configuration and weights, float32, of a fairseq-style file or a bare state dict.

    `config` overrides what the file says of itself. `ema` takes the averaged weights that
    fine-tuned files carry (spec 2.1). Raises BadCheckpoint naming the key at fault.
    """
    content = read_pickle(Path(path))
    state = adapt_names(_state_of(content, ema, Path(path).name))
    arguments = _arguments(content)
    config = config or infer_config(state, arguments)
    state = adapt_state(state, config)
    check_state(config, state)
    return config, state


def load_network(path: Path | str, config: OFAConfig | None = None, **options: Any) -> BiomedGPT:
    """The network of a fairseq-style file, ready to run; see `load_fairseq`."""
    return network_with(*load_fairseq(path, config, **options))


def _state_of(content: Mapping[str, Any], ema: bool, name: str) -> State:
    state: Any = content.get("model", content)
    if ema:
        extra = content.get("extra_state")
        state = extra.get("ema") if isinstance(extra, dict) else None
        if state is None:
            raise BadCheckpoint(f"{name} carries no averaged (EMA) weights.", "extra_state.ema")
    if not isinstance(state, dict) or not state:
        raise BadCheckpoint(f"{name} holds no weights.", "model")
    for key, entry in state.items():
        if not isinstance(key, str) or not isinstance(entry, Tensor):
            raise BadCheckpoint(f"In {name} the entry {key!r} is no tensor.", str(key))
    return dict(state)


def _arguments(content: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in the file: the task's, then the architecture's over them."""
    settings = content.get("cfg")
    if not isinstance(settings, dict):
        return _plain(content.get("args"))
    task = _plain(settings.get("task"))
    arguments = {**task, **_plain(settings.get("model"))}
    if task.get("patch_image_size") is not None:  # a fine-tuned file's own size (spec 7)
        arguments["patch_image_size"] = task["patch_image_size"]
    return arguments


def _plain(settings: object) -> dict[str, Any]:
    """A dict or a namespace, whatever kind of object held it, as a dict."""
    if isinstance(settings, dict):
        return settings
    return dict(vars(settings)) if hasattr(settings, "__dict__") else {}


def adapt_names(state: Mapping[str, Tensor]) -> State:
    """Names of older files and of the fairseq-free distribution as today's fairseq names."""
    renamed: State = {}
    for key, entry in state.items():
        if key.startswith("classification_heads.") or ".classification_heads." in key:
            continue  # heads of other tasks; no published model has any
        renamed.update(_split_fused(_new_name(key), entry))
    return renamed


def _new_name(key: str) -> str:
    old = re.fullmatch(r"(encoder|decoder)\.layers\.(\d+)\.layer_norms\.(\d)\.(weight|bias)", key)
    if old:
        stack, layer, number, part = old.groups()
        norms = _OLD_NORMS[stack]
        if int(number) < len(norms):
            return f"{stack}.layers.{layer}.{norms[int(number)]}.{part}"
    for stack, theirs, ours in _TRANSFORMERS:
        match = re.fullmatch(rf"({stack}\.layers\.\d+)\.{theirs}(\..+)", key)
        if match:
            return f"{match[1]}.{ours}{match[2]}"
    return key


def _split_fused(key: str, entry: Tensor) -> State:
    """One projection for queries, keys and values, as very old files have it, in three."""
    fused = re.fullmatch(r"(.+)\.in_proj_(weight|bias)", key)
    if not fused or len(entry) % 3:
        return {key: entry}
    parts = zip("qkv", entry.chunk(3), strict=True)
    return {f"{fused[1]}.{letter}_proj.{fused[2]}": part for letter, part in parts}


def infer_config(state: Mapping[str, Tensor], arguments: Mapping[str, Any]) -> OFAConfig:
    """The configuration that the shapes tell, the rest from the file's arguments or defaults.

    Raises BadCheckpoint when an entry is missing that tells a size, or an argument asks for a
    network that this is not.
    """

    def shape(key: str, length: int = 2) -> tuple[int, ...]:
        if key not in state:
            raise BadCheckpoint(f"The checkpoint lacks {key}.", key)
        if state[key].dim() != length:
            raise BadCheckpoint(f"In the checkpoint {key} has {state[key].dim()} dimensions.", key)
        return tuple(state[key].shape)

    def count(pattern: str) -> int:
        return len({int(match[1]) for key in state if (match := re.match(pattern, key))})

    vocab, width = shape("encoder.embed_tokens.weight")
    rows, heads = shape("encoder.token_rel_pos_table_list.0.weight")
    side = round(max(shape("encoder.image_rel_pos_table_list.0.weight")[0] - 3, 0) ** 0.5)
    settings = {name: value for name in _ARGUMENTS if (value := arguments.get(name)) is not None}
    return OFAConfig.from_json(
        {
            **settings,
            **_symbols(vocab, arguments),
            "d_model": width,
            "ffn_dim": shape("encoder.layers.0.fc1.weight")[0],
            "heads": heads,
            "encoder_layers": count(r"encoder\.layers\.(\d+)\."),
            "decoder_layers": count(r"decoder\.layers\.(\d+)\."),
            "resnet_layers": [
                count(rf"encoder\.embed_images\.layer{stage}\.(\d+)\.") for stage in (1, 2, 3)
            ],
            "token_bucket_size": (rows + 1) // 2,
            "image_bucket_size": (side + 1) // 2,
            "max_positions": shape("encoder.embed_positions.weight")[0] - 2,
            "scale_attn": "encoder.layers.0.attn_ln.weight" in state,
            "scale_fc": "encoder.layers.0.ffn_layernorm.weight" in state,
            "scale_heads": "encoder.layers.0.self_attn.c_attn" in state,
            "scale_resids": "encoder.layers.0.w_resid" in state,
        }
    )


def _symbols(vocab: int, arguments: Mapping[str, Any]) -> dict[str, int]:
    """How the rows of the embeddings divide into text, codes and bins.

    With the published counts the dictionary is the published one, whatever rows the file has
    (spec 2.2, items 4 and 5); other counts, which the task's settings name, tell the text lines.
    """
    standard = OFAConfig()
    lines = standard.dict_lines
    counts = {}
    for name in ("code_dict_size", "num_bins"):
        found = arguments.get(name)
        counts[name] = found if type(found) is int and found >= 0 else getattr(standard, name)
    others = counts["code_dict_size"] + counts["num_bins"]
    if others != standard.code_dict_size + standard.num_bins:
        lines = min(vocab - 5 - others, lines)
    elif vocab < 5 + lines:
        lines = -1
    if lines < 1:
        raise BadCheckpoint(
            f"The checkpoint's {vocab} symbols are too few for its dictionary, codes and bins. "
            "Give its configuration.",
            "encoder.embed_tokens.weight",
        )
    return {**counts, "dict_lines": lines, "vocab_size": 5 + lines + others}


def adapt_state(state: Mapping[str, Tensor], config: OFAConfig) -> State:
    """What section 2.2 of the specification explains put right, the rest checked key by key."""
    wanted, computed = state_shapes(config), computed_shapes(config)
    state = _untied(state)
    kept: State = {}
    for key, entry in state.items():
        if key in computed:
            # Computed anew whatever the file holds; but a bucket table of another size is another
            # network's.
            if key.endswith("rp_bucket") and tuple(entry.shape) != computed[key]:
                raise BadCheckpoint(
                    f"In the checkpoint {key} has the shape {tuple(entry.shape)}; "
                    f"{computed[key]} is needed.",
                    key,
                )
            continue
        kept[key] = entry.float() if entry.is_floating_point() else entry
    _fit_rows(kept, "encoder.embed_tokens.weight", config.vocab_size, may_drop=True)
    patches = config.image_bucket_size**2 + 1
    for stack in ("encoder", "decoder"):
        _fit_rows(kept, f"{stack}.embed_image_positions.weight", patches, may_drop=False)
    for key in wanted:
        if key.endswith("num_batches_tracked") and key not in kept:
            kept[key] = torch.zeros((), dtype=torch.long)  # a counter, no weight
    return kept


def _untied(state: Mapping[str, Tensor]) -> State:
    """Without the decoder's copies of the embeddings, which must equal the encoder's."""
    ours = "encoder.embed_tokens.weight"
    copies = ("decoder.embed_tokens.weight", "decoder.output_projection.weight")
    kept = {key: entry for key, entry in state.items() if key not in copies}
    for copy in copies:
        if copy not in state:
            continue
        table = kept.setdefault(ours, state[copy])
        if table is not state[copy] and not torch.equal(table, state[copy]):
            raise BadCheckpoint(f"In the checkpoint {copy} differs from {ours}.", copy)
    return kept


def _fit_rows(state: State, key: str, rows: int, *, may_drop: bool) -> None:
    """Drop one row too many, or append rows drawn with variance 1 / width (spec 2.2, 4 to 6)."""
    table = state.get(key)
    if table is None or table.dim() != 2:
        return
    if may_drop and len(table) == rows + 1:
        state[key] = table[:rows]
    elif len(table) < rows:
        width = table.shape[1]
        generator = torch.Generator().manual_seed(0)  # the same rows at every load
        drawn = torch.randn(rows - len(table), width, generator=generator) * width**-0.5
        state[key] = torch.cat([table, drawn])
