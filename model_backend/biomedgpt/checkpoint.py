"""Published checkpoints: their keys and settings turned into ours (spec 2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_backend.biomedgpt.config import FIXED, OFAConfig
from model_backend.biomedgpt.entries import Entries, Entry, held
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.unpickle import open_pickle
from model_backend.biomedgpt.weights import (
    check_entries,
    check_numbers,
    computed_shapes,
    network_with,
    state_shapes,
)
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
_GROWING = ("embed_tokens.weight", "embed_image_positions.weight")  # tables that may be too short
# Settings that no shape tells, by their name in the file's arguments and in ours.
_ARGUMENTS = (
    "attn_scale_factor",
    "code_image_size",
    "patch_image_size",
    "orig_patch_image_size",
    "max_image_size",
    "disable_entangle",
    "interpolate_position",
    "dropout",
    "attention_dropout",
    "activation_dropout",
    "freeze_resnet",
    "sync_bn",
    *FIXED,
)


@dataclass(frozen=True)
class Checkpoint:
    """What a published file holds, in our names; its entries are read when asked for."""

    config: OFAConfig
    entries: Entries  # exactly those of `state_shapes(config)`, in the kinds that the file has
    arguments: Mapping[str, Any]  # the file's settings: the task's and the architecture's
    averaged: bool = False  # the entries are the averaged weights (EMA)
    drawn: tuple[str, ...] = ()  # what the file lacks and was drawn at random, for a person

    def read(self) -> Iterator[tuple[str, Tensor]]:
        """Each entry with its values. Raises BadCheckpoint at one that is no number."""
        for name, entry in self.entries.items():
            tensor = entry.read()
            check_numbers(name, tensor)
            if name.endswith("running_var") and bool((tensor < 0).any()):
                raise BadCheckpoint(f"In the checkpoint {name} holds variances below zero.", name)
            yield name, tensor


def load_fairseq(
    path: Path | str, config: OFAConfig | None = None, *, ema: bool = False
) -> tuple[OFAConfig, State]:
    """Configuration and weights, float32, of a fairseq-style file or a bare state dict.

    `config` overrides what the file says of itself. `ema` takes the averaged weights that
    fine-tuned files carry (spec 2.1). Raises BadCheckpoint naming the key at fault.
    """
    with open_fairseq(path, config, ema=ema) as found:
        state = {
            name: entry.float() if entry.is_floating_point() else entry
            for name, entry in found.read()
        }
    return found.config, state


@contextmanager
def open_fairseq(
    path: Path | str, config: OFAConfig | None = None, *, ema: bool | None = False
) -> Iterator[Checkpoint]:
    """The same without reading a weight; the entries last as long as the context.

    With `ema` None averaged weights are taken where published evaluations use them: in files
    fine-tuned for questions that carry them (spec 2.1).
    """
    with open_pickle(Path(path)) as content:
        yield fairseq(content, Path(path).name, config, ema=ema)


def fairseq(
    content: Mapping[str, Any],
    name: str,
    config: OFAConfig | None = None,
    *,
    ema: bool | None = False,
) -> Checkpoint:
    """The same of what `open_pickle` gave of the file `name`."""
    arguments = arguments_of(content)
    if ema is None:
        ema = arguments.get("_task") == "vqa_gen" and _averaged(content) is not None
    return adapt(_state_of(content, ema, name), arguments, config, averaged=ema)


def adapt(
    entries: Entries,
    arguments: Mapping[str, Any],
    config: OFAConfig | None = None,
    *,
    averaged: bool = False,
) -> Checkpoint:
    """A published state in our names and shapes, every key checked. Raises BadCheckpoint."""
    found = adapt_names(entries)
    config = config or infer_config(found, arguments)
    entries = adapt_entries(found, config)
    described = {
        name: (entry.shape, str(entry.dtype), entry.dtype.is_floating_point)
        for name, entry in entries.items()
    }
    check_entries(config, described)
    return Checkpoint(config, entries, arguments, averaged, drawn_rows(found, entries))


def load_network(path: Path | str, config: OFAConfig | None = None, **options: Any) -> BiomedGPT:
    """The network of a fairseq-style file, ready to run; see `load_fairseq`."""
    return network_with(*load_fairseq(path, config, **options))


def _averaged(content: Mapping[str, Any]) -> Any:
    extra = content.get("extra_state")
    return extra.get("ema") if isinstance(extra, dict) else None


def _state_of(content: Mapping[str, Any], ema: bool, name: str) -> dict[str, Entry]:
    state: Any = content.get("model", content)
    if ema:
        state = _averaged(content)
        if state is None:
            raise BadCheckpoint(f"{name} carries no averaged (EMA) weights.", "extra_state.ema")
    if not isinstance(state, dict) or not state:
        raise BadCheckpoint(f"{name} holds no weights.", "model")
    for key, entry in state.items():
        if not isinstance(key, str) or not isinstance(entry, Entry):
            raise BadCheckpoint(f"In {name} the entry {str(key)[:80]!r} is no tensor.", str(key))
    return dict(state)


def arguments_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in the file: the task's, then the architecture's over them.

    The task's name is kept as `_task`, whatever the architecture calls itself.
    """
    settings = _plain(content.get("cfg"))
    if not settings:
        return _plain(content.get("args"))
    task = _plain(settings.get("task"))
    arguments = {**task, **_plain(settings.get("model"))}
    if task.get("patch_image_size") is not None:  # a fine-tuned file's own size (spec 7)
        arguments["patch_image_size"] = task["patch_image_size"]
    if isinstance(task.get("_name"), str):
        arguments["_task"] = task["_name"]
    return arguments


def _plain(settings: object) -> dict[str, Any]:
    """A dict, a namespace or an OmegaConf node, whatever kind of object held it, as a dict."""
    fields = settings if isinstance(settings, dict) else getattr(settings, "__dict__", {})
    content = fields.get("_content")
    if isinstance(content, dict) and not isinstance(settings, dict):
        return {key: _value(node) for key, node in content.items() if isinstance(key, str)}
    return dict(fields)


def _value(node: object) -> Any:
    """What a node of OmegaConf holds; a plain value is itself."""
    fields = getattr(node, "__dict__", {})
    if "_val" in fields:
        return fields["_val"]
    return _plain(node) if isinstance(fields.get("_content"), dict) else node


def adapt_names(state: Entries) -> dict[str, Entry]:
    """Names of older files and of the fairseq-free distribution as today's fairseq names."""
    renamed: dict[str, Entry] = {}
    for key, entry in state.items():
        if key.startswith("classification_heads.") or ".classification_heads." in key:
            continue  # heads of other tasks; no published model has any
        for name, part in _split_fused(_new_name(key), entry).items():
            if name in renamed:
                raise BadCheckpoint(f"The checkpoint has two entries for {name}.", name)
            renamed[name] = part
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


def _split_fused(key: str, entry: Entry) -> dict[str, Entry]:
    """One projection for queries, keys and values, as very old files have it, in three."""
    fused = re.fullmatch(r"(.+)\.in_proj_(weight|bias)", key)
    if not fused or not entry.shape or entry.shape[0] % 3:
        return {key: entry}
    return {
        f"{fused[1]}.{letter}_proj.{fused[2]}": entry.part(number, 3)
        for number, letter in enumerate("qkv")
    }


def infer_config(state: Entries, arguments: Mapping[str, Any]) -> OFAConfig:
    """The configuration that the shapes tell, the rest from the file's arguments or defaults.

    Raises BadCheckpoint when an entry is missing that tells a size, or an argument asks for a
    network that this is not.
    """

    def shape(key: str, length: int = 2) -> tuple[int, ...]:
        if key not in state:
            raise BadCheckpoint(f"The checkpoint lacks {key}.", key)
        found = state[key].shape
        if len(found) != length:
            raise BadCheckpoint(f"In the checkpoint {key} has {len(found)} dimensions.", key)
        return found

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


def adapt_entries(state: Entries, config: OFAConfig) -> dict[str, Entry]:
    """What section 2.2 of the specification explains put right."""
    computed = computed_shapes(config)
    kept: dict[str, Entry] = {}
    for key, entry in _untied(state).items():
        if key not in computed:
            kept[key] = entry
        elif key.endswith("rp_bucket") and entry.shape != computed[key]:
            # Computed anew whatever the file holds; but a bucket table of another size is another
            # network's.
            raise BadCheckpoint(
                f"In the checkpoint {key} has the shape {entry.shape}; {computed[key]} is needed.",
                key,
            )
    _fit_rows(kept, "encoder.embed_tokens.weight", config.vocab_size, may_drop=True)
    patches = config.image_bucket_size**2 + 1
    for stack in ("encoder", "decoder"):
        _fit_rows(kept, f"{stack}.embed_image_positions.weight", patches, may_drop=False)
    for key in state_shapes(config):
        if key.endswith("num_batches_tracked") and key not in kept:
            kept[key] = held(torch.zeros((), dtype=torch.long))  # a counter, no weight
    return kept


def _untied(state: Entries) -> dict[str, Entry]:
    """Without the decoder's copies of the embeddings, which must equal the encoder's."""
    ours = "encoder.embed_tokens.weight"
    copies = ("decoder.embed_tokens.weight", "decoder.output_projection.weight")
    kept = {key: entry for key, entry in state.items() if key not in copies}
    for copy in copies:
        if copy in state and not kept.setdefault(ours, state[copy]).same(state[copy]):
            raise BadCheckpoint(f"In the checkpoint {copy} differs from {ours}.", copy)
    return kept


def _fit_rows(state: dict[str, Entry], key: str, rows: int, *, may_drop: bool) -> None:
    """Drop one row too many, or append rows drawn with variance 1 / width (spec 2.2, 4 to 6)."""
    table = state.get(key)
    if table is None or len(table.shape) != 2:
        return
    missing, width = rows - table.shape[0], table.shape[1]
    if may_drop and missing == -1:
        state[key] = table.first(rows)
    elif missing > 0:
        state[key] = table.with_rows(lambda: _drawn(missing, width), rows)


def drawn_rows(found: Entries, fitted: Entries) -> tuple[str, ...]:
    """What was appended to the tables of a file, in a sentence each."""
    lengths = [
        (key, entry.shape[0], found.get(key, entry))
        for key, entry in fitted.items()
        if key.endswith(_GROWING)
    ]
    return tuple(
        f"The file has {had.shape[0]} of the {rows} rows of {key}; the others were drawn at "
        "random, as the reference does, and mean nothing."
        for key, rows, had in lengths
        if had.shape[0] < rows
    )


def _drawn(rows: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)  # the same rows at every load
    drawn = torch.randn(rows, width, generator=generator)
    return drawn * float(width**-0.5)
