"""Every figure of one task: the paper's, its libraries', with intervals over patients; no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.bleu import ORDERS, bleu_measure
from model_backend.evaluation.captions import cleaned
from model_backend.evaluation.classified import (
    Twofold,
    auc_measure,
    classes_auc_measure,
    f1_measure,
)
from model_backend.evaluation.meteor import meteor, why_not
from model_backend.evaluation.metrics import interval
from model_backend.evaluation.rouge import fix_tokenization, rouge
from model_backend.evaluation.rows import CHOSEN, YES_NO, plain
from model_backend.evaluation.scores import TITLES, Score, scores_of
from model_backend.request import ANSWER, CHOICE, FINDINGS, REGION, SUMMARY

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
COMMON = 5  # cases of each answer, from which on questions have a macro F1
FEWEST = 10  # cases of yes and of no, below which a question has no figures of its own
QUESTION_TASKS = (ANSWER, CHOICE)
TEXT_TASKS = (FINDINGS, REGION, SUMMARY)

MORE_TITLES = {
    **TITLES,
    "weighted_f1": "weighted F1",
    "auc": "area under the curve",
    "bleu_1": "BLEU-1",
    "bleu_4": "BLEU-4",
    "meteor": "METEOR",
}


@dataclass(frozen=True)
class Measured:
    """The figures of one task, and what could not be computed, with the reason."""

    scores: list[Score]
    not_computed: dict[str, str] = field(default_factory=dict)


def measured(said: Sequence[Said], repeats: int = 1000, with_meteor: bool = True) -> Measured:
    """All figures of the cases of one task (questions: open and closed together)."""
    task = said[0].case.task
    if task in QUESTION_TASKS:
        scores = [one for one in scores_of(said) if one.name != "calibration_error"]
        scores += [*_f1(said, repeats), *_yes_no_auc(said, repeats)]
        return Measured(scores)
    if task in TEXT_TASKS:
        known = [one for one in said if one.case.references]
        return _texts(known, repeats, with_meteor) if known else Measured([])
    scores = [one for one in scores_of(said) if one.name not in ("calibration_error", "macro_f1")]
    if task in CHOSEN:
        scores += [*_f1(said, repeats), *_classes_auc(said, repeats)]
    return Measured(scores)


def figure(
    name: str,
    measure: Callable[[Places], float] | Twofold,
    said: Sequence[Said],
    repeats: int = 1000,
) -> Score:
    """One figure with its interval, patients or images drawn whole."""
    both = measure if isinstance(measure, Twofold) else Twofold(measure, measure)
    groups = [one.case.group for one in said]
    low, high = interval(both.quick, groups, repeats=repeats)
    return Score(name, both.exact(np.arange(len(said))), low, high, len(said))


def yes_no(said: Sequence[Said]) -> list[Said]:
    """The cases that yes or no answers, with a probability for each."""
    return [
        one
        for one in said
        if one.answer.probabilities
        and sorted(plain(text) for text in one.case.candidates) == sorted(YES_NO)
        and plain(one.case.answer) in YES_NO
    ]


def sides_of(said: Sequence[Said]) -> tuple[Numbers, Numbers]:
    """Of yes/no cases: 1 where yes is right, and the probability of yes."""
    positive = np.array([plain(one.case.answer) == "yes" for one in said], float)
    shares = []
    for one in said:
        place = [plain(text) for text in one.case.candidates].index("yes")
        shares.append((one.answer.probabilities or ())[place])
    return positive, np.array(shares, float)


def questions_of(said: Sequence[Said]) -> dict[str, list[Said]]:
    """Yes/no questions that many cases ask word for word, with cases enough of each answer."""
    found: dict[str, list[Said]] = {}
    for one in yes_no(said):
        found.setdefault(plain(one.case.text), []).append(one)
    kept = {}
    for text, cases in found.items():
        positive = sum(plain(one.case.answer) == "yes" for one in cases)
        if min(positive, len(cases) - positive) >= FEWEST:
            kept[text] = cases
    return kept if len(found) > 1 else {}


def _f1(said: Sequence[Said], repeats: int) -> list[Score]:
    """Macro F1 of open questions only where no answer is rare: a draw lacks the rare ones, and so
    measures other classes."""
    counts = Counter(plain(one.case.answer) for one in said)
    is_question = said[0].case.task in QUESTION_TASKS
    averages = ["weighted"]
    if not is_question or min(counts.values()) >= COMMON:
        averages.append("macro")
    return [
        figure(f"{average}_f1", f1_measure(said, average), said, repeats) for average in averages
    ]


def _yes_no_auc(said: Sequence[Said], repeats: int) -> list[Score]:
    sided = yes_no(said)
    if not sided:
        return []
    positive, shares = sides_of(sided)
    if positive.min() == positive.max():
        return []
    return [figure("auc", auc_measure(positive, shares), sided, repeats)]


def _classes_auc(said: Sequence[Said], repeats: int) -> list[Score]:
    measure = classes_auc_measure(said)
    return [] if measure is None else [figure("auc", measure, said, repeats)]


def _texts(said: Sequence[Said], repeats: int, with_meteor: bool) -> Measured:
    task = said[0].case.task
    scores = scores_of(said)
    ours, theirs = scored_texts(said)
    if task != SUMMARY:
        for name in ("rouge_2", "rouge_1"):
            best = [
                max(rouge(text, one)[name] for one in known)
                for text, known in zip(ours, theirs, strict=True)
            ]
            scores.insert(0, _mean(name, [100.0 * one for one in best], said, repeats))
    scores += [
        figure(f"bleu_{order}", bleu_measure(ours, theirs, order), said, repeats)
        for order in ORDERS
    ]
    if reason := why_not() if with_meteor else "not asked for":
        return Measured(scores, {"meteor": reason})
    try:
        values = meteor(ours, theirs)
    except RuntimeError as error:
        return Measured(scores, {"meteor": str(error)})
    return Measured([*scores, _mean("meteor", [100.0 * one for one in values], said, repeats)])


def scored_texts(said: Sequence[Said]) -> tuple[list[str], list[list[str]]]:
    """The texts as they are scored, words parted by blanks, and their references."""
    if said[0].case.task == SUMMARY:
        ours = [fix_tokenization(one.answer.text.lower()) for one in said]
        return ours, [[" ".join(one.case.answer.lower().split())] for one in said]
    ours = [" ".join(cleaned(one.answer.text)) for one in said]
    return ours, [[" ".join(cleaned(text)) for text in one.case.references] for one in said]


def _mean(name: str, values: Sequence[float], said: Sequence[Said], repeats: int) -> Score:
    numbers = np.array(values, float)
    return figure(name, lambda places: float(numbers[places].mean()), said, repeats)


def as_entry(score: Score) -> dict[str, Any]:
    """For the report: rounded, with its title."""
    return {**score.as_json(), "title": MORE_TITLES[score.name]}
