"""One temperature, and perhaps one shift of "yes", by maximum likelihood; no torch.

Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks" (2017); for yes and no
Platt's scaling (1999), whose objective `training/calibrate.py` shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
REPEATS = 200  # of the bootstrap
NEVER = -1e6  # the score of a candidate that a case does not have
_STEPS = 100
_DONE = 1e-9  # of the objective, between two steps


@dataclass(frozen=True)
class Scored:
    """What the model made of N cases with at most C candidates each."""

    scores: Numbers  # (N, C): log-probabilities, each up to a constant of its case
    right: Places  # (N,): the place of the right candidate
    yes: Numbers  # (N, C): 1 where the candidate is "yes" and the other one is "no"
    groups: tuple[str, ...]  # patients or images

    def __len__(self) -> int:
        return len(self.right)

    def at(self, places: Places) -> Scored:
        """Some of the cases, perhaps repeated."""
        groups = tuple(self.groups[place] for place in places)
        return Scored(self.scores[places], self.right[places], self.yes[places], groups)


@dataclass(frozen=True, slots=True)
class Fitted:
    """What divides the scores and what is added to "yes"."""

    temperature: float = 1.0
    shift: float = 0.0

    def probabilities(self, scored: Scored) -> Numbers:
        """(N, C), each row summing to one."""
        return _shares(scored.scores / self.temperature + self.shift * scored.yes)


def scored(
    scores: Sequence[Sequence[float]],
    right: Sequence[int],
    candidates: Sequence[Sequence[str]],
    groups: Sequence[str],
) -> Scored:
    """The cases as arrays."""
    widest = max(map(len, scores), default=0)
    table = np.full((len(scores), widest), NEVER)
    yes = np.zeros((len(scores), widest))
    for row, (values, names) in enumerate(zip(scores, candidates, strict=True)):
        table[row, : len(values)] = values
        small = [name.strip().lower() for name in names]
        if set(small) == {"yes", "no"}:
            yes[row, small.index("yes")] = 1.0
    return Scored(table, np.array(right, np.int64), yes, tuple(groups))


def fit(cases: Scored, *, shifted: bool) -> Fitted:
    """Temperature and shift of the least log loss.

    A slight pull towards temperature 1 and shift 0 keeps a few cases, or answers without one
    mistake, from moving them without end. Without `shifted` the shift stays 0: where many
    different questions are fitted together, how often "yes" is right says nothing.
    """
    values = np.zeros(2)  # log of 1 / temperature, shift
    wanted = np.eye(cases.scores.shape[1])[cases.right]
    loss = _loss(values, cases)
    for _ in range(_STEPS):
        sharpened = np.exp(values[0]) * cases.scores
        shares = _shares(sharpened + values[1] * cases.yes)
        directions = np.stack([sharpened, cases.yes * shifted])  # (2, N, C)
        slope = ((shares - wanted) * directions).sum((1, 2)) + 2 * values
        centred = directions - (shares * directions).sum(2, keepdims=True)
        curve = np.einsum("inc,jnc,nc->ij", centred, centred, shares) + 2 * np.eye(2)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while size > 1e-6 and (new := _loss(values - size * step, cases)) > loss:
            size /= 2
        if size <= 1e-6 or loss - new < _DONE:
            break
        values, loss = values - size * step, new
    return Fitted(float(np.exp(-values[0])), float(values[1]) if shifted else 0.0)


def spread(cases: Scored, *, shifted: bool, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the temperature, over patients or images."""
    names, of = np.unique(np.asarray(cases.groups), return_inverse=True)
    members = [np.flatnonzero(of == index) for index in range(len(names))]
    chance = np.random.default_rng(seed)
    values = []
    for _ in range(REPEATS):
        drawn = chance.integers(len(names), size=len(names))
        places = np.concatenate([members[index] for index in drawn])
        values.append(fit(cases.at(places), shifted=shifted).temperature)
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def log_loss(shares: Numbers, right: Places) -> float:
    """Mean of minus the natural logarithm of what the right candidate was given."""
    given = shares[np.arange(len(right)), right]
    return float(-np.log(np.maximum(given, 1e-12)).mean())


def _loss(values: Numbers, cases: Scored) -> float:
    logits = np.exp(values[0]) * cases.scores + values[1] * cases.yes
    highest = logits.max(1, keepdims=True)
    whole = highest[:, 0] + np.log(np.exp(logits - highest).sum(1))
    lost = whole - logits[np.arange(len(cases.right)), cases.right]
    return float(lost.sum() + (values * values).sum())


def _shares(logits: Numbers) -> Numbers:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
