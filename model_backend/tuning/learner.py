"""One update of the weights: gradients from all batches, clipping, the optimiser, the average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from model_backend.biomedgpt.network import BiomedGPT
from model_backend.training.average import update_average
from model_backend.tuning.batch import Batch
from model_backend.tuning.forward import Forward, options_of, recompute
from model_backend.tuning.recipe import Tuning
from model_backend.tuning.world import NormStatistics, World

TIED = "decoder.embed_tokens.weight"  # the encoder's, once more
NEVER_RAMPED = 10**12  # as if the average had been moved so often before
HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Update:
    """What one update did."""

    loss: float
    each: dict[str, float] = field(default_factory=dict)  # by objective; their sum is the loss
    norm: float = 0.0  # of the gradient, before it was clipped
    places: int = 0  # of targets that counted, on all devices
    skipped: bool = False  # fp16 overflowed, or no row could be used: nothing moved


class Learner:
    """The network in training with all that an update needs, and its state between updates."""

    def __init__(self, network: BiomedGPT, tuning: Tuning, world: World) -> None:
        self.network = network
        self._tuning = tuning
        self._world = world
        network.to(world.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        freeze(network, tuning.frozen)
        if tuning.recompute:
            recompute(network)
        self._tower_learns = any(
            one.requires_grad for one in network.encoder.embed_images.parameters()
        )
        self.options = options_of(tuning)
        forward = Forward(network, self.options, tower_learns=self._tower_learns)
        self._forward = world.shared(forward)
        self._norms = NormStatistics(network, world)
        self.learnt = [one for one in network.parameters() if one.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.learnt,
            lr=tuning.rate,
            betas=(tuning.betas[0], tuning.betas[1]),
            eps=tuning.eps,
            weight_decay=tuning.weight_decay,
            fused=True,
        )
        self.scaler = torch.amp.GradScaler(
            world.device.type, enabled=tuning.precision == "fp16", init_scale=2.0**12
        )
        self.average: dict[str, Tensor] = {}
        if tuning.ema:
            entries = network.state_dict()
            self.average = {k: one.clone() for k, one in entries.items() if k != TIED}

    def update(self, number: int, batches: Sequence[Batch], rate: float) -> Update:
        """Learn from this process's batches of the update `number`, counted from 0.

        The same state, number and batches always give the same result, because dropout draws from
        the number of the update and of the batch.
        """
        ready = [one.to(self._world.device) for one in batches]
        sizes = self._sample_sizes(ready, number)
        self.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        if not any(sizes.values()):
            return Update(math.nan, skipped=True)
        shares = {part: 1 / size for part, size in sizes.items() if size}
        told: dict[str, Tensor] = {}
        for place, batch in enumerate(ready):
            self._seed(number, place)
            before = self._norms.before()
            with self._gathered(is_last=place == len(ready) - 1):
                with self.autocast():
                    total, each = self._forward(batch, shares, number)
                if total.requires_grad:
                    # The mean over processes of this, times their number, is the sum.
                    self.scaler.scale(total * self._world.size).backward()  # type: ignore[no-untyped-call]
            self._norms.after(before)
            for name, loss in each.items():
                told[name] = told[name] + loss if name in told else loss
        norm, skipped = self._move()
        if self.average and not skipped:
            ramp = number if self._tuning.ema_ramp else NEVER_RAMPED
            update_average(self.average, self.network, ramp, self._tuning.ema)
        return self._told(told, norm, int(sum(sizes.values())), skipped)

    def _sample_sizes(self, batches: Sequence[Batch], number: int) -> dict[int, float]:
        """Places that count in each part of the loss, over all devices."""
        counts = {1: 0.0, 2: 0.0}
        for batch in batches:
            for group in batch.groups:
                counts[group.loss] += group.places(self.options, number)
        return dict(zip(counts, self._world.summed(list(counts.values())), strict=True))

    def _seed(self, number: int, place: int) -> None:
        chunk = place * self._world.size + self._world.rank
        torch.manual_seed((self._tuning.seed * 1_000_003 + number) * 131 + chunk)

    def _gathered(self, *, is_last: bool) -> AbstractContextManager[Any]:
        """Gradients are exchanged with the last batch of an update alone."""
        if isinstance(self._forward, DistributedDataParallel) and not is_last:
            return self._forward.no_sync()
        return nullcontext()

    def autocast(self) -> AbstractContextManager[Any]:
        """The precision of the products."""
        half = HALVES.get(self._tuning.precision)
        return torch.autocast(self._world.device.type, half, enabled=half is not None)

    def _move(self) -> tuple[float, bool]:
        """Clip and step; the gradient's norm, and whether fp16 overflowed."""
        self.scaler.unscale_(self.optimizer)
        clip = self._tuning.clip_norm or math.inf
        norm = float(nn.utils.clip_grad_norm_(self.learnt, clip))
        scale = self.scaler.get_scale()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return norm, self.scaler.is_enabled() and self.scaler.get_scale() < scale

    def _told(self, told: dict[str, Tensor], norm: float, places: int, skipped: bool) -> Update:
        names = sorted(told)
        values = [float(told[name]) for name in names]
        if self._world.size > 1:  # processes may have had different objectives: sum the total alone
            (loss,) = self._world.summed([sum(values)])
        else:
            loss = sum(values)
        return Update(loss, dict(zip(names, values, strict=True)), norm, places, skipped)

    def train(self) -> None:
        """Training mode; a tower that does not learn keeps its statistics."""
        self.network.train()
        if not self._tower_learns:
            self.network.encoder.embed_images.eval()

    def state(self) -> dict[str, Any]:
        """All that the next update depends on."""
        entries = {name: one for name, one in self.network.state_dict().items() if name != TIED}
        return {
            "network": entries,
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state given by `state`."""
        entries = dict(state["network"])
        entries[TIED] = entries["encoder.embed_tokens.weight"]
        self.network.load_state_dict(entries)
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average:
            device = self._world.device
            self.average = {name: one.to(device) for name, one in state["average"].items()}
        if state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])


def freeze(network: BiomedGPT, parts: Sequence[str]) -> None:
    """Let these parts not learn; all others do that could before."""
    modules: dict[str, list[nn.Module]] = {
        "embeddings": [network.encoder.embed_tokens],
        "tower": [network.encoder.embed_images],
        "tower_norms": list(network.encoder.embed_images.batch_norms()),
        "encoder": [
            one
            for name, one in network.encoder.named_children()
            if name not in ("embed_tokens", "embed_images")
        ],
        "decoder": [
            one for name, one in network.decoder.named_children() if name != "embed_tokens"
        ],
    }
    for part in parts:
        for module in modules[part]:
            module.requires_grad_(False)
            for one in module.parameters():
                one.requires_grad_(False)
    if "tower_norms" in parts:
        network.encoder.embed_images.is_frozen = True
