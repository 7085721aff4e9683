"""BiomedGPT behind the Model protocol: every task that a model folder says it has learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from model_backend.biomedgpt.answering import Answering, Stopped
from model_backend.biomedgpt.asking import Preparation, Prepared
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.graphs import StepGraphs
from model_backend.biomedgpt.image import preprocess, without_middle
from model_backend.biomedgpt.image_tower import Bottleneck
from model_backend.biomedgpt.network import BiomedGPT, DecoderLayer, EncoderLayer, EncoderOutput
from model_backend.biomedgpt.packing import best_precision
from model_backend.biomedgpt.products import has_fbgemm
from model_backend.biomedgpt.prompts import PROMPT_TYPES
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.biomedgpt.weights import load_weights
from model_backend.calibration import check as check_calibration
from model_backend.device import choose
from model_backend.folder import ModelFolder, Preprocess
from model_backend.limits import check as check_pictures
from model_backend.request import (
    INFILL_IMAGE,
    BadCheckpoint,
    Event,
    Refusal,
    Request,
)
from model_backend.tasks import TASKS


class BiomedGPTModel:
    """The loaded network with everything around it that `model.json` says."""

    def __init__(
        self, folder: ModelFolder, network: BiomedGPT, device: str, precision: str = "fp32"
    ) -> None:
        _check(folder, network.config)
        # What a folder without pictures says of their size is of no use to anything.
        self._preprocess = folder.preprocess or Preprocess(network.config.patch_image_size)
        config = replace(network.config, patch_image_size=self._preprocess.size)
        tokenizer = Tokenizer(config)
        self._preparation = Preparation(folder, config, tokenizer)
        self.identity = replace(
            folder.identity(device), tasks=self._preparation.tasks, precision=precision
        )
        self._network = network.to(device)
        self._device = device
        self._answering = Answering(
            self._network, tokenizer, config, self.identity, folder.calibration
        )
        self._stop: Callable[[], bool] = _never
        for module in network.modules():
            if isinstance(module, Bottleneck | EncoderLayer | DecoderLayer):
                module.register_forward_pre_hook(self._look)

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        """See `model_backend.models.Model`. A picture that several requests share is seen once."""
        check_pictures(requests)
        prepared: list[Prepared | None] = []
        for request in requests:
            if stop():
                return
            has = request.task in self.identity.tasks
            prepared.append(self._preparation.prepare(request) if has else None)
        seen: dict[tuple[int, bool], Tensor] = {}
        for request, asked in zip(requests, prepared, strict=True):
            if asked is None:
                yield self._refusal(request)
                continue
            try:
                with self._stopping_at(stop):
                    states = self._read(asked, self._features(asked, seen))
                    yield from self._answering.answer(asked, states, stop)
            except Stopped:
                return

    def _refusal(self, request: Request) -> Refusal:
        """The model lacks the task, and does not guess."""
        has = ", ".join(self.identity.tasks) or "none that this Wetread knows"
        reason = (
            f"The model {self.identity.name} has not learnt the task {request.task[:40]}. Its "
            f"tasks are: {has}."
        )
        return Refusal(request.id, reason, self.identity)

    def _features(self, asked: Prepared, seen: dict[tuple[int, bool], Tensor]) -> Tensor | None:
        """What the tower sees of the request's picture; `seen` remembers the last one."""
        if not asked.task.has_image:
            return None
        pixels, is_hidden = asked.request.images[0].pixels, asked.task.name == INFILL_IMAGE
        key = (id(pixels), is_hidden)
        if key not in seen:
            seen.clear()
            seen[key] = self._see(pixels, hidden=is_hidden)
        return seen[key]

    @torch.inference_mode()
    def _see(self, pixels: NDArray[np.uint8], *, hidden: bool = False) -> Tensor:
        """The image tower's features (1, 1024, h, w), with the middle `hidden` for infilling."""
        size = self._preprocess.size
        # Resized before it becomes RGB: the same values, and a large film takes a third of the
        # memory on the way.
        small = Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)
        image = preprocess(small, size, self._preprocess.mean, self._preprocess.std)
        if hidden:
            image = without_middle(image)
        return self._network.image_features(image[None].to(self._device))

    @torch.inference_mode()
    def _read(self, asked: Prepared, features: Tensor | None) -> EncoderOutput:
        """The encoder's states of one request."""
        tokens = torch.tensor([list(asked.source)], device=self._device)
        return self._network.encode(tokens, features=features)

    # --- how it stops ---

    @contextmanager
    def _stopping_at(self, stop: Callable[[], bool]) -> Iterator[None]:
        self._stop = stop
        try:
            yield
        finally:
            self._stop = _never

    def _look(self, module: nn.Module, inputs: object) -> None:
        """Runs before each block of the tower and each layer."""
        if self._stop():
            raise Stopped


def load(folder: ModelFolder, device: str, precision: str = "auto") -> BiomedGPTModel:
    """See `model_backend.models.load`. Raises ModelError when the device is not there."""
    device = choose(device)
    if precision == "auto":
        precision = best_precision(folder.weights_path.stat().st_size, device)
    elif precision == "int8" and not (device == "cpu" and has_fbgemm()):
        precision = "bf16"  # where nothing multiplies int8; the answers say so
    config = OFAConfig.from_json(folder.config)
    if folder.preprocess is not None:  # which the stem's weights are laid out for
        side = min(folder.preprocess.size, 16 * config.image_bucket_size)
        config = replace(config, patch_image_size=side)
    network = load_weights(folder.weights_path, config, precision, device)
    if device == "cuda":
        network.graphs = StepGraphs(network.decoder)
    return BiomedGPTModel(folder, network, device, precision)


def _check(folder: ModelFolder, config: OFAConfig) -> None:
    """Raise BadCheckpoint for a folder that contradicts itself."""
    if folder.prompt_type not in PROMPT_TYPES:
        raise BadCheckpoint(
            f"{folder.prompt_type[:40]!r} is no prompt type ({', '.join(PROMPT_TYPES)}).",
            "prompt_type",
        )
    check_calibration(folder.calibration)
    if folder.preprocess is None:
        if any(task in TASKS and TASKS[task].has_image for task in folder.tasks):
            raise BadCheckpoint(
                f"The model {folder.name} does not say how its pictures are prepared.", "preprocess"
            )
        return
    widest = 16 * config.image_bucket_size
    if folder.preprocess.size > widest:
        raise BadCheckpoint(
            f"The model {folder.name} wants pictures of {folder.preprocess.size} pixels a "
            f"side, but its network takes at most {widest}.",
            "preprocess.size",
        )


def _never() -> bool:
    return False
