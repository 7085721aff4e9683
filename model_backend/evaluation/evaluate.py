"""`python -m model_backend.evaluation.evaluate MODEL DATASET`: every figure, as JSON and a page."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_backend.datasets.row import TRAIN
from model_backend.evaluation.asked import Asking, ask_set
from model_backend.evaluation.blind import MOST_KNOWN, Known, known_cases
from model_backend.evaluation.card import write_card
from model_backend.evaluation.card_figures import card_from
from model_backend.evaluation.classified import metrics_library
from model_backend.evaluation.floors import THUMBNAIL
from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.page import page
from model_backend.evaluation.published import dataset_of
from model_backend.evaluation.reading import OWN_SPLITS, LabelledSet, shown
from model_backend.evaluation.running import (
    carried_out,
    columns,
    counted,
    loaded,
    opened_set,
    options,
)
from model_backend.evaluation.stored import some_cases
from model_backend.evaluation.summary import Measuring, summary
from model_backend.folder import ModelFolder
from model_backend.training.saving import write_safely
from model_backend.training.split import TRAINING

JSON, PAGE = "report.json", "report.html"
OUT = Path("runs/evaluation")
MOST_BEAMS = 32
LISTS = ("model", "training", "none")  # where the closed list of open questions comes from


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread evaluate MODEL DATASET` shares."""
    known = options("check", __doc__)
    known.prog = "wetread evaluate"
    known.add_argument("--dataset", default="", help="the set's name, where its file does not say")
    known.add_argument("--size", default="", help="the model's published size, where it is unknown")
    known.add_argument("--out", type=Path, help="the folder of the report")
    known.add_argument("--answers", default="model", choices=LISTS, help="the closed answer list")
    known.add_argument("--beam", type=int, default=0, help="of free texts; 0: as the authors did")
    known.add_argument("--no-meteor", action="store_true", help="leave METEOR out (it needs Java)")
    known.add_argument("--no-floors", action="store_true", help="leave the blind floors out")
    return known


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 with one sentence on the error stream."""
    chosen = parser().parse_args(arguments)
    return carried_out(lambda: _evaluate(chosen))


def _evaluate(chosen: argparse.Namespace) -> int:
    if not 0 <= chosen.beam <= MOST_BEAMS:
        raise LabelledProblem(f"A beam is from 1 to {MOST_BEAMS}; 0 is the authors'.")
    metrics_library()  # before an hour of asking, not after it
    folder = ModelFolder.read(chosen.model)
    labelled = opened_set(chosen, folder)
    known = [] if chosen.no_floors else _known(chosen, folder, labelled)
    total = labelled.count()
    model = loaded(folder, chosen)
    answers = {"model": folder.answers, "training": labelled.answers, "none": ()}[chosen.answers]
    asking = Asking(labelled.classes, answers, small=THUMBNAIL, beam=chosen.beam)
    said = list(counted(ask_set(model, labelled, asking), total, "cases"))
    if not said:
        raise LabelledProblem(
            f"The model {folder.name} answered none of the {total} cases of {labelled.path}: "
            f"{shown(labelled.left_out)}."
        )
    print("computing the figures", file=sys.stderr)
    report = summary(folder, labelled, said, known, _measuring(folder, labelled, asking, chosen))
    out = chosen.out or OUT / f"{folder.name}-{labelled.name}"
    write_report(out, report)
    if chosen.write:
        write_card(folder.path, card_from(folder, [report]))
    if chosen.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print("\n".join([*report_lines(report), "", f"{out / PAGE}", f"{out / JSON}"]))
    return 0


def _known(chosen: argparse.Namespace, folder: ModelFolder, labelled: LabelledSet) -> list[Known]:
    """The cases that floors may learn from: the training part of the very same set."""
    if labelled.split in ("", TRAINING, TRAIN):
        return []  # the whole set is measured: nothing is left to learn from
    print("learning the floors", file=sys.stderr)
    if labelled.names_parts:
        return known_cases(some_cases(labelled.path, TRAIN, labelled.wanted, MOST_KNOWN))
    for split in (TRAINING,) if labelled.split in OWN_SPLITS else (TRAIN, TRAINING):
        own = argparse.Namespace(**{**vars(chosen), "split": split, "part": MOST_KNOWN})
        training = opened_set(own, folder)
        if training.count():
            return known_cases(training)
    return []


def _measuring(
    folder: ModelFolder, labelled: LabelledSet, asking: Asking, chosen: argparse.Namespace
) -> Measuring:
    return Measuring(
        asking,
        dataset_of(chosen.dataset, labelled.name, labelled.source) or chosen.dataset,
        chosen.size or folder.size,
        with_meteor=not chosen.no_meteor,
    )


def write_report(out: Path, report: Mapping[str, Any]) -> None:
    """Both files, each whole or not at all. Raises ModelError or OSError."""
    out.mkdir(parents=True, exist_ok=True)
    body = json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    for name, text in ((JSON, body), (PAGE, page(report))):
        with write_safely(out / name) as file:
            file.write(text.encode("utf-8"))


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """The figures for a terminal; everything else stands in the page."""
    model, dataset, counts = report["model"], report["dataset"], report["counts"]
    part = f", part {dataset['split']}" if dataset["split"] else ""
    lines = [
        f"{model['name']} {model['version']} on {dataset['name']}{part}: {counts['cases']} cases "
        f"of {counts['groups']} patients or images, {counts['left_out']} left out"
    ]
    for task in report["tasks"]:
        rows = [["  " + task["title"], "measured (95 % interval)", "best floor", "reported"]]
        for one in task["scores"]:
            best = max((floor["value"] for floor in one["floors"]), default=None)
            told = ", ".join(f"{found['value']:.1f}" for found in one["published"])
            rows.append(
                [f"    {one['title']}", _span(one), "" if best is None else f"{best:.1f}", told]
            )
        error = task["calibration"].get("error")
        if error:
            rows.append(["    expected calibration error", _span(error), "", ""])
        for one in task["facts"].get("shares", ()):
            rows.append([f"    {one['title']}", _span(one), "", ""])
        lines += ["", *columns(rows)]
        lines += [f"    {name}: not computed ({why})" for name, why in task["not_computed"].items()]
    return lines


def _span(one: Mapping[str, Any]) -> str:
    if one["value"] is None:
        return "no figure"
    low, high = one["low"], one["high"]
    return f"{one['value']:.1f}" + ("" if low is None else f" ({low:.1f} to {high:.1f})")


if __name__ == "__main__":
    sys.exit(main())
