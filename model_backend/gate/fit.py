"""Fits the gate: two layers by Adam in plain numpy, then the two limits on films left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model_backend.gate.examples import (
    Picture,
    balanced,
    film_examples,
    made_examples,
    other_examples,
)
from model_backend.gate.features import COUNT, Numbers, features_of
from model_backend.gate.gate import CHEST, Gate

HIDDEN, DIRECTIONS = 40, 40
ROUNDS, BATCH, RATE, DECAY = 24, 128, 1.5e-3, 2e-3
SLACK = 1.35  # films of a hospital that no fit has met lie farther off than those of the same
REFUSED = 0.015  # share of the chest films left out that each limit refuses


@dataclass(frozen=True)
class Pictures:
    """What a gate is fitted on, as uint8 arrays."""

    films: Sequence[Picture]  # upright frontal chest films
    left_out: Sequence[Picture]  # films of other patients, for the limits
    others: Sequence[Picture]
    variants: int = 8  # of each other picture
    made: int = 3000
    seed: int = 0
    repeats: Sequence[int] = field(default_factory=tuple)  # how often each film is used; () once


def fit_gate(pictures: Pictures) -> Gate:
    """The gate of these pictures; the same pictures and seed give the same gate."""
    draw = np.random.default_rng(pictures.seed)
    examples = list(made_examples(draw, pictures.made))
    for film, times in zip(
        pictures.films, pictures.repeats or (1,) * len(pictures.films), strict=True
    ):
        for _ in range(times):
            examples += film_examples(film, draw)
    for other in pictures.others:
        examples += other_examples(other, draw, pictures.variants)
    features = np.stack([features_of(picture) for picture, _ in examples])
    labels = np.asarray([kind for _, kind in examples])
    mean, scale = features.mean(axis=0), features.std(axis=0) + 0.05
    values = ((features - mean) / scale).astype(np.float32)
    layers = _layers(values, labels, balanced(list(labels)), draw)
    chest = values[labels == CHEST]
    centre = chest.mean(axis=0)
    _, _, directions = np.linalg.svd(chest - centre, full_matrices=False)
    gate = Gate(mean, scale, *layers, directions[:DIRECTIONS], centre, 0.5, np.inf)
    return _limited(gate, pictures.left_out, draw)


def _limited(gate: Gate, left_out: Sequence[Picture], draw: np.random.Generator) -> Gate:
    """The same gate with limits that refuse few of the films left out."""
    values = gate.standard(np.stack([features_of(film) for film in left_out]))
    score = float(np.quantile(gate.shares(values)[:, CHEST], REFUSED))
    strangest = float(np.quantile(gate.strangeness(values), 1 - REFUSED))
    tables = {name: getattr(gate, name) for name in Gate.__dataclass_fields__}
    return Gate(**{**tables, "limit": min(score, 0.5), "strangest": strangest * SLACK})


def _layers(
    values: Numbers,
    labels: NDArray[np.int64],
    weights: NDArray[np.float64],
    draw: np.random.Generator,
) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """The weights of two layers that tell the kinds apart."""
    wanted = np.eye(5, dtype=np.float32)[labels]
    layers = [
        draw.normal(0, np.sqrt(2 / COUNT), (COUNT, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        draw.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, 5)).astype(np.float32),
        np.zeros(5, np.float32),
    ]
    first_moments = [np.zeros_like(one) for one in layers]
    second_moments = [np.zeros_like(one) for one in layers]
    step, last = 0, ROUNDS * -(-len(values) // BATCH)
    for _ in range(ROUNDS):
        order = draw.permutation(len(values))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            slopes = _slopes(layers, values[rows], wanted[rows], weights[rows], draw)
            step += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / last))
            for place, slope in enumerate(slopes):
                first_moments[place] += 0.1 * (slope - first_moments[place])
                second_moments[place] += 0.001 * (slope**2 - second_moments[place])
                move = first_moments[place] / (1 - 0.9**step)
                size = np.sqrt(second_moments[place] / (1 - 0.999**step)) + 1e-8
                layers[place] -= (rate * (move / size + DECAY * layers[place])).astype(np.float32)
    first, first_bias, second, second_bias = layers
    return first, first_bias, second, second_bias


def _slopes(
    layers: Sequence[Numbers],
    values: Numbers,
    wanted: Numbers,
    weights: NDArray[np.float64],
    draw: np.random.Generator,
) -> tuple[Numbers, ...]:
    """Of the weighted cross entropy, by each layer's weights; with drop-out of features."""
    first, first_bias, second, second_bias = layers
    kept = (draw.random(values.shape) > 0.2).astype(np.float32) / 0.8
    values = values * kept
    before = values @ first + first_bias
    hidden = np.maximum(before, 0)
    logits = hidden @ second + second_bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    off = (powers / powers.sum(axis=1, keepdims=True) - wanted) * weights[:, None] / len(values)
    off = off.astype(np.float32)
    back = (off @ second.T) * (before > 0)
    return values.T @ back, back.sum(axis=0), hidden.T @ off, off.sum(axis=0)
