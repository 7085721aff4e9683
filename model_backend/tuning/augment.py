"""Pictures changed before they are learnt from, as each task's training has it (spec 7, 10.2).

All with Pillow and numpy, so that the threads that prepare batches leave torch alone. Every number
comes from the generator given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from model_backend.datasets.row import LabelledBox

BICUBIC = Image.Resampling.BICUBIC
LARGEST = 672  # pixels of the longer side
SHORTEST = 480  # the short side is drawn from the picture's size up to this
GREY = (128, 128, 128)  # what comes from outside
MAGNITUDE = 7 / 10
FILM_TURN, FILM_SCALE, FILM_SHIFT = 7.0, 0.12, 0.06  # degrees, and shares of the side, either way

Boxes = list[LabelledBox]
Change = Callable[[Image.Image, float, float], Image.Image]  # picture, magnitude, +1 or -1


def resized(image: Image.Image, size: int) -> Image.Image:
    """The whole picture, its aspect ratio not kept."""
    return image.resize((size, size), BICUBIC)


def film(image: Image.Image, size: int, chance: np.random.Generator) -> Image.Image:
    """A film turned, scaled, moved and windowed a little; never mirrored, since left stays left."""
    image = resized(image, size)
    angle = math.radians(chance.uniform(-FILM_TURN, FILM_TURN))
    scale = 1 + chance.uniform(-FILM_SCALE, FILM_SCALE)
    right, down = chance.uniform(-FILM_SHIFT, FILM_SHIFT, 2) * size
    cos, sin, middle = math.cos(angle) * scale, math.sin(angle) * scale, size / 2
    moved = (
        cos,
        -sin,
        middle - cos * (middle + right) + sin * (middle + down),
        sin,
        cos,
        middle - sin * (middle + right) - cos * (middle + down),
    )
    image = image.transform((size, size), Image.Transform.AFFINE, moved, Image.Resampling.BILINEAR)
    gamma = math.exp(chance.uniform(-0.3, 0.3))
    contrast = math.exp(chance.uniform(-0.2, 0.2))
    brightness = chance.uniform(-0.1, 0.1)
    levels = np.linspace(0, 1, 256) ** gamma
    levels = (levels - 0.5) * contrast + 0.5 + brightness
    table = np.clip(levels * 255, 0, 255).astype(np.uint8).tolist()
    return image.point(table * 3)


def image_text(image: Image.Image, size: int, chance: np.random.Generator) -> Image.Image:
    """Resized by its short side, the centre cut out, two random changes."""
    short = int(chance.integers(size, max(SHORTEST, size) + 1))
    factor = short / min(image.size)
    width, height = (min(round(side * factor), LARGEST) for side in image.size)
    image = image.resize((max(width, size), max(height, size)), BICUBIC)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    image = image.crop((left, top, left + size, top + size))
    return changed(image, chance, 2, MAGNITUDE, 0.5)


def detection(
    image: Image.Image, boxes: Sequence[LabelledBox], size: int, chance: np.random.Generator
) -> tuple[Image.Image, Boxes]:
    """Perhaps mirrored, made larger, a random square cut out; boxes clipped, empty ones lost."""
    found = list(boxes)
    if chance.random() < 0.5:
        image = ImageOps.mirror(image)
        found = [
            LabelledBox(image.width - one.x1, one.y0, image.width - one.x0, one.y1, one.label)
            for one in found
        ]
    side = round(size * chance.uniform(1.0, 1.5))
    factor = max(side / image.width, side / image.height)
    width, height = (max(round(length * factor), size) for length in image.size)
    across, down = width / image.width, height / image.height
    image = image.resize((width, height), BICUBIC)
    left = int(chance.integers(0, width - size + 1))
    top = int(chance.integers(0, height - size + 1))
    image = image.crop((left, top, left + size, top + size))
    moved = [
        LabelledBox(
            one.x0 * across - left,
            one.y0 * down - top,
            one.x1 * across - left,
            one.y1 * down - top,
            one.label,
        )
        for one in found
    ]
    return image, [inside for one in moved if (inside := _clipped(one, size))]


def _clipped(box: LabelledBox, size: int) -> LabelledBox | None:
    x0, y0 = max(box.x0, 0.0), max(box.y0, 0.0)
    x1, y1 = min(box.x1, float(size)), min(box.y1, float(size))
    return LabelledBox(x0, y0, x1, y1, box.label) if x0 < x1 and y0 < y1 else None


def classification(image: Image.Image, size: int, chance: np.random.Generator) -> Image.Image:
    """A random part, mirrored, changed twice over, its colours shaken (after timm's training)."""
    image = random_part(image, size, chance)
    if chance.random() < 0.5:
        image = ImageOps.mirror(image)
    image = changed(image, chance, 2, 0.9, 1.0)
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        image = enhance(image).enhance(chance.uniform(0.6, 1.4))
    return changed(image, chance, 2, MAGNITUDE, 0.5)


def random_part(image: Image.Image, size: int, chance: np.random.Generator) -> Image.Image:
    """From 8 % to all of the area, from 3:4 to 4:3, resized to a square."""
    area = image.width * image.height
    for _ in range(10):
        part = area * chance.uniform(0.08, 1.0)
        ratio = math.exp(chance.uniform(math.log(3 / 4), math.log(4 / 3)))
        width, height = round((part * ratio) ** 0.5), round((part / ratio) ** 0.5)
        if 0 < width <= image.width and 0 < height <= image.height:
            left = int(chance.integers(0, image.width - width + 1))
            top = int(chance.integers(0, image.height - height + 1))
            return image.resize((size, size), BICUBIC, (left, top, left + width, top + height))
    return resized(image, size)


def erased(
    pixels: NDArray[np.float32], chance: np.random.Generator, often: float = 0.25
) -> NDArray[np.float32]:
    """Now and then a rectangle of the prepared picture (3, s, s) is set to 0."""
    if chance.random() >= often:
        return pixels
    size = pixels.shape[1]
    area = chance.uniform(0.02, 1 / 3) * size * size
    ratio = math.exp(chance.uniform(math.log(0.3), math.log(1 / 0.3)))
    width = min(round((area * ratio) ** 0.5), size - 1)
    height = min(round((area / ratio) ** 0.5), size - 1)
    left = int(chance.integers(0, size - width))
    top = int(chance.integers(0, size - height))
    pixels = pixels.copy()
    pixels[:, top : top + height, left : left + width] = 0
    return pixels


def changed(
    image: Image.Image, chance: np.random.Generator, times: int, magnitude: float, often: float
) -> Image.Image:
    """`times` of CHANGES, each with the probability `often`."""
    for _ in range(times):
        change = CHANGES[int(chance.integers(len(CHANGES)))]
        sign = 1.0 if chance.random() < 0.5 else -1.0
        if chance.random() < often:
            image = change(image, magnitude, sign)
    return image


def _affine(image: Image.Image, terms: tuple[float, ...]) -> Image.Image:
    return image.transform(
        image.size, Image.Transform.AFFINE, terms, Image.Resampling.BILINEAR, fillcolor=GREY
    )


CHANGES: tuple[Change, ...] = (
    lambda image, much, sign: image,
    lambda image, much, sign: ImageOps.autocontrast(image),
    lambda image, much, sign: ImageOps.equalize(image),
    lambda image, much, sign: ImageEnhance.Brightness(image).enhance(1 + sign * 0.9 * much),
    lambda image, much, sign: ImageEnhance.Sharpness(image).enhance(1 + sign * 0.9 * much),
    lambda image, much, sign: _affine(image, (1, sign * 0.3 * much, 0, 0, 1, 0)),
    lambda image, much, sign: _affine(image, (1, 0, 0, sign * 0.3 * much, 1, 0)),
    lambda image, much, sign: _affine(image, (1, 0, sign * 0.3 * much * image.width, 0, 1, 0)),
    lambda image, much, sign: _affine(image, (1, 0, 0, 0, 1, sign * 0.3 * much * image.height)),
    lambda image, much, sign: image.rotate(
        sign * 30 * much, Image.Resampling.BILINEAR, fillcolor=GREY
    ),
)
