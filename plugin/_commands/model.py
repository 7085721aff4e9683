"""`wetread train`, `wetread evaluate` and `wetread model`: the model's own processes."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from model_backend.folder import find_model, list_models
from plugin._commands.context import Context


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands. Train and evaluate pass what follows to their process."""
    train = commands.add_parser("train", help="train a model from a recipe", add_help=False)
    train.add_argument("rest", nargs=argparse.REMAINDER)
    train.set_defaults(run=run_train)

    evaluate = commands.add_parser("evaluate", help="measure a model and write its card")
    evaluate.add_argument("model", nargs="?", default="", help="name or folder; default embedded")
    evaluate.add_argument("--data", type=Path, help="the folder of data sets")
    evaluate.add_argument("--write", action="store_true", help="write the card into the model")
    evaluate.set_defaults(run=run_evaluate)

    model = commands.add_parser("model", help="list the models, show a model's card")
    what = model.add_subparsers(dest="what", required=True, metavar="list|card")
    listing = what.add_parser("list", help="the models that can be asked")
    listing.set_defaults(run=run_list)
    card = what.add_parser("card", help="what the model is, learnt, and was measured to do")
    card.add_argument("name", nargs="?", default="", help="name or folder; default embedded")
    card.set_defaults(run=run_card)


def run_train(arguments: argparse.Namespace, context: Context) -> int:
    """Train in a process of its own, so that torch never meets Qt."""
    rest = list(arguments.rest)
    if context.printer.as_json and "--json" not in rest:
        rest.append("--json")
    return run_module("model_backend.training", rest)


def run_evaluate(arguments: argparse.Namespace, context: Context) -> int:
    """Evaluate in a process of its own."""
    folder = find_model(arguments.model, context.root.models)
    rest = [str(folder.path)]
    if arguments.data:
        rest += ["--data", str(arguments.data)]
    if arguments.write:
        rest.append("--write")
    if context.printer.as_json:
        rest.append("--json")
    return run_module("model_backend.evaluation", rest)


def run_module(name: str, rest: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", name, *rest], check=False).returncode


def run_list(arguments: argparse.Namespace, context: Context) -> int:
    """One line a model."""
    for folder in list_models(context.root.models):
        context.printer.say(
            f"{folder.name}  {folder.model_version}  {', '.join(folder.tasks)}  {folder.path}",
            name=folder.name,
            version=folder.model_version,
            tasks=list(folder.tasks),
            path=str(folder.path),
        )
    return 0


def run_card(arguments: argparse.Namespace, context: Context) -> int:
    """The card as it stands in the model's folder."""
    folder = find_model(arguments.name, context.root.models)
    card = folder.card()
    if context.printer.as_json:
        print(json.dumps(card, ensure_ascii=False))
        return 0
    return run_module("model_backend.evaluation", ["--show", str(folder.path)])
