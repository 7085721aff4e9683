"""The batch of one step: pictures, cases about them, cases about texts; drawn anew each time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_backend import request as names
from model_backend.practice.drawing import (
    MOST,
    PLACES,
    SHAPES,
    SIZES,
    STEP,
    TONES,
    Phantom,
    draw_band,
    draw_things,
)
from model_backend.practice.examples import (
    ABOUT_TEXTS,
    ABOUT_THINGS,
    Case,
    classification,
    findings,
    infilling,
)
from model_backend.practice.symbols import CaseEncoder, seen_pixels
from model_backend.training.encoding import padded

THINGS, BANDS, PAINTED = 12, 2, 4  # pictures of one step
TEXTS = {  # cases of one step
    names.INFILL_TEXT: 5,
    names.ENTAILMENT: 12,
    names.SUMMARY: 6,
    names.TRIAL: 12,
    names.MORTALITY: 1,
    names.TREATMENT: 1,
}
OFTEN = {  # how often each picture of objects is asked, once where nothing is said
    names.ANSWER: 1.5,
    names.CHOICE: 2.0,
    names.MATCHING: 2.0,
    names.REGION: 1.5,
    names.FINDINGS: 0.6,
    names.CLASSIFY: 0.3,
    names.DETECTION: 0.5,
}
# Tasks whose rows go through the network together: with a picture or without, short or long.
GROUPS = (
    {names.ANSWER, names.CHOICE, names.CLASSIFY, names.MATCHING, names.REGION, names.GROUNDING},
    {names.FINDINGS, names.DETECTION},
    {names.INFILL_IMAGE},
    {names.ENTAILMENT, names.TRIAL, names.MORTALITY, names.TREATMENT},
    {names.INFILL_TEXT, names.SUMMARY},
)
UNKNOWN = -1
Row = tuple[Case, int | None]  # a case with the place of its picture in the batch


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of like length that go through the network together. R rows."""

    cases: list[Case]
    source: Tensor  # (R, S) padded with 1
    previous: Tensor  # (R, T)
    target: Tensor  # (R, T) padded with 1
    allowed: Tensor  # (R, T, V) bool
    codes: Tensor  # (R,) bool: the target is a sequence of image codes
    image_of: Tensor | None  # (R,) place of each row's picture; None: texts alone


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's worth."""

    images: Tensor  # (pictures, 3, SIDE, SIDE), normalised
    looks: Tensor  # (pictures, quarters, 7): shape, tone, size and box there, or UNKNOWN
    groups: list[Group]


class Mixture:
    """Draws the batch of any step from the seed and the step's number alone.

    Pictures of the first `alone` steps hold one object at most: reading one is learnt before
    telling which of several is meant.
    """

    def __init__(self, encoder: CaseEncoder, seed: int, alone: int = 0) -> None:
        self._encoder = encoder
        self._seed = seed
        self._alone = alone

    def draw(self, step: int) -> Batch:
        chance = np.random.default_rng([self._seed, step])
        pictures: list[Phantom] = []
        seen: list[NDArray[np.uint8]] = []
        rows: list[Row] = []
        for place in range(THINGS + BANDS + PAINTED):
            most = 1 if step < self._alone else MOST
            phantom = draw_things(chance, most) if place < THINGS else draw_band(chance)
            is_painted = place >= THINGS + BANDS
            cases = [infilling(phantom, chance)] if is_painted else asked(phantom, chance)
            rows += [(case, place) for case in cases]
            pictures.append(phantom)
            seen.append(seen_pixels(cases[0]))
        for task, count in TEXTS.items():
            rows += [(ABOUT_TEXTS[task](chance), None) for _ in range(count)]
        groups = [self._group([row for row in rows if row[0].task in tasks]) for tasks in GROUPS]
        looks = torch.tensor([looks_of(phantom) for phantom in pictures])
        return Batch(as_input(np.stack(seen)), looks, groups)

    def _group(self, rows: list[Row]) -> Group:
        cases = [case for case, _ in rows]
        examples = [self._encoder.encode(case) for case in cases]
        target = padded([one.target for one in examples])
        symbols = self._encoder.config.vocab_size
        allowed = torch.ones(*target.shape, symbols, dtype=torch.bool)
        for row, (case, one) in enumerate(zip(cases, examples, strict=True)):
            if case.task == names.CLASSIFY:
                for place, rivals in enumerate(self._encoder.rivals(case, one.target)):
                    allowed[row, place] = False
                    allowed[row, place, rivals] = True
        places = [place for _, place in rows if place is not None]
        return Group(
            cases,
            padded([one.source for one in examples]),
            padded([one.previous for one in examples]),
            target,
            allowed,
            torch.tensor([one.is_code for one in examples]),
            torch.tensor(places) if places else None,
        )


def asked(phantom: Phantom, chance: np.random.Generator) -> list[Case]:
    """What one picture is asked in one step."""
    if phantom.band:
        return [findings(phantom, chance), classification(phantom, chance)]
    cases = []
    for task, ask in ABOUT_THINGS.items():
        if task == names.GROUNDING and not phantom.things:
            continue
        times = int(OFTEN.get(task, 1.0) + chance.random())
        cases += [ask(phantom, chance) for _ in range(times)]
    return cases


def looks_of(phantom: Phantom) -> list[list[int]]:
    """For each quarter the numbers of shape (the last one: nothing), tone, size and box corners."""
    looks = []
    for place in PLACES:
        thing = phantom.at(place)
        look = [UNKNOWN] * 7
        if not phantom.band:
            look[0] = len(SHAPES)
        if thing:
            tone, size = list(TONES).index(thing.tone), list(SIZES).index(thing.size)
            corners = [corner // STEP for corner in thing.box]
            look = [SHAPES.index(thing.shape), tone, size, *corners]
        looks.append(look)
    return looks


def as_input(pixels: NDArray[np.uint8]) -> Tensor:
    """(N, side, side) uint8 to (N, 3, side, side): mean and standard deviation one half."""
    images = torch.from_numpy(pixels).unsqueeze(1).float() / 127.5 - 1
    return images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
