"""A picture of any size as the few numbers that the gate looks at; no torch, no DICOM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
COARSE, FINE = 24, 48  # sides of the two small pictures
CELLS, DIRECTIONS = 6, 9  # of the histograms of edges: cells a side, bins of a full turn
COUNT = COARSE * COARSE + CELLS * CELLS * DIRECTIONS + 2


def features_of(pixels: NDArray[np.uint8]) -> Numbers:
    """COUNT numbers: the small picture, where which edges run, and how the grey values lie.

    `pixels` is (height, width) grey or (height, width, 3) RGB. Small pictures are averages of
    areas, so that a film of 64 pixels and one of 3,000 give nearly the same numbers, and they are
    stretched to all greys, so that a pale film counts like a crisp one.
    """
    fine = _stretched(shrunk(grey_of(pixels), FINE))
    coarse = fine.reshape(COARSE, 2, COARSE, 2).mean(axis=(1, 3))
    spread = max(float(coarse.std()), 1.0)
    flat = _levelled(coarse).ravel()
    steps = np.abs(np.diff(fine, axis=1)).mean() + np.abs(np.diff(fine, axis=0)).mean()
    overall = [fine.mean() / 128 - 1, steps / spread]
    return np.concatenate([flat, _edges(fine), np.asarray(overall)]).astype(np.float32)


def grey_of(pixels: NDArray[np.uint8]) -> Numbers:
    """(height, width) grey values from 0 to 255; of colours their mean."""
    grey = pixels.astype(np.float32)
    return grey if grey.ndim == 2 else np.asarray(grey[..., :3].mean(axis=2), np.float32)


def colour_of(pixels: NDArray[np.uint8]) -> float:
    """How far the colours of a picture lie apart, on average; 0 for a grey one."""
    if pixels.ndim == 2:
        return 0.0
    few = pixels[:: max(1, pixels.shape[0] // 256), :: max(1, pixels.shape[1] // 256), :3]
    return float((few.max(axis=2).astype(np.float32) - few.min(axis=2)).mean())


def shrunk(grey: Numbers, side: int) -> Numbers:
    """(side, side): each value the mean of its area, whatever the proportions of the picture."""
    down, across = (_shares(length, side) for length in grey.shape)
    return np.asarray(down @ grey @ across.T, np.float32)


def _stretched(fine: Numbers) -> Numbers:
    """With the darkest and the brightest fiftieth at 0 and 255; what is even stays even."""
    low, high = np.percentile(fine, (2, 98))
    if high - low < 4:  # nothing but noise would be seen
        return np.zeros_like(fine)
    return np.asarray(np.clip((fine - low) / (high - low), 0, 1) * 255, np.float32)


def _levelled(coarse: Numbers) -> Numbers:
    """Greys against those around them, so that a veiled part of a film counts like a clear one."""
    around = _around(coarse)
    off = coarse - around
    spread = np.sqrt(np.maximum(_around(off**2), 0)) + 8
    overall = (coarse - coarse.mean()) / max(float(coarse.std()), 1.0)
    return np.asarray(0.5 * off / spread + 0.5 * overall, np.float32)


def _around(picture: Numbers, reach: int = 5) -> Numbers:
    """The mean of the square of 2 * reach + 1 pixels around each pixel."""
    side = 2 * reach + 1
    sums = np.pad(picture, reach, mode="reflect").astype(np.float64).cumsum(0).cumsum(1)
    sums = np.pad(sums, ((1, 0), (1, 0)))
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return np.asarray(inside / side**2, np.float32)


def _shares(length: int, side: int) -> Numbers:
    """(side, length): how much of each old row is in each new one."""
    ends = np.arange(side + 1, dtype=np.float64) * length / side
    starts = np.arange(length, dtype=np.float64)
    low = np.maximum(ends[:-1, None], starts[None, :])
    high = np.minimum(ends[1:, None], starts[None, :] + 1)
    return np.asarray(np.clip(high - low, 0, None) * side / length, np.float32)


def _edges(fine: Numbers) -> Numbers:
    """How strong edges of each direction are in each cell, as shares of those in and around it."""
    down, across = np.gradient(fine)
    strength = np.hypot(down, across)
    turn = (np.arctan2(down, across) + np.pi) / (2 * np.pi) * DIRECTIONS
    low = np.floor(turn).astype(int)
    rest = (turn - low).astype(np.float32)
    cell = FINE // CELLS
    counts = np.zeros((CELLS, CELLS, DIRECTIONS), np.float32)
    rows, columns = np.indices(fine.shape) // cell
    np.add.at(counts, (rows, columns, low % DIRECTIONS), strength * (1 - rest))
    np.add.at(counts, (rows, columns, (low + 1) % DIRECTIONS), strength * rest)
    here = (
        np.maximum(_around(counts.sum(axis=2), 1), 0)[..., None]
        + 0.1 * counts.sum() / CELLS**2
        + 1e-6
    )
    return np.asarray(np.sqrt(counts / here), np.float32).ravel()
