"""One evaluation as a value: what JSON, page and card are made from.

Sections are tasks; figures in per cent (CIDEr times 100) with 95 % bootstrap intervals over
patients or images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from model_backend.evaluation.asked import Asking, Said
from model_backend.evaluation.blind import Floor, Known, floors, question_floors
from model_backend.evaluation.check import by_task, why_alone
from model_backend.evaluation.classified import auc_measure
from model_backend.evaluation.facts import fact_score
from model_backend.evaluation.measured import (
    QUESTION_TASKS,
    TEXT_TASKS,
    as_entry,
    figure,
    measured,
    questions_of,
    sides_of,
)
from model_backend.evaluation.published import Published, kind_of, published_for
from model_backend.evaluation.reading import LabelledSet
from model_backend.evaluation.reliability import reliability
from model_backend.evaluation.running import program_version
from model_backend.evaluation.scores import Score, scores_of, weight_of
from model_backend.evaluation.subgroups import main_measure, subgroups
from model_backend.evaluation.summary_format import FORMAT, VERSION
from model_backend.evaluation.verdict import judged
from model_backend.folder import ModelFolder
from model_backend.request import ANSWER, ModelIdentity
from model_backend.tasks import TASKS

EXAMPLES = 12  # single answers kept, so that report and weights can be compared
NAMED = 8  # rows left out that a report names


@dataclass(frozen=True, slots=True)
class Measuring:
    """What the figures are to be, and what is known of set and model beside their files."""

    asking: Asking
    dataset: str = ""  # the published set that it is, else what its owner calls it
    size: str = ""  # the model's published size
    repeats: int = 1000  # draws of the bootstrap
    with_meteor: bool = True


def summary(
    folder: ModelFolder,
    labelled: LabelledSet,
    said: Sequence[Said],
    known: Sequence[Known],
    measuring: Measuring,
) -> dict[str, Any]:
    """The whole evaluation. `known` are cases of the set's training part, for the floors."""
    identity = said[0].answer.model
    return {
        "format": FORMAT,
        "version": VERSION,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "program": program_version(),
        "model": _model(folder, identity),
        "dataset": _dataset(labelled, measuring.dataset),
        "counts": {
            "cases": len(said),
            "groups": len({one.case.group for one in said}),
            "left_out": len(labelled.left_out),
            "reasons": [f"line {one.line}: {one.reason}" for one in labelled.left_out[:NAMED]],
            "training_cases": len(known),
        },
        "tasks": [_task(folder, of_task, known, measuring) for of_task in by_task(said)],
    }


def _model(folder: ModelFolder, identity: ModelIdentity) -> dict[str, Any]:
    return {
        "name": folder.name,
        "version": folder.model_version,
        "sha256": folder.sha256,
        "size": folder.size,
        "manufacturer": folder.manufacturer,
        "licence": folder.licence,
        "sources": list(folder.sources),
        "origin": folder.origin,
        "precision": identity.precision,
        "device": identity.device,
        "answer_list": len(folder.answers),
    }


def _dataset(labelled: LabelledSet, dataset: str) -> dict[str, Any]:
    return {
        "name": labelled.name,
        "published_as": dataset,
        "layout": labelled.layout,
        "sha256": labelled.sha256,
        "split": labelled.split,
        "part": labelled.part,
        "licence": labelled.licence,
        "source": labelled.source,
    }


def _task(
    folder: ModelFolder,
    said: Sequence[Said],
    known: Sequence[Known],
    measuring: Measuring,
) -> dict[str, Any]:
    first, repeats = said[0].case.task, measuring.repeats
    task = ANSWER if first in QUESTION_TASKS else first
    found = measured(said, repeats, measuring.with_meteor)
    beside = floors(said, known)
    reported = published_for(measuring.dataset, measuring.size, task)
    verdict = _verdict(folder, said, reported, measuring) if found.scores else None
    has_references = any(one.case.references for one in said) or said[0].case.place is not None
    return {
        "task": task,
        "title": TASKS[task].title,
        "cases": len(said),
        "groups": len({one.case.group for one in said}),
        "decoding": _decoding(said, measuring.asking),
        "scores": [_score(one, beside, reported) for one in found.scores],
        "not_computed": found.not_computed,
        "verdict": verdict,
        "questions": _questions(said, known, repeats),
        "calibration": reliability(said, repeats) if task not in TEXT_TASKS else {},
        "subgroups": subgroups(said, repeats) if has_references else [],
        "facts": fact_score(said, repeats) if task in TEXT_TASKS else {},
        "examples": _examples(said),
    }


def _score(score: Score, beside: Sequence[Floor], reported: Sequence[Published]) -> dict[str, Any]:
    entry = as_entry(score)
    entry.pop("floor")
    return {
        **entry,
        "floors": [
            {"name": one.name, "value": round(one.value, 2)}
            for one in beside
            if one.score == score.name
        ],
        "published": [
            {**asdict(one), "value": one.values[score.name]}
            for one in reported
            if score.name in one.values
        ],
    }


def _verdict(
    folder: ModelFolder,
    said: Sequence[Said],
    reported: Sequence[Published],
    measuring: Measuring,
) -> dict[str, Any]:
    """The rule of `wetread model check`, on the same figures."""
    dataset, size = measuring.dataset, measuring.size
    kind = kind_of(folder, dataset)
    claimed = next((one for one in reported if one.kind == kind), None)
    scored = [one for one in said if one.case.references or one.case.place is not None]
    result = judged(scores_of(scored), claimed, why_alone(dataset, size, reported))
    return {"passed": result.passed, "text": result.text}


def _decoding(said: Sequence[Said], asking: Asking) -> list[dict[str, Any]]:
    """How each kind of these cases was asked."""
    tasks = dict.fromkeys(one.case.task for one in said)
    return [{"task": task, **asdict(asking.decoding(task))} for task in tasks]


def _questions(said: Sequence[Said], known: Sequence[Known], repeats: int) -> list[dict[str, Any]]:
    """A row for each yes/no question that many cases ask."""
    rows = []
    for text, cases in questions_of(said).items() if said[0].case.task in QUESTION_TASKS else ():
        positive, shares = sides_of(cases)
        name, right = main_measure(cases)
        beside = question_floors(cases, known)
        rows.append(
            {
                "question": cases[0].case.text,
                "cases": len(cases),
                "groups": len({one.case.group for one in cases}),
                "yes": int(positive.sum()),
                "accuracy": _plain(figure(name, right, cases, repeats), beside),
                "auc": _plain(figure("auc", auc_measure(positive, shares), cases, repeats), beside),
                "calibration": reliability(cases, repeats).get("error", {}),
                "id": text,
            }
        )
    return rows


def _plain(score: Score, beside: Sequence[Floor]) -> dict[str, Any]:
    entry: dict[str, Any] = dict(score.as_json())
    entry.pop("floor")
    return entry | {
        "floors": [
            {"name": one.name, "value": round(one.value, 2)}
            for one in beside
            if one.score == score.name
        ]
    }


def _examples(said: Sequence[Said]) -> list[Mapping[str, Any]]:
    """Some answers, spread over the cases; no picture and no name of a patient."""
    step = max(1, len(said) // EXAMPLES)
    return [
        {
            "line": one.case.line,
            "asked": one.case.text,
            "right": list(one.case.references)[:3],
            "answered": one.answer.text,
            "score": round(weight_of(one), 4),
            "probability": max(one.answer.probabilities or (0.0,)) or None,
            "labels": [name for name, shown in one.case.labels.items() if shown],
        }
        for one in said[::step][:EXAMPLES]
    ]
