"""Our own weights file: safetensors, every key checked, read without a copy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.skeleton import without_values
from model_backend.request import BadCheckpoint


def state_shapes(config: OFAConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every entry that a network of this configuration learns or counts."""
    with without_values():
        network = BiomedGPT(config)
    entries = network.state_dict()
    entries.pop("decoder.embed_tokens.weight")  # tied to the encoder's
    return {name: tuple(entry.shape) for name, entry in entries.items()}


def computed_shapes(config: OFAConfig) -> dict[str, tuple[int, ...]]:
    """Entries of a published file that follow from the others, so that nothing need keep them.

    With `state_shapes` they are all entries of a published file (spec, state_dict_*.json).
    """
    patches = config.image_bucket_size**2 + 1
    table = (config.vocab_size, config.d_model)
    codes = (config.code_image_size // 8) ** 2
    shapes: dict[str, tuple[int, ...]] = {
        "decoder.embed_tokens.weight": table,
        "decoder.output_projection.weight": table,
        "decoder.image_position_idx": (1 + codes + 769,),
    }
    for side in ("encoder", "decoder"):
        shapes[f"{side}.version"] = (1,)
        shapes[f"{side}.token_rp_bucket"] = (1024, 1024)
        shapes[f"{side}.image_rp_bucket"] = (patches, patches)
    return shapes


def check_state(config: OFAConfig, state: Mapping[str, Tensor]) -> None:
    """Raise BadCheckpoint naming the first key that is missing, extra, of another shape or kind, or
    that holds values that are not numbers."""
    wanted = state_shapes(config)
    for name, shape in wanted.items():
        if name not in state:
            raise BadCheckpoint(f"The checkpoint lacks {name}.", name)
        entry = state[name]
        if tuple(entry.shape) != shape:
            raise BadCheckpoint(
                f"In the checkpoint {name} has the shape {tuple(entry.shape)}; {shape} is needed.",
                name,
            )
        if name.endswith("num_batches_tracked"):
            continue
        if not entry.is_floating_point():
            raise BadCheckpoint(f"In the checkpoint {name} holds {entry.dtype}, no weights.", name)
        if not bool(torch.isfinite(entry).all()):
            raise BadCheckpoint(f"In the checkpoint {name} holds values that are no numbers.", name)
    for name in state:
        if name not in wanted:
            raise BadCheckpoint(
                f"The checkpoint has an entry that nothing here uses: {name}.", name
            )


def network_with(config: OFAConfig, state: Mapping[str, Tensor]) -> BiomedGPT:
    """A network in evaluation mode with these weights, in float32.

    Raises BadCheckpoint as `check_state` does.
    """
    check_state(config, state)
    with without_values():
        network = BiomedGPT(config)
    ready = {name: _single(entry) for name, entry in state.items()}
    ready["decoder.embed_tokens.weight"] = ready["encoder.embed_tokens.weight"]
    network.load_state_dict(ready, strict=True, assign=True)
    network.decoder.embed_tokens = network.encoder.embed_tokens
    network.compute_buffers()
    network.requires_grad_(False)
    return network.eval()


def _single(entry: Tensor) -> Tensor:
    return entry.float() if entry.is_floating_point() else entry


def save_weights(path: Path, network: BiomedGPT, dtype: torch.dtype = torch.float16) -> None:
    """Write the learnt entries, floating ones in `dtype`."""
    kept = state_shapes(network.config)
    entries = {
        name: (entry.to(dtype) if entry.is_floating_point() else entry).detach().cpu().contiguous()
        for name, entry in network.state_dict().items()
        if name in kept
    }
    save_file(entries, path)


def load_weights(path: Path, config: OFAConfig) -> BiomedGPT:
    """The network of a file that `save_weights` wrote. Raises BadCheckpoint."""
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint(
            f"The weights {path.name} cannot be read ({error}). Install the model again."
        ) from error
    return network_with(config, state)
