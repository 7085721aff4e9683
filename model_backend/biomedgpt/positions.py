"""Relative position tables: which row of a bias table belongs to which pair of positions.

Tables are made on the processor by name: on the device meta, where networks are built without
memory, the same lines would make torch import its compiler, which takes a second.
"""

from __future__ import annotations

import torch
from torch import Tensor

CPU = "cpu"


def token_buckets(bucket_size: int, positions: int = 1024) -> Tensor:
    """Row of the text table for each distance of query and key: (2 * positions - 1,) int64.

    Entry k is distance k - positions + 1. Distances up to half the bucket size have a row each,
    larger ones share rows on a logarithmic scale that ends at distance 1023, whatever the length
    (spec 3.1).
    """
    middle = bucket_size // 2
    distance = torch.arange(1 - positions, positions, device=CPU)
    far = distance.abs().clamp(min=middle + 1).float()
    ratio = torch.log(far / middle) / torch.log(torch.tensor(1023 / middle, device=CPU))
    shared = (torch.ceil(ratio * (middle - 1)) + middle).long() * distance.sign()
    bucket = torch.where(distance.abs() <= middle, distance, shared)
    return bucket + bucket_size - 1


def image_buckets(query: Tensor, key: Tensor, side: int) -> Tensor:
    """Row of the image table for positions that broadcast against each other (spec 3.2).

    Position 0 is the special one, 1 + row * side + column the patches.
    """
    width = 2 * side - 1
    rows = width * width + 3
    down = (query - 1) // side - (key - 1) // side + side - 1
    across = (query - 1) % side - (key - 1) % side + side - 1
    bucket = down * width + across
    bucket = torch.where(key == 0, rows - 2, bucket)
    bucket = torch.where(query == 0, rows - 3, bucket)
    return torch.where((query == 0) & (key == 0), rows - 1, bucket)


def patch_positions(height: int, width: int, side: int) -> Tensor:
    """Position of each patch of a height x width map, row by row: (height * width,) int64."""
    down, across = torch.arange(height, device=CPU), torch.arange(width, device=CPU)
    return (1 + down[:, None] * side + across[None, :]).flatten()


def code_positions(code_image_size: int, side: int) -> Tensor:
    """Image position of each place of a sequence of image codes, int64 (spec 3.3).

    The start, then window² codes row by row, then 769 times the same filler.
    """
    window = code_image_size // 8
    codes = patch_positions(window, window, side)
    start, filler = torch.tensor([0], device=CPU), torch.full((769,), 1024, device=CPU)
    return torch.cat([start, codes, filler])
