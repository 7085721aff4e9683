"""Batches that depend on nothing but the recipe, the data and the number of the step.

So a run that is taken up again draws what an unbroken run would have drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_backend.training.augment import augment, mirror
from model_backend.training.examples import ExampleMaker
from model_backend.training.facts import Example
from model_backend.training.pictures import CHILD, NIH, VQA_RAD, Picture
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import Recipe, Stage
from model_backend.training.split import TRAINING
from model_backend.training.tutor import Opinion, pools_of

KINDS_OF_CHILD = ("normal", "bacterial", "viral")


@dataclass(frozen=True, eq=False)
class Drawn:
    """One step's worth: pictures, and examples that point at them."""

    pictures: NDArray[np.int64]  # indices into the list of all pictures
    images: Tensor  # (pictures, 1, size, size) in [0, 1], augmented
    examples: list[Example]
    image_of: Tensor  # (examples,) place of each example's picture in `images`
    each_answer: bool = False  # free answers count once each, whatever their length
    opinion: Opinion | None = None  # what the tutor sees in these images


class Batches:
    """Draws the batch of any step."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        pixels: NDArray[np.uint8],
        recipe: Recipe,
        maker: ExampleMaker,
    ) -> None:
        self._pixels = pixels
        self._recipe = recipe
        self._maker = maker
        self._members = {
            source: np.array(
                [i for i, p in enumerate(pictures) if p.source == source and p.part == TRAINING],
                np.int64,
            )
            for source in (CHILD, NIH, VQA_RAD)
        }
        for source, members in self._members.items():
            if not len(members):
                raise TrainingProblem(f"The set {source} has no picture in the training part.")
        if any(stage.balanced for stage in recipe.stages):
            self._members |= dict(zip(KINDS_OF_CHILD, pools_of(pictures)[:3], strict=True))

    def draw(self, step: int) -> Drawn:
        """The batch of one step, counted from the start of training."""
        stage_index, place = self._recipe.stage_at(step)
        stage = self._recipe.stages[stage_index]
        chosen = self._choose(stage, stage_index, place)
        seed = self._recipe.learning.seed
        chance = np.random.default_rng([seed, 1, step])
        examples: list[Example] = []
        image_of: list[int] = []
        for position, index in enumerate(chosen if not stage.tower_only else ()):
            drawn = self._maker.draw(int(index), chance, stage.facts, stage.described)
            examples += drawn
            image_of += [position] * len(drawn)
        images = torch.from_numpy(self._pixels[chosen]).unsqueeze(1).float() / 255
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        images = augment(images, generator)
        if stage.mirrored:
            films = stage.child + stage.nih if not stage.tower_only else len(images)
            turned = mirror(images[:films], stage.mirrored, generator)
            images = torch.cat([turned, images[films:]])
        return Drawn(
            chosen,
            images,
            examples,
            torch.tensor(image_of, dtype=torch.long),
            stage.each_answer,
        )

    def _choose(self, stage: Stage, stage_index: int, place: int) -> NDArray[np.int64]:
        counts = {CHILD: stage.child, NIH: stage.nih, VQA_RAD: stage.vqa}
        if stage.balanced:
            third = stage.child // 3
            shares = (stage.child - 2 * third, third, third)
            counts = dict(zip(KINDS_OF_CHILD, shares, strict=True)) | {
                NIH: stage.nih,
                VQA_RAD: stage.vqa,
            }
        chosen = []
        for number, (source, count) in enumerate(counts.items()):
            chosen.append(self._rounds(source, place * count, count, (stage_index, number)))
        return np.concatenate(chosen)

    def _rounds(
        self, source: str, start: int, count: int, key: tuple[int, int]
    ) -> NDArray[np.int64]:
        """Places start..start+count of an endless row in which each round is a fresh shuffle."""
        members = self._members[source]
        chosen = np.empty(count, np.int64)
        for offset in range(count):
            turn, place = divmod(start + offset, len(members))
            if offset == 0 or place == 0:
                seed = [self._recipe.learning.seed, 2, *key, turn]
                order = np.random.default_rng(seed).permutation(members)
            chosen[offset] = order[place]
        return chosen
