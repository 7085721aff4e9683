"""Temperatures and shifts, fitted on the validation part and kept beside the weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
FEWEST = 40  # cases of one question, and of either answer a quarter of that, to fit it alone


def fit(
    odds: Numbers,
    yes: NDArray[np.bool_],
    *,
    shifted: bool = True,
    weights: Numbers | None = None,
) -> tuple[float, float]:
    """Temperature and shift so that sigmoid(odds / temperature + shift) has the least log loss.

    Platt's scaling (1999) with a slight pull towards temperature 1 and shift 0, so that a few
    cases cannot move them far. Without `shifted` the shift stays 0: where many different
    questions are fitted together, how often they happen to be answered "yes" says nothing.
    `weights` say how much each case counts; equally, where they are not given.
    """
    x, y = torch.from_numpy(odds), torch.from_numpy(yes.astype(np.float64))
    counts = torch.ones(len(odds)) if weights is None else torch.from_numpy(weights)
    values = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # log temperature, shift
    search = torch.optim.LBFGS([values], max_iter=100, line_search_fn="strong_wolfe")

    def step() -> torch.Tensor:
        search.zero_grad()
        logits = x * torch.exp(-values[0]) + values[1] * shifted
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, y, counts.double(), reduction="sum"
        )
        loss = loss + (values * values).sum()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        return loss

    search.step(step)  # type: ignore[no-untyped-call]  # and LBFGS.step
    temperature, shift = float(torch.exp(values[0].detach())), float(values[1].detach())
    return round(temperature, 4), round(shift * shifted, 4)


def fit_rare(
    odds: Sequence[Numbers], yes: Sequence[NDArray[np.bool_]], shares: Sequence[float]
) -> tuple[float, list[float]]:
    """One temperature for several questions with too few cases, and a shift for each.

    Each shift makes the mean probability the share of "yes" that the training part has, however
    the few cases fell; the temperature has the least log loss over all of them together.
    """
    found: list[tuple[float, float, list[float]]] = []
    for temperature in np.geomspace(1, 16, 25):
        loss, shifts = 0.0, []
        for x, y, share in zip(odds, yes, shares, strict=True):
            shift = shift_to(x / temperature, share)
            right = calibrated(np.where(y, 1, -1) * (x / temperature + shift), 1, 0)
            loss -= float(np.log(right.clip(1e-9)).sum())
            shifts.append(round(shift, 4))
        found.append((loss, round(float(temperature), 4), shifts))
    _, best, shifts = min(found)
    return best, shifts


def shift_to(odds: Numbers, share: float) -> float:
    """What must be added to the log-odds for their mean probability to be `share`, by halving."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if calibrated(odds, 1, middle).mean() < share else (low, middle)
    return (low + high) / 2


def calibrated(odds: Numbers, temperature: float, shift: float) -> Numbers:
    """Probability of yes."""
    return np.asarray(1 / (1 + np.exp(-(odds / temperature + shift))))


def enough(yes: NDArray[np.bool_]) -> bool:
    """Whether a question has cases enough to be fitted alone."""
    fewest = FEWEST // 4
    return len(yes) >= FEWEST and fewest <= int(yes.sum()) <= len(yes) - fewest
