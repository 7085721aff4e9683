"""Each figure of a card: what the model reached, how sure that is, and the floors beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.cases import Case
from model_backend.evaluation.floors import (
    THUMBNAIL,
    bag_of_words,
    commoner,
    most_similar_answers,
    thumbnail_scores,
)
from model_backend.evaluation.measure import Given
from model_backend.evaluation.metrics import accuracy, auc, calibration_error, interval
from model_backend.training.facts import YES_NO
from model_backend.training.linear import fit_logistic
from model_backend.training.pictures import CHILD, NIH, VQA_RAD, Picture
from model_backend.training.split import HELD_OUT
from model_backend.training.wordings import YES

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
FEWEST = 10  # cases with and without a finding, below which it has no figure


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a card. `floors` are named values on the same cases."""

    name: str  # stable, for programs
    title: str  # for people
    value: float
    low: float  # ends of the 95 % bootstrap interval
    high: float
    cases: int
    groups: int  # patients or images
    floors: tuple[tuple[str, float], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Rounded to what the number of cases can bear; NaN becomes null."""
        content = asdict(self)
        for key in ("value", "low", "high"):
            content[key] = rounded(content[key])
        content["floors"] = [{"name": name, "value": rounded(value)} for name, value in self.floors]
        return content


def rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def figure(
    name: str,
    title: str,
    measure: Callable[[Places], float],
    groups: Sequence[str],
    floors: Sequence[tuple[str, float]] = (),
) -> Figure:
    """Measure all cases and, by resampling groups, the interval."""
    low, high = interval(measure, groups)
    everything = np.arange(len(groups))
    return Figure(
        name,
        title,
        measure(everything),
        low,
        high,
        len(groups),
        len(set(groups)),
        tuple(floors),
    )


class Answers:
    """The model's answers to one task, as arrays."""

    def __init__(self, given: Sequence[Given], pictures: Sequence[Picture]) -> None:
        self.given = list(given)
        self.groups = [pictures[one.case.picture].group for one in given]
        self.indices = np.array([one.case.picture for one in given], np.int64)
        self.right = np.array([one.is_right for one in given], float)
        self.yes = np.array([one.case.answer == YES for one in given], float)
        self.share = np.array(
            [one.probability(YES) if YES in one.case.candidates else np.nan for one in given]
        )

    def accuracy(self, places: Places) -> float:
        return accuracy(self.right[places])

    def auc(self, places: Places) -> float:
        return auc(self.share[places], self.yes[places])

    def calibration(self, places: Places) -> float:
        """Expected calibration error of the answers given."""
        sure = np.maximum(self.share, 1 - self.share)[places]
        return calibration_error(sure, self.right[places])


def finding_figures(
    given: Sequence[Given],
    pictures: Sequence[Picture],
    thumbnails: NDArray[np.uint8],
    titles: dict[str, str],
) -> list[Figure]:
    """Area under the curve, accuracy and calibration of each finding with cases enough.

    `titles` says which tasks to measure and what to call them; `thumbnails` are all pictures at
    48 x 48.
    """
    figures = []
    for task, title in titles.items():
        answers = Answers([one for one in given if one.case.task == task], pictures)
        count = int(answers.yes.sum())
        if min(count, len(answers.given) - count) < FEWEST:
            continue
        source, _, name = task.partition("/")
        linear = linear_floor(source, name, pictures, thumbnails, answers)
        truth = answers.yes > 0.5
        linear_right = float(np.mean((linear > 0.5) == truth))
        commonest = max(float(truth.mean()), 1 - float(truth.mean()))
        figures += [
            figure(
                f"{task}/auc",
                f"{title}: area under the curve",
                answers.auc,
                answers.groups,
                [("linear model on 48 x 48 pixels", auc(linear, answers.yes))],
            ),
            figure(
                f"{task}/accuracy",
                f"{title}: accuracy",
                answers.accuracy,
                answers.groups,
                [
                    ("linear model on 48 x 48 pixels", linear_right),
                    ("always the commoner answer", commonest),
                ],
            ),
            figure(
                f"{task}/calibration",
                f"{title}: expected calibration error",
                answers.calibration,
                answers.groups,
            ),
        ]
    return figures


def false_alarm_figure(
    given: Sequence[Given], pictures: Sequence[Picture], task: str, title: str
) -> list[Figure]:
    """How often a finding is called present where it is known to be absent; none without cases."""
    absent = [one for one in given if one.case.task == task and one.case.answer != YES]
    if len(absent) < FEWEST:
        return []
    answers = Answers(absent, pictures)

    def called(places: Places) -> float:
        return 1 - answers.accuracy(places)

    return [figure(f"{task}/false_alarms", title, called, answers.groups)]


def linear_floor(
    source: str,
    name: str,
    pictures: Sequence[Picture],
    thumbnails: NDArray[np.uint8],
    answers: Answers,
) -> Numbers:
    """Probabilities of the linear model that learnt from all that is not held out."""
    known = [
        index
        for index, picture in enumerate(pictures)
        if picture.source == source and picture.part != HELD_OUT and name in picture.labels
    ]
    positive = np.array([pictures[index].labels[name] for index in known], np.int64)
    if len(set(positive.tolist())) < 2:
        return np.full(len(answers.given), 0.5)
    return thumbnail_scores(thumbnails[known], positive, thumbnails[answers.indices])


def rad_figures(
    given: Sequence[Given], known: Sequence[Case], pictures: Sequence[Picture]
) -> list[Figure]:
    """VQA-RAD on unseen images, beside floors that know the questions of `known` alone."""
    closed = Answers([one for one in given if one.case.task == f"{VQA_RAD}/closed"], pictures)
    opened = Answers([one for one in given if one.case.task == f"{VQA_RAD}/open"], pictures)
    figures = []
    if closed.given:
        closed_known = [case for case in known if case.task == f"{VQA_RAD}/closed"]
        figures += closed_figures(closed, closed_known, pictures)
    if opened.given:
        open_known = [case for case in known if case.task == f"{VQA_RAD}/open"]
        similar = most_similar_answers(
            [case.text for case in open_known],
            [case.answer for case in open_known],
            [one.case.text for one in opened.given],
        )
        truth = [one.case.answer for one in opened.given]
        figures.append(
            figure(
                "vqa_rad/open/accuracy",
                "VQA-RAD, unseen images, open questions: exact match",
                opened.accuracy,
                opened.groups,
                [("most similar training question", share_right(similar, truth))],
            )
        )
    return figures


def closed_figures(
    closed: Answers, known: Sequence[Case], pictures: Sequence[Picture]
) -> list[Figure]:
    """Accuracy of closed questions; area under the curve and calibration of the yes/no ones."""
    asked = [one.case.text for one in closed.given]
    truth = [one.case.answer for one in closed.given]
    texts, answers = [case.text for case in known], [case.answer for case in known]
    commonest = commoner(answers)
    hindsight = commoner(truth)
    floors = [
        ("always the commoner answer of the training part", share_right([commonest], truth)),
        ("always the commoner answer of these very questions", share_right([hindsight], truth)),
        (
            "most similar training question",
            share_right(most_similar_answers(texts, answers, asked), truth),
        ),
        ("bag of words of the question", share_right(words_answers(texts, answers, asked), truth)),
    ]
    figures = [
        figure(
            "vqa_rad/closed/accuracy",
            "VQA-RAD, unseen images, closed questions: accuracy",
            closed.accuracy,
            closed.groups,
            floors,
        )
    ]
    polar = [one for one in closed.given if one.case.answer in YES_NO and one.probabilities]
    polar = [one for one in polar if one.case.candidates == YES_NO]
    sided = Answers(polar, pictures)
    polar_known = [case for case in known if case.answer in YES_NO]
    table, rows = bag_of_words(
        [case.text for case in polar_known], [one.case.text for one in polar]
    )
    classes = np.array([case.answer == YES for case in polar_known], np.int64)
    blind = np.asarray(fit_logistic(table, classes).probabilities(rows)[:, 1])
    figures += [
        figure(
            "vqa_rad/yes_no/auc",
            "VQA-RAD, unseen images, yes/no questions: area under the curve",
            sided.auc,
            sided.groups,
            [("bag of words of the question", auc(blind, sided.yes))],
        ),
        figure(
            "vqa_rad/yes_no/calibration",
            "VQA-RAD, unseen images, yes/no questions: expected calibration error",
            sided.calibration,
            sided.groups,
        ),
    ]
    return figures


def words_answers(texts: Sequence[str], answers: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The answers of the bag-of-words model, over all closed answers."""
    names = sorted(set(answers))
    table, rows = bag_of_words(texts, asked)
    classes = np.array([names.index(answer) for answer in answers], np.int64)
    chosen = fit_logistic(table, classes).probabilities(rows).argmax(1)
    return [names[int(place)] for place in chosen]


def share_right(answers: Sequence[str], truth: Sequence[str]) -> float:
    """Share of equal pairs; a single answer stands for all."""
    if len(answers) == 1:
        answers = [answers[0]] * len(truth)
    return accuracy(np.array([a == b for a, b in zip(answers, truth, strict=True)], float))


__all__ = ["CHILD", "NIH", "THUMBNAIL", "Figure", "finding_figures", "rad_figures"]
