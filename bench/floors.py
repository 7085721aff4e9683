"""What no program can beat on this machine: bytes to read, products to compute, and their rates."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image_tower import WIDTHS

BYTES = {"fp32": 4, "bf16": 2, "int8": 1}  # of one weight
READ = 256 * 2**20  # bytes summed to find the memory's rate: far beyond every cache
SIDE = 2048  # of the matrices multiplied to find the product rate


@dataclass(frozen=True)
class Counts:
    """The work of one answer, in weights and floating point operations."""

    step_weights: int  # read once for each symbol: the decoder's layers and the vocabulary
    stem: int  # FLOP of the image tower
    encoder: int  # FLOP of the encoder, its positions and its picture's projection
    memory: int  # FLOP of the encoder's keys and values for all decoder layers, once an answer


@dataclass(frozen=True)
class Rates:
    """What the machine did at best in the time of the measurement."""

    read: float  # bytes a second
    fp32: float  # FLOP a second of a matrix product
    bf16: float

    def products(self, precision: str) -> float:
        """The product rate that work in this precision may use; int8 weights meet bf16 states."""
        return self.fp32 if precision == "fp32" else self.bf16


def counts(config: OFAConfig, side: int, text: int) -> Counts:
    """The work for a square picture of `side` pixels and `text` source symbols.

    Two operations to a multiply-add; convolutions, products and attention, without norms and
    activations (spec 4 and 5).
    """
    C, inner = config.d_model, config.ffn_dim
    patches = (side // 16) ** 2
    L = patches + text
    layer = 4 * C * C + 2 * C * inner  # weights of an encoder layer
    encoder = config.encoder_layers * (L * layer + 2 * L * L * C)
    encoder += patches * 1024 * C + 2 * L * C * C + L * L * C  # projection, positions, their bias
    decoder = config.decoder_layers * (
        6 * C * C + 2 * C * inner
    )  # cross keys, values: computed once
    memory = (2 * config.decoder_layers + 1) * L * C * C
    return Counts(
        step_weights=decoder + config.vocab_size * C,
        stem=2 * stem_products(config, side),
        encoder=2 * encoder,
        memory=2 * memory,
    )


def stem_products(config: OFAConfig, side: int) -> int:
    """Multiply-adds of the image tower (spec 4.1)."""
    half = side // 2
    total = half * half * 7 * 7 * 3 * 64
    place, channels = side // 4, 64
    for stage, (blocks, width) in enumerate(zip(config.resnet_layers, WIDTHS, strict=True)):
        out = 4 * width
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            total += place * place * channels * width  # the first 1x1 sees the larger map
            place //= stride
            total += place * place * (9 * width * width + width * out)
            if block == 0:
                total += place * place * channels * out
            channels = out
    return total


def parameters(config: OFAConfig) -> int:
    """Weights of the whole network, tied ones once."""
    from model_backend.biomedgpt.weights import state_shapes

    total = 0
    for name, shape in state_shapes(config).items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            size = 1
            for length in shape:
                size *= length
            total += size
    return total


class Machine:
    """Measures the rates again and again, so that load hits floors and contenders alike."""

    def __init__(self, threads: int, device: str = "cpu") -> None:
        torch.set_num_threads(threads)
        self._device = device
        self._side = SIDE if device == "cpu" else 4 * SIDE
        self._block = torch.ones(READ // 4, device=device)
        self._single = torch.randn(self._side, self._side, device=device)
        self._half = self._single.bfloat16()
        self._seen: list[Rates] = []

    def look(self) -> None:
        """One measurement more."""
        product = 2 * self._side**3
        self._seen.append(
            Rates(
                read=READ / self._quickest(lambda: self._block.sum()),
                fp32=product / self._quickest(lambda: self._single @ self._single),
                bf16=product / self._quickest(lambda: self._half @ self._half),
            )
        )

    def _quickest(self, work: Callable[[], object], times: int = 3) -> float:
        seconds = []
        for _ in range(times):
            begun = time.perf_counter()
            work()
            if self._device == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - begun)
        return min(seconds)

    @property
    def looked(self) -> int:
        """How many measurements there are."""
        return len(self._seen)

    def rates(self) -> Rates:
        """The median of what was seen: the contenders are given as medians too."""
        return Rates(
            read=statistics.median(one.read for one in self._seen),
            fp32=statistics.median(one.fp32 for one in self._seen),
            bf16=statistics.median(one.bf16 for one in self._seen),
        )
