"""What the authors report of their own models, beside which a file is measured; no torch."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from model_backend.folder import ModelFolder

TABLE = Path(__file__).with_name("published.toml")
FINE_TUNED, INSTRUCTION_TUNED = "fine-tuned", "instruction-tuned"


@dataclass(frozen=True, slots=True)
class Published:
    """The figures of one size of model on one set, in per cent (spec §12)."""

    dataset: str
    size: str
    kind: str  # fine-tuned on the set, or instruction-tuned and asked without further training
    values: Mapping[str, float]  # by the name of the metric, as `scores.py` names it
    by: str  # where they were read
    task: str = ""  # where a set serves several tasks
    within: float = 0.0  # the value's own uncertainty, in points
    doubt: str = ""  # why it is not to be relied upon


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


@cache
def figures() -> tuple[Published, ...]:
    """Every published figure that was found."""
    return tuple(Published(**{"kind": FINE_TUNED, **one}) for one in _table()["figure"])


def dataset_of(*texts: str) -> str:
    """The set that one of these names speaks of; "" when none does."""
    for text in texts:
        words = re.sub(r"[^a-z0-9]+", " ", text.lower())
        for dataset, names in _table()["names"].items():
            if any(name in words for name in names):
                return str(dataset)
    return ""


def kind_of(folder: ModelFolder, dataset: str) -> str:
    """What the model's own name, origin or recipe says it is; "" when they do not say.

    Only what a file claims to be can be held against it.
    """
    for text in (folder.name, Path(folder.origin).name, folder.origin):
        if "instruct" in text.lower():
            return INSTRUCTION_TUNED
        if dataset and dataset_of(text) == dataset:
            return FINE_TUNED
    return ""


def published_for(dataset: str, size: str, task: str, kind: str = "") -> tuple[Published, ...]:
    """The figures for this set, size and task; of any kind when none is named."""
    return tuple(
        one
        for one in figures()
        if one.dataset == dataset
        and one.size == size
        and one.task in ("", task)
        and (not kind or one.kind == kind)
    )
