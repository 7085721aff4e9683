"""Does a model's answer hang on its picture: the control runs, their margin, and how well it parts.

    python bench/controls.py [--model FOLDER] [--data DIR] [--cases N] [--json FILE]

Closed yes/no questions of three sets, each asked of the film, of grey, of noise and of the mirrored
film; and the same by the same model with its eyes shut (every picture replaced by noise of its
own). The margin is fitted on the validation part and counted on the held-out patients, which the
fit never saw. Wanted: at least 95 % of the blind answers flagged, at most 10 % of the correct ones.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch comes: the network is small
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from model_backend.controls.margin import Margin, fit_margins, margin_for
from model_backend.controls.runs import ask_with_controls, blinded
from model_backend.evaluation.asked import Asking
from model_backend.evaluation.labelled import BadRow
from model_backend.evaluation.metrics import interval
from model_backend.evaluation.reading import read_labelled
from model_backend.evaluation.rows import YES_NO, plain
from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.models import Model, load
from model_backend.request import CHOICE
from model_backend.training.split import HELD_OUT, VALIDATION

SETS = ("cxr_pneumonia_224", "cxr_nih_64", "vqa_rad")


@dataclass(frozen=True, slots=True)
class Moved:
    """One question about one picture: how far the seeing and the blind model's answers move."""

    data: str
    question: str  # of films; "" where every picture has its own
    group: str
    is_right: bool
    seeing: float
    blind: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cases", type=int, default=400, help="questions of each set and part")
    parser.add_argument("--json", type=Path, help="write the fitted margins here")
    chosen = parser.parse_args()
    folder = ModelFolder.read(chosen.model)
    model = load(folder, "cpu", "fp32")
    parts = {
        part: [
            one
            for name in SETS
            for one in moved(folder, model, chosen.data / name, part, chosen.cases)
        ]
        for part in (VALIDATION, HELD_OUT)
    }
    print(f"{folder.name} {folder.model_version}, closed yes/no questions")
    margins = {name: fitted(parts[VALIDATION], name) for name in SETS}
    for name in SETS:
        tell(name, margins[name], [one for one in parts[HELD_OUT] if one.data == name])
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(margins), indent=1) + "\n", encoding="utf-8")
    return 0


def moved(folder: ModelFolder, model: Model, data: Path, part: str, cases: int) -> Iterator[Moved]:
    """The yes/no cases of one part of a set, asked with eyes open and shut."""
    task = "" if data.name == "vqa_rad" else CHOICE
    labelled = read_labelled(
        data, task=task, split=part, part=cases, tasks=folder.tasks, findings=folder.findings
    )
    asking = Asking(answers=folder.answers)
    shut = blinded(model.answer)
    for number, row in enumerate(labelled):
        case = asking.case(row)
        if case.task != CHOICE or set(case.candidates) != set(YES_NO):
            continue
        try:
            request = asking.request(case, str(number), case.pixels())
        except BadRow:
            continue
        for one, other in zip(
            ask_with_controls(model.answer, [request]),
            ask_with_controls(shut, [replace(request)]),
            strict=True,
        ):
            yield Moved(
                data.name,
                plain(case.text) if task else "",
                case.group,
                plain(one.answer.text) == plain(case.answer),
                one.movement.largest,
                other.movement.largest,
            )


def fitted(cases: Sequence[Moved], name: str) -> dict[str, Margin]:
    """The margins of one set, from its validation part."""
    mine = [one for one in cases if one.data == name]
    blind: dict[str, list[float]] = {}
    correct: dict[str, list[float]] = {}
    for one in mine:
        blind.setdefault(one.question, []).append(one.blind)
        if one.is_right:
            correct.setdefault(one.question, []).append(one.seeing)
    return fit_margins(blind, correct)


def tell(name: str, margins: dict[str, Margin], held_out: Sequence[Moved]) -> None:
    """What the margin of a set flags on its held-out part."""
    print(f"{name}: margin {margins[''].value:.3f} (fitted on {margins[''].blind_cases} cases)")
    line("all questions", held_out, margins)
    for question in sorted({one.question for one in held_out} - {""}):
        mine = [one for one in held_out if one.question == question]
        if len(mine) >= 20:
            line(f"{question} {margin_for(margins, question):.3f}", mine, margins)


def line(name: str, cases: Sequence[Moved], margins: dict[str, Margin]) -> None:
    right = [one for one in cases if one.is_right]
    limit = [margin_for(margins, one.question) for one in cases]
    blind = [one.blind < most for one, most in zip(cases, limit, strict=True)]
    spared = [one.seeing < margin_for(margins, one.question) for one in right]
    print(
        f"  {name:44} blind flagged {share(blind, cases)}   correct flagged {share(spared, right)}"
    )


def share(flags: Sequence[bool], cases: Sequence[Moved]) -> str:
    """Per cent, its interval over patients or images, and of how many."""
    if not flags:
        return "none"
    values = np.array(flags, float)
    low, high = interval(lambda places: float(values[places].mean()), [one.group for one in cases])
    return f"{values.mean():6.1%} ({low:.1%} to {high:.1%}) of {len(flags)}"


def as_json(margins: dict[str, dict[str, Margin]]) -> dict[str, Any]:
    return {
        name: {question: one.as_json() for question, one in found.items()}
        for name, found in margins.items()
    }


if __name__ == "__main__":
    sys.exit(main())
