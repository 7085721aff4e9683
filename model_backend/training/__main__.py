"""`python -m model_backend.training RECIPE`: train a model from a recipe, or go on with it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from model_backend.coding.command import code
from model_backend.request import ModelError
from model_backend.training.export import export
from model_backend.training.recipe import read_recipe
from model_backend.training.run import Progress, Run
from model_backend.tuning.command import kind_of, tune

DATA = Path("../shared/data")
MODELS = Path("models")  # where a recipe's parent is looked for by its name
MODEL = "model"  # folder inside --out


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread train` shares."""
    options = argparse.ArgumentParser(prog="wetread train", description=__doc__)
    options.add_argument("recipe", type=Path, help="a recipe file, such as recipes/demo.toml")
    options.add_argument("--data", type=Path, default=DATA, help="folder with the data sets")
    options.add_argument("--out", type=Path, help="folder of the run (default: runs/NAME)")
    options.add_argument("--models", type=Path, default=MODELS, help="folder of installed models")
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    return options


def train(
    recipe_path: Path, data: Path, out: Path | None, as_json: bool, models: Path = MODELS
) -> Path:
    """Train to the end and write the model; returns the model's folder. Raises ModelError."""
    kind = kind_of(recipe_path)
    if kind == "tuning":
        return tune(recipe_path, data, out, as_json, models)
    if kind == "tokenizer":
        return code(recipe_path, data, out, as_json)
    recipe = read_recipe(recipe_path)
    out = out or Path("runs") / recipe.name

    def say(text: str) -> None:
        print(json.dumps({"event": "note", "text": text}) if as_json else text, flush=True)

    def show(progress: Progress) -> None:
        line = json.dumps({"event": "progress", **asdict(progress)}) if as_json else str(progress)
        print(line, flush=True)

    run = Run(recipe, data, out, say=say)
    if run.done:
        say(f"going on after step {run.done} of {recipe.total_steps}")
    run.train(show)
    folder = out / MODEL
    export(run, folder)
    say(f"The model is in {folder}.")
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 with one sentence on the error stream."""
    options = parser().parse_args(arguments)
    try:
        train(options.recipe, options.data, options.out, options.json, options.models)
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from the last checkpoint.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
