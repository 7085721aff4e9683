"""ROUGE-L and CIDEr of captions, as the COCO caption toolkit computes them (spec §11).

Lin 2004; Vedantam, Zitnick and Parikh, "CIDEr: consensus-based image description evaluation"
(CVPR 2015), in the variant of that toolkit: counts clipped to the reference's, and a Gaussian
penalty on the difference of lengths.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from model_backend.evaluation.rouge import longest_common

BETA = 1.2  # weight of recall in ROUGE-L
LONGEST = 4  # words of an n-gram
SPREAD = 6.0  # standard deviation of the length penalty, in words
# From ":" to "[" in ASCII order is an accident of the authors' pattern (spec §13.15).
_DELETED = str.maketrans("", "", "\"'/\\.,?;*!%^&_+():]{}" + "<=>@[")

Grams = Counter[tuple[str, ...]]


def cleaned(caption: str) -> list[str]:
    """The words of a caption as they are scored; hyphens stay."""
    return caption.strip().lower().translate(_DELETED).split()


def rouge_l(hypothesis: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """The best precision and the best recall over the references as an F-measure, 0 to 1."""
    precisions, recalls = [0.0], [0.0]
    for reference in references:
        common = longest_common(hypothesis, reference)
        precisions.append(common / len(hypothesis) if hypothesis else 0.0)
        recalls.append(common / len(reference) if reference else 0.0)
    precision, recall = max(precisions), max(recalls)
    if not (precision and recall):
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def cider(
    hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]
) -> list[float]:
    """CIDEr of each caption, 0 to 10; how rare an n-gram is comes from all references.

    A set of one image knows no rare n-grams: every score is 0 there.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for texts in references:
        seen.update(set().union(*(_all_grams(text) for text in texts)))
    most = math.log(max(len(references), 1))

    def weights(words: Sequence[str]) -> tuple[list[dict[tuple[str, ...], float]], list[float]]:
        tables: list[dict[tuple[str, ...], float]] = [{} for _ in range(LONGEST)]
        for gram, count in _all_grams(words).items():
            rarity = most - math.log(max(1, seen[gram]))
            tables[len(gram) - 1][gram] = count * rarity
        return tables, [math.sqrt(sum(v * v for v in one.values())) for one in tables]

    scores = []
    for words, texts in zip(hypotheses, references, strict=True):
        ours, lengths = weights(words)
        total = 0.0
        for text in texts:
            theirs, norms = weights(text)
            # The toolkit measures length in pairs of words.
            gap = max(len(words) - 1, 0) - max(len(text) - 1, 0)
            penalty = math.exp(-(gap**2) / (2 * SPREAD**2))
            for n in range(LONGEST):
                if lengths[n] and norms[n]:
                    shared = sum(
                        min(value, theirs[n][gram]) * theirs[n][gram]
                        for gram, value in ours[n].items()
                        if gram in theirs[n]
                    )
                    total += penalty * shared / (lengths[n] * norms[n])
        scores.append(10 * total / (LONGEST * len(texts)))
    return scores


def _all_grams(words: Sequence[str]) -> Grams:
    return Counter(
        tuple(words[i : i + size])
        for size in range(1, LONGEST + 1)
        for i in range(len(words) - size + 1)
    )
