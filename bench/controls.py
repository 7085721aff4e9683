"""Does a model's answer hang on its picture: the control runs, their margin, and how well it parts.

    python bench/controls.py [--model FOLDER] [--data DIR] [--cases N]

Closed yes/no questions of three sets, each asked of the film, of grey, of noise and of the mirrored
film; and the same by the same model with its eyes shut (every picture replaced by noise of its
own). The margin is fitted on the validation part and counted on the held-out patients, which the
fit never saw. Wanted: at least 95 % of the blind answers flagged, at most 10 % of the correct ones.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch comes: the network is small
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from model_backend.controls.margin import Margin, margin_for
from model_backend.evaluation.asked import Asking
from model_backend.evaluation.controlled import Moved, flagged, margins_of, moved
from model_backend.evaluation.metrics import interval
from model_backend.evaluation.reading import read_labelled
from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.models import Model, load
from model_backend.request import CHOICE
from model_backend.training.split import HELD_OUT, VALIDATION

SETS = ("cxr_pneumonia_224", "cxr_nih_64", "vqa_rad")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cases", type=int, default=400, help="questions of each set and part")
    chosen = parser.parse_args()
    folder = ModelFolder.read(chosen.model)
    model = load(folder, "cpu", "fp32")
    print(f"{folder.name} {folder.model_version}, closed yes/no questions")
    for name in SETS:
        known, held_out = (
            cases_of(folder, model, chosen.data / name, part, chosen.cases)
            for part in (VALIDATION, HELD_OUT)
        )
        tell(name, margins_of(known), held_out)
    return 0


def cases_of(folder: ModelFolder, model: Model, data: Path, part: str, cases: int) -> list[Moved]:
    """The yes/no cases of one part of a set, asked with eyes open and shut."""
    task = "" if data.name == "vqa_rad" else CHOICE
    labelled = read_labelled(
        data, task=task, split=part, part=cases, tasks=folder.tasks, findings=folder.findings
    )
    return list(moved(model, labelled, Asking(answers=folder.answers, by_scores=True)))


def tell(name: str, margins: dict[str, Margin], held_out: Sequence[Moved]) -> None:
    """What the margin of a set flags on its held-out part."""
    print(f"{name}: margin {margins[''].value:.3f} (fitted on {margins[''].blind_cases} cases)")
    line("all questions", held_out, margins)
    for question in sorted({one.question for one in held_out}):
        mine = [one for one in held_out if one.question == question]
        if len(mine) >= 20:
            line(f"{question} {margin_for(margins, question):.3f}", mine, margins)


def line(name: str, cases: Sequence[Moved], margins: dict[str, Margin]) -> None:
    blind, right = flagged(cases, margins)
    spared = share(right, [one for one in cases if one.is_right])
    print(f"  {name:40} blind {share(blind, cases):34} correct {spared}")


def share(flags: Sequence[bool], cases: Sequence[Moved]) -> str:
    """Per cent, its interval over patients or images, and of how many."""
    if not flags:
        return "none"
    values = np.array(flags, float)
    low, high = interval(lambda places: float(values[places].mean()), [one.group for one in cases])
    return f"{values.mean():.1%} ({low:.1%} to {high:.1%}) of {len(flags)}"


if __name__ == "__main__":
    sys.exit(main())
