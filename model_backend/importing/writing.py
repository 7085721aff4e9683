"""Weights written entry by entry in the safetensors format, so that only one is in memory.

The format is eight bytes with the length of a JSON header, the header (kind, shape and place of
each entry), then the entries' bytes, little-endian, without gaps.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_backend.biomedgpt.checkpoint import Checkpoint
from model_backend.importing.problems import ImportProblem
from model_backend.importing.progress import Bar

_KINDS = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
}


def write_weights(path: Path, checkpoint: Checkpoint, bar: type[Bar] = Bar) -> str:
    """Write every entry in the kind that the source has; the SHA-256 of the file.

    Raises BadCheckpoint at an entry that holds no numbers; OSError when the disk is full.
    """
    checkpoint = _widest_first(checkpoint)
    header, total = _header(checkpoint)
    digest = hashlib.sha256()
    with path.open("wb") as file, bar(desc="weights", total=total) as shown:

        def put(body: bytes | memoryview) -> None:
            file.write(body)
            digest.update(body)

        put(len(header).to_bytes(8, "little"))
        put(header)
        for _, tensor in checkpoint.read():
            body = _bytes(tensor)
            put(body)
            shown.update(len(body))
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def size_of(checkpoint: Checkpoint) -> int:
    """Bytes that `write_weights` will write."""
    header, total = _header(checkpoint)
    return 8 + len(header) + total


def _widest_first(checkpoint: Checkpoint) -> Checkpoint:
    """Its entries by the width of their numbers, so that each begins where its kind may begin."""
    entries = checkpoint.entries.items()
    widest_first = sorted(entries, key=lambda one: -one[1].dtype.itemsize)
    return replace(checkpoint, entries=dict(widest_first))


def _header(checkpoint: Checkpoint) -> tuple[bytes, int]:
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, entry in checkpoint.entries.items():
        if entry.dtype not in _KINDS:
            raise ImportProblem(
                f"The entry {name} is of a kind that is not written: {entry.dtype}."
            )
        end = place + math.prod(entry.shape) * entry.dtype.itemsize
        table[name] = {
            "dtype": _KINDS[entry.dtype],
            "shape": list(entry.shape),
            "data_offsets": [place, end],
        }
        place = end
    body = json.dumps(table, separators=(",", ":")).encode()
    return body + b" " * (-len(body) % 8), place  # the entries begin at a multiple of eight


def _bytes(tensor: Tensor) -> memoryview:
    if sys.byteorder != "little":
        raise ImportProblem("Weights are written on little-endian machines alone.")
    body: Any = tensor.contiguous().reshape(-1).view(torch.uint8).numpy()
    return memoryview(body)
