"""Which files of a folder or a repository hold the model: by their names alone, no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_backend.importing.problems import ImportProblem
from model_backend.request import BadCheckpoint

CONFIG, VOCABULARY, MERGES = "config.json", "vocab.json", "merges.txt"
BESIDE = (CONFIG, VOCABULARY, MERGES)  # what a transformers-style folder has beside its weights
_PREFERRED = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# What a trainer leaves beside its weights and is none.
_NO_WEIGHTS = {
    "training_args.bin",
    "optimizer.bin",
    "optimizer.pt",
    "scheduler.pt",
    "scheduler.bin",
}
_WEIGHTS = re.compile(r".+\.(safetensors|bin|pt|pth|ckpt)")
_SHARD = re.compile(r".+-\d+-of-\d+\.(safetensors|bin)")
_LARGEST_JSON = 16 * 2**20


@dataclass(frozen=True)
class Choice:
    """The files to read: one with weights, or an index of several."""

    weights: str
    beside: tuple[str, ...] = ()
    twin: str = ""  # the same model once more in the other format, which has to agree
    left_aside: tuple[str, ...] = ()  # other weights, which are not read

    @property
    def is_index(self) -> bool:
        return self.weights.endswith(".index.json")


def choose(names: Collection[str], where: str, wanted: str = "") -> Choice:
    """The weights among these file names, safetensors first. Raises ImportProblem when there are
    none, or several of which none comes first."""
    beside = tuple(name for name in BESIDE if name in names)
    if wanted:
        if wanted not in names:
            raise ImportProblem(f"There is no file {wanted[:80]} in {where}.")
        return Choice(wanted, beside)
    found = [name for name in _PREFERRED if name in names]
    others = sorted(
        name
        for name in names
        if _WEIGHTS.fullmatch(name)
        and not (name in _NO_WEIGHTS or name in _PREFERRED or _SHARD.fullmatch(name))
        and not name.startswith((".", "rng_state", "flax_", "tf_"))
    )
    if found:
        twins = [name for name in found if _format(name) != _format(found[0])]
        return Choice(found[0], beside, twins[0] if twins else "", tuple(others))
    if not others:
        raise ImportProblem(
            f"There are no weights in {where}: a file .pt, .safetensors or .bin is looked for."
        )
    if len(others) > 1:
        raise ImportProblem(
            f"There are several checkpoints in {where} ({', '.join(others[:6])}). "
            "Say which with --file NAME."
        )
    return Choice(others[0], beside)


def _format(name: str) -> str:
    return "safetensors" if ".safetensors" in name else "pickle"


def shards_of(index: Path) -> dict[str, tuple[str, ...]]:
    """The files that an index names, each with the entries it holds. Raises BadCheckpoint."""
    table = read_json(index).get("weight_map")
    if not isinstance(table, dict) or not table:
        raise BadCheckpoint(f"{index.name} names no files of weights.", "weight_map")
    shards: dict[str, list[str]] = {}
    for key, name in table.items():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise BadCheckpoint(
                f"{index.name} names the file {str(name)[:80]!r}, which is not one beside it.", key
            )
        if index.name.removesuffix(".index.json").rpartition(".")[2] != name.rpartition(".")[2]:
            raise BadCheckpoint(f"{index.name} names {name[:80]}, a file of another kind.", key)
        shards.setdefault(name, []).append(key)
    return {name: tuple(keys) for name, keys in shards.items()}


def read_json(path: Path) -> Mapping[str, Any]:
    """The table in a small JSON file. Raises BadCheckpoint."""
    try:
        with path.open("rb") as file:
            body = file.read(_LARGEST_JSON + 1)
        content = json.loads(body) if len(body) <= _LARGEST_JSON else None
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(
            f"{path.name} cannot be read ({type(error).__name__}). Fetch it again."
        ) from error
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path.name} is not the table that it should be. Fetch it again.")
    return content
