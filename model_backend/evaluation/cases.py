"""The held-out cases: what is asked of which picture, and what the right answer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model_backend.evaluation.rows import asks_yes_or_no
from model_backend.training.facts import YES_NO
from model_backend.training.pictures import VQA_RAD, Picture
from model_backend.training.wordings import NO, YES, Wordings

CLOSED, OPEN = "closed", "open"


@dataclass(frozen=True, slots=True)
class Case:
    """One question about one picture. `candidates` is empty where any text may answer."""

    picture: int  # index into the list of pictures
    task: str  # the source, then the finding's name, "closed" or "open"
    text: str
    answer: str  # lower case
    candidates: tuple[str, ...] = ()


def finding_cases(
    pictures: Sequence[Picture], wordings: Wordings, part: str, names: Mapping[str, Sequence[str]]
) -> list[Case]:
    """One case for each finding, named by source, that a picture's labels speak of."""
    cases = []
    for index, picture in enumerate(pictures):
        for name in names.get(picture.source, ()) if picture.part == part else ():
            if name in picture.labels:
                answer = YES if picture.labels[name] else NO
                text = wordings[name].question
                cases.append(Case(index, f"{picture.source}/{name}", text, answer, YES_NO))
    return cases


def rad_cases(pictures: Sequence[Picture], part: str, known_answers: tuple[str, ...]) -> list[Case]:
    """All questions of VQA-RAD in one part.

    The candidates of a closed question follow from its words alone: yes and no where it asks so,
    else every other closed answer of the training part.
    """
    cases = []
    for index, picture in enumerate(pictures):
        if picture.source != VQA_RAD or picture.part != part:
            continue
        for question in picture.questions:
            answer = " ".join(question.answer.lower().split())
            kind = CLOSED if question.closed else OPEN
            candidates: tuple[str, ...] = ()
            if question.closed:
                candidates = YES_NO if asks_yes_or_no(question.text) else known_answers
            cases.append(Case(index, f"{VQA_RAD}/{kind}", question.text, answer, candidates))
    return cases


def closed_answers(cases: Sequence[Case]) -> tuple[str, ...]:
    """The closed answers among these cases that are neither yes nor no, each once, in order."""
    answers = {case.answer for case in cases if case.task == f"{VQA_RAD}/{CLOSED}"}
    return tuple(sorted(answers - set(YES_NO)))
