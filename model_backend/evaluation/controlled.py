"""Labelled yes/no questions asked with their controls, by a model with eyes open and shut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from model_backend.controls.margin import Margin, fit_margins, margin_for
from model_backend.controls.runs import ask_with_controls, blinded
from model_backend.evaluation.asked import Asking
from model_backend.evaluation.labelled import BadRow
from model_backend.evaluation.reading import LabelledSet
from model_backend.evaluation.rows import YES_NO, plain
from model_backend.models import Model
from model_backend.request import CHOICE, BadRequest


@dataclass(frozen=True, slots=True)
class Moved:
    """One question about one picture: how far the seeing and the blind model's answers move."""

    question: str
    group: str
    is_right: bool  # with eyes open
    seeing: float  # the largest change of a probability against any control
    blind: float


def moved(
    model: Model,
    labelled: LabelledSet,
    asking: Asking,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Moved]:
    """The yes/no cases of a set. What cannot be asked is left out and named."""
    shut = blinded(model.answer)
    for number, row in enumerate(labelled):
        case = asking.case(row)
        if case.task != CHOICE or set(map(plain, case.candidates)) != set(YES_NO):
            continue
        try:
            request = asking.request(case, str(number), case.pixels())
            pair = [*ask_with_controls(model.answer, [request], stop)]
            pair += ask_with_controls(shut, [request], stop)
        except (BadRow, BadRequest) as bad:
            labelled.leave_out(row, str(bad))
            continue
        if len(pair) == 2 and pair[0].controls and pair[1].controls:
            seeing, blind = pair
            yield Moved(
                plain(case.text),
                case.group,
                plain(seeing.answer.text) == plain(case.answer),
                seeing.movement.largest,
                blind.movement.largest,
            )


def margins_of(cases: Sequence[Moved]) -> dict[str, Margin]:
    """The margins of these cases. Raises ValueError where nothing is right or nothing was asked."""
    blind: dict[str, list[float]] = {}
    correct: dict[str, list[float]] = {}
    for one in cases:
        blind.setdefault(one.question, []).append(one.blind)
        if one.is_right:
            correct.setdefault(one.question, []).append(one.seeing)
    return fit_margins(blind, correct)


def flagged(cases: Sequence[Moved], margins: dict[str, Margin]) -> tuple[list[bool], list[bool]]:
    """Of each case whether the blind answer is flagged; of each right one whether it is."""
    blind = [one.blind < margin_for(margins, one.question) for one in cases]
    right = [one.seeing < margin_for(margins, one.question) for one in cases if one.is_right]
    return blind, right
