"""Floors on the very cases that were asked: what is reached without looking at the picture.

Each is learnt on the training part of the same set alone. Where a set has none, only the commonest
answer in hindsight is left, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.captions import cider, cleaned, rouge_l
from model_backend.evaluation.classified import auc_measure
from model_backend.evaluation.figures import words_answers
from model_backend.evaluation.floors import (
    THUMBNAIL,
    bag_of_words,
    commoner,
    most_similar_answers,
    thumbnail_scores,
)
from model_backend.evaluation.labelled import BadRow, LabelledCase
from model_backend.evaluation.measured import TEXT_TASKS, sides_of, yes_no
from model_backend.evaluation.rouge import fix_tokenization, rouge
from model_backend.evaluation.rows import YES_NO, plain
from model_backend.evaluation.scores import is_closed
from model_backend.request import ANSWER, CHOICE, CLASSIFY, SUMMARY
from model_backend.training.linear import fit_logistic
from model_backend.training.pictures import small_pixels

Small = NDArray[np.uint8]

ALWAYS = "always the commonest answer of the training part"
HINDSIGHT = "always the commonest of these very answers"
SIMILAR = "most similar training question"
WORDS = "bag of words of the question"
LINEAR = f"linear model on {THUMBNAIL} x {THUMBNAIL} pixels"
MOST_KNOWN = 6000  # training cases that floors learn from: their tables are dense
MOST_ANSWERS = 60  # that the bag of words tells apart
FIRST_WORDS = 20


@dataclass(frozen=True, slots=True)
class Floor:
    """What one way of not looking reaches of one figure, in per cent."""

    score: str  # the figure's name
    name: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A case of the training part, its picture made small."""

    case: LabelledCase
    small: Small | None


def known_cases(cases: Iterable[LabelledCase]) -> list[Known]:
    """The cases with their pictures made small, each picture read once."""
    known: list[Known] = []
    seen: dict[object, Small | None] = {}
    for case in cases:
        small = None
        if case.picture is not None:
            place = getattr(case.picture, "args", case.line)
            if place not in seen:
                seen[place] = _small(case)
            small = seen[place]
        known.append(Known(replace(case, picture=None), small))
    return known


def floors(said: Sequence[Said], known: Sequence[Known]) -> list[Floor]:
    """The floors of one task's figures. `known` may be empty."""
    task = said[0].case.task
    alike = [one for one in known if _kind(one.case.task) == _kind(task)]
    same = [one.case for one in alike]
    if task == SUMMARY:
        return _first_words(said)
    if task in TEXT_TASKS:
        return _one_caption(said, same)
    if _kind(task) == ANSWER:
        return [*_questions(said, same), *_yes_no_words(said, same)]
    if said[0].case.place is not None:
        return []
    found = _constants("overall", said, same)
    texts = [one for one in same if one.text]
    if texts and said[0].case.text:
        found.append(Floor("overall", "bag of words of the texts", _by_words(said, texts)))
    if task == CLASSIFY and alike:
        found += _linear_classes(said, alike)
    return found


def question_floors(said: Sequence[Said], known: Sequence[Known]) -> list[Floor]:
    """Floors of one yes/no question that many cases ask word for word."""
    text = plain(said[0].case.text)
    alike = [one for one in known if plain(one.case.text) == text]
    found = _constants("overall", said, [one.case for one in alike])
    learnt = [one for one in alike if one.small is not None and plain(one.case.answer) in YES_NO]
    shares = _linear(said, learnt, "yes")
    if shares is None:
        return found
    positive, _ = sides_of(said)
    given = ["yes" if one > 0.5 else "no" for one in shares]
    everything = np.arange(len(said))
    return [
        *found,
        Floor("overall", LINEAR, _share(given, said)),
        Floor("auc", LINEAR, auc_measure(positive, shares).exact(everything)),
    ]


def _kind(task: str) -> str:
    return ANSWER if task == CHOICE else task


def _answers(cases: Sequence[LabelledCase]) -> list[str]:
    return [plain(one.answer) for one in cases]


def _share(given: Sequence[str], said: Sequence[Said]) -> float:
    """Per cent right; an answer scores the weight of the reference that it equals."""
    values = []
    for answer, one in zip(given, said, strict=True):
        weights = {plain(text): weight for text, weight in one.case.references.items()}
        values.append(weights.get(answer, 0.0))
    return 100.0 * float(np.mean(values))


def _constants(name: str, said: Sequence[Said], known: Sequence[LabelledCase]) -> list[Floor]:
    found = []
    if known:
        found.append(Floor(name, ALWAYS, _share([commoner(_answers(known))] * len(said), said)))
    own = commoner([plain(one.case.answer) for one in said])
    return [*found, Floor(name, HINDSIGHT, _share([own] * len(said), said))]


def _questions(said: Sequence[Said], known: Sequence[LabelledCase]) -> list[Floor]:
    found = []
    for name, is_of in (("overall", None), ("closed", True), ("open", False)):
        cases = [one for one in said if is_of is None or is_closed(one) == is_of]
        learnt = [one for one in known if is_of is None or _is_closed(one) == is_of]
        if not cases or len(cases) == len(said) and is_of is not None:
            continue
        found += _constants(name, cases, learnt)
        if learnt:
            texts, answers = [one.text for one in learnt], _answers(learnt)
            asked = [one.case.text for one in cases]
            similar = most_similar_answers(texts, answers, asked)
            found.append(Floor(name, SIMILAR, _share(similar, cases)))
            if 1 < len(set(answers)) <= MOST_ANSWERS:
                found.append(Floor(name, WORDS, _by_words(cases, learnt)))
    return found


def _is_closed(case: LabelledCase) -> bool:
    if case.is_closed is not None:
        return case.is_closed
    return plain(case.answer) in YES_NO


def _by_words(said: Sequence[Said], known: Sequence[LabelledCase]) -> float:
    """Per cent right of a linear model of the words of both texts."""
    texts = [f"{one.text} {one.text2}" for one in known]
    asked = [f"{one.case.text} {one.case.text2}" for one in said]
    return _share(words_answers(texts, _answers(known), asked), said)


def _yes_no_words(said: Sequence[Said], known: Sequence[LabelledCase]) -> list[Floor]:
    """The area under the curve of yes/no questions, from their words alone."""
    sided = yes_no(said)
    learnt = [one for one in known if plain(one.answer) in YES_NO]
    classes = np.array([plain(one.answer) == "yes" for one in learnt], np.int64)
    if not sided or len(set(classes.tolist())) < 2:
        return []
    positive, _ = sides_of(sided)
    if positive.min() == positive.max():
        return []
    table, rows = bag_of_words([one.text for one in learnt], [one.case.text for one in sided])
    blind = np.asarray(fit_logistic(table, classes).probabilities(rows)[:, 1])
    everything = np.arange(len(sided))
    return [Floor("auc", WORDS, auc_measure(positive, blind).exact(everything))]


def _linear_classes(said: Sequence[Said], known: Sequence[Known]) -> list[Floor]:
    """One of two classes from a small picture: it looks, but sees little more than blur."""
    learnt = [one for one in known if one.small is not None]
    names = sorted({plain(one.case.answer) for one in learnt})
    shares = _linear(said, learnt, names[-1]) if len(names) == 2 else None
    if shares is None:
        return []
    return [Floor("overall", LINEAR, _share([names[int(one > 0.5)] for one in shares], said))]


def _linear(said: Sequence[Said], known: Sequence[Known], name: str) -> NDArray[np.float64] | None:
    """The probability of the answer `name` from small pictures; None where it cannot be learnt."""
    positive = np.array([plain(one.case.answer) == name for one in known], np.int64)
    asked = [one.small for one in said if one.small is not None]
    if len(set(positive.tolist())) < 2 or len(asked) < len(said):
        return None
    table = np.stack([one.small for one in known if one.small is not None])
    return thumbnail_scores(table, positive, np.stack(asked))


def _small(case: LabelledCase) -> Small | None:
    try:
        return small_pixels(case.pixels(), THUMBNAIL)
    except BadRow:
        return None


def _one_caption(said: Sequence[Said], known: Sequence[LabelledCase]) -> list[Floor]:
    """One text of the training part for every picture: the one most like the others."""
    texts = [one.answer for one in known if one.answer]
    cases = [one for one in said if one.case.references]
    if not (texts and cases):
        return []
    constant = cleaned(_middle(texts))
    theirs = [[cleaned(text) for text in one.case.references] for one in cases]
    rarity = cider([constant] * len(cases), theirs)
    overlap = [rouge_l(constant, known_texts) for known_texts in theirs]
    name = "one text of the training part for all"
    return [
        Floor("rouge_l", name, 100.0 * float(np.mean(overlap))),
        Floor("cider", name, 100.0 * float(np.mean(rarity))),
    ]


def _middle(texts: Sequence[str], most: int = 400) -> str:
    """The commonest text; where none comes twice, the one that shares most words with the rest."""
    common = commoner(texts)
    if texts.count(common) > 1:
        return common
    chosen = texts[:: max(1, len(texts) // most)]
    words = [set(cleaned(text)) for text in chosen]
    shared = [sum(len(one & other) / max(len(one | other), 1) for other in words) for one in words]
    return chosen[int(np.argmax(shared))]


def _first_words(said: Sequence[Said]) -> list[Floor]:
    """The beginning of the text itself."""
    rows = []
    for one in said:
        if one.case.references:
            begun = " ".join(one.case.text.lower().split()[:FIRST_WORDS])
            rows.append(rouge(fix_tokenization(begun), one.case.answer.lower()))
    name = f"the first {FIRST_WORDS} words of the text"
    return [
        Floor(score, name, 100.0 * float(np.mean([row[score] for row in rows])))
        for score in ("rouge_1", "rouge_2", "rouge_l")
        if rows
    ]
