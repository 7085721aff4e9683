"""Fresh cases put to the finished model, and how right its answers are; the model's card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from model_backend import request as names
from model_backend.folder import CARD, ModelFolder
from model_backend.models import load
from model_backend.practice.drawing import MOST
from model_backend.practice.examples import ABOUT_THINGS, Case, cases_of
from model_backend.request import Answer, ModelError, Place
from model_backend.tasks import TASKS
from model_backend.training.saving import write_safely

SEED = 7  # of the cases, which no training saw
CASES = 40  # of each task
PROMISED = 1  # object in a picture, for which the aims hold
CROWDED = " in a crowd"  # marks figures of pictures with as many objects as there may be
FOUND = 0.5  # overlap from which on a box counts as found
NEAR = 2  # codes, of 4 grey levels each, that a painted block may be off
SAID = (
    "Practice model: it learnt from synthetic pictures and templated texts alone, which Wetread "
    "draws and writes itself. It knows no medicine and has never seen a patient.",
    "Demonstration only. It is here so that every task can be tried, and shown to be answered "
    "rightly, on pictures of discs, rings, squares, bars and bands.",
    "Its aims hold for pictures with one object or none; with two it often takes one for the "
    "other, and asked about a box with a small object it may name another shape: figures for boxes "
    "are those of large objects and of empty boxes. Questions, captions and texts other than those "
    "of its templates it answers wrongly. Left and right are those of the picture.",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is counted for a task, and what the model has to reach."""

    title: str
    aim: float


_RIGHT, _SAME = "share of right answers", "share of texts that are right word for word"
MEASURES: dict[str, Measure] = {
    names.ANSWER: Measure(_SAME, 0.9),
    names.CHOICE: Measure(_RIGHT, 0.9),
    names.FINDINGS: Measure(_SAME, 0.9),
    names.CLASSIFY: Measure(_RIGHT, 0.9),
    names.MATCHING: Measure(_RIGHT, 0.9),
    names.REGION: Measure(_SAME, 0.9),
    names.GROUNDING: Measure("mean overlap of the box with the true one", 0.6),
    names.DETECTION: Measure("share of objects found, at an overlap of 0.5", 0.8),
    names.INFILL_IMAGE: Measure("share of codes within two of the true one", 0.8),
    names.INFILL_TEXT: Measure(_SAME, 0.8),
    names.ENTAILMENT: Measure(_RIGHT, 0.9),
    names.SUMMARY: Measure(_SAME, 0.8),
    names.TRIAL: Measure(_RIGHT, 0.9),
    names.MORTALITY: Measure(_RIGHT, 0.9),
    names.TREATMENT: Measure(_RIGHT, 0.9),
}


def fresh_cases(task: str, count: int, seed: int = SEED, objects: int = 0) -> list[Case]:
    """Cases that are the same for the same seed, and are no part of the training.

    Pictures have one object or none, or just as many `objects` as are asked for. Boxes are asked
    about where they hold nothing small: in those the network takes one shape for another.
    """
    chance = np.random.default_rng([seed, list(TASKS).index(task), 1])
    cases = cases_of(task, chance, objects, objects or PROMISED)
    return list(islice((case for case in cases if not is_tiny(case)), count))


def is_tiny(case: Case) -> bool:
    """Whether the box of a question about a region holds a small object."""
    return case.task == names.REGION and case.answer.startswith("small")


def scores(task: str, cases: Sequence[Case], answers: Sequence[Answer]) -> list[float]:
    """How right each answer is, from 0 to 1."""
    return [score(task, case, answer) for case, answer in zip(cases, answers, strict=True)]


def score(task: str, case: Case, answer: Answer) -> float:
    """How right one answer is, from 0 to 1."""
    if task == names.GROUNDING:
        wanted = Place(*case.boxes[0][0])
        return max((overlap(place, wanted) for place in answer.places), default=0.0)
    if task == names.DETECTION:
        return found_share(case, answer.places)
    if task == names.INFILL_IMAGE:
        if len(answer.codes) != len(case.codes):
            return 0.0
        near = [abs(a - b) <= NEAR for a, b in zip(answer.codes, case.codes, strict=True)]
        return sum(near) / len(near)
    return float(answer.text == case.answer)


def found_share(case: Case, places: Sequence[Place]) -> float:
    """The share of the objects that a place with their label covers; of none, one for silence."""
    if not case.boxes:
        return float(not places)
    found = [
        any(one.label == label and overlap(one, Place(*box)) >= FOUND for one in places)
        for box, label in case.boxes
    ]
    return sum(found) / len(found)


def overlap(one: Place, other: Place) -> float:
    """Intersection over union of two boxes."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    areas = sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return shared / (areas - shared) if areas > shared else 0.0


def ask_all(folder: ModelFolder, cases: Sequence[Case]) -> list[Answer]:
    """The model's answers in the order of the cases. Raises ModelError for a refusal."""
    model = load(folder, "cpu", "fp32")
    answers: dict[str, Answer] = {}
    requests = [case.request() for case in cases]
    for event in model.answer(requests, lambda: False):
        if isinstance(event, names.Refusal):
            raise ModelError(event.reason)
        if isinstance(event, Answer):
            answers[event.request] = event
    return [answers[request.id] for request in requests]


def measure(folder: ModelFolder, count: int = CASES) -> dict[str, list[float]]:
    """The scores of fresh cases of every task, and of pictures with two objects (CROWDED)."""
    cases = {task: fresh_cases(task, count) for task in TASKS}
    cases |= {f"{task}{CROWDED}": fresh_cases(task, count, objects=MOST) for task in ABOUT_THINGS}
    answers = iter(ask_all(folder, [case for some in cases.values() for case in some]))
    return {
        name: scores(name.removesuffix(CROWDED), some, list(islice(answers, count)))
        for name, some in cases.items()
    }


def write_card(folder: ModelFolder, measured: dict[str, list[float]]) -> dict[str, Any]:
    """Describe the model beside its weights, with what was measured; the card is returned."""
    figures = {name: _figure(name, values) for name, values in measured.items()}
    card = {
        "version": 1,
        "model": {
            "name": folder.name,
            "version": folder.model_version,
            "sha256": folder.sha256,
            "manufacturer": folder.manufacturer,
            "licence": folder.licence,
        },
        "said": list(SAID),
        "sources": list(folder.sources),
        "training": {},
        "figures": list(figures.values()),
        "wanted": [
            {
                "aim": f"{figure['title']}: {MEASURES[task].aim}",
                "reached": bool(figure["value"] >= MEASURES[task].aim),
            }
            for task, figure in figures.items()
            if task in MEASURES
        ],
    }
    with write_safely(folder.path / CARD) as file:
        file.write((json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    return card


def _figure(name: str, values: Sequence[float]) -> dict[str, Any]:
    """Mean with a 95 % bootstrap interval."""
    task = name.removesuffix(CROWDED)
    where = ", two objects" if name != task else ""
    chance = np.random.default_rng(SEED)
    drawn = chance.choice(np.array(values), (2000, len(values))).mean(1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {
        "title": f"{TASKS[task].title} ({task}{where}): {MEASURES[task].title}",
        "value": round(float(np.mean(values)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "cases": len(values),
        "groups": len(values),
        "floors": [],
    }
