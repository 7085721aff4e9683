"""Our own weights file: safetensors, every key checked, read without a copy."""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.packing import prepare
from model_backend.biomedgpt.skeleton import without_values
from model_backend.request import BadCheckpoint

Described = tuple[tuple[int, ...], str, bool]  # an entry's shape, kind, and whether it is floating


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
    described = {
        name: (tuple(entry.shape), str(entry.dtype), entry.is_floating_point())
        for name, entry in state.items()
    }
    check_entries(config, described)
    for name, entry in state.items():
        check_numbers(name, entry)


def check_entries(config: OFAConfig, found: Mapping[str, Described]) -> None:
    """The part of `check_state` that needs no values."""
    wanted = state_shapes(config)
    for name, shape in wanted.items():
        if name not in found:
            raise BadCheckpoint(f"The checkpoint lacks {name}.", name)
        its_shape, kind, is_floating = found[name]
        if its_shape != shape:
            raise BadCheckpoint(
                f"In the checkpoint {name} has the shape {its_shape}; {shape} is needed.", name
            )
        if not is_floating and not name.endswith("num_batches_tracked"):
            raise BadCheckpoint(f"In the checkpoint {name} holds {kind}, no weights.", name)
    for name in found:
        if name not in wanted:
            raise BadCheckpoint(
                f"The checkpoint has an entry that nothing here uses: {name}.", name
            )


def check_numbers(name: str, entry: Tensor) -> None:
    """The part of `check_state` that needs the values; takes no memory."""
    if entry.is_floating_point() and not all(map(math.isfinite, map(float, entry.aminmax()))):
        raise BadCheckpoint(f"In the checkpoint {name} holds values that are no numbers.", name)


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


def load_weights(
    path: Path, config: OFAConfig, precision: str = "fp32", device: str = "cpu"
) -> BiomedGPT:
    """The network of a file that `save_weights` wrote, ready to answer in this precision.

    The file is mapped and its entries are converted one at a time, so that the weights are never in
    memory twice. On the CPU the table of embeddings stays in the file: what is looked up is read.
    Raises BadCheckpoint.
    """
    try:
        entries = MappedFile(path)
        check_entries(config, entries.described())
        with without_values():
            network = BiomedGPT(config)
        prepare(network, precision, entries.take, device)
        _return_freed_memory()
        return network
    except (SafetensorError, OSError) as error:
        raise BadCheckpoint(
            f"The weights {path.name} cannot be read ({error}). Install the model again."
        ) from error


def _return_freed_memory() -> None:
    """Of the copies that were made on the way, which glibc would keep for later."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
        if trim is not None:
            trim(0)


class MappedFile:
    """The entries of a safetensors file, one at a time.

    What has been read of a mapped file counts as memory of the process for as long as the mapping
    stands, so the file is mapped anew after every so many bytes. A mapping stands for as long as an
    entry of it is in use.
    """

    AT_ONCE = 32 * 2**20  # bytes

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._checked: set[str] = set()
        self._file: Any = safe_open(path, framework="pt")

    def described(self) -> dict[str, Described]:
        """Shape, kind and whether it is floating, for every entry."""
        found: dict[str, Described] = {}
        for name in self._file.keys():
            part = self._file.get_slice(name)
            kind = str(part.get_dtype())
            found[name] = (tuple(part.get_shape()), kind, "F" in kind)
        return found

    def take(self, name: str) -> Tensor:
        """An entry as the file holds it. Raises BadCheckpoint for values that are no numbers."""
        if self._read > self.AT_ONCE:
            self._read = 0
            _return_freed_memory()
            self._file = safe_open(self._path, framework="pt")
        entry: Tensor = self._file.get_tensor(name)
        self._read += entry.nbytes
        if name not in self._checked:
            check_numbers(name, entry)
            self._checked.add(name)
        return entry
