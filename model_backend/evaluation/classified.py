"""F1 and the area under the curve, by scikit-learn (Pedregosa and others, JMLR 2011); no torch.

The value of a figure is the library's. The thousand draws of its interval would take the library
minutes, for it checks its arguments each time: they use the same formula in plain arrays, which
the tests hold to the library on drawn cases too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.metrics import auc
from model_backend.evaluation.problems import needed
from model_backend.evaluation.rows import plain

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Measure = Callable[[Places], float]


@dataclass(frozen=True)
class Twofold:
    """One figure of the cases at some places: by the library, and the same quickly."""

    exact: Measure
    quick: Measure


def metrics_library() -> Any:
    """sklearn.metrics. Raises LabelledProblem when it is not installed."""
    return needed("sklearn.metrics", "scikit-learn")


def f1_measure(said: Sequence[Said], average: str) -> Twofold:
    """F1 of the answers as classes, in per cent: "macro", or "weighted" by how common each is.

    Over the right answers that occur in the cases drawn: an answer that is never right is a miss
    of the one that was, and no class of its own.
    """
    library = metrics_library()
    names: dict[str, int] = {}
    truth = np.array([names.setdefault(plain(one.case.answer), len(names)) for one in said])
    given = np.array([names.setdefault(plain(one.answer.text), len(names)) for one in said])

    def exact(places: Places) -> float:
        labels = np.unique(truth[places])
        score = library.f1_score(
            truth[places], given[places], labels=labels, average=average, zero_division=0
        )
        return 100.0 * float(score)

    def quick(places: Places) -> float:
        right, told = truth[places], given[places]
        count = len(names)
        of_truth = np.bincount(right, minlength=count)
        of_given = np.bincount(told, minlength=count)
        both = np.bincount(right[right == told], minlength=count)
        occurs = of_truth > 0
        shares = 2 * both[occurs] / (of_truth[occurs] + of_given[occurs])
        weights = of_truth[occurs] if average == "weighted" else None
        return 100.0 * float(np.average(shares, weights=weights))

    return Twofold(exact, quick)


def auc_measure(positive: Numbers, scores: Numbers) -> Twofold:
    """The area under the curve in per cent; NaN where only one class is drawn."""
    library = metrics_library()

    def exact(places: Places) -> float:
        drawn = positive[places]
        if drawn.min() == drawn.max():
            return float("nan")
        return 100.0 * float(library.roc_auc_score(drawn, scores[places]))

    return Twofold(exact, lambda places: 100.0 * auc(scores[places], positive[places]))


def classes_auc_measure(said: Sequence[Said]) -> Twofold | None:
    """Of several classes: the mean over each class against the rest, of those that occur.

    None where the cases do not choose among the same candidates.
    """
    candidates = said[0].case.candidates
    if any(one.case.candidates != candidates or not one.answer.probabilities for one in said):
        return None
    shares = np.array([one.answer.probabilities for one in said], float)
    names = [plain(one) for one in candidates]
    truth = np.array([plain(one.case.answer) for one in said])
    ones = [
        auc_measure((truth == name).astype(float), shares[:, place])
        for place, name in enumerate(names)
        if 0 < (truth == name).sum() < len(truth)
    ]
    if not ones:
        return None
    return Twofold(
        lambda places: _mean([one.exact(places) for one in ones]),
        lambda places: _mean([one.quick(places) for one in ones]),
    )


def _mean(values: Sequence[float]) -> float:
    """Of those that have a figure."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
