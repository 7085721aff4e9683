"""What can be reached without the model: floors that never look at the picture, or hardly.

Each is learnt on the training part only and measured on the same held-out cases as the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_backend.training.linear import fit_logistic

Numbers = NDArray[np.float64]
THUMBNAIL = 48  # pixels a side, for the linear floor on pictures


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers."""
    return re.findall(r"[a-z0-9]+", text.lower())


def commoner(answers: Sequence[str]) -> str:
    """The commonest answer; the first in the alphabet among equals."""
    counts = Counter(answers)
    return min(counts, key=lambda answer: (-counts[answer], answer))


def most_similar_answers(
    questions: Sequence[str], answers: Sequence[str], asked: Sequence[str]
) -> list[str]:
    """For each question asked, the answer of the most similar known question.

    Similarity is the cosine between word counts weighted by inverse document frequency; among
    equally similar questions the commonest answer.
    """
    counts: Counter[str] = Counter()
    for question in questions:
        counts.update(set(words_of(question)))
    places = {word: index for index, word in enumerate(sorted(counts))}
    rarity = np.array([np.log((1 + len(questions)) / (1 + counts[word])) + 1 for word in places])

    def rows(texts: Sequence[str]) -> Numbers:
        table = np.zeros((len(texts), len(places)))
        for row, text in enumerate(texts):
            for word in words_of(text):
                if word in places:
                    table[row, places[word]] += rarity[places[word]]
        length = np.linalg.norm(table, axis=1, keepdims=True)
        return np.asarray(table / np.maximum(length, 1e-12))

    likeness = rows(asked) @ rows(questions).T
    best = []
    for row in likeness:
        closest = np.flatnonzero(row >= row.max() - 1e-9)
        best.append(commoner([answers[index] for index in closest.tolist()]))
    return best


def bag_of_words(
    questions: Sequence[str], asked: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Word presence tables of both lists, over words that occur at least twice in the first."""
    counts: Counter[str] = Counter()
    for question in questions:
        counts.update(set(words_of(question)))
    places = {word: index for index, word in enumerate(sorted(w for w in counts if counts[w] > 1))}
    tables = []
    for texts in (questions, asked):
        table = np.zeros((len(texts), len(places)), np.float32)
        for row, text in enumerate(texts):
            for word in set(words_of(text)):
                if word in places:
                    table[row, places[word]] = 1
        tables.append(table)
    return tables[0], tables[1]


def thumbnail_scores(
    known: NDArray[np.uint8], positive: NDArray[np.int64], asked: NDArray[np.uint8]
) -> Numbers:
    """The linear model on small pictures: (N, 48, 48) uint8 each; the probability of positive."""
    mean = known.reshape(len(known), -1).mean(0) / 255
    tables = [
        ((pictures.reshape(len(pictures), -1) / 255 - mean) * 2).astype(np.float32)
        for pictures in (known, asked)
    ]
    fitted = fit_logistic(tables[0], positive, penalty=10.0)
    return np.asarray(fitted.probabilities(tables[1])[:, 1])
