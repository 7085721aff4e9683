"""`wetread train` and `wetread model`: the model's own processes."""

from __future__ import annotations

import argparse
from pathlib import Path

from model_backend.evaluation.card_figures import card_from, read_report
from model_backend.evaluation.card_text import card_text
from model_backend.folder import ModelFolder, find_model, list_models
from model_backend.importing.known import known_facts, known_lines, precision_on_disk
from model_backend.request import BadCheckpoint, NoModel
from plugin._commands import bring, connect, measure
from plugin._commands.child import run_module
from plugin._commands.context import Context

WHICH = "a name or a folder; by default the embedded model"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands. Train passes what follows to its process."""
    train = commands.add_parser(
        "train",
        help="train a model from a recipe",
        description="Train a model from a recipe, in a process of its own; goes on where it was "
        "stopped.",
    )
    train.add_argument("recipe", metavar="RECIPE", help="such as recipes/demo.toml")
    train.add_argument("--data", type=Path, metavar="DIR", help="the folder of data sets")
    train.add_argument("--out", type=Path, metavar="DIR", help="of the run; by default runs/NAME")
    train.set_defaults(run=run_train)

    model = commands.add_parser("model", help="list, show, import, check and remove models")
    what = model.add_subparsers(dest="what", required=True, metavar="WHAT")
    listing = what.add_parser("list", help="the models that can be asked")
    listing.set_defaults(run=run_list)
    card = what.add_parser("card", help="what the model is, learnt, and was measured to do")
    card.add_argument("name", nargs="?", default="", metavar="MODEL", help=WHICH)
    card.add_argument(
        "--from",
        dest="reports",
        type=Path,
        nargs="+",
        metavar="REPORT",
        help="make the card from these report.json of wetread evaluate",
    )
    card.set_defaults(run=run_card)
    bring.add(what)
    measure.add(what)
    connect.add(what)


def run_train(arguments: argparse.Namespace, context: Context) -> int:
    """Train in a process of its own, so that torch never meets Qt."""
    rest = [arguments.recipe, *_options(arguments, context), "--models", str(context.root.models)]
    if arguments.out:
        rest += ["--out", str(arguments.out)]
    return run_module("model_backend.training", rest)


def _options(arguments: argparse.Namespace, context: Context) -> list[str]:
    data = ["--data", str(arguments.data)] if arguments.data else []
    return [*data, *(["--json"] if context.printer.as_json else [])]


def run_list(arguments: argparse.Namespace, context: Context) -> int:
    """One line a model."""
    for folder in list_models(context.root.models):
        kind = precision_on_disk(folder)
        facts = [folder.name, folder.model_version, folder.size, kind, ", ".join(folder.tasks)]
        facts.append(_checked(folder))
        context.printer.say(
            "  ".join(fact for fact in [*facts, str(folder.path)] if fact),
            name=folder.name,
            version=folder.model_version,
            size=folder.size,
            precision=kind,
            tasks=list(folder.tasks),
            acknowledged=folder.acknowledged,
            acceptance=[dict(one) for one in folder.acceptance],
            origin=folder.origin,
            path=str(folder.path),
        )
    return 0


def _checked(folder: ModelFolder) -> str:
    """Whether an imported model was measured, and is what its name says."""
    if not folder.acceptance:
        return "not checked" if folder.origin else ""
    if any(one.get("passed") is False for one in folder.acceptance[-1:]):
        return "NOT WHAT ITS NAME SAYS"
    return f"checked {str(folder.acceptance[-1].get('date', ''))[:10]}"


def run_card(arguments: argparse.Namespace, context: Context) -> int:
    """The card as it stands in the model's folder; of an imported model what is known of it."""
    folder = find_model(arguments.name, context.root.models)
    reports = [read_report(path) for path in arguments.reports or ()]
    card = card_from(folder, reports) if reports else folder.card()
    if not (card or folder.origin):
        raise NoModel(
            f"The model {folder.name} has no card: nobody has measured it. Measure it with: "
            f"wetread evaluate {arguments.name} --write".rstrip()
        )
    try:
        text = card_text(card, folder.acceptance) if card else "\n".join(known_lines(folder))
    except (KeyError, TypeError, AttributeError) as error:
        raise BadCheckpoint(
            f"The card of the model {folder.name} is damaged. Install the model again.", "card"
        ) from error
    context.printer.say(text.rstrip(), **(card or known_facts(folder)))
    return 0
