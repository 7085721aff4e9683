"""A tokenizer's recipe: a TOML file of the kind `[tokenizer]` in which every key is known."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from model_backend.coding.network import FACTOR, CodeConfig
from model_backend.request import BadCheckpoint
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import check_keys, section


@dataclass(frozen=True, slots=True)
class Learning:
    """How the tokenizer learns, and what it writes."""

    data: tuple[str, ...]  # folders of the data sets whose pictures it learns
    side: int = 128  # pixels of the square that is coded: code_image_size of the models
    steps: int = 2000
    rows: int = 16  # pictures of a step
    rate: float = 1e-3
    final: float = 0.05  # of the rate, at the end
    commitment: float = 0.25  # weight of the vectors' distance from their codes
    edges: float = 0.5  # weight of the error between neighbouring pixels' differences
    seed: int = 20261130
    save_every: int = 500
    bfloat16: bool = True
    threads: int = 0
    writes: bool = True  # the data sets are written once more, with codes, beside the tokenizer


@dataclass(frozen=True, slots=True)
class CodeRecipe:
    """Everything that decides a tokenizer, beside the data."""

    name: str
    network: CodeConfig
    learning: Learning
    sha256: str


def read_code_recipe(path: Path) -> CodeRecipe:
    """The recipe in that file. Raises TrainingProblem naming what is wrong with it."""
    try:
        text = path.read_bytes()
        content = tomllib.loads(text.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingProblem(f"The recipe {path} cannot be read: {error}.") from error
    check_keys(content, {"version", "name", "tokenizer", "network"}, path, "")
    if content.get("version") != 1:
        raise TrainingProblem(f"The recipe {path} is not of version 1, the only one known here.")
    network = section(CodeConfig, content.get("network", {}), path, "network")
    learning = section(Learning, content["tokenizer"], path, "tokenizer")
    try:
        network.check()
    except BadCheckpoint as error:
        raise TrainingProblem(f"The recipe {path}: {error}") from error
    if learning.side % FACTOR or not FACTOR <= learning.side <= 248:
        raise TrainingProblem(
            f"The recipe {path}: side is a multiple of {FACTOR} from {FACTOR} to 248."
        )
    if not learning.data or learning.steps < 1 or learning.rows < 1:
        raise TrainingProblem(f"The recipe {path} needs data, steps and rows.")
    digest = hashlib.sha256(text).hexdigest()
    return CodeRecipe(str(content.get("name", path.stem)), network, learning, digest)
