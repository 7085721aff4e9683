"""One update of the weights: gradients from all batches, clipping, the optimiser, the average."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
    each: dict[str, float] = field(default_factory=dict)  # mean of each objective's places here
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
        self.forward = Forward(network, self.options, tower_learns=self._tower_learns)
        self._shared = world.shared(self.forward)
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
        losses: list[Tensor] = []
        for place, batch in enumerate(ready):
            self._seed(number, place)
            before = self._norms.before()
            with self._gathered(is_last=place == len(ready) - 1):
                with self.autocast():
                    total, each = self._shared(batch, shares, number)
                if total.requires_grad:
                    # The mean over processes of this, times their number, is the sum.
                    self.scaler.scale(total * self._world.size).backward()
            self._norms.after(before)
            losses.append(total.detach())
            for name, both in each.items():
                told[name] = told[name] + both if name in told else both
        norm, skipped = self._move()
        if self.average and not skipped:
            ramp = number if self._tuning.ema_ramp else NEVER_RAMPED
            update_average(self.average, self.network, ramp, self._tuning.ema)
        (loss,) = self._world.summed([float(sum(losses))])
        each = {name: float(both[0] / both[1]) for name, both in sorted(told.items())}
        return Update(loss, each, norm, int(sum(sizes.values())), skipped)

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
        if isinstance(self._shared, DistributedDataParallel) and not is_last:
            return self._shared.no_sync()
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

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Evaluation mode with the weights that would be kept, for as long as the block lasts."""
        now: dict[str, Tensor] = {}
        entries = self.network.state_dict()
        with torch.no_grad():
            for name, kept in self.average.items():
                now[name] = entries[name].clone()
                entries[name].copy_(kept)
        self.network.eval()
        try:
            yield
        finally:
            with torch.no_grad():
                for name, one in now.items():
                    entries[name].copy_(one)

    def rehearse(self, batch: Batch) -> float:
        """Seconds of a way there and back that leaves nothing behind; the second of two."""
        ready = batch.to(self._world.device)
        sizes = {one.loss: max(one.places(self.options, 0), 1) for one in ready.groups}
        shares = {part: 1 / size for part, size in sizes.items()}
        entries = self.network.state_dict()
        norms = {name: one.clone() for name, one in entries.items() if _is_statistic(name)}
        self.train()
        seconds = 0.0
        for _ in range(2):
            torch.manual_seed(0)
            begun = time.perf_counter()
            with self.autocast():
                total, _ = self.forward(ready, shares, 0)
            if total.requires_grad:
                total.backward()
            float(total.detach())
            self.optimizer.zero_grad(set_to_none=True)
            seconds = time.perf_counter() - begun
        with torch.no_grad():
            for name, one in norms.items():
                entries[name].copy_(one)
        return seconds

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


def _is_statistic(name: str) -> bool:
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))
