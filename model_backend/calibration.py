"""From log-probabilities of answers to honest probabilities; plain arithmetic, no torch.

`model.json` carries, under `calibration`, what was fitted on labelled cases, by the name of a task:

    {"choice": {"temperature": 1.3, "shift": 0.0},
     "entailment": {"temperature": 1.7},
     "questions": {"is there pneumonia?": {"temperature": 1.1, "shift": -0.4}}}

`questions` holds closed questions that were fitted alone, cleaned as the network reads them;
`choice` is for every other closed question. A shift is added to the log-odds of "yes" where yes and
no are the candidates. Further entries of a table say where it comes from and are not read here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model_backend.request import CHOICE, BadCheckpoint

YES_NO = {"yes", "no"}
QUESTIONS = "questions"


def is_calibrated(calibration: Mapping[str, Any], task: str, question: str = "") -> bool:
    """Whether anything was fitted for this task, or for this closed question alone."""
    return fitted_for(calibration, task, question) is not None


def fitted_for(
    calibration: Mapping[str, Any], task: str, question: str = ""
) -> Mapping[str, Any] | None:
    """The table that holds for this task and, where it is a closed one, this question."""
    own = calibration.get(QUESTIONS, {}).get(question) if task == CHOICE else None
    table: Mapping[str, Any] | None = own or calibration.get(task)
    return table


def probabilities(
    calibration: Mapping[str, Any],
    task: str,
    question: str,
    candidates: Sequence[str],
    scores: Sequence[float],
) -> tuple[float, ...]:
    """One probability a candidate, summing to one; uncalibrated where nothing was fitted.

    `scores` are summed log-probabilities (spec §9.6); `question` is cleaned and ends with "?", and
    only a closed question has one.
    """
    fitted = fitted_for(calibration, task, question) or {}
    temperature = float(fitted.get("temperature", 1.0))
    logits = [score / temperature for score in scores]
    if {candidate.strip().lower() for candidate in candidates} == YES_NO:
        shift = float(fitted.get("shift", 0.0))
        logits = [
            logit + (shift if candidate.strip().lower() == "yes" else 0.0)
            for logit, candidate in zip(logits, candidates, strict=True)
        ]
    highest = max(logits, default=0.0)
    if not math.isfinite(highest):
        return tuple(1 / len(logits) for _ in logits)
    shares = [math.exp(logit - highest) for logit in logits]
    total = sum(shares)
    return tuple(share / total for share in shares)


def check(calibration: Mapping[str, Any]) -> None:
    """Raise BadCheckpoint for a temperature or a shift that calibrates nothing."""
    questions = calibration.get(QUESTIONS, {})
    alone = [*questions.values()] if isinstance(questions, Mapping) else [questions]
    tasks = [table for name, table in calibration.items() if name != QUESTIONS]
    for table in [*tasks, *alone]:
        values = table if isinstance(table, Mapping) else {"temperature": math.nan}
        temperature = _number(values.get("temperature", 1.0))
        shift = _number(values.get("shift", 0.0))
        if not (math.isfinite(temperature) and math.isfinite(shift) and temperature > 0):
            raise BadCheckpoint(f"{str(table)[:80]} calibrates nothing.", "calibration")


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return math.nan
