"""A tuning recipe: a TOML file in which every key is known (`[tuning]`, `[[source]]`)."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from model_backend.biomedgpt.config import SIZES, OFAConfig
from model_backend.biomedgpt.prompts import PROMPT_TYPES
from model_backend.request import BadCheckpoint
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import check_keys, section

PRECISIONS = ("fp32", "bf16", "fp16")
AUGMENTATIONS = ("none", "film", "image_text", "detection", "classification")
FROZEN = ("embeddings", "tower", "tower_norms", "encoder", "decoder")
BEST = ("last", "loss", "exact")
AUTO = "auto"  # the objective that the row's own task names


@dataclass(frozen=True, slots=True)
class Tuning:
    """What decides a run beside its data, in the terms of the paper's scripts (spec 10.3)."""

    parent: str = ""  # a model's name or folder; "" begins from nothing
    size: str = ""  # a published size, where there is no parent and no [network]
    epochs: int = 1  # of the first source
    steps: int = 0  # updates of the whole run; 0: as the epochs give them
    accumulate: int = 1  # batches of one update on each device
    rate: float = 5e-5  # peak
    warmup: float = 0.06  # of all updates
    final: float = 0.0  # of the peak, at the end
    power: float = 1.0  # of the polynomial by which the rate falls
    betas: tuple[float, ...] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.01
    clip_norm: float = 1.0  # 0: not clipped
    dropout: float = 0.1
    drop_path: float = 0.1  # stochastic depth of the last layer
    label_smoothing: float = 0.0
    drop_worst_ratio: float = 0.0
    drop_worst_after: int = 0  # updates
    reg_alpha: float = 0.0  # R-Drop, which doubles every batch
    ignore_eos: bool = False
    decoder_noise: float = 0.0  # share of decoder inputs replaced by random text (MeQSum: 0.2)
    ema: float = 0.0  # decay of the averaged weights, which are then the ones kept; 0: none
    ema_ramp: bool = False  # the first updates move the average more
    precision: str = "bf16"
    recompute: bool = False  # activations are computed again on the way back (small cards)
    frozen: tuple[str, ...] = ()  # parts that do not learn
    prompt_type: str = ""  # what the decoder starts from; "": as the parent has it
    image_size: int = 0  # pixels a side; 0: as the parent has it
    statistics: str = ""  # "half" or "imagenet"; "": as the parent has it
    patches: int = 0  # patches of a picture that are kept in part 1 of the loss; 0: all
    text_pictures: bool = False  # texts carry a black, masked picture, as the reference's do
    seed: int = 20261130
    threads: int = 0  # of the processor; 0: as torch chooses
    save_every: int = 500  # updates
    validate_every: int = 0  # updates; 0: after each epoch
    validation_rows: int = 500  # of each source at most; 0: no validation
    patience: int = 0  # validations without a better one before the run stops; 0: never
    best: str = "last"  # which weights are kept


@dataclass(frozen=True, slots=True)
class Adapters:
    """LoRA: small matrices beside the frozen ones."""

    rank: int = 8
    alpha: int = 16
    dropout: float = 0.0
    targets: tuple[str, ...] = ("q_proj", "v_proj")  # names of the layers that get them
    learn_norms: bool = False  # layer norms and head factors learn too


@dataclass(frozen=True, slots=True)
class Source:
    """One data set in the mixture, and what is asked of its rows."""

    data: str  # the data set's folder, from --data unless absolute
    objectives: tuple[str, ...] = (AUTO,)  # each row gives one example of each
    rows: int = 8  # of one batch on each device
    part: str = "train"
    loss: int = 1  # 1 or 2: the two parts of the pre-training loss
    conf: float = 1.0  # multiplies the log-probabilities
    augment: str = "none"
    constrained: bool = False  # rows with candidates compete with these alone
    answers: bool = False  # the data set's answer list stands in for missing candidates
    objects: bool = False  # questions are followed by the objects (add_object)
    image_size: int = 0  # 0: the run's
    max_words: int = 0  # of each text; 0: as the task has it
    max_ids: int = 0  # of the whole source
    target_words: int = 0
    target_ids: int = 0
    mask_ratio: float = 0.15  # of the words, in masked text
    shuffle: int = 2048  # rows that are mixed at a time


@dataclass(frozen=True, slots=True)
class TuningRecipe:
    """Everything that decides a run, beside the data."""

    name: str
    model_version: str
    licence: str
    use: str
    tuning: Tuning
    sources: tuple[Source, ...]
    adapters: Adapters | None
    network: OFAConfig | None  # of a run from nothing
    sha256: str  # of the recipe's text
    said: tuple[str, ...] = field(default=())  # sentences for the card


def read_tuning(path: Path) -> TuningRecipe:
    """The recipe in that file. Raises TrainingProblem naming what is wrong with it."""
    try:
        text = path.read_bytes()
        content = tomllib.loads(text.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingProblem(f"The recipe {path} cannot be read: {error}.") from error
    known = {"version", "name", "model_version", "licence", "use", "said"}
    check_keys(content, known | {"tuning", "source", "adapters", "network"}, path, "")
    if content.get("version") != 1:
        raise TrainingProblem(f"The recipe {path} is not of version 1, the only one known here.")
    tuning = section(Tuning, content.get("tuning", {}), path, "tuning")
    sources = tuple(section(Source, one, path, "source") for one in content.get("source", []))
    adapters = content.get("adapters")
    recipe = TuningRecipe(
        name=str(content.get("name", path.stem)),
        model_version=str(content.get("model_version", "0")),
        licence=str(content.get("licence", "")),
        use=str(content.get("use", "research only")),
        tuning=tuning,
        sources=sources,
        adapters=None if adapters is None else section(Adapters, adapters, path, "adapters"),
        network=network_of(tuning, content.get("network"), path),
        sha256=hashlib.sha256(text).hexdigest(),
        said=tuple(str(one) for one in content.get("said", [])),
    )
    check(recipe, path)
    return recipe


def network_of(tuning: Tuning, table: dict[str, Any] | None, path: Path) -> OFAConfig | None:
    """The configuration of a run from nothing; None where a parent has it."""
    if tuning.parent:
        if tuning.size or table is not None:
            raise TrainingProblem(f"The recipe {path} names a parent and a network; choose one.")
        return None
    if table is None:
        if tuning.size not in SIZES:
            raise TrainingProblem(
                f"The recipe {path} needs a parent, a [network] or one of the sizes "
                f"{', '.join(SIZES)}."
            )
        return SIZES[tuning.size]
    check_keys(table, {one.name for one in fields(OFAConfig)}, path, " in [network]")
    base = SIZES[tuning.size].to_json() if tuning.size in SIZES else {}
    try:
        return OFAConfig.from_json({**base, **table})
    except BadCheckpoint as error:
        raise TrainingProblem(f"The recipe {path}: {error}") from error


def check(recipe: TuningRecipe, path: Path) -> None:
    """Raise TrainingProblem for values that no run can use."""
    tuning = recipe.tuning

    def want(holds: bool, what: str) -> None:
        if not holds:
            raise TrainingProblem(f"The recipe {path}: {what}.")

    want(bool(recipe.sources), "it has no [[source]]")
    want(tuning.precision in PRECISIONS, f"precision is one of {', '.join(PRECISIONS)}")
    want(tuning.best in BEST, f"best is one of {', '.join(BEST)}")
    want(tuning.prompt_type in ("", *PROMPT_TYPES), f"prompt_type is one of {PROMPT_TYPES}")
    want(tuning.statistics in ("", "half", "imagenet"), "statistics is half or imagenet")
    want(set(tuning.frozen) <= set(FROZEN), f"frozen parts are {', '.join(FROZEN)}")
    want(len(tuning.betas) == 2, "betas are two numbers")
    want(tuning.accumulate >= 1 and tuning.epochs >= 1, "epochs and accumulate are at least 1")
    want(tuning.rate > 0 and tuning.power > 0, "rate and power are above 0")
    want(0 <= tuning.warmup < 1, "warmup is a share of the updates, from 0 to below 1")
    want(0 <= tuning.ema < 1, "ema is from 0 to below 1")
    for name in ("dropout", "drop_path", "drop_worst_ratio", "decoder_noise"):
        want(0 <= getattr(tuning, name) < 1, f"{name} is from 0 to below 1")
    for source in recipe.sources:
        where = f"in the source {source.data}"
        want(source.rows >= 1, f"rows is at least 1 {where}")
        want(source.loss in (1, 2), f"loss is 1 or 2 {where}")
        want(source.augment in AUGMENTATIONS, f"augment is one of {AUGMENTATIONS} {where}")
        want(bool(source.objectives), f"there is no objective {where}")
        want(source.shuffle >= 1, f"shuffle is at least 1 {where}")
        want(0 < source.mask_ratio < 1, f"mask_ratio is between 0 and 1 {where}")
