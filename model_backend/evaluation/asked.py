"""Puts labelled cases to a model, picture by picture, and keeps what it said; no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.labelled import BadRow, LabelledCase
from model_backend.evaluation.reading import LabelledSet
from model_backend.evaluation.rows import CHOSEN, YES_NO, asks_yes_or_no
from model_backend.models import Model
from model_backend.request import (
    ANSWER,
    CHOICE,
    FINDINGS,
    SUMMARY,
    Answer,
    BadRequest,
    Decoding,
    ImageInput,
    Refusal,
    Request,
)
from model_backend.tasks import TASKS
from model_backend.training.pictures import small_pixels

Seen = NDArray[np.uint8] | BadRow | None  # None: the case has no picture
MOST_TOGETHER = 32  # requests of one batch

# As the authors' own evaluations decode (spec §9.8): VQA-RAD's script, PEIR Gross's test, MeQSum's.
DECODING = {
    CHOICE: Decoding(beam=1, normalize=False, by_trie=True),
    ANSWER: Decoding(beam=1, normalize=False, max_tokens=32),
    FINDINGS: Decoding(beam=10, max_tokens=32, no_repeat_ngram=3),
    SUMMARY: Decoding(beam=5, max_tokens=128, no_repeat_ngram=3, length_penalty=0.7),
}


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the model said to one case."""

    case: LabelledCase  # as it was asked: with the candidates it was given
    answer: Answer
    small: NDArray[np.uint8] | None = None  # the picture made small, where that was wished


@dataclass(frozen=True, slots=True)
class Asking:
    """How cases become requests."""

    classes: tuple[str, ...] = ()  # the list to classify by, where a case names none
    answers: tuple[str, ...] = ()  # the closed list that the model answers all questions from
    by_scores: bool = False  # every choice with a probability for each candidate
    small: int = 0  # keep each picture with so many pixels a side; 0: keep none
    beam: int = 0  # of free texts; 0: as the authors' evaluations have it

    def case(self, case: LabelledCase) -> LabelledCase:
        """The case with its candidates and the task that follows from them."""
        candidates = case.candidates
        if case.task in (ANSWER, CHOICE):
            if not candidates and self.answers:
                candidates = self.answers
            if not candidates and asks_yes_or_no(case.text) and case.is_closed is not False:
                candidates = YES_NO
            return replace(case, task=CHOICE if candidates else ANSWER, candidates=candidates)
        if case.task in CHOSEN and not candidates:
            usual = TASKS[case.task].candidates
            return replace(case, candidates=usual or self.answers or self.classes)
        return case

    def decoding(self, task: str) -> Decoding:
        """How texts of this task are searched for."""
        usual = DECODING.get(task, Decoding())
        return replace(usual, beam=self.beam) if self.beam and task != CHOICE else usual

    def request(self, case: LabelledCase, name: str, pixels: NDArray[np.uint8] | None) -> Request:
        """The request of one case."""
        decoding = self.decoding(case.task)
        by_trie = case.candidates == self.answers and not self.by_scores
        if case.task in CHOSEN and not by_trie:
            decoding = Decoding()
        return Request(
            task=case.task,
            images=() if pixels is None else (ImageInput(pixels),),
            text=case.text,
            text2=case.text2,
            candidates=case.candidates,
            box=case.box,
            decoding=decoding,
            id=name,
        )


def ask_set(
    model: Model,
    cases: LabelledSet,
    asking: Asking,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Said]:
    """What the model said to each case, in the order of the set. Raises ModelError.

    A case whose picture cannot be read, or that the model refuses, is left out with the reason.
    """
    for together, pixels in _same_picture(cases):
        if isinstance(pixels, BadRow):
            for case in together:
                cases.leave_out(case, str(pixels))
            continue
        asked = [asking.case(one) for one in together]
        requests = [asking.request(one, str(place), pixels) for place, one in enumerate(asked)]
        small = None
        if asking.small and pixels is not None:
            small = small_pixels(pixels, asking.small)
        for one in _ask(model, cases, asked, requests, stop):
            yield replace(one, small=small)


def _ask(
    model: Model,
    cases: LabelledSet,
    asked: Sequence[LabelledCase],
    requests: Sequence[Request],
    stop: Callable[[], bool],
) -> Iterator[Said]:
    of = {request.id: case for request, case in zip(requests, asked, strict=True)}
    try:
        for event in model.answer(requests, stop):
            if isinstance(event, Answer):
                # Without its picture: a table's case holds its whole row.
                yield Said(replace(of[event.request], picture=None), event)
            elif isinstance(event, Refusal):
                cases.leave_out(of[event.request], event.reason)
    except BadRequest as error:
        if len(asked) == 1:
            cases.leave_out(asked[0], str(error))
            return
        for case, request in zip(asked, requests, strict=True):
            # One bad request keeps the others of its batch from being asked.
            yield from _ask(model, cases, [case], [request], stop)


def _same_picture(cases: Iterable[LabelledCase]) -> Iterator[tuple[list[LabelledCase], Seen]]:
    """Runs of cases about one picture, at most MOST_TOGETHER, with its pixels; texts one by one.

    A picture is read when its first case comes: later its archive may be closed.
    """
    run: list[LabelledCase] = []
    pixels: Seen = None
    for case in cases:
        if run and (len(run) == MOST_TOGETHER or not _is_same(case, run[0])):
            yield run, pixels
            run = []
        if not run:
            pixels = _seen(case)
        run.append(case)
    if run:
        yield run, pixels


def _seen(case: LabelledCase) -> Seen:
    try:
        return None if case.picture is None else case.pixels()
    except BadRow as bad:
        return bad


def _is_same(case: LabelledCase, other: LabelledCase) -> bool:
    """Whether both pictures are read from the same place."""
    mine, yours = (getattr(one.picture, "args", None) for one in (case, other))
    return mine is not None and mine == yours
