"""How many updates a run makes, and the rate of each (spec 10.3)."""

from __future__ import annotations

import math

from model_backend.tuning.recipe import Tuning


def total_updates(tuning: Tuning, rows: int, batch: int, world: int) -> int:
    """Updates of a run whose first source has so many rows, of which a batch takes `batch`.

    Each epoch has ceil(batches / accumulation).
    """
    if tuning.steps:
        return tuning.steps
    batches = math.ceil(rows / (batch * world))
    return tuning.epochs * max(1, math.ceil(batches / tuning.accumulate))


def rate_at(tuning: Tuning, number: int, total: int) -> float:
    """The rate of the update `number`, counted from 0.

    During the warm-up, int(total * ratio) updates, peak * update / warm-up; then the peak times the
    share of updates that are left, to the power of the recipe.
    """
    warm = int(total * tuning.warmup)
    update = number + 1
    if update <= warm:
        return tuning.rate * update / warm
    left = (total - number) / max(1, total - warm)
    low = tuning.rate * tuning.final
    return float(low + (tuning.rate - low) * min(left, 1.0) ** tuning.power)
