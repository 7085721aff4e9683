"""A finished run as a model folder: weights, `model.json`, and a card without figures as yet."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from model_backend import request as names
from model_backend.biomedgpt.config import SIZES, OFAConfig
from model_backend.biomedgpt.image import HALF, IMAGENET_MEAN, IMAGENET_STD
from model_backend.biomedgpt.weights import save_weights
from model_backend.folder import CARD, ModelFolder, Preprocess, sha256_of, write_model
from model_backend.tasks import TASKS
from model_backend.training.saving import write_safely
from model_backend.tuning import adapters
from model_backend.tuning.objectives import CAPTION, QUESTION
from model_backend.tuning.opening import IMAGENET
from model_backend.tuning.recipe import AUTO
from model_backend.tuning.run import BEST, Run

WEIGHTS = "weights.safetensors"
AS_TASK = {CAPTION: names.FINDINGS, QUESTION: names.ANSWER}


def export(run: Run, path: Path) -> ModelFolder:
    """Write the weights that are kept and their description into the folder `path`."""
    path.mkdir(parents=True, exist_ok=True)
    network = run.begun.network
    entries = network.state_dict()
    with torch.no_grad():
        for name, one in kept_entries(run).items():
            entries[name].copy_(one)
    if run.recipe.adapters is not None:
        adapters.merge(network)
    with write_safely(path / WEIGHTS) as file:
        save_weights(Path(file.name), network, torch.float16)
        Path(file.name).chmod(0o644)
    folder = described(run, path)
    write_model(folder)
    with write_safely(path / CARD) as file:
        text = json.dumps(card(run, folder), indent=1, ensure_ascii=False)
        file.write((text + "\n").encode("utf-8"))
    return folder


def kept_entries(run: Run) -> dict[str, torch.Tensor]:
    """The best weights where the recipe wants these, else the last ones."""
    best = run.out / BEST
    if run.recipe.tuning.best != "last" and best.is_file():
        found = torch.load(best, weights_only=True, map_location="cpu")
        return dict(found["network"])
    return run.kept_entries()


def described(run: Run, path: Path) -> ModelFolder:
    """The content of `model.json`."""
    recipe, begun, parent = run.recipe, run.begun, run.begun.parent
    is_imagenet = begun.statistics == IMAGENET
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if is_imagenet else (HALF, HALF)
    return ModelFolder(
        path=path,
        name=recipe.name,
        model_version=recipe.model_version,
        backend="biomedgpt",
        tasks=tasks(run),
        config=begun.config.to_json(),
        weights=WEIGHTS,
        sha256=sha256_of(path / WEIGHTS),
        preprocess=Preprocess(begun.size, mean, std),
        prompt_type=begun.prompt_type,
        prompts=parent.prompts if parent else {},
        licence=recipe.licence or (parent.licence if parent else ""),
        sources=sources(run),
        manufacturer=parent.manufacturer if parent else "",
        use=recipe.use or (parent.use if parent else ""),
        size=published_size(begun.config),
        acknowledged=parent.acknowledged if parent else "",
        answers=next(
            (one.ready.answers for one in run.streams if one.ready.source.answers),
            parent.answers if parent else (),
        ),
        training=training(run),
    )


def tasks(run: Run) -> tuple[str, ...]:
    """The parent's tasks and those that were learnt, in the order of the table of tasks."""
    learnt = {AS_TASK.get(name, name) for name in run.objectives}
    before = set(run.begun.parent.tasks) if run.begun.parent else set()
    return tuple(name for name in TASKS if name in learnt | before)


def sources(run: Run) -> tuple[str, ...]:
    """The data sets with their licences; behind them the parent's."""
    own = [f"{one.name}, {one.licence}" for one in run.datasets.values()]
    before = list(run.begun.parent.sources) if run.begun.parent else []
    return tuple(dict.fromkeys([*own, *before]))


def training(run: Run) -> dict[str, Any]:
    """How it came about, so that it can be repeated."""
    recipe = run.recipe
    parts = {
        one.ready.source.data: {
            "rows": one.count,
            "objectives": [
                *dict.fromkeys(
                    task
                    for name in one.ready.source.objectives
                    for task in (one.dataset.tasks if name == AUTO else (name,))
                )
            ],
            "sha256": run.digests[one.ready.source.data],
        }
        for one in run.streams
    }
    return {
        "recipe": recipe.name,
        "recipe_sha256": recipe.sha256,
        "parent": run.begun.parent_facts,
        "data": parts,
        "updates": run.done,
        "seed": recipe.tuning.seed,
        "seconds": round(run.seconds),
        "left_out": run.told_left_out(),
    }


def card(run: Run, folder: ModelFolder) -> dict[str, Any]:
    """The card before anything is measured: `wetread evaluate` writes the figures."""
    said = [*run.recipe.said]
    for one in run.datasets.values():
        if codes := one.facts.get("codes"):
            said.append(
                f"Its image codes are those of the tokenizer {codes['tokenizer']} "
                f"(SHA-256 {codes['sha256'][:16]}), not the paper's."
            )
    if run.score is not None:
        said.append(
            f"On {run.score.examples} validation examples: loss {run.score.loss:.3f} a symbol, "
            f"{100 * run.score.exact:.1f} % answered exactly. This part chose when to stop."
        )
    said.append("Nothing was measured on held-out cases yet: wetread evaluate does that.")
    facts = training(run)
    flat = {name: value for name, value in facts.items() if name not in ("data", "left_out")}
    flat["parent"] = facts["parent"].get("name", "none") if facts["parent"] else "none"
    for name, part in facts["data"].items():
        flat[f"data {name}"] = f"{part['rows']} rows: {', '.join(part['objectives'])}"
    return {
        "version": 1,
        "model": {"name": folder.name, "version": folder.model_version, "sha256": folder.sha256},
        "said": said,
        "sources": list(folder.sources),
        "figures": [],
        "wanted": [],
        "training": {**flat, "left out": "; ".join(facts["left_out"]) or "nothing"},
    }


def published_size(config: OFAConfig) -> str:
    """The name of the published size that this is, or ""."""
    for name, one in SIZES.items():
        alike = replace(
            one,
            patch_image_size=config.patch_image_size,
            dropout=config.dropout,
            drop_path=config.drop_path,
        )
        if alike == config:
            return name
    return ""
