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
from model_backend.practice.examples import Case, cases_of
from model_backend.request import Answer, ModelError, Place
from model_backend.tasks import TASKS
from model_backend.training.saving import write_safely

SEED = 7  # of the cases, which no training saw
CASES = 200  # of each task
FOUND = 0.5  # overlap from which on a box counts as found
NEAR = 2  # codes, of 4 grey levels each, that a painted block may be off
SAID = (
    "Practice model: it learnt from synthetic pictures and templated texts alone, which Wetread "
    "draws and writes itself. It knows no medicine and has never seen a patient.",
    "Demonstration only. It is here so that every task can be tried, and shown to be answered "
    "rightly, on pictures of discs, rings, squares, bars and bands.",
    "Questions, captions and texts other than those of its templates it answers wrongly. Left and "
    "right are those of the picture.",
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


def fresh_cases(task: str, count: int, seed: int = SEED) -> list[Case]:
    """Cases that are the same for the same seed, and are no part of the training."""
    chance = np.random.default_rng([seed, list(TASKS).index(task), 1])
    return list(islice(cases_of(task, chance), count))


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
    """The scores of fresh cases of every task."""
    cases = {task: fresh_cases(task, count) for task in TASKS}
    answers = ask_all(folder, [case for some in cases.values() for case in some])
    rest = iter(answers)
    return {task: scores(task, some, list(islice(rest, count))) for task, some in cases.items()}


def write_card(folder: ModelFolder, measured: dict[str, list[float]]) -> dict[str, Any]:
    """Describe the model beside its weights, with what was measured; the card is returned."""
    figures = [_figure(task, values) for task, values in measured.items()]
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
        "figures": figures,
        "wanted": [
            {
                "aim": f"{one['title']}: {MEASURES[task].aim}",
                "reached": bool(one["value"] >= MEASURES[task].aim),
            }
            for task, one in zip(measured, figures, strict=True)
        ],
    }
    with write_safely(folder.path / CARD) as file:
        file.write((json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    return card


def _figure(task: str, values: Sequence[float]) -> dict[str, Any]:
    """Mean with a 95 % bootstrap interval."""
    chance = np.random.default_rng(SEED)
    drawn = chance.choice(np.array(values), (2000, len(values))).mean(1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {
        "title": f"{TASKS[task].title} ({task}): {MEASURES[task].title}",
        "value": round(float(np.mean(values)), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "cases": len(values),
        "groups": len(values),
        "floors": [],
    }
