"""The measured figures of a task, with their bootstrap intervals (spec §11); no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.captions import cider, cleaned, rouge_l
from model_backend.evaluation.metrics import calibration_error, interval
from model_backend.evaluation.rouge import fix_tokenization, rouge
from model_backend.evaluation.rows import CHOSEN, YES_NO, plain
from model_backend.request import ANSWER, CHOICE, FINDINGS, GROUNDING, REGION, SUMMARY, Place

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
OVERLAP = 0.5  # intersection over union from which on a place counts as found

TITLES = {
    "overall": "right answers, all",
    "closed": "right answers, closed questions",
    "open": "right answers, open questions",
    "macro_f1": "macro F1",
    "rouge_1": "ROUGE-1",
    "rouge_2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "cider": "CIDEr (100 times)",
    "found": "places found (overlap at least one half)",
    "calibration_error": "expected calibration error",
}


@dataclass(frozen=True, slots=True)
class Score:
    """One measured figure, in per cent."""

    name: str  # a key of TITLES
    value: float
    low: float  # ends of the 95 % bootstrap interval over patients or images
    high: float
    cases: int
    floor: float | None = None  # what always giving the commonest of these answers would reach

    def as_json(self) -> dict[str, Any]:
        """Two decimals: more than the number of cases can bear."""
        content = asdict(self)
        for key in ("value", "low", "high", "floor"):
            given = content[key]
            content[key] = None if given is None or np.isnan(given) else round(float(given), 2)
        return content


def scores_of(said: Sequence[Said]) -> list[Score]:
    """The figures of what was said to the cases of one task (questions: open and closed).

    An answer is compared with its references in small letters and single blanks, and scores the
    weight of the one it equals.
    """
    task = said[0].case.task
    if task in (ANSWER, CHOICE):
        return _question_scores(said)
    if task in CHOSEN:
        return [*_accuracy("overall", said), _macro_f1(said), *_calibration(said)]
    if task in (FINDINGS, REGION):
        return _caption_scores(said)
    if task == SUMMARY:
        return _summary_scores(said)
    if task == GROUNDING:
        return [_figure("found", [100.0 * found(one) for one in said], said)]
    return _accuracy("overall", said)


def is_closed(one: Said) -> bool:
    """What the set says; where it says nothing, whether yes or no is the answer."""
    if one.case.is_closed is not None:
        return one.case.is_closed
    return plain(one.case.answer) in YES_NO


def weight_of(one: Said) -> float:
    """The weight of the reference that the answer equals, else 0."""
    answer = plain(one.answer.text)
    weights = {plain(text): weight for text, weight in one.case.references.items()}
    return weights.get(answer, 0.0)


def found(one: Said) -> bool:
    """Whether the first place given covers the right one."""
    if one.case.place is None or not one.answer.places:
        return False
    return overlap(one.answer.places[0], one.case.place) >= OVERLAP


def overlap(first: Place, second: Place) -> float:
    """Intersection over union of two boxes."""
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(one.x1 - one.x0) * (one.y1 - one.y0) for one in (first, second)]
    return shared / (sum(areas) - shared) if sum(areas) > shared else 0.0


def _question_scores(said: Sequence[Said]) -> list[Score]:
    closed = [one for one in said if is_closed(one)]
    opened = [one for one in said if not is_closed(one)]
    scores = _accuracy("overall", said)
    if closed and opened:
        scores += [*_accuracy("closed", closed), *_accuracy("open", opened)]
    return scores + _calibration(said)


def _accuracy(name: str, said: Sequence[Said]) -> list[Score]:
    values = [100.0 * weight_of(one) for one in said]
    (_, count), *_ = Counter(plain(one.case.answer) for one in said).most_common(1)
    floor = 100.0 * count / len(said)
    return [_figure(name, values, said, floor)]


def _calibration(said: Sequence[Said]) -> list[Score]:
    """Only of answers whose probabilities may be shown."""
    shown = [one for one in said if one.answer.calibrated and one.answer.probabilities]
    if not shown:
        return []
    sure = np.array([max(one.answer.probabilities or (0.0,)) for one in shown])
    right = np.array([weight_of(one) > 0 for one in shown], float)

    def error(places: Places) -> float:
        return 100.0 * calibration_error(sure[places], right[places])

    return [_measured("calibration_error", error, shown)]


def _macro_f1(said: Sequence[Said]) -> Score:
    truth = np.array([plain(one.case.answer) for one in said])
    given = np.array([plain(one.answer.text) for one in said])

    def measure(places: Places) -> float:
        shares = []
        for name in np.unique(truth[places]):
            right, told = truth[places] == name, given[places] == name
            shares.append(2 * float((right & told).sum()) / float(right.sum() + told.sum()))
        return 100.0 * float(np.mean(shares))

    return _measured("macro_f1", measure, said)


def _caption_scores(said: Sequence[Said]) -> list[Score]:
    ours = [cleaned(one.answer.text) for one in said]
    theirs = [[cleaned(text) for text in one.case.references] for one in said]
    overlaps = [100.0 * rouge_l(a, b) for a, b in zip(ours, theirs, strict=True)]
    rarities = [100.0 * value for value in cider(ours, theirs)]
    return [_figure("rouge_l", overlaps, said), _figure("cider", rarities, said)]


def _summary_scores(said: Sequence[Said]) -> list[Score]:
    rows = [
        rouge(fix_tokenization(one.answer.text.lower()), one.case.answer.lower()) for one in said
    ]
    return [_figure(name, [100.0 * row[name] for row in rows], said) for name in rows[0]]


def _figure(
    name: str, values: Sequence[float], said: Sequence[Said], floor: float | None = None
) -> Score:
    numbers = np.array(values, float)
    score = _measured(name, lambda places: float(numbers[places].mean()), said)
    return Score(name, score.value, score.low, score.high, score.cases, floor)


def _measured(name: str, measure: Callable[[Places], float], said: Sequence[Said]) -> Score:
    groups = [one.case.group for one in said]
    low, high = interval(measure, groups)
    return Score(name, measure(np.arange(len(said))), low, high, len(said))


def as_tables(scores: Sequence[Score]) -> dict[str, Mapping[str, Any]]:
    """By name, for `acceptance` in `model.json`."""
    return {one.name: one.as_json() for one in scores}
