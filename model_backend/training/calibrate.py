"""Temperatures and thresholds, fitted on the validation part and kept beside the weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
FEWEST = 40  # cases of one question, and of either answer a quarter of that, to fit it alone


def fit(odds: Numbers, yes: NDArray[np.bool_]) -> tuple[float, float]:
    """Temperature and shift so that sigmoid(odds / temperature + shift) has the least log loss.

    Platt's scaling (1999) with a slight pull towards temperature 1 and shift 0, so that a few
    cases cannot move them far.
    """
    x, y = torch.from_numpy(odds), torch.from_numpy(yes.astype(np.float64))
    values = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # log temperature, shift
    search = torch.optim.LBFGS([values], max_iter=100, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        search.zero_grad()
        logits = x * torch.exp(-values[0]) + values[1]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, y, reduction="sum")
        loss = loss + (values * values).sum()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        return loss

    search.step(step)  # type: ignore[no-untyped-call]  # and LBFGS.step
    temperature, shift = float(torch.exp(values[0].detach())), float(values[1].detach())
    return round(temperature, 4), round(shift, 4)


def calibrated(odds: Numbers, temperature: float, shift: float) -> Numbers:
    """Probability of yes."""
    return np.asarray(1 / (1 + np.exp(-(odds / temperature + shift))))


def enough(yes: NDArray[np.bool_]) -> bool:
    """Whether a question has cases enough to be fitted alone."""
    fewest = FEWEST // 4
    return len(yes) >= FEWEST and fewest <= int(yes.sum()) <= len(yes) - fewest


def threshold(probability: Numbers, yes: NDArray[np.bool_]) -> float:
    """The cut with the largest sensitivity plus specificity (Youden 1950), midway to the next."""
    candidates = np.unique(probability)
    if len(candidates) < 2:
        return 0.5
    cuts = (candidates[1:] + candidates[:-1]) / 2
    gains = [
        float(np.mean(probability[yes] > cut)) + float(np.mean(probability[~yes] <= cut))
        for cut in cuts
    ]
    return round(float(cuts[int(np.argmax(gains))]), 4)


def pooled(parts: Sequence[Numbers]) -> Numbers:
    """The cases of several questions as one list."""
    return np.concatenate(list(parts)) if parts else np.zeros(0)
