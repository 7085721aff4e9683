"""A test pattern of our own for a look at the screen, with the parts of AAPM TG18's QC pattern.

It is made by code, in display values from 0 to 255, and is not a calibration: what the screen makes
of these values nobody measures here (AAPM On-line Report 03, sections 4.3 to 4.7, says what to look
for; PS3.14 says what a calibrated screen would do).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SIDE = 1024  # pixels of the pattern as it is shown
BACKGROUND = 64
GRID = 96  # the value of the lines
STEPS = 18  # patches from 0 to 255
LOW_CONTRAST = 4  # what the corners of a patch differ by
DARK = (0, 13)  # black, and 5 % in it
BRIGHT = (255, 242)  # white, and 95 % in it
PAIRS = (1, 2, 4)  # widths of the lines in pixels; the first is the finest that a screen has

Box = tuple[int, int, int, int]  # first column and row, width, height


@dataclass
class Pattern:
    """The pixels, and where each part lies: "step 3", "5 %", "95 %", "pairs 1 across", …"""

    pixels: NDArray[np.uint8]
    parts: dict[str, Box] = field(default_factory=dict)

    def part(self, name: str) -> NDArray[np.uint8]:
        """The pixels of one part. Raises KeyError."""
        x, y, width, height = self.parts[name]
        return self.pixels[y : y + height, x : x + width]

    def _fill(self, name: str, box: Box, value: int | NDArray[np.uint8]) -> None:
        self.parts[name] = box
        self.part(name)[...] = value


def made_pattern(side: int = SIDE) -> Pattern:
    """The whole pattern as a square of `side` pixels, at least 512. Raises ValueError."""
    if side < 512:
        raise ValueError(f"a test pattern of {side} pixels has no room for its parts")
    made = Pattern(np.full((side, side), BACKGROUND, np.uint8))
    unit = side // 16
    _grid(made, unit)
    _steps(made, unit)
    _extremes(made, unit)
    _ramps(made, unit)
    _line_pairs(made, unit)
    _edges(made, unit)
    return made


def _grid(made: Pattern, unit: int) -> None:
    """Straight lines that show a screen which bends or scales them."""
    made.pixels[::unit] = GRID
    made.pixels[:, ::unit] = GRID


def _steps(made: Pattern, unit: int) -> None:
    """Patches from black to white in a ring, each with two corners a little brighter and two a
    little darker, of which all should be seen."""
    row = STEPS // 2
    ring = [(3.5 + at, 3.0) for at in range(row)] + [(11.5 - at, 11.5) for at in range(row)]
    for number, (column, top) in enumerate(ring):
        value = round(255 * number / (STEPS - 1))
        box = (round(column * unit), round(top * unit), unit, unit)
        made._fill(f"step {number}", box, value)
        patch, corner = made.part(f"step {number}"), unit // 4
        lighter, darker = min(255, value + LOW_CONTRAST), max(0, value - LOW_CONTRAST)
        patch[:corner, :corner] = patch[-corner:, -corner:] = lighter
        patch[:corner, -corner:] = patch[-corner:, :corner] = darker


def _extremes(made: Pattern, unit: int) -> None:
    """5 % in black and 95 % in white: a screen that clips shows neither."""
    for name, column, (outer, inner) in (("5 %", 4, DARK), ("95 %", 10, BRIGHT)):
        box = (column * unit, 6 * unit, 2 * unit, 2 * unit)
        made._fill(f"around {name}", box, outer)
        made._fill(name, (box[0] + unit // 2, box[1] + unit // 2, unit, unit), inner)


def _ramps(made: Pattern, unit: int) -> None:
    """Every value from 0 to 255 along a line: steps and bands show a short bit depth."""
    long = 12 * unit
    ramp = np.linspace(0, 255, long).round().astype(np.uint8)
    made._fill("ramp across", (2 * unit, 13 * unit, long, unit), ramp[None, :])
    made._fill("ramp down", (unit, 2 * unit, unit, long), ramp[:, None])
    made._fill("ramp up", (14 * unit, 2 * unit, unit, long), ramp[::-1, None])


def _line_pairs(made: Pattern, unit: int) -> None:
    """Lines of 1, 2 and 4 pixels, black on white both ways, and faint ones beside: they are grey
    where a screen or a scaling blurs them."""
    for at, width in enumerate(PAIRS):
        lines = (np.arange(unit) // width % 2).astype(np.uint8)
        across = np.broadcast_to(lines[None, :], (unit, unit))
        for way, shape, row in (("across", across, 9), ("down", across.T, 10)):
            box = (round((3.5 + at) * unit), row * unit, unit, unit)
            made._fill(f"pairs {width} {way}", box, (shape * 255).astype(np.uint8))
            faint = (round((9.5 + at) * unit), row * unit, unit, unit)
            made._fill(f"faint pairs {width} {way}", faint, (128 + shape * 4).astype(np.uint8))


def _edges(made: Pattern, unit: int) -> None:
    """A line around everything and a mark in each corner: what is missing lies off the screen."""
    pixels, side = made.pixels, made.pixels.shape[0]
    pixels[0] = pixels[-1] = 255
    pixels[:, 0] = pixels[:, -1] = 255
    for name, column, row in (
        ("upper left", 0, 0),
        ("upper right", side - unit, 0),
        ("lower left", 0, side - unit),
        ("lower right", side - unit, side - unit),
    ):
        made._fill(f"corner {name}", (column, row, unit, unit), 255)
        made.part(f"corner {name}")[unit // 4 : -unit // 4, unit // 4 : -unit // 4] = 0
