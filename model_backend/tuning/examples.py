"""From a row of a data set to pictures and examples, ready to be put into a batch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model_backend import request as names
from model_backend.biomedgpt.image import HALF, IMAGENET_MEAN, IMAGENET_STD, normalised
from model_backend.datasets.row import LabelledBox, Row
from model_backend.tuning import augment
from model_backend.tuning.objectives import NO_PICTURE, BadRow, Item, Objectives, Seen
from model_backend.tuning.recipe import AUTO, Source

Pixels = NDArray[np.float32]  # (3, size, size)
UNREADABLE = "the image cannot be read"


@dataclass(frozen=True)
class Ready:
    """A source beside what is known of its data set."""

    number: int
    source: Source
    size: int  # of its pictures' sides
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Made:
    """What a row became. `picture_of` has the place of each item's picture, None without one."""

    ready: Ready
    pictures: list[Pixels] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    picture_of: list[int | None] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # row and reason


@dataclass(frozen=True)
class ExampleMaker:
    """Makes examples of rows; draws all chance from the row's place in its stream."""

    objectives: Objectives
    statistics: str  # "half" or "imagenet"
    seed: int
    augments: bool = True  # False: as they are asked later, for validation

    def make(self, ready: Ready, row: Row, place: int, others: Sequence[Row]) -> Made:
        """All examples of a row. What is wrong with it stands in `left_out`."""
        made = Made(ready)
        chance = np.random.default_rng([self.seed, 4, ready.number, place])
        shown: dict[bool, tuple[int, list[LabelledBox]]] = {}  # by whether the middle is hidden
        for objective in ready.source.objectives:
            name = row.task if objective == AUTO else objective
            try:
                place_of, boxes = None, list[LabelledBox]()
                if name not in NO_PICTURE:
                    hides = name == names.INFILL_IMAGE
                    if hides not in shown:
                        pixels, boxes = self._picture(ready, row, hides, chance)
                        shown[hides] = len(made.pictures), boxes
                        made.pictures.append(pixels)
                    place_of, boxes = shown[hides]
                seen = Seen(row, boxes, ready.size, others, ready.source, ready.answers, chance)
                item = self.objectives.of(seen, objective)
            except BadRow as error:
                made.left_out.append((row.id, str(error)))
                continue
            made.items.append(item)
            made.picture_of.append(place_of)
        return made

    def _picture(
        self, ready: Ready, row: Row, hides: bool, chance: np.random.Generator
    ) -> tuple[Pixels, list[LabelledBox]]:
        """The prepared picture of a row, and its boxes in it."""
        image, boxes = opened(row), list(row.boxes)
        size, way = ready.size, ready.source.augment if self.augments and not hides else "none"
        if way == "detection":
            image, boxes = augment.detection(image, boxes, size, chance)
        else:
            boxes = [scaled(box, size / image.width, size / image.height) for box in boxes]
            if way == "film":
                image = augment.film(image, size, chance)
            elif way == "image_text":
                image = augment.image_text(image, size, chance)
            elif way == "classification":
                image = augment.classification(image, size, chance)
            else:
                image = augment.resized(image, size)
        is_imagenet = self.statistics == "imagenet"
        mean, std = (IMAGENET_MEAN, IMAGENET_STD) if is_imagenet else (HALF, HALF)
        pixels = normalised(image, mean, std)
        if way == "classification":
            pixels = augment.erased(pixels, chance)
        if hides:
            quarter = size // 4
            pixels[:, quarter : quarter + size // 2, quarter : quarter + size // 2] = 0
        return pixels, boxes


def opened(row: Row) -> Image.Image:
    """The first picture of a row in RGB. Raises BadRow."""
    if not row.images:
        raise BadRow("no image")
    try:
        with Image.open(io.BytesIO(row.images[0])) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise BadRow(UNREADABLE) from error
    except Image.DecompressionBombError as error:
        raise BadRow("the image is too large") from error


def scaled(box: LabelledBox, across: float, down: float) -> LabelledBox:
    """The box after its picture was stretched."""
    return LabelledBox(box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down, box.label)
