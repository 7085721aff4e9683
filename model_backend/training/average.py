"""The exponential average of a network's weights, which is what a training keeps."""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def update_average(
    average: dict[str, Tensor], network: nn.Module, number: int, decay: float
) -> None:
    """Every floating entry moves a little, BatchNorm statistics too; others are copied (§10.3).

    The first steps, counted from 0, move it more.
    """
    decay = min(decay, (number + 1) / (number + 10))
    entries = network.state_dict()
    for name, kept in average.items():
        if kept.dtype.is_floating_point:
            kept.lerp_(entries[name], 1 - decay)
        else:
            kept.copy_(entries[name])
