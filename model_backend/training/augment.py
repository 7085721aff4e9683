"""Small films made many: turned, moved, scaled, blurred and re-windowed.

Left stays left where questions ask for sides; only pictures whose labels know no side are mirrored,
and only by `mirror`. Every number comes from the generator given, so a
step can be repeated exactly.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

TURN = 10.0  # degrees either way
SCALE = 0.15  # of the side, either way
SHIFT = 0.08  # of the side, either way


def augment(images: Tensor, generator: torch.Generator) -> Tensor:
    """Changed copies of (N, 1, size, size) images in [0, 1]; the same shape, within [0, 1]."""
    images = move(images, generator)
    images = coarsen(images, generator)
    images = rewindow(images, generator)
    noise = torch.randn(images.shape, generator=generator) * 0.02
    return (images + noise * chance(len(images), 0.5, generator)).clamp(0.0, 1.0)


def move(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, scale, stretch and shift about the centre; what comes from outside is black."""
    count = len(images)
    angle = uniform(count, generator) * TURN * math.pi / 180
    scale = 1 + uniform(count, generator) * SCALE
    stretch = 1 + uniform(count, generator) * 0.08
    cos, sin = torch.cos(angle), torch.sin(angle)
    shift_x, shift_y = uniform(count, generator) * SHIFT, uniform(count, generator) * SHIFT
    rows = [
        torch.stack([cos * scale * stretch, -sin * scale, 2 * shift_x], 1),
        torch.stack([sin * scale, cos * scale / stretch, 2 * shift_y], 1),
    ]
    grid = functional.affine_grid(
        torch.stack(rows, 1), [count, 1, *images.shape[2:]], align_corners=False
    )
    return functional.grid_sample(images, grid, align_corners=False)


def mirror(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """A share of the images with left and right exchanged."""
    chosen = chance(len(images), share, generator)
    return torch.where(chosen > 0, images.flip(3), images)


def coarsen(images: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the images as if they had been stored smaller: film size must not tell the set."""
    size = images.shape[2]
    small = int(torch.randint(size * 3 // 8, size * 3 // 4, (1,), generator=generator))
    low = functional.interpolate(images, size=(small, small), mode="area")
    low = functional.interpolate(low, size=(size, size), mode="bilinear", align_corners=False)
    chosen = chance(len(images), 0.5, generator)
    return torch.where(chosen > 0, low, images)


def rewindow(images: Tensor, generator: torch.Generator) -> Tensor:
    """Another gamma, contrast and brightness, as another reader's window would give."""
    count = len(images)
    gamma = torch.exp(uniform(count, generator) * 0.35).view(-1, 1, 1, 1)
    contrast = torch.exp(uniform(count, generator) * 0.25).view(-1, 1, 1, 1)
    brightness = (uniform(count, generator) * 0.12).view(-1, 1, 1, 1)
    images = images.clamp(1e-3, 1.0) ** gamma
    mean = images.mean((2, 3), keepdim=True)
    return ((images - mean) * contrast + mean + brightness).clamp(0.0, 1.0)


def uniform(count: int, generator: torch.Generator) -> Tensor:
    """`count` numbers between -1 and 1."""
    return torch.rand(count, generator=generator) * 2 - 1


def chance(count: int, probability: float, generator: torch.Generator) -> Tensor:
    """(count, 1, 1, 1): one with that probability, else zero."""
    return (torch.rand(count, generator=generator) < probability).float().view(-1, 1, 1, 1)
