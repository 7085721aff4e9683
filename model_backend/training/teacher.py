"""A linear teacher of yes/no questions, and made-up questions for it to answer.

A few hundred questions teach a transformer less than they teach a linear model of words, pairs of
words and pieces of words. So the linear model is fitted first, on the training part alone, and
what it thinks of reworded questions is taught to the network beside the true answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model_backend.biomedgpt.prompts import pre_question
from model_backend.training.linear import fit_logistic
from model_backend.training.pictures import VQA_RAD, Picture
from model_backend.training.problems import TrainingProblem
from model_backend.training.split import TRAINING
from model_backend.training.wordings import NO, YES

PIECE = 4  # letters of a piece of a word
FEWEST = 2  # times that a feature must have been seen
PENALTY = 2.0


class Teacher:
    """The chance of "yes" for a question about a picture of a part of the body."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        known = [
            (question.text, picture.organ, question.answer.lower() == YES)
            for picture in pictures
            if picture.source == VQA_RAD and picture.part == TRAINING
            for question in picture.questions
            if question.answer.lower() in (YES, NO)
        ]
        if len({yes for _, _, yes in known}) < 2:
            raise TrainingProblem("VQA-RAD's training part lacks questions answered yes and no.")
        counts: Counter[str] = Counter()
        for text, organ, _ in known:
            counts.update(set(features(text, organ)))
        seen = sorted(name for name, count in counts.items() if count >= FEWEST)
        self._places = {name: place for place, name in enumerate(seen)}
        self.questions = [text for text, _, _ in known]
        self.words = sorted({word for text in self.questions for word in words_of(text)})
        classes = np.array([yes for _, _, yes in known], np.int64)
        rows = self._rows([(text, organ) for text, organ, _ in known])
        self._model = fit_logistic(rows, classes, PENALTY)

    def chance_of_yes(self, asked: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """For (question, part of the body) pairs."""
        return np.asarray(self._model.probabilities(self._rows(asked))[:, 1])

    def reworded(self, chance: np.random.Generator) -> str:
        """A known question with words lost, replaced or taken from another one."""
        words = words_of(self.questions[chance.integers(len(self.questions))])
        way = chance.random()
        if way < 0.3:
            other = words_of(self.questions[chance.integers(len(self.questions))])
            words = words[: 1 + len(words) // 2] + other[len(other) // 2 :]
        elif way < 0.6:
            words[chance.integers(len(words))] = self.words[chance.integers(len(self.words))]
        kept = [word for word in words if chance.random() > 0.15]
        return " ".join(kept or words) + "?"

    def _rows(self, asked: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        table = np.zeros((len(asked), len(self._places)), np.float32)
        for row, (text, organ) in enumerate(asked):
            for name in features(text, organ):
                if name in self._places:
                    table[row, self._places[name]] = 1
        return table


def words_of(text: str) -> list[str]:
    """The words of a question as the network reads it, without the question mark."""
    return pre_question(text).replace("?", " ").split() or ["is"]


def features(text: str, organ: str) -> Iterator[str]:
    """Words, pairs, pieces of words, the part of the body, and words of that part."""
    words = words_of(text)
    yield f"organ {organ}"
    for first, second in zip(["^", *words], [*words, "$"], strict=True):
        yield f"pair {first} {second}"
    for word in words:
        yield f"word {word}"
        yield f"{organ} {word}"
        framed = f"<{word}>"
        for start in range(len(framed) - PIECE + 1):
            yield f"piece {framed[start : start + PIECE]}"
