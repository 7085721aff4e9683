"""`wetread evaluate`: a model on a data set as report and page, or the demo's own three sets."""

from __future__ import annotations

import argparse
from pathlib import Path

from model_backend.folder import find_model
from plugin._commands import measure
from plugin._commands.child import run_module
from plugin._commands.context import Context

WHICH = "a name or a folder; by default the embedded model"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command; what follows is passed on to its process."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure a model on a data set, as JSON and a page",
        description="Measure a model on the test part of a data set: the paper's figures with "
        "intervals, floors that never look at the picture, calibration, groups and facts, as "
        "report.json and report.html. Without a data set: the three sets of the embedded model, "
        "as its card.",
    )
    evaluate.add_argument("model", nargs="?", default="", metavar="MODEL", help=WHICH)
    evaluate.add_argument(
        "labelled",
        nargs="?",
        type=Path,
        metavar="DATASET",
        help="a folder of wetread dataset convert, a .jsonl or .tsv file, or labelled films",
    )
    evaluate.add_argument("--data", type=Path, metavar="DIR", help="without DATASET: their folder")
    evaluate.add_argument("--out", type=Path, metavar="DIR", help="the folder of the report")
    evaluate.add_argument("--dataset", metavar="NAME", help="the set's name, such as vqa_rad")
    evaluate.add_argument("--size", metavar="SIZE", help="the model's size, such as base")
    evaluate.add_argument(
        "--answers",
        choices=("model", "training", "none"),
        help="where the closed list of open questions comes from",
    )
    evaluate.add_argument("--beam", type=int, metavar="N", help="of free texts; else the authors'")
    evaluate.add_argument("--no-meteor", action="store_true", help="leave METEOR out")
    evaluate.add_argument("--no-floors", action="store_true", help="leave the blind floors out")
    measure.declare_asking(evaluate)
    evaluate.add_argument("--write", action="store_true", help="put the card into the model")
    evaluate.set_defaults(run=run_evaluate, no_write=False)


def run_evaluate(arguments: argparse.Namespace, context: Context) -> int:
    """Evaluate in a process of its own, so that torch never meets Qt."""
    if arguments.labelled is None:
        return _own_sets(arguments, context)
    words = measure.words(arguments, context)
    for name in ("out", "answers", "beam"):
        if getattr(arguments, name):
            words.append(f"--{name}={getattr(arguments, name)}")
    words += [f"--{name}" for name in ("no-meteor", "no-floors") if getattr(arguments, _key(name))]
    return run_module("model_backend.evaluation.evaluate", words)


def _own_sets(arguments: argparse.Namespace, context: Context) -> int:
    folder = find_model(arguments.model, context.root.models)
    rest = [str(folder.path), *(["--data", str(arguments.data)] if arguments.data else [])]
    rest += ["--json"] if context.printer.as_json else []
    rest += ["--write"] if arguments.write else []
    return run_module("model_backend.evaluation", rest)


def _key(name: str) -> str:
    return name.replace("-", "_")
