"""The network that a run begins with: a model's folder, or nothing but a size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image import IMAGENET_MEAN
from model_backend.biomedgpt.network import BiomedGPT, initialise
from model_backend.biomedgpt.weights import network_with
from model_backend.folder import ModelFolder, find_model
from model_backend.training.problems import TrainingProblem
from model_backend.tuning.recipe import TuningRecipe

HALF, IMAGENET = "half", "imagenet"


@dataclass(frozen=True)
class Begun:
    """A network that can learn, and how it is to be asked."""

    network: BiomedGPT
    size: int  # of its pictures' sides
    statistics: str
    prompt_type: str
    parent: ModelFolder | None

    @property
    def config(self) -> OFAConfig:
        return self.network.config

    @property
    def parent_facts(self) -> dict[str, str]:
        """What a child says of its parent."""
        if self.parent is None:
            return {}
        parent = self.parent
        return {"name": parent.name, "version": parent.model_version, "sha256": parent.sha256}


def begin(recipe: TuningRecipe, models: Path) -> Begun:
    """The recipe's network, ready to learn. Raises ModelError and TrainingProblem."""
    tuning = recipe.tuning
    torch.manual_seed(tuning.seed)
    if recipe.network is not None:
        size = tuning.image_size or recipe.network.patch_image_size
        network = BiomedGPT(adapted(recipe.network, recipe, size))
        initialise(network)
        statistics, prompt = tuning.statistics or HALF, tuning.prompt_type or "none"
        return Begun(network, size, statistics, prompt, None)
    folder = find_model(tuning.parent, models)
    if folder.backend != "biomedgpt":
        raise TrainingProblem(
            f"The parent {folder.name} is of the kind {folder.backend}, which cannot be trained."
        )
    folder.check()
    config = OFAConfig.from_json(folder.config)
    before = folder.preprocess
    size = tuning.image_size or (before.size if before else config.patch_image_size)
    was = IMAGENET if before and before.mean == IMAGENET_MEAN else HALF
    return Begun(
        loaded(folder, adapted(config, recipe, size)),
        size,
        tuning.statistics or was,
        tuning.prompt_type or folder.prompt_type,
        folder,
    )


def adapted(config: OFAConfig, recipe: TuningRecipe, size: int) -> OFAConfig:
    """The configuration with what the recipe decides. Raises TrainingProblem."""
    if size % 16 or size // 16 > config.image_bucket_size:
        raise TrainingProblem(
            f"Pictures have sides of a multiple of 16 pixels, at most "
            f"{16 * config.image_bucket_size} for this network; the recipe wants {size}."
        )
    tuning = recipe.tuning
    return replace(
        config, patch_image_size=size, dropout=tuning.dropout, drop_path=tuning.drop_path
    )


def loaded(folder: ModelFolder, config: OFAConfig) -> BiomedGPT:
    """The folder's weights in float32, free to learn."""
    try:
        state = load_file(folder.weights_path)
    except (SafetensorError, OSError) as error:
        raise TrainingProblem(
            f"The weights {folder.weights_path} cannot be read ({error}). Install the model again."
        ) from error
    network = network_with(config, state)
    network.requires_grad_(True)
    if config.freeze_resnet:
        for norm in network.encoder.embed_images.batch_norms():
            norm.requires_grad_(False)
    return network
