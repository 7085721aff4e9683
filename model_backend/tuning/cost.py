"""What training costs: products to compute and bytes to keep, from sizes alone (spec 1, 4, 5).

The time of a run follows from a measured step; the model of cost says how it grows with parameters,
images and symbols. `bench/training.py` checks it at three sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image_tower import WIDTHS
from model_backend.biomedgpt.weights import state_shapes

BACKWARD = 2  # times the products of the way forward
AGAIN = 1  # times more when activations are recomputed


@dataclass(frozen=True)
class Shape:
    """What one example is made of."""

    side: int  # of its picture; 0 without one
    source: int  # symbols
    target: int
    vocabulary: int = 0  # symbols that compete at each place of the target; 0: all


@dataclass(frozen=True)
class Products:
    """Multiply-adds of one example on the way forward."""

    tower: int
    layers: int  # encoder and decoder, their positions, the picture's projection
    vocabulary: int

    @property
    def total(self) -> int:
        return self.tower + self.layers + self.vocabulary


def products(config: OFAConfig, shape: Shape) -> Products:
    """The multiply-adds of one example; two floating point operations each."""
    C, inner, T = config.d_model, config.ffn_dim, shape.target
    patches = (shape.side // 16) ** 2
    L = patches + shape.source
    encoder = config.encoder_layers * (L * (4 * C * C + 2 * C * inner) + 2 * L * L * C)
    encoder += patches * 1024 * C + 2 * L * C * C + L * L * C
    own = T * (4 * C * C + 2 * C * inner) + 2 * T * T * C
    cross = 2 * T * C * C + 2 * L * C * C + 2 * T * L * C
    decoder = config.decoder_layers * (own + cross) + L * C * C + T * L * C
    words = T * C * (shape.vocabulary or config.vocab_size)
    return Products(tower_products(config, shape.side), encoder + decoder, words)


def tower_products(config: OFAConfig, side: int) -> int:
    """Multiply-adds of the image tower."""
    half, place, channels = side // 2, side // 4, 64
    total = half * half * 7 * 7 * 3 * 64
    for stage, (blocks, width) in enumerate(zip(config.resnet_layers, WIDTHS, strict=True)):
        for block in range(blocks):
            total += place * place * channels * width
            place //= 2 if stage > 0 and block == 0 else 1
            total += place * place * (9 * width * width + 4 * width * width)
            if block == 0:
                total += place * place * channels * 4 * width
            channels = 4 * width
    return total


def tower_bytes(config: OFAConfig, side: int, width: int) -> int:
    """Bytes that the tower's maps have, each counted once, `width` bytes a value.

    Every convolution's input is kept for the way back, as are those of its batch norm and ReLU.
    """
    half, place, channels = side // 2, side // 4, 64
    values = 3 * half * half * 64 + place * place * 64
    for stage, (blocks, inner) in enumerate(zip(config.resnet_layers, WIDTHS, strict=True)):
        for block in range(blocks):
            values += 3 * place * place * inner
            place //= 2 if stage > 0 and block == 0 else 1
            values += 3 * place * place * inner + 3 * place * place * 4 * inner
            if block == 0:
                values += 2 * place * place * 4 * inner
            channels = 4 * inner
    assert channels
    return values * width


def parameters(config: OFAConfig) -> int:
    """Weights that learn, tied ones once."""
    total = 0
    for name, shape in state_shapes(config).items():
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked")):
            size = 1
            for length in shape:
                size *= length
            total += size
    return total


def step_operations(
    config: OFAConfig, shape: Shape, *, tower_learns: bool = True, recompute: bool = False
) -> int:
    """Floating point operations of one example in one step, there and back."""
    one = products(config, shape)
    tower = one.tower * (1 + BACKWARD if tower_learns else 1)
    layers = one.layers * (1 + BACKWARD + (AGAIN if recompute else 0))
    return 2 * (tower + layers + one.vocabulary * (1 + BACKWARD))


@dataclass(frozen=True)
class Memory:
    """Bytes that a device needs."""

    weights: int  # with gradients, the optimiser's two averages and the average that is kept
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.activations


def memory(
    config: OFAConfig,
    shape: Shape,
    rows: int,
    *,
    learnt: int | None = None,
    averaged: bool = False,
    half: bool = True,
    recompute: bool = False,
) -> Memory:
    """The bytes of a step with `rows` examples; `learnt` weights learn (all, unless said)."""
    count = parameters(config)
    learnt = count if learnt is None else learnt
    weights = 4 * count + 12 * learnt + (4 * count if averaged else 0)
    width = 2 if half else 4
    C, inner, H = config.d_model, config.ffn_dim, config.heads
    L = (shape.side // 16) ** 2 + shape.source
    T = shape.target
    encoder = L * (12 * C + 4 * inner) + 2 * H * L * L
    decoder = T * (20 * C + 4 * inner) + 2 * L * C + 2 * H * T * (T + L)
    if recompute:
        layers = config.encoder_layers * L * C + config.decoder_layers * T * C
        layers += max(encoder, decoder)
    else:
        layers = config.encoder_layers * encoder + config.decoder_layers * decoder
    words = 3 * T * (shape.vocabulary or config.vocab_size) * 4
    each = layers * width + words + tower_bytes(config, shape.side, width)
    return Memory(weights, rows * each)
