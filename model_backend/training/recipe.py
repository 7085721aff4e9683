"""A training recipe: a TOML file in which every key is known and every number is said."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from model_backend.training.problems import TrainingProblem

T = TypeVar("T")

PACKAGED = Path(__file__).resolve().parent.parent / "recipes"


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """The network of this recipe, in the terms of the specification §1."""

    d_model: int = 192
    ffn_dim: int = 768
    heads: int = 3
    encoder_layers: int = 3
    decoder_layers: int = 2
    resnet_layers: tuple[int, ...] = (1, 1, 1)
    token_bucket_size: int = 64
    image_size: int = 128  # pixels a side; one patch per 16
    common_lines: int = 2000  # dictionary lines kept besides those that the texts need


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the training, with its own mixture and learning rate."""

    name: str
    epochs: int
    steps: int  # in one epoch
    child: int  # child films in one step
    nih: int
    vqa: int
    rate: float = 1e-3  # peak
    warmup: float = 0.04  # of the stage's steps
    final: float = 0.02  # of the peak, at the end
    facts: float = 0.0  # share of the films that are asked what kind of picture they are
    described: float | None = None  # share of the films that are described; few, where not given
    each_answer: bool = False  # free answers count once each, whatever their length
    tower_only: bool = False  # no question is asked: labels and the tutor teach the image tower
    balanced: bool = False  # as many normal, bacterial and viral child films
    tower_share: float = 1.0  # of the rate, at which the image tower learns
    mirrored: float = 0.0  # share of the chest films with left and right exchanged


@dataclass(frozen=True, slots=True)
class Learning:
    """What is the same in every stage."""

    seed: int = 20261123
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    dropout: float = 0.1
    drop_path: float = 0.1
    word_dropout: float = 0.1  # of the question's words, replaced by the unknown word
    label_smoothing: float = 0.05
    auxiliary: float = 0.5  # weight of the labels read straight from the image tower
    free_weight: float = 0.3  # weight of the free-text loss against the closed one
    rad_questions: int = 4  # of one VQA-RAD image in one step
    films_weight: float = 1.0  # of the closed questions about films, where there is a tutor
    causes: float = 0.6  # share of the films with pneumonia that are asked for its cause
    echoed: float = 0.0  # share of the auxiliary head in what a tutor says of a film
    shown: bool = False  # the encoder begins with what the auxiliary head reads
    taught: int = 4  # made-up questions of one VQA-RAD image in one step, answered by the teacher
    taught_weight: float = 1.0  # of their loss against that of the true closed answers
    adults_too: bool = False  # adult films say whether there is pneumonia, where they know
    adults_apart: bool = False  # whether an adult film is normal has its own auxiliary label
    modalities: bool = False  # VQA-RAD's images are asked how they were made
    borrowed: int = 0  # open questions about another image of the same part of the body
    ema: float = 0.998  # decay of the averaged weights, which are the ones kept
    bfloat16: bool = True
    threads: int = 2


@dataclass(frozen=True, slots=True)
class TutorPlan:
    """How the ImageNet network is fine-tuned before it teaches the image tower."""

    steps: int
    batch: int = 32  # pictures in one step
    rate: float = 1e-3  # peak
    dropout: float = 0.3  # of its features, before the head
    ema: float = 0.99
    trust: float = (
        0.7  # its share in the target of a film's closed question; the label has the rest
    )
    odds_weight: float = 1.0  # of the loss against its log-odds
    features_weight: float = 1.0  # of the loss against its features
    hints_weight: float = 1.0  # of the loss against what it sees at each place


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a training run, beside the data."""

    name: str
    model_version: str
    validation: tuple[int, int]  # second bytes of the name's hash, half open
    network: NetworkSize
    learning: Learning
    stages: tuple[Stage, ...]
    tutor: TutorPlan | None
    wordings: Path
    sha256: str  # of the recipe file and the wordings file

    @property
    def total_steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.epochs * stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> tuple[int, int]:
        """The stage a step belongs to, and the step's place within that stage."""
        for index, stage in enumerate(self.stages):
            if step < stage.epochs * stage.steps:
                return index, step
            step -= stage.epochs * stage.steps
        raise IndexError(f"step {step} lies behind the last stage")


def find_recipe(path: Path) -> Path:
    """The file itself, or the packaged recipe of that name when there is no such file."""
    if path.is_file():
        return path
    packaged = PACKAGED / path.name
    if packaged.is_file() and path.parent in (Path("."), Path("recipes")):
        return packaged
    raise TrainingProblem(f"There is no recipe {path}; the program ships recipes/demo.toml.")


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe; raises TrainingProblem naming the key at fault."""
    path = find_recipe(path)
    try:
        text = path.read_bytes()
        content = tomllib.loads(text.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TrainingProblem(f"The recipe {path} cannot be read: {error}.") from error
    known = {"version", "name", "model_version", "validation", "wordings"}
    check_keys(content, known | {"network", "learning", "stage", "tutor"}, path, "")
    if content.get("version") != 1:
        raise TrainingProblem(f"The recipe {path} is not of version 1, the only one known here.")
    wordings = path.parent / content.get("wordings", "wordings.toml")
    if not wordings.is_file():
        raise TrainingProblem(
            f"The recipe {path} names the wordings {wordings}, which are missing."
        )
    stages = tuple(section(Stage, entry, path, "stage") for entry in content.get("stage", []))
    if not stages:
        raise TrainingProblem(f"The recipe {path} has no [[stage]].")
    validation = content.get("validation", [0, 26])
    digest = hashlib.sha256(text + b"\0" + wordings.read_bytes()).hexdigest()
    return Recipe(
        name=str(content.get("name", path.stem)),
        model_version=str(content.get("model_version", "0")),
        validation=(int(validation[0]), int(validation[1])),
        network=section(NetworkSize, content.get("network", {}), path, "network"),
        learning=section(Learning, content.get("learning", {}), path, "learning"),
        stages=stages,
        tutor=section(TutorPlan, content["tutor"], path, "tutor") if "tutor" in content else None,
        wordings=wordings,
        sha256=digest,
    )


def section(kind: type[T], entry: dict[str, Any], path: Path, name: str) -> T:
    """One part of the recipe as its dataclass."""
    check_keys(entry, {field.name for field in fields(kind)}, path, f" in [{name}]")  # type: ignore[arg-type]
    values = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    try:
        return kind(**values)
    except TypeError as error:
        raise TrainingProblem(f"The recipe {path} lacks a key in [{name}]: {error}.") from error


def check_keys(entry: dict[str, Any], known: set[str], path: Path, where: str) -> None:
    """Raise TrainingProblem for the first key that nobody reads."""
    unknown = sorted(set(entry) - known)
    if unknown:
        raise TrainingProblem(f"The recipe {path} has the unknown key {unknown[0]!r}{where}.")
