"""The figures of a card: accuracy, area under the curve, calibration error, their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def accuracy(right: Numbers) -> float:
    """Share of answers that are right; `right` holds ones and zeros."""
    return float(np.mean(right))


def auc(scores: Numbers, positive: Numbers) -> float:
    """Area under the receiver operating curve: the chance that a positive outranks a negative.

    Ties count half (Hanley and McNeil 1982). NaN when one of the two classes is missing.
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    # The mean rank of each run of equal scores.
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    ends = np.r_[starts[1:], len(ranked)]
    ranks = np.empty(len(scores))
    ranks[order] = np.repeat((starts + 1 + ends) / 2, ends - starts)
    count = float(np.sum(positive > 0.5))
    rest = len(scores) - count
    if count == 0 or rest == 0:
        return float("nan")
    return float((ranks[positive > 0.5].sum() - count * (count + 1) / 2) / (count * rest))


def calibration_error(probability: Numbers, right: Numbers, bins: int = 10) -> float:
    """Expected calibration error: |confidence - share right| over equal bins of confidence.

    `probability` is that of the answer given (Naeini, Cooper and Hauskrecht 2015).
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for index in np.unique(place):
        chosen = place == index
        total += abs(probability[chosen].mean() - right[chosen].mean()) * chosen.mean()
    return float(total)


def interval(
    figure: Callable[[NDArray[np.int64]], float],
    groups: Sequence[str],
    *,
    repeats: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % percentile bootstrap interval of `figure`, resampling whole patients or images.

    `figure` takes the indices of the cases drawn (with repeats). Draws without a figure (NaN: one
    class only) are left out.
    """
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    members = [np.flatnonzero(of == index) for index in range(len(names))]
    chance = np.random.default_rng(seed)
    values = []
    for _ in range(repeats):
        drawn = chance.integers(len(names), size=len(names))
        values.append(figure(np.concatenate([members[index] for index in drawn])))
    kept = np.asarray(values)[~np.isnan(values)]
    if len(kept) == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(kept, [2.5, 97.5])
    return float(low), float(high)
