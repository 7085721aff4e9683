"""The two loops that bench/training.py compares, over one batch."""

from __future__ import annotations

import copy
import time
from typing import Any

import torch
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.loss import LossOptions, label_smoothed_loss
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.tokenizer import PAD
from model_backend.tuning.batch import Batch
from model_backend.tuning.run import Run


def batch_of(run: Run) -> Batch:
    """The run's first batch."""
    batches: Any = run.mixture.batches(0, 0, 1, 1)
    batch: Batch = next(batches)
    batches.close()
    return batch


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Ours:
    """The trainer's own update, and its transformer layers alone."""

    def __init__(self, run: Run, batch: Batch) -> None:
        self._run = run
        self._batch = batch
        self._number = 0
        self._device = run.world.device
        run.learner.update(0, [batch], 1e-5)  # what is made at first use
        moved = batch.to(self._device)
        with torch.no_grad(), run.learner.autocast():
            (self._images,) = moved.images.values()
            self._features = run.begun.network.image_features(self._images)
        self._group = moved.groups[0]
        self.layers()

    def step(self) -> float:
        """Seconds of an update, the pictures' way to the device included."""
        self._number += 1
        _wait(self._device)
        begun = time.perf_counter()
        self._run.learner.update(self._number, [self._batch], 1e-5)
        _wait(self._device)
        return time.perf_counter() - begun

    def layers(self) -> float:
        """Seconds of encoder and decoder without tower and vocabulary, there and back."""
        network, group = self._run.begun.network, self._group
        network.train()
        _wait(self._device)
        begun = time.perf_counter()
        with self._run.learner.autocast():
            states = network.encode(group.source, features=self._features[group.image_of])
            decoded, _ = network.decoder.states(group.previous, states)
        decoded.float().square().mean().backward()  # type: ignore[no-untyped-call]
        network.zero_grad(set_to_none=True)
        _wait(self._device)
        return time.perf_counter() - begun


class Plain:
    """What one writes first, with the same network and the same recipe."""

    def __init__(self, config: OFAConfig, run: Run, batch: Batch) -> None:
        self._device = run.world.device
        network = BiomedGPT(config)
        network.load_state_dict(run.begun.network.state_dict())
        self._network = network.to(self._device).train()
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # stub
        network.encoder.embed_tokens.weight.requires_grad_(False)
        self._average = copy.deepcopy(network.state_dict())
        learnt = [one for one in network.parameters() if one.requires_grad]
        self._optimizer = torch.optim.AdamW(learnt, lr=1e-5, weight_decay=0.01)
        self._learnt = learnt
        self._group = batch.groups[0]
        (images,) = batch.images.values()
        self._images = images.contiguous()
        self._allowed = self._whole_vocabulary(config)
        self.step()

    def _whole_vocabulary(self, config: OFAConfig) -> Tensor:
        """The constraint masks as one writes them: (R, T, V)."""
        group = self._group
        assert group.symbols is not None and group.allowed is not None
        counts = group.target != PAD
        masks = torch.zeros(*group.target.shape, config.vocab_size, dtype=torch.bool)
        places = torch.zeros(len(group.allowed), config.vocab_size, dtype=torch.bool)
        places[:, group.symbols] = group.allowed
        masks[counts] = places
        return masks

    def step(self) -> float:
        """Seconds of a step."""
        group, device = self._group, self._device
        _wait(device)
        begun = time.perf_counter()
        images = self._images.to(device)[group.image_of]
        logits = self._network(group.source.to(device), group.previous.to(device), images)
        target = group.target.to(device)
        options = LossOptions(label_smoothing=0.1)
        found = label_smoothed_loss(logits, target, options, allowed=self._allowed.to(device))
        self._optimizer.zero_grad()
        (found.loss / found.sample_size).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._learnt, 1.0)
        self._optimizer.step()
        with torch.no_grad():
            for name, value in self._network.state_dict().items():
                if value.dtype.is_floating_point:
                    self._average[name].mul_(0.9999).add_(value, alpha=1e-4)
                else:
                    self._average[name].copy_(value)
        _wait(device)
        return time.perf_counter() - begun
