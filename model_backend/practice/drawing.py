"""Phantom pictures: discs, rings, squares, bars and bands on a grey, noisy ground.

Nobody can mistake one for a patient. Every label follows from how the picture was drawn. Pixels are
counted from the top left corner of the top left pixel, x to the right, y down; left and right are
those of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # pixels
MIDDLE = 32  # side in pixels of the middle that infilling paints, a multiple of 8
SHAPES = ("disc", "ring", "square", "bar")
TONES = {"bright": (195, 225), "dark": (15, 45)}  # grey levels
GROUND = (95, 125)  # grey levels
SIZES = {"small": (10, 12), "large": (22, 24)}  # width in pixels
# Where a quarter of the picture begins, in the order in which a report goes through them.
PLACES = {
    "upper left": (0, 0),
    "upper right": (SIDE // 2, 0),
    "lower left": (0, SIDE // 2),
    "lower right": (SIDE // 2, SIDE // 2),
}
SECOND = 0.4  # how often a picture has one object more
MOST = 2  # objects in one picture
DIRECTIONS = ("horizontal", "vertical")
NOISE = 5.0  # standard deviation in grey levels
BAND = 8  # width of a band in pixels
RING = 0.5  # inner radius of a ring, of its outer one
STEP = 2  # boxes begin and end at multiples of this, which is what one location symbol tells apart

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: what it looks like, in which quarter it lies, and the box around its pixels."""

    shape: str
    tone: str
    size: str
    place: str
    box: Box

    @property
    def look(self) -> str:
        """Such as `large bright disc`."""
        return f"{self.size} {self.tone} {self.shape}"

    def __str__(self) -> str:
        return f"{self.look} in the {self.place}"


@dataclass(frozen=True, slots=True)
class Band:
    """A stripe from edge to edge, through the middle."""

    tone: str
    direction: str
    start: int  # first row or column in pixels

    def __str__(self) -> str:
        return f"{self.tone} {self.direction} band"


@dataclass(frozen=True, eq=False)
class Phantom:
    """A picture, (SIDE, SIDE) uint8, with what was drawn: things in the order of PLACES, or a band.

    `levels` are the grey levels of the ground and of each thing or of the band.
    """

    pixels: NDArray[np.uint8]
    things: tuple[Thing, ...] = ()
    band: Band | None = None

    def thing(self, shape: str) -> Thing | None:
        """The object of that shape; a picture has one of each at most."""
        return next((one for one in self.things if one.shape == shape), None)

    def at(self, place: str) -> Thing | None:
        """The object in that quarter, which holds one at most."""
        return next((one for one in self.things if one.place == place), None)


def draw_things(chance: np.random.Generator, most: int = MOST) -> Phantom:
    """A picture of none to `most` objects, no two of one shape or in one quarter."""
    count = 0 if chance.random() < 0.1 else 1
    if 0 < count < most and chance.random() < SECOND:
        count += 1
    shapes = chance.permutation(len(SHAPES))[:count]
    places = sorted(chance.permutation(len(PLACES))[:count])
    things = tuple(
        _thing(SHAPES[shape], list(PLACES)[place], chance)
        for shape, place in zip(shapes, places, strict=True)
    )
    picture = _ground(chance)
    for thing in things:
        picture[mask_of(thing)] = chance.integers(*TONES[thing.tone])
    return Phantom(_noisy(picture, chance), things)


def draw_band(chance: np.random.Generator) -> Phantom:
    """A picture with one band, which crosses the middle along whole rows or columns of codes."""
    tone, direction = _one(tuple(TONES), chance), _one(DIRECTIONS, chance)
    start = (SIDE - MIDDLE) // 2 + BAND * int(chance.integers(MIDDLE // BAND))
    picture = _ground(chance)
    level = chance.integers(*TONES[tone])
    if direction == "horizontal":
        picture[start : start + BAND, :] = level
    else:
        picture[:, start : start + BAND] = level
    return Phantom(_noisy(picture, chance), band=Band(tone, direction, start))


def mask_of(thing: Thing) -> NDArray[np.bool_]:
    """Which pixels the object covers: (SIDE, SIDE)."""
    x0, y0, x1, y1 = thing.box
    across = (np.arange(SIDE)[None, :] + 0.5 - (x0 + x1) / 2) / ((x1 - x0) / 2)
    down = (np.arange(SIDE)[:, None] + 0.5 - (y0 + y1) / 2) / ((y1 - y0) / 2)
    inside = (np.abs(across) < 1) & (np.abs(down) < 1)
    if thing.shape in ("disc", "ring"):
        radius = np.hypot(across, down)
        inside = radius < 1
        if thing.shape == "ring":
            inside &= radius > RING
    return np.asarray(inside, np.bool_)


def without_middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as infilling sees it: its middle is mid grey, the network's zero."""
    seen = pixels.copy()
    first = (SIDE - MIDDLE) // 2
    seen[first : first + MIDDLE, first : first + MIDDLE] = 128
    return seen


def _thing(shape: str, place: str, chance: np.random.Generator) -> Thing:
    size, tone = _one(tuple(SIZES), chance), _one(tuple(TONES), chance)
    width = int(chance.choice(SIZES[size]))
    height = width if shape != "bar" else STEP * round(width * 0.4 / STEP)
    left, top = (
        first + STEP * int(chance.integers((SIDE // 2 - length) // STEP + 1))
        for first, length in zip(PLACES[place], (width, height), strict=True)
    )
    return Thing(shape, tone, size, place, (left, top, left + width, top + height))


def _ground(chance: np.random.Generator) -> NDArray[np.float64]:
    return np.full((SIDE, SIDE), float(chance.integers(*GROUND)))


def _noisy(picture: NDArray[np.float64], chance: np.random.Generator) -> NDArray[np.uint8]:
    noisy = picture + chance.normal(0.0, NOISE, picture.shape)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def _one(values: tuple[str, ...], chance: np.random.Generator) -> str:
    return values[int(chance.integers(len(values)))]
