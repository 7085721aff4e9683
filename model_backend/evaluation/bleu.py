"""BLEU of texts, by sacrebleu (Post, WMT 2018); no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.classified import Measure
from model_backend.evaluation.problems import needed

ORDERS = (1, 4)  # BLEU-1 and BLEU-4


def bleu_measure(
    texts: Sequence[str], references: Sequence[Sequence[str]], order: int = 4
) -> Measure:
    """BLEU of a whole set, 0 to 100, from the counts of each text; words are parted by blanks.

    A case counts with all of its references. No smoothing: a set without one common 4-gram has 0.
    """
    library: Any = needed("sacrebleu.metrics.bleu", "sacrebleu").BLEU
    # What is summed below are counts, on which `effective_order` has no bearing; it keeps the
    # library from warning that single sentences are short.
    scorer = library(
        tokenize="none", max_ngram_order=order, smooth_method="none", effective_order=True
    )
    found = [
        scorer.sentence_score(text, list(known))
        for text, known in zip(texts, references, strict=True)
    ]
    counts = np.array([one.counts for one in found], np.int64).reshape(len(found), order)
    totals = np.array([one.totals for one in found], np.int64).reshape(len(found), order)
    lengths = np.array([[one.sys_len, one.ref_len] for one in found], np.int64)

    def measure(places: NDArray[np.int64]) -> float:
        system, reference = lengths[places].sum(0).tolist()
        score = library.compute_bleu(
            counts[places].sum(0).tolist(),
            totals[places].sum(0).tolist(),
            system,
            reference,
            smooth_method="none",
            max_ngram_order=order,
        )
        return float(score.score)

    return measure
