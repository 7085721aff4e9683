"""Which processor the network runs on, and how it says that its memory is full."""

from __future__ import annotations

import gc
import sys

from model_backend.request import ModelError

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "int8")
# How CUDA, its libraries and Apple's Metal say it when they do not raise torch.OutOfMemoryError.
_FULL = (
    "CUDA error: out of memory",
    "CUDA out of memory",
    "MPS backend out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)


def choose(device: str) -> str:
    """The device by its name; "auto" is the graphics card where PyTorch can use one, else "cpu".

    Apple's "mps" is taken only when it is asked for by name: nothing here has been measured on it.
    Raises ModelError when a device is asked for that is not there.
    """
    if device == "cpu":
        return device
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            "There is no graphics card here that PyTorch can use (device cuda). Choose the device "
            "cpu or auto in the settings, or install a PyTorch that was built for the card."
        )
    if device == "mps" and not torch.backends.mps.is_available():
        raise ModelError(
            "There is no Apple graphics processor here that PyTorch can use (device mps). Choose "
            "the device cpu or auto in the settings."
        )
    if device not in DEVICES:
        raise ModelError(f"{device!r} is no device. Choose one of {', '.join(DEVICES)}.")
    return device


def is_full(error: BaseException) -> bool:
    """True when the error says that a graphics card's memory is full; needs no torch."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "OutOfMemoryError" in kinds:
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _FULL)


def release_memory() -> None:
    """Give back what a model that nobody holds any more took on a graphics card."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
