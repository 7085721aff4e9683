"""`python -m model_backend.evaluation.fit MODEL LABELLED`: calibrate a task of a model."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from model_backend.calibration import QUESTIONS, fitted_for
from model_backend.datasets.row import VALIDATION
from model_backend.evaluation.asked import Asking, Said, ask_set
from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.metrics import calibration_error
from model_backend.evaluation.reading import LabelledSet, shown
from model_backend.evaluation.record import put_calibration
from model_backend.evaluation.rows import CHOSEN, plain
from model_backend.evaluation.running import (
    carried_out,
    columns,
    counted,
    loaded,
    may_write,
    opened_set,
    options,
)
from model_backend.evaluation.temperature import Fitted, Scored, fit, log_loss, scored, spread
from model_backend.folder import ModelFolder
from model_backend.request import CHOICE

FEWEST = 50  # cases to fit on
FEWEST_LEFT_OUT = 20
FEWEST_EACH = 10  # of those to fit on, with yes and with no; other answers: not of one kind only
LEFT_OUT_BELOW = 85  # of 256: a third of the patients or images, by the hash of their names
LONGEST_QUESTION = 80  # words that the network reads (spec §8)
SALT = "calibration"  # so that this third is none of the parts of training/split.py
OTHERS = ""  # all closed questions that are not fitted alone, and every other task


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was fitted for one question, or for a task, and what it does to cases left out."""

    question: str  # cleaned; OTHERS: for the task
    before: Fitted
    after: Fitted
    interval: tuple[float, float]  # 95 %, of the temperature
    cases: int
    left_out: int
    loss: tuple[float, float]  # before and after, natural logarithm
    error: tuple[float, float]  # expected calibration error, 0 to 1
    is_kept: bool  # it is better than what there was

    def as_table(self, digest: str) -> dict[str, Any]:
        """What stands in `model.json`."""
        return {
            "temperature": round(self.after.temperature, 4),
            "shift": round(self.after.shift, 4),
            "cases": self.cases,
            "left_out": self.left_out,
            "log_loss": [round(value, 4) for value in self.loss],
            "error": [round(value, 4) for value in self.error],
            "sha256": digest,
            "date": datetime.now(UTC).date().isoformat(),
        }


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread model calibrate` shares."""
    return options("calibrate", __doc__)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done, 1 with one sentence for a known problem."""
    chosen = parser().parse_args(arguments)
    return carried_out(lambda: _calibrate(chosen))


def _calibrate(chosen: argparse.Namespace) -> int:
    folder = ModelFolder.read(chosen.model)
    task = chosen.task or CHOICE
    if task not in CHOSEN:
        raise LabelledProblem(
            f"The task {task[:40]} gives no probabilities. Calibrate one of "
            f"{', '.join(sorted(CHOSEN))}."
        )
    if task not in folder.tasks:
        raise LabelledProblem(f"The model {folder.name} has not learnt the task {task}.")
    labelled = opened_set(chosen, folder, VALIDATION)
    said = _raw_answers(folder, labelled, task, chosen)
    outcomes = fit_task(said, task, folder.calibration)
    kept = [one for one in outcomes if one.is_kept]
    is_written = bool(kept) and may_write(folder, chosen)
    if is_written:
        put_calibration(folder.path, merged(folder.calibration, task, kept, labelled.sha256))
    if chosen.json:
        print(json.dumps(_as_json(task, outcomes, labelled, is_written), ensure_ascii=False))
    else:
        print(report(folder, task, outcomes, labelled, is_written))
    return 0


def _raw_answers(
    folder: ModelFolder, labelled: LabelledSet, task: str, chosen: argparse.Namespace
) -> list[Said]:
    """What the model says without any calibration. Raises LabelledProblem when that is nothing
    that can be fitted."""
    model = loaded(replace(folder, calibration={}), chosen)
    asking = Asking(labelled.classes, folder.answers, by_scores=True)
    total = labelled.count()
    said = []
    for one in counted(ask_set(model, labelled, asking), total, "cases"):
        if one.case.task != task:
            labelled.leave_out(one.case, f"it is no case of the task {task}")
        elif not one.answer.probabilities:
            raise LabelledProblem(
                f"The model {folder.name} gives no probabilities for the task {task}, so there is "
                "nothing to calibrate."
            )
        elif right_place(one) is None:
            labelled.leave_out(one.case, "its right answer is none of the candidates")
        else:
            said.append(one)
    if not said:
        raise LabelledProblem(
            f"{labelled.path} holds no case of the task {task} that can be used: "
            f"{shown(labelled.left_out)}."
        )
    return said


def right_place(one: Said) -> int | None:
    """The place of the right candidate."""
    names = [plain(name) for name in one.case.candidates]
    answer = plain(one.case.answer)
    return names.index(answer) if answer in names else None


def fit_task(said: Sequence[Said], task: str, calibration: Mapping[str, Any]) -> list[Outcome]:
    """Fit the task and, among closed questions, each that has cases enough for itself.

    Raises LabelledProblem when there is too little of everything.
    """
    # Not earlier: it brings torch, which must not come before the number of its threads is set.
    from model_backend.biomedgpt.prompts import question_text

    alone: dict[str, list[Said]] = {OTHERS: list(said)}
    if task == CHOICE:
        by_question: dict[str, list[Said]] = {}
        for one in said:
            by_question.setdefault(
                question_text(one.case.text, LONGEST_QUESTION).strip(), []
            ).append(one)
        alone = {name: ones for name, ones in by_question.items() if not why_not(ones)}
        rest = [one for name, ones in by_question.items() if name not in alone for one in ones]
        if not why_not(rest):
            alone[OTHERS] = rest
        if not alone:
            raise LabelledProblem(why_not(rest))
    elif problem := why_not(said):
        raise LabelledProblem(problem)
    return [outcome_of(name, ones, task, calibration) for name, ones in sorted(alone.items())]


def why_not(said: Sequence[Said]) -> str:
    """Why these cases are too few to fit; "" when they are enough."""
    fitting = [one for one in said if not is_left_out(one)]
    rest = len(said) - len(fitting)
    if len(fitting) < FEWEST or rest < FEWEST_LEFT_OUT:
        return (
            f"{len(said)} cases are too few: a temperature needs {FEWEST} cases to be fitted on "
            f"and {FEWEST_LEFT_OUT} of other patients or images to be tested on (here "
            f"{len(fitting)} and {rest})."
        )
    answers = [plain(one.case.answer) for one in fitting]
    if len(set(answers)) == 1:
        return f"Every right answer is {answers[0][:40]!r}: nothing can be fitted on one class."
    if set(answers) == {"yes", "no"}:
        fewest = min(answers.count("yes"), answers.count("no"))
        if fewest < FEWEST_EACH:
            return (
                f"Only {fewest} of {len(answers)} cases have the rarer answer; {FEWEST_EACH} are "
                "needed."
            )
    return ""


def is_left_out(one: Said) -> bool:
    """Whether this patient or image tests what the others fitted."""
    digest = hashlib.sha256(f"{SALT}/{one.case.group}".encode()).digest()
    return digest[0] < LEFT_OUT_BELOW


def outcome_of(
    question: str, said: Sequence[Said], task: str, calibration: Mapping[str, Any]
) -> Outcome:
    """Fit on two thirds, test on the third that is left out."""
    fitting = as_scored([one for one in said if not is_left_out(one)])
    tested = as_scored([one for one in said if is_left_out(one)])
    # A shift of "yes" means something only where the same thing is asked again and again.
    shifted = bool(question) or task != CHOICE
    after = fit(fitting, shifted=shifted)
    table = fitted_for(calibration, task, question)
    before = Fitted(*(float((table or {}).get(key, v)) for key, v in _NEUTRAL))
    loss, error = zip(*(_measured(one, tested) for one in (before, after)), strict=True)
    return Outcome(
        question,
        before,
        after,
        spread(fitting, shifted=shifted),
        len(fitting),
        len(tested),
        loss,
        error,
        # Where nothing was calibrated before, even a temperature of one is news.
        is_kept=table is None or loss[1] < loss[0],
    )


_NEUTRAL = (("temperature", 1.0), ("shift", 0.0))


def as_scored(said: Sequence[Said]) -> Scored:
    """Log-probabilities stand for scores: they differ from them by a constant of each case."""
    return scored(
        [
            [math.log(max(share, 1e-300)) for share in one.answer.probabilities or ()]
            for one in said
        ],
        [place for one in said if (place := right_place(one)) is not None],
        [one.case.candidates for one in said],
        [one.case.group for one in said],
    )


def _measured(fitted: Fitted, cases: Scored) -> tuple[float, float]:
    """Log loss and expected calibration error."""
    shares = fitted.probabilities(cases)
    right = (shares.argmax(1) == cases.right).astype(float)
    return log_loss(shares, cases.right), calibration_error(shares.max(1), right)


def merged(
    calibration: Mapping[str, Any], task: str, outcomes: Sequence[Outcome], digest: str
) -> dict[str, Any]:
    """The calibration with these outcomes in it; what was not fitted now stays as it is."""
    new = dict(calibration)
    for one in outcomes:
        if one.question:
            new[QUESTIONS] = {**new.get(QUESTIONS, {}), one.question: one.as_table(digest)}
        else:
            new[task] = one.as_table(digest)
    return new


def _as_json(
    task: str, outcomes: Sequence[Outcome], labelled: LabelledSet, is_written: bool
) -> dict[str, Any]:
    return {
        "task": task,
        "set": labelled.name,
        "left_out": len(labelled.left_out),
        "fitted": [
            {
                "question": one.question,
                **one.as_table(labelled.sha256),
                "interval": [round(end, 4) for end in one.interval],
                "before": {"temperature": one.before.temperature, "shift": one.before.shift},
                "kept": one.is_kept,
            }
            for one in outcomes
        ],
        "written": is_written,
    }


def report(
    folder: ModelFolder,
    task: str,
    outcomes: Sequence[Outcome],
    labelled: LabelledSet,
    is_written: bool,
) -> str:
    """The result for people."""
    rows = [["", "temperature (95 % interval)", "shift of yes", "log loss", "calibration error"]]
    for one in outcomes:
        low, high = one.interval
        old, new = one.before, one.after
        rows.append(
            [
                f"  {one.question or ('other questions' if task == CHOICE else task)}",
                f"{old.temperature:.2f} -> {new.temperature:.2f} ({low:.2f} to {high:.2f})",
                f"{old.shift:+.2f} -> {new.shift:+.2f}",
                f"{one.loss[0]:.3f} -> {one.loss[1]:.3f}",
                f"{100 * one.error[0]:.1f} % -> {100 * one.error[1]:.1f} %",
            ]
        )
    cases, tested = (sum(getattr(o, name) for o in outcomes) for name in ("cases", "left_out"))
    lines = [
        f"{folder.name} {folder.model_version}, task {task}, set {labelled.name}",
        f"Fitted on {cases} cases; log loss and error on {tested} of other patients or images.",
        "",
        *columns(rows),
        "",
    ]
    worse = [one for one in outcomes if not one.is_kept]
    if worse:
        lines.append(f"Left as it was, because it is no better: {len(worse)} of {len(outcomes)}.")
    if labelled.left_out:
        lines.append(f"Not used: {len(labelled.left_out)}. {shown(labelled.left_out)}.")
    path = folder.path / "model.json"
    lines.append(f"Kept in {path}." if is_written else "model.json was left as it is.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
