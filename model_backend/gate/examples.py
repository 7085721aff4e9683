"""What the gate learns from: films as they come and turned, other pictures, and made ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model_backend.gate.features import Numbers, grey_of, shrunk
from model_backend.gate.gate import CHEST, INVERTED, OTHER, TURNED, UPSIDE_DOWN

Picture = NDArray[np.uint8]
WORKING = 96  # pixels a side while films are varied


def film_examples(film: Picture, draw: np.random.Generator) -> Iterator[tuple[Picture, int]]:
    """A film upright, inverted, on its side, upside down, and a piece of it; each varied."""
    upright = shrunk(grey_of(film), WORKING)
    yield _varied(upright, draw), CHEST
    yield _varied(upright, draw), CHEST
    yield _varied(upright, draw), CHEST
    yield _varied(255 - upright, draw), INVERTED
    yield _varied(np.rot90(upright, draw.choice((1, 3))), draw), TURNED
    yield _varied(_perhaps_mirrored(upright[::-1], draw), draw), UPSIDE_DOWN
    if draw.random() < 0.3:
        yield _varied(np.rot90(255 - upright, draw.choice((1, 2, 3))), draw), INVERTED
    if draw.random() < 0.5:
        yield _varied(_piece(upright, draw, 0.2, 0.4), draw), OTHER


def other_examples(
    picture: Picture, draw: np.random.Generator, count: int
) -> Iterator[tuple[Picture, int]]:
    """Another picture and pieces of it, turned and inverted at random."""
    grey = grey_of(picture)
    for number in range(count):
        part = grey if number == 0 else _piece(grey, draw, 0.25, 1.0)
        part = np.rot90(shrunk(part, WORKING), int(draw.integers(4)))
        part = 255 - part if draw.random() < 0.3 else part
        yield _varied(_perhaps_mirrored(part, draw), draw), OTHER


def made_examples(draw: np.random.Generator, count: int) -> Iterator[tuple[Picture, int]]:
    """Noise of all grains, ramps, even grey, bars and ovals: what no camera has taken."""
    for number in range(count):
        maker = (_noise, _ramp, _bars, _ovals)[number % 4]
        yield _varied(maker(draw), draw), OTHER


def _varied(grey: Numbers, draw: np.random.Generator) -> Picture:
    """Cut or framed a little, turned by some degrees, lighter or darker, softer or with noise."""
    size = grey.shape[0]
    angle = np.deg2rad(draw.normal(0, 4))
    zoom = draw.uniform(0.9, 1.15, 2) * draw.uniform(0.75, 1.2)
    shift = draw.uniform(-0.06, 0.06, 2) * size
    rows, columns = np.indices(grey.shape, dtype=np.float32) - (size - 1) / 2
    y = (np.cos(angle) * rows - np.sin(angle) * columns) * zoom[0] + shift[0] + (size - 1) / 2
    x = (np.sin(angle) * rows + np.cos(angle) * columns) * zoom[1] + shift[1] + (size - 1) / 2
    inside = (y > -0.5) & (x > -0.5) & (y < size - 0.5) & (x < size - 0.5)
    row, column = (np.clip(one.round().astype(int), 0, size - 1) for one in (y, x))
    taken = grey[row, column]
    if draw.random() < 0.5:  # beyond the edge a film is black, or goes on
        taken = np.where(inside, taken, 0)
    if draw.random() < 0.5:  # local contrast as processing changes it: crisper, or nearly lost
        soft = np.kron(shrunk(taken, 12), np.ones((size // 12,) * 2))
        taken = taken + draw.uniform(-0.4, 1.2) * (taken - soft)
    low, high = np.percentile(taken, (draw.uniform(0, 3), 100 - draw.uniform(0, 3)))
    scaled = np.clip((taken - low) / max(float(high - low), 1.0), 0, 1)
    scaled = scaled ** np.exp(draw.normal(0, 0.45))
    bright = scaled * draw.uniform(170, 255) + draw.uniform(0, 25)
    if draw.random() < 0.3:
        bright = _wired(bright, draw)
    if draw.random() < 0.4:
        bright = bright + draw.normal(0, draw.uniform(1, 8), bright.shape)
    return np.asarray(np.clip(bright, 0, 255), np.uint8)


def _wired(grey: NDArray[np.float64], draw: np.random.Generator) -> NDArray[np.float64]:
    """With some bright lines across it, as wires and tubes are."""
    size = grey.shape[0]
    rows, columns = np.indices(grey.shape) / size - 0.5
    for _ in range(int(draw.integers(1, 5))):
        angle, place, bend = draw.uniform(0, np.pi), draw.uniform(-0.4, 0.4), draw.normal(0, 0.6)
        along = np.cos(angle) * rows - np.sin(angle) * columns
        away = np.abs(np.cos(angle) * columns + np.sin(angle) * rows - place - bend * along**2)
        grey = np.where(away < 0.008, np.maximum(grey, draw.uniform(180, 255)), grey)
    return grey


def _piece(grey: Numbers, draw: np.random.Generator, least: float, most: float) -> Numbers:
    """A piece of that share of each side, as large as the whole again."""
    share = draw.uniform(least, most)
    height, width = (max(4, int(length * share)) for length in grey.shape)
    top = int(draw.integers(0, grey.shape[0] - height + 1))
    left = int(draw.integers(0, grey.shape[1] - width + 1))
    return shrunk(grey[top : top + height, left : left + width], WORKING)


def _perhaps_mirrored(grey: Numbers, draw: np.random.Generator) -> Numbers:
    return grey[:, ::-1] if draw.random() < 0.5 else grey


def _noise(draw: np.random.Generator) -> Numbers:
    grain = int(draw.choice((3, 6, 12, 24, 48, 96)))
    return shrunk(draw.uniform(0, 255, (grain, grain)).astype(np.float32), WORKING)


def _ramp(draw: np.random.Generator) -> Numbers:
    rows, columns = np.indices((WORKING, WORKING)) / WORKING
    a, b, bend = draw.normal(0, 1, 3)
    plane = a * rows + b * columns + bend * (rows - 0.5) * (columns - 0.5)
    spread = float(np.ptp(plane)) or 1.0
    grey: Numbers = ((plane - plane.min()) / spread * draw.uniform(0, 255)).astype(np.float32)
    return grey


def _bars(draw: np.random.Generator) -> Numbers:
    """Bright soft bars on dark ground, somewhat as the bones of a limb."""
    rows, columns = np.indices((WORKING, WORKING)) / WORKING - 0.5
    grey = np.full((WORKING, WORKING), draw.uniform(0, 60))
    for _ in range(int(draw.integers(1, 5))):
        angle, place = draw.uniform(0, np.pi), draw.uniform(-0.4, 0.4)
        width = draw.uniform(0.02, 0.25)
        away = np.abs(np.cos(angle) * columns + np.sin(angle) * rows - place)
        grey += draw.uniform(40, 160) * np.clip((width - away) / (0.3 * width) + 0.5, 0, 1)
    return np.asarray(np.clip(grey, 0, 255), np.float32)


def _ovals(draw: np.random.Generator) -> Numbers:
    """Bright ovals on dark ground, somewhat as slices."""
    rows, columns = np.indices((WORKING, WORKING)) / WORKING - 0.5
    grey = np.zeros((WORKING, WORKING))
    for _ in range(int(draw.integers(1, 9))):
        y, x = draw.uniform(-0.3, 0.3, 2)
        tall, wide = draw.uniform(0.05, 0.5, 2)
        inside = ((rows - y) / tall) ** 2 + ((columns - x) / wide) ** 2 < 1
        grey = np.where(inside, draw.uniform(0, 255), grey)
    return grey.astype(np.float32)


def balanced(labels: Sequence[int]) -> NDArray[np.float64]:
    """A weight for each example, so that the kinds count alike, chest films as much as two."""
    kinds = np.asarray(labels)
    counts = np.bincount(kinds, minlength=5)
    weights = 1.0 / np.maximum(counts, 1)
    weights[CHEST] *= 2
    weights[OTHER] *= 2
    return np.asarray(weights[kinds] / weights[kinds].mean(), np.float64)
