"""How honest a task's probabilities are: reliability curve and expected calibration error.

Naeini, Cooper and Hauskrecht 2015; the interval of a bin is Wilson's (1927). No torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.measured import figure
from model_backend.evaluation.metrics import calibration_error
from model_backend.evaluation.scores import weight_of

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
BINS = 10
_Z = 1.959964  # of a 95 % interval
FEWEST = 20  # cases


def reliability(said: Sequence[Said], repeats: int = 1000) -> dict[str, Any]:
    """The calibration of a task's answers as the report holds it; {} with too few probabilities.

    What is judged is the probability of the answer that was given. `is_fitted` says whether all of
    these probabilities were calibrated, so that a reader may see them.
    """
    shown = [one for one in said if one.answer.probabilities]
    if len(shown) < FEWEST:
        return {}
    sure = np.array([max(one.answer.probabilities or (0.0,)) for one in shown])
    right = np.array([weight_of(one) > 0 for one in shown], float)

    def error(places: Places) -> float:
        return 100.0 * calibration_error(sure[places], right[places], BINS)

    score = figure("calibration_error", error, shown, repeats)
    return {
        "is_fitted": all(one.answer.calibrated for one in shown),
        "error": score.as_json(),
        "bins": curve(sure, right),
    }


def curve(sure: Numbers, right: Numbers, bins: int = BINS) -> list[dict[str, Any]]:
    """The bins that hold answers: mean probability beside the share that was right, in per cent."""
    place = np.minimum((sure * bins).astype(int), bins - 1)
    found = []
    for index in range(bins):
        chosen = place == index
        count = int(chosen.sum())
        if count == 0:
            continue
        low, high = wilson(float(right[chosen].sum()), count)
        found.append(
            {
                "from": round(100 * index / bins, 1),
                "to": round(100 * (index + 1) / bins, 1),
                "cases": count,
                "said": round(100 * float(sure[chosen].mean()), 2),
                "right": round(100 * float(right[chosen].mean()), 2),
                "low": round(100 * low, 2),
                "high": round(100 * high, 2),
            }
        )
    return found


def wilson(right: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    share = right / count
    centre = share + _Z**2 / (2 * count)
    half = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    whole = 1 + _Z**2 / count
    return max(0.0, (centre - half) / whole), min(1.0, (centre + half) / whole)
