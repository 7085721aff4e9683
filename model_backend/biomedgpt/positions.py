"""Relative position tables: which row of a bias table belongs to which pair of positions."""

from __future__ import annotations

import torch
from torch import Tensor


def token_buckets(bucket_size: int, positions: int = 1024) -> Tensor:
    """Row of the text table for query i and key j: (positions, positions) int64.

    Distances up to half the bucket size have a row each, larger ones share rows on a logarithmic
    scale that ends at distance 1023, whatever the length (spec 3.1).
    """
    middle = bucket_size // 2
    position = torch.arange(positions)
    distance = position[:, None] - position[None, :]
    far = distance.abs().clamp(min=middle + 1).float()
    ratio = torch.log(far / middle) / torch.log(torch.tensor(1023 / middle))
    shared = (torch.ceil(ratio * (middle - 1)) + middle).long() * distance.sign()
    bucket = torch.where(distance.abs() <= middle, distance, shared)
    return bucket + bucket_size - 1


def image_buckets(side: int) -> Tensor:
    """Row of the image table for two patch positions: (side² + 1, side² + 1) int64 (spec 3.2).

    Position 0 is the special one, 1 + row * side + column the patches.
    """
    width = 2 * side - 1
    rows = width * width + 3
    row = torch.arange(side).repeat_interleave(side)
    column = torch.arange(side).repeat(side)
    down = row[:, None] - row[None, :] + side - 1
    across = column[:, None] - column[None, :] + side - 1
    table = torch.empty(side * side + 1, side * side + 1, dtype=torch.long)
    table[1:, 1:] = down * width + across
    table[0, :] = rows - 3
    table[:, 0] = rows - 2
    table[0, 0] = rows - 1
    return table


def patch_positions(height: int, width: int, side: int) -> Tensor:
    """Position of each patch of a height x width map, row by row: (height * width,) int64."""
    return (1 + torch.arange(height)[:, None] * side + torch.arange(width)[None, :]).flatten()


def code_positions(code_image_size: int, side: int, length: int = 1026) -> Tensor:
    """Image position of each place of a sequence of image codes: (length,) int64 (spec 3.3)."""
    window = code_image_size // 8
    codes = patch_positions(window, window, side)
    filler = torch.full((length - 1 - len(codes),), 1024)
    return torch.cat([torch.zeros(1, dtype=torch.long), codes, filler])
