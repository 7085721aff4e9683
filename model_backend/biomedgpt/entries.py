"""The tensors of a checkpoint: shape and kind are known at once, values are read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Entries = Mapping[str, "Entry"]


@dataclass(frozen=True, eq=False)
class Entry:
    """One tensor of a file. `read` may be called again; nothing is kept in between."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    read: Callable[[], Tensor]
    place: object = None  # equal for entries that are the same bytes of the same file

    def part(self, number: int, count: int) -> Entry:
        """The `number`th of `count` equal parts along the first axis."""
        rows = self.shape[0] // count
        start = number * rows
        return Entry(
            (rows, *self.shape[1:]), self.dtype, lambda: self.read()[start : start + rows].clone()
        )

    def first(self, rows: int) -> Entry:
        """The first rows."""
        return Entry((rows, *self.shape[1:]), self.dtype, lambda: self.read()[:rows].clone())

    def with_rows(self, added: Callable[[], Tensor], rows: int) -> Entry:
        """Rows after the last one, up to `rows` in all."""
        return Entry(
            (rows, *self.shape[1:]),
            self.dtype,
            lambda: torch.cat([self.read(), added().to(self.dtype)]),
        )

    def same(self, other: Entry) -> bool:
        """Whether both hold the same values, bit for bit; equal places are not read."""
        if self.place is not None and self.place == other.place:
            return True
        if (self.shape, self.dtype) != (other.shape, other.dtype):
            return False
        mine, yours = (one.read().reshape(-1).view(torch.uint8) for one in (self, other))
        return torch.equal(mine, yours)


def held(tensor: Tensor) -> Entry:
    """An entry whose values are in memory already."""
    return Entry(tuple(tensor.shape), tensor.dtype, lambda: tensor)
