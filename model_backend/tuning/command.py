"""`wetread train` with a tuning recipe: the run, its estimate before, the model's folder after."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

from model_backend.tuning.export import export
from model_backend.tuning.logs import Voice
from model_backend.tuning.recipe import read_tuning
from model_backend.tuning.run import Run
from model_backend.tuning.world import close_world, open_world

MODEL = "model"  # folder inside the run's


KINDS = ("tuning", "tokenizer")  # the tables that recipes of these kinds have


def kind_of(path: Path) -> str:
    """The recipe's kind, "" for the demo's; what cannot be read is left to others to refuse."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return next((kind for kind in KINDS if kind in content), "")


def tune(path: Path, data: Path, out: Path | None, as_json: bool, models: Path) -> Path:
    """Train to the end and write the model; its folder. Raises ModelError."""
    recipe = read_tuning(path)
    out = out or Path("runs") / recipe.name
    world = open_world()
    try:
        voice = Voice(as_json, silent=not world.is_first)
        run = Run(recipe, data, out, models, world, voice)
        if run.done:
            voice.say(f"going on after update {run.done} of {run.updates}", update=run.done)
        elif world.size == 1:
            tell_cost(run)
        run.train()
        for sentence in run.told_left_out():
            voice.say(sentence)
        folder = out / MODEL
        if world.is_first:
            export(run, folder)
            voice.say(f"The model is in {folder}.")
        world.wait()
    finally:
        close_world()
    return folder


def tell_cost(run: Run) -> None:
    """What the run will take; said before it begins."""
    cost = run.estimate()
    hours = time.strftime("%H:%M:%S", time.gmtime(cost["seconds"] % 86400))
    days = int(cost["seconds"] // 86400)
    run.voice.say(
        f"{cost['updates']:.0f} updates of {cost['learnt'] / 1e6:.1f} of "
        f"{cost['parameters'] / 1e6:.1f} million weights: about {f'{days} days ' * bool(days)}"
        f"{hours} ({cost['seconds_of_batch']:.2f} s a batch), {cost['bytes'] / 1e9:.1f} GB of "
        f"memory, {cost['checkpoint_bytes'] / 1e9:.1f} GB for a checkpoint",
        **cost,
    )
    # A checkpoint is written beside the one before it.
    if cost["free_bytes"] < 2.5 * cost["checkpoint_bytes"]:
        run.voice.say(
            f"The disk has {cost['free_bytes'] / 1e9:.1f} GB free, which is little for two "
            "checkpoints and the model. Free some room, or choose another folder with --out."
        )
