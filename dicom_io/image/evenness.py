"""Evenness: whether slices lie evenly, straight above one another, and form a volume.

Source: DICOM PS3.3 C.7.6.2.1.1. The limits are this project's own and stand in docs/geometry.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.place import Place

SAME_PLACE = 0.02  # mm along the normal; nearer than that two slices lie at one place
GAP = 1.5  # times the median spacing
UNEVEN = 0.01  # of the median spacing
ROUNDED = 0.02  # mm; what rounding of positions in the header does
LEAST_SLICES = 3  # of a volume
TILT = 0.2  # degrees between the way of the slices and their normal
ASKEW = 0.1  # mm that a slice may lie beside the straight line through the others
TOLD = 3  # places named in one sentence


@dataclass(frozen=True, slots=True)
class Evenness:
    """What was found; `spacing` in mm, the median, 0 when there is none."""

    warnings: tuple[str, ...] = ()
    why_no_volume: str = ""  # "" for a volume
    spacing: float = 0.0


def evenness_of(places: Sequence[Place], depths: Sequence[float]) -> Evenness:
    """For parallel slices in the order of their depths (mm along the normal)."""
    if len(places) < 2:
        return Evenness(why_no_volume="One slice is no volume.")
    steps = np.diff(np.asarray(depths))
    real = steps[steps > SAME_PLACE]
    if not real.size:
        return Evenness(why_no_volume="All these images lie at the same place.")
    spacing = float(np.median(real))
    warnings = [
        *_gaps(steps, spacing),
        *_doubles(steps),
        *_uneven(steps, spacing),
        *_askew(places, np.asarray(depths)),
        *_differing(places),
    ]
    why = warnings[0] if warnings else ""
    if not why and len(places) < LEAST_SLICES:
        why = f"{len(places)} slices are no volume."
    if not why and places[0].is_colour:
        why = "Colour images are no volume."
    if not why and not places[0].spacing:
        why = "The file does not say how large the pixels are."
    return Evenness(tuple(warnings), why, spacing)


def _gaps(steps: NDArray[np.float64], spacing: float) -> list[str]:
    """Where slices are missing, by their numbers in the stack, from 1."""
    at = np.flatnonzero(steps > GAP * spacing)
    if not at.size:
        return []
    places = [f"{i + 1} and {i + 2} ({steps[i]:.1f} mm)" for i in at[:TOLD]]
    more = f" and {at.size - TOLD} more" if at.size > TOLD else ""
    missing = int(sum(max(round(steps[i] / spacing) - 1, 1) for i in at))
    noun = "image seems" if missing == 1 else "images seem"
    return [
        f"{missing} {noun} to be missing: there is a gap between images {', '.join(places)}{more}; "
        f"the others lie {spacing:.1f} mm apart."
    ]


def _doubles(steps: NDArray[np.float64]) -> list[str]:
    at = np.flatnonzero(steps <= SAME_PLACE)
    if not at.size:
        return []
    places = ", ".join(f"{i + 1} and {i + 2}" for i in at[:TOLD])
    more = f" and {at.size - TOLD} more pairs" if at.size > TOLD else ""
    return [f"Images {places}{more} lie at the same place; one of them may be a double."]


def _uneven(steps: NDArray[np.float64], spacing: float) -> list[str]:
    """Spacings that differ, but for gaps and doubles, which are told for themselves."""
    usual = steps[(steps > SAME_PLACE) & (steps <= GAP * spacing)]
    if not usual.size or np.abs(usual - spacing).max() <= max(UNEVEN * spacing, ROUNDED):
        return []
    return [f"The slices lie unevenly, from {usual.min():.2f} to {usual.max():.2f} mm apart."]


def _askew(places: Sequence[Place], depths: NDArray[np.float64]) -> list[str]:
    """Gantry tilt: the slices' way is not along their normal; or they lie beside one another."""
    origins = np.array([place.position for place in places])
    normal = np.array(places[0].normal)
    way = origins[-1] - origins[0]
    along = float(way @ normal)
    if along <= SAME_PLACE:
        return []
    rates = (depths - depths[0]) / (depths[-1] - depths[0])
    beside = np.linalg.norm(origins - origins[0] - np.outer(rates, way), axis=1)
    if beside.max() > ASKEW:
        return ["The slices do not lie straight above one another."]
    aside = float(np.linalg.norm(way - along * normal))
    angle = math.degrees(math.atan2(aside, along))
    if angle <= TILT or aside <= ASKEW:
        return []
    return [f"The slices are sheared by {angle:.1f}°, as with a tilted gantry."]


def _differing(places: Sequence[Place]) -> list[str]:
    found = {place.spacing for place in places}
    if len(found) == 1:
        return []
    if () not in found:
        sizes = np.array([place.spacing for place in places])
        if np.abs(sizes / sizes[0] - 1).max() <= 1e-3:
            return []
    return ["The pixels of these images differ in size."]
