"""The margin below which an answer moves too little to have been read off the picture; no torch.

It is fitted on cases whose patients are used for nothing else: as large as it must be to flag an
image-blind model, and as small as it must be to leave correct answers of the seeing one alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
WANTED_BLIND = 0.95  # share of an image-blind model's answers to be flagged, at least
WANTED_CORRECT = 0.10  # share of correct answers flagged, at most
FEWEST = 30  # cases of each kind, below which a question has no margin of its own


@dataclass(frozen=True, slots=True)
class Margin:
    """An answer whose largest movement is under `value` is flagged."""

    value: float
    blind_flagged: float  # shares, on the cases that it was fitted on
    correct_flagged: float
    blind_cases: int
    correct_cases: int

    @property
    def is_reached(self) -> bool:
        """Whether both shares are as wanted."""
        return self.blind_flagged >= WANTED_BLIND and self.correct_flagged <= WANTED_CORRECT

    def as_json(self) -> dict[str, Any]:
        """For `model.json` and reports."""
        return {**asdict(self), "is_reached": self.is_reached}


def fit_margin(blind: Sequence[float], correct: Sequence[float]) -> Margin:
    """The margin between the largest movements of blind answers and of correct seeing ones.

    Where both wishes can be had it lies half-way between the smallest value that flags enough blind
    answers and the largest that spares enough correct ones. Where not, the blind ones come first:
    a flag costs a look, a missed one may cost more. Raises ValueError without cases of each kind.
    """
    still, moving = np.asarray(blind, float), np.asarray(correct, float)
    if not (len(still) and len(moving)):
        raise ValueError("a margin needs answers of a blind model and correct answers")
    least = _least_that_flags(still, WANTED_BLIND)
    most = _most_that_spares(moving, WANTED_CORRECT)
    value = (least + most) / 2 if most > least else least
    return Margin(
        float(value),
        float(np.mean(still < value)),
        float(np.mean(moving < value)),
        len(still),
        len(moving),
    )


def fit_margins(
    blind: Mapping[str, Sequence[float]], correct: Mapping[str, Sequence[float]]
) -> dict[str, Margin]:
    """One margin for all questions together, named "", and one for each with cases enough."""
    together = fit_margin(
        [one for values in blind.values() for one in values],
        [one for values in correct.values() for one in values],
    )
    return {
        "": together,
        **{
            name: fit_margin(blind[name], values)
            for name, values in sorted(correct.items())
            if min(len(values), len(blind.get(name, ()))) >= FEWEST
        },
    }


def margin_for(margins: Mapping[str, Margin], question: str) -> float:
    """The question's own margin, else the one for all."""
    return margins.get(question, margins[""]).value


def _least_that_flags(still: Numbers, share: float) -> float:
    """Just above the movement of the last blind answer that must be flagged."""
    ordered = np.sort(still)
    last = ordered[int(np.ceil(share * len(ordered) - 1e-9)) - 1]
    return float(np.nextafter(last, np.inf))


def _most_that_spares(moving: Numbers, share: float) -> float:
    """The movement of the first correct answer that must not be flagged."""
    ordered = np.sort(moving)
    return float(ordered[int(np.floor(share * len(ordered) + 1e-9))])
