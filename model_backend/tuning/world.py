"""The processes that learn together, as torchrun starts them; one process is a world of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from model_backend.training.problems import TrainingProblem

PATIENCE = timedelta(minutes=10)  # that a process waits for another before it gives up
MOMENTUM = 0.1  # of the batch norms (spec 1)


@dataclass(frozen=True)
class World:
    """This process's number, how many there are, and where it computes."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """The first process speaks and writes."""
        return self.rank == 0

    def summed(self, values: list[float]) -> list[float]:
        """Each value summed over all processes."""
        if self.size == 1:
            return values
        tensor = torch.tensor(values, dtype=torch.float64, device=self.device)
        _guarded(lambda: distributed.all_reduce(tensor))
        return [float(one) for one in tensor]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            self.summed([0.0])

    def shared(self, module: nn.Module) -> nn.Module:
        """A module whose gradients are the mean over all processes."""
        if self.size == 1:
            return module
        # Buffers are the batch norms' statistics, which `NormStatistics` brings together.
        return DistributedDataParallel(
            module,
            device_ids=[self.device] if self.device.type == "cuda" else None,
            broadcast_buffers=False,
            find_unused_parameters=True,
        )


def _guarded(work: Any) -> None:
    try:
        work()
    except RuntimeError as error:
        raise TrainingProblem(
            "Another process of this training is gone. Start the same command again; it goes on "
            "from the last checkpoint."
        ) from error


def open_world(device: str = "") -> World:
    """The world that torchrun's variables describe, else this process alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    place = torch.device(kind, local) if kind == "cuda" else torch.device(kind)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if count > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if place.type == "cuda" else "gloo", timeout=PATIENCE)
    return World(rank, count, place)


def close_world() -> None:
    """Leave the group of processes, if there is one."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


class NormStatistics:
    """The batch norms' running statistics, as if one process had seen all batches in turn.

    Each process moves its own from what all had before, once for each size of pictures. What it
    adds is found by difference, and those after it let that fade: r' = k^n r + sum of k^(n after i)
    d_i with k = 1 - momentum and n passes in all.
    """

    def __init__(self, module: nn.Module, world: World) -> None:
        self._world = world
        self._passes = 0
        self._norms = [
            one
            for one in module.modules()
            if isinstance(one, nn.BatchNorm2d) and one.track_running_stats
        ]

    def before(self) -> Tensor | None:
        """What stands before a batch; None where nothing is to be brought together."""
        if self._world.size == 1 or not any(one.training for one in self._norms):
            return None
        self._passes = self._counted()
        return torch.cat([one.clone() for one in self._statistics()])

    @torch.no_grad()
    def after(self, before: Tensor | None) -> None:
        """Bring together what the processes' batches moved."""
        if before is None:
            return
        world, keep = self._world, 1 - MOMENTUM
        own = self._counted() - self._passes
        one_hot = [float(own) if rank == world.rank else 0.0 for rank in range(world.size)]
        passes = [int(one) for one in world.summed(one_hot)]
        mine = torch.cat(list(self._statistics())) - keep**own * before
        mine *= keep ** sum(passes[world.rank + 1 :])
        _guarded(lambda: distributed.all_reduce(mine))
        now = mine + keep ** sum(passes) * before
        place = 0
        for one in self._statistics():
            one.copy_(now[place : place + len(one)])
            place += len(one)
        for norm in self._norms:
            assert norm.num_batches_tracked is not None
            norm.num_batches_tracked += sum(passes) - own

    def _counted(self) -> int:
        """Batches that the norms have seen, each of them the same."""
        tracked = self._norms[0].num_batches_tracked
        return int(tracked) if tracked is not None else 0

    def _statistics(self) -> list[Tensor]:
        found = []
        for norm in self._norms:
            assert norm.running_mean is not None and norm.running_var is not None
            found += [norm.running_mean, norm.running_var]
        return found
