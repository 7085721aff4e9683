"""The sizes and switches of one network, and the published sizes as a table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from model_backend.request import BadCheckpoint

SYNC_BN_EPS = 1e-3  # what the reference uses when a model was trained with sync_bn (spec 13.13)
# Options of the published code that no published model uses and this network lacks.
FIXED: dict[str, Any] = {
    "adapter": False,
    "encoder_prompt": False,
    "decoder_prompt": False,
    "entangle_position_embedding": False,
    "encoder_normalize_before": True,
    "decoder_normalize_before": True,
    "layernorm_embedding": True,
    "patch_layernorm_embedding": True,
    "code_layernorm_embedding": True,
    "add_type_embedding": True,
    "share_all_embeddings": True,
    "share_decoder_input_output_embed": True,
    "no_scale_embedding": True,
    "no_cross_attention": False,
    "activation_fn": "gelu",
}


@dataclass(frozen=True)
class OFAConfig:
    """Hyper-parameters of an OFA-style encoder-decoder (spec: BiomedGPT, section 1)."""

    d_model: int = 768  # width of all states
    ffn_dim: int = 3072  # inner width of the feed-forward part
    heads: int = 12  # encoder and decoder alike
    encoder_layers: int = 6
    decoder_layers: int = 6
    resnet_layers: tuple[int, ...] = (3, 4, 23)  # bottleneck blocks in stages 1, 2, 3
    vocab_size: int = 59457  # 4 + dict_lines + mask + codes + bins
    dict_lines: int = 50260  # lines of the dictionary in use, the three fillers included
    code_dict_size: int = 8192  # image codes
    num_bins: int = 1000  # location symbols
    token_bucket_size: int = 256  # relative distances of text told apart
    image_bucket_size: int = 42  # side of the largest patch grid
    code_image_size: int = 128  # side in pixels of the image that is predicted as codes
    patch_image_size: int = 384  # side in pixels of the input picture
    orig_patch_image_size: int = 256  # side that positions were trained for (interpolation)
    attn_scale_factor: float = 2.0  # logits are divided by sqrt(head width * this)
    max_positions: int = 1024  # longest text; the position tables have two rows more
    scale_attn: bool = True  # a layer norm after each attention
    scale_fc: bool = True  # a layer norm inside the feed-forward part
    scale_heads: bool = True  # a learnt factor for each head
    disable_entangle: bool = True  # positions act through the attention bias alone
    interpolate_position: bool = False  # stretch the position table over larger pictures
    batch_norm_eps: float = 1e-5  # 1e-3 where a checkpoint was trained with sync_bn
    dropout: float = 0.1  # of embeddings and of the branches' outputs
    drop_path: float = 0.1  # stochastic depth of the last layer
    dictionary: tuple[int, ...] = ()  # BPE ids of the lines; none given: the published order
    attention_dropout: float = 0.0  # of attention weights
    activation_dropout: float = 0.0  # inside the feed-forward part
    scale_resids: bool = False  # a learnt vector on the feed-forward part's shortcut
    freeze_resnet: bool = False  # batch norms keep their statistics in training
    max_image_size: int = 512  # pixels that all location symbols together stand for

    @property
    def head_dim(self) -> int:
        return self.d_model // self.heads

    @classmethod
    def from_json(cls, source: Mapping[str, Any] | Path | str) -> OFAConfig:
        """A configuration in the form of `goldens/tiny/config.json`, as a mapping or a file.

        Keys that do not describe the network (questions, answers, counts) are passed over; what is
        not given keeps its default; `sync_bn` stands for its batch norm's eps. Raises BadCheckpoint
        naming a value of the wrong kind, or one that asks for a network that this is not.
        """
        content: Mapping[str, Any]
        if isinstance(source, Mapping):
            content = source
        else:
            content = json.loads(Path(source).read_text(encoding="utf-8"))
        known = {field.name: field for field in fields(cls)}
        values: dict[str, Any] = {}
        if content.get("sync_bn"):
            values["batch_norm_eps"] = SYNC_BN_EPS
        for key, value in content.items():
            if key in FIXED and value != FIXED[key]:
                raise BadCheckpoint(
                    f"The configuration wants {key} = {value!r}; this network has it only as "
                    f"{FIXED[key]!r}.",
                    key,
                )
            if key not in known:
                continue
            try:
                values[key] = _as(known[key].type, value)
            except (TypeError, ValueError) as error:
                raise BadCheckpoint(
                    f"The configuration's {key} cannot be {value!r}.", key
                ) from error
        config = cls(**values)
        config.check()
        return config

    def to_json(self) -> dict[str, Any]:
        """The inverse of `from_json`."""
        lists = {"resnet_layers": list(self.resnet_layers), "dictionary": list(self.dictionary)}
        return {**asdict(self), **lists}

    def check(self) -> None:
        """Raise BadCheckpoint when the parts do not fit together."""
        for name in ("d_model", "ffn_dim", "heads", "encoder_layers", "decoder_layers"):
            if getattr(self, name) < 1:
                raise BadCheckpoint(f"The configuration's {name} must be at least 1.", name)
        if not 1 <= self.max_positions <= 1024:
            raise BadCheckpoint("A network has 1 to 1024 text positions.", "max_positions")
        if self.max_image_size < 1 or self.patch_image_size < 1:
            raise BadCheckpoint("A picture has at least one pixel a side.", "max_image_size")
        if not 2 <= self.token_bucket_size <= 1024:
            raise BadCheckpoint("There are 2 to 1024 text buckets.", "token_bucket_size")
        if not 2 <= self.image_bucket_size <= 64:
            raise BadCheckpoint(
                "The configuration's image_bucket_size must be 2 to 64.", "image_bucket_size"
            )
        if not 8 <= self.code_image_size <= 248:  # 31 x 31 codes fit the text positions
            raise BadCheckpoint(
                "The configuration's code_image_size must be 8 to 248.", "code_image_size"
            )
        if not 0 < self.attn_scale_factor < 1e6:
            raise BadCheckpoint(
                "The configuration's attn_scale_factor must be above 0.", "attn_scale_factor"
            )
        if self.d_model % self.heads:
            raise BadCheckpoint(
                f"The width {self.d_model} does not divide into {self.heads} heads.", "heads"
            )
        if len(self.resnet_layers) != 3 or min(self.resnet_layers) < 1:
            raise BadCheckpoint("The image tower has three stages of blocks.", "resnet_layers")
        if self.dictionary and len(self.dictionary) != self.dict_lines:
            raise BadCheckpoint(
                f"The dictionary has {len(self.dictionary)} lines instead of {self.dict_lines}.",
                "dictionary",
            )
        symbols = 4 + self.dict_lines + 1 + self.code_dict_size + self.num_bins
        if symbols != self.vocab_size:
            raise BadCheckpoint(
                f"The vocabulary of {self.vocab_size} is not 4 + {self.dict_lines} + mask + "
                f"{self.code_dict_size} + {self.num_bins} symbols.",
                "vocab_size",
            )


def _as(kind: object, value: Any) -> Any:
    """The value as the field's kind; a wrong kind raises TypeError or ValueError."""
    if kind == "bool":
        if not isinstance(value, bool):
            raise TypeError(value)
        return value
    if kind == "int":
        if int(value) != value or isinstance(value, bool):
            raise ValueError(value)
        return int(value)
    if kind == "float":
        if not math.isfinite(float(value)):
            raise ValueError(value)
        return float(value)
    return tuple(int(one) for one in value)


def _size(width: int, heads: int, layers: tuple[int, int], blocks: tuple[int, ...]) -> OFAConfig:
    return OFAConfig(
        d_model=width,
        ffn_dim=4 * width,
        heads=heads,
        encoder_layers=layers[0],
        decoder_layers=layers[1],
        resnet_layers=blocks,
    )


# The published sizes; checkpoints call them ofa_tiny, ofa_medium, ofa_base, ofa_large, ofa_huge.
SIZES = {
    "small": _size(256, 4, (4, 4), (3, 4, 6)),
    "medium": _size(512, 8, (4, 4), (3, 4, 23)),
    "base": _size(768, 12, (6, 6), (3, 4, 23)),
    "large": _size(1024, 16, (12, 12), (3, 8, 36)),
    "huge": _size(1280, 16, (24, 12), (3, 8, 36)),
}
