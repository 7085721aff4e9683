"""How much memory a model takes while it is loaded, told from its files alone; no torch."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

from model_backend.folder import ModelFolder

MIB = 2**20
GROWTH = 1.3  # of the weights: what decoding adds at most (issue 3's mark for the peak)
PROCESS = 400 * MIB  # `import torch` (measured: 0.2 GB) and 0.2 GB for pictures and buffers
PLAIN = 64 * MIB  # of a process whose backend has no weights and needs no torch
# A weight's; in int8 the tables, norms and scales stay wider. Measured beside it at the size base
# (182 million weights, one answer by beam 5): 1.13, 0.84 and 0.66 GB; told here 1.37, 0.89, 0.72.
BYTES = {"fp32": 4.0, "bf16": 2.0, "int8": 1.25}
_LONGEST_HEADER = 100 * MIB  # of a safetensors file, as its format limits it


def needed(folder: ModelFolder, precision: str = "auto") -> int:
    """Bytes that the model's process takes with its weights in that precision.

    An estimate from above: `GROWTH` times the weights, and `PROCESS`. While nobody knows what
    "auto" will become the largest is assumed. Weights on a GPU are counted as if they were here,
    because a model falls back to the processor when the GPU is full.
    """
    if not folder.weights:
        return PLAIN
    return round(GROWTH * count_weights(folder) * BYTES.get(precision, BYTES["fp32"])) + PROCESS


def count_weights(folder: ModelFolder) -> int:
    """How many numbers the weights file holds; from its size where it is no safetensors file."""
    path = folder.weights_path
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header: Any = json.loads(file.read(length)) if length <= _LONGEST_HEADER else None
        shapes = [entry["shape"] for name, entry in header.items() if name != "__metadata__"]
        return sum(math.prod(shape) for shape in shapes)
    except OSError:
        return 0  # loading says what is wrong with it
    except (ValueError, KeyError, TypeError, AttributeError):
        return size // 2  # as if they were half as wide as fp32


def of_machine() -> int:
    """Bytes of memory that this machine has."""
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):  # MEMORYSTATUSEX of the Windows API
            _fields_ = (
                ("length", ctypes.c_ulong),
                ("load", ctypes.c_ulong),
                *((f"bytes{number}", ctypes.c_ulonglong) for number in range(7)),
            )

        status = Status(length=ctypes.sizeof(Status))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.bytes0)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def budget(mebibytes: int) -> int:
    """Bytes that all loaded models may take together; 0 MiB: half of the machine's memory."""
    return mebibytes * MIB if mebibytes else of_machine() // 2
