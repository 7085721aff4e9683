"""Examples put together: rows of like shape go through the network together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from model_backend.biomedgpt.loss import LossOptions
from model_backend.biomedgpt.tokenizer import BOS, EOS, PAD
from model_backend.training.encoding import padded
from model_backend.tuning.examples import Made, Pixels
from model_backend.tuning.objectives import Item
from model_backend.tuning.recipe import Tuning

LONG = 48  # symbols of a target from which on it goes with its like
SPECIALS = (0, 1, 2, 3)


@dataclass(frozen=True, eq=False)
class Group:
    """Rows that go through the network together. R rows, N places of targets that count."""

    objectives: tuple[str, ...]  # of each row
    loss: int  # the part of the loss, 1 or 2
    source: Tensor  # (R, S) padded with 1
    previous: Tensor  # (R, T)
    target: Tensor  # (R, T) padded with 1
    conf: Tensor  # (R,)
    codes: Tensor | None  # (R,) bool; None: no row is a sequence of image codes
    size: int  # of the pictures' sides; 0 without
    image_of: Tensor | None  # (R,) place of each row's picture among those of its size
    masks: Tensor | None  # (R,) bool: the row has a picture; None: all have
    order: Tensor | None  # (R, kept): patches that are kept; None: all
    symbols: Tensor | None  # (U,) that may be said by any row; None: the whole vocabulary
    allowed: Tensor | None  # (N, U) bool, at each place that counts

    def places(self, options: LossOptions, update: int) -> int:
        """How many places the loss will keep: its sample size, known before it is computed."""
        counts = self.target != PAD
        if options.ignore_eos:
            counts = counts & (self.target != EOS)
        count = int(counts.sum())
        if options.drop_worst_ratio > 0 and update > options.drop_worst_after:
            copies = 2 if options.reg_alpha > 0 else 1
            return int(count * copies * (1 - options.drop_worst_ratio))
        return count * (2 if options.reg_alpha > 0 else 1)


@dataclass(frozen=True, eq=False)
class Batch:
    """What one device learns from at a time."""

    images: dict[int, Tensor]  # by side: (P, 3, side, side) float32
    groups: tuple[Group, ...]
    rows: int
    left_out: tuple[tuple[str, str, str], ...] = ()  # data set, row, reason

    @property
    def pictures(self) -> int:
        return sum(len(images) for images in self.images.values())

    def to(self, device: torch.device) -> Batch:
        """The same where the network lies, pictures channels last."""
        images = {
            side: one.to(device, memory_format=torch.channels_last, non_blocking=True)
            for side, one in self.images.items()
        }
        if device.type == "cpu":
            return replace(self, images=images)
        return replace(
            self, images=images, groups=tuple(_moved(one, device) for one in self.groups)
        )


def _moved(group: Group, device: torch.device) -> Group:
    values: dict[str, Any] = {}
    for one in fields(group):
        value = getattr(group, one.name)
        values[one.name] = value.to(device, non_blocking=True) if _is_tensor(value) else value
    return Group(**values)


def _is_tensor(value: object) -> bool:
    return isinstance(value, Tensor)


@dataclass(frozen=True, eq=False)
class _Placed:
    """An item with the place of its picture in the batch."""

    item: Item
    loss: int
    size: int
    place: int | None


class Collator:
    """Makes batches for one network and one recipe."""

    def __init__(self, tuning: Tuning, first_code: int) -> None:
        self._tuning = tuning
        self._first_code = first_code  # random text is drawn below it

    def collate(self, made: Sequence[Made], size: int, seed: Sequence[int]) -> Batch:
        """One batch; `size` is the run's picture, `seed` fixes patches and noise."""
        chance = np.random.default_rng(list(seed))
        pictures: dict[int, list[Pixels]] = {}
        placed: list[_Placed] = []
        left_out: list[tuple[str, str, str]] = []
        for one in made:
            side = one.ready.size
            there = pictures.setdefault(side, [])
            first = len(there)
            there += one.pictures
            name = one.ready.source.data
            left_out += dict.fromkeys((name, row, why) for row, why in one.left_out)
            for item, picture in zip(one.items, one.picture_of, strict=True):
                place = None if picture is None else first + picture
                placed.append(_Placed(item, one.ready.source.loss, side, place))
        if self._tuning.text_pictures and any(one.place is None for one in placed):
            pictures.setdefault(size, []).append(np.zeros((3, size, size), np.float32))
        groups: dict[tuple[Any, ...], list[_Placed]] = {}
        for row in placed:
            groups.setdefault(self._key(row, size), []).append(row)
        images = {
            side: torch.from_numpy(np.stack(these)) for side, these in pictures.items() if these
        }
        return Batch(
            images,
            tuple(self._group(these, size, images, chance) for these in groups.values()),
            len(made),
            tuple(left_out),
        )

    def _key(self, one: _Placed, size: int) -> tuple[Any, ...]:
        """What rows must have in common to go together."""
        example = one.item.example
        side = one.size if one.place is not None else size if self._tuning.text_pictures else 0
        is_long = len(example.target) > LONG or len(example.source) > 4 * LONG
        return one.loss, side, is_long, example.is_code, one.item.allowed is not None

    def _group(
        self,
        rows: Sequence[_Placed],
        size: int,
        images: dict[int, Tensor],
        chance: np.random.Generator,
    ) -> Group:
        examples = [one.item.example for one in rows]
        _, side, *_ = self._key(rows[0], size)
        target = padded([one.target for one in examples])
        image_of, masks = None, None
        if side:
            black = len(images[side]) - 1
            has = [one.place is not None for one in rows]
            image_of = torch.tensor([black if one.place is None else one.place for one in rows])
            masks = None if all(has) else torch.tensor(has)
        symbols, allowed = self._allowed([one.item for one in rows])
        is_code = torch.tensor([one.is_code for one in examples])
        return Group(
            objectives=tuple(one.item.objective for one in rows),
            loss=rows[0].loss,
            source=padded([one.source for one in examples]),
            previous=self._noisy(padded([one.previous for one in examples]), chance),
            target=target,
            conf=torch.tensor([one.item.conf for one in rows], dtype=torch.float32),
            codes=is_code if bool(is_code.any()) else None,
            size=side,
            image_of=image_of,
            masks=masks,
            order=self._order(rows, side, chance),
            symbols=symbols,
            allowed=allowed,
        )

    def _allowed(self, items: Sequence[Item]) -> tuple[Tensor | None, Tensor | None]:
        """The symbols that any row may say, the specials first so that ids below 4 stay, and
        which of them each place that counts may say: (U,) and (N, U)."""
        if items[0].allowed is None:
            return None, None
        places = [
            place
            for item in items
            for place, wanted in zip(item.allowed or (), item.example.target, strict=True)
            if wanted != PAD
        ]
        union = sorted({symbol for place in places for symbol in place} - set(SPECIALS))
        symbols = [*SPECIALS, *union]
        column = {symbol: number for number, symbol in enumerate(symbols)}
        allowed = torch.zeros(len(places), len(symbols), dtype=torch.bool)
        for row, place in enumerate(places):
            allowed[row, [column[symbol] for symbol in place]] = True
        return torch.tensor(symbols), allowed

    def _order(
        self, rows: Sequence[_Placed], side: int, chance: np.random.Generator
    ) -> Tensor | None:
        """A random choice of patches in random order, in part 1 of the loss (spec 4.2)."""
        patches, kept = (side // 16) ** 2, self._tuning.patches
        if not kept or kept >= patches or rows[0].loss != 1:
            return None
        drawn = [chance.permutation(patches)[:kept] for _ in rows]
        return torch.from_numpy(np.stack(drawn))

    def _noisy(self, previous: Tensor, chance: np.random.Generator) -> Tensor:
        """A share of the decoder's input replaced by random text (spec 10.3, MeQSum)."""
        share = self._tuning.decoder_noise
        if not share:
            return previous
        lost = torch.from_numpy(chance.random(tuple(previous.shape)) < share)
        lost &= (previous != PAD) & (previous != BOS)
        low, high = 4, max(self._first_code - 1, 5)
        drawn = torch.from_numpy(chance.integers(low, high, tuple(previous.shape)))
        return torch.where(lost, drawn, previous)
