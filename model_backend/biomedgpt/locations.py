"""Boxes in pixels to location symbols and back (spec 10.2, detection); no torch.

The published training sees every picture at `patch_image_size` pixels a side (s), divides the
pixels by `max_image_size` (512) and rounds to one of `num_bins` (1,000) bins: round(x / 512 * 999).
So a picture of s = 256 uses bins 0 to 500 and one of 384 uses 0 to 749. A request's image has
sides of its own, which the resize to s x s stretches, each by its own factor:

    bin = round(x * s / width / 512 * 999)         0 -> 0, width -> the last bin in use
    x   = bin / 999 * 512 * width / s              0 -> 0, the last bin in use or beyond -> width

Every bin in use comes back as itself. A coordinate comes back within half a bin; within one where
it falls to the last bin, which stands for the image's edge exactly. No published model is larger
than 512 pixels; for one that were, s takes the place of 512.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from model_backend.biomedgpt.config import OFAConfig
from model_backend.request import BadCheckpoint, BadRequest, Place


def bins_of(
    place: Place, width: float, height: float, config: OFAConfig
) -> tuple[int, int, int, int]:
    """The four bins (x0, y0, x1, y1) of a box in an image of that size in pixels.

    `config.patch_image_size` is the side that the network sees. Corners are sorted, what lies
    beyond the image is cut off. Raises BadRequest for a box that is not a number, empty or outside.
    """
    inside = clipped(place, width, height)
    return (
        _bin(inside.x0, width, config),
        _bin(inside.y0, height, config),
        _bin(inside.x1, width, config),
        _bin(inside.y1, height, config),
    )


def place_of(
    bins: Sequence[int], width: float, height: float, config: OFAConfig, label: str = ""
) -> Place:
    """The box of four bins (x0, y0, x1, y1), its corners sorted, in pixels of the image.

    Two equal bins give a box without width or height: see `is_degenerate`.
    """
    x0, y0, x1, y1 = bins
    left, right = sorted((x0, x1))
    top, bottom = sorted((y0, y1))
    return Place(
        _pixel(left, width, config),
        _pixel(top, height, config),
        _pixel(right, width, config),
        _pixel(bottom, height, config),
        label,
    )


def last_bin(config: OFAConfig) -> int:
    """The bin of the image's right and lower edge. Raises BadCheckpoint when it is the first."""
    last = round(config.patch_image_size / _span(config) * (config.num_bins - 1))
    if last < 1:
        raise BadCheckpoint(
            f"With {config.num_bins} location symbols for {_span(config)} pixels, this network "
            f"cannot tell places in a picture of {config.patch_image_size} pixels apart.",
            "max_image_size",
        )
    return last


def clipped(place: Place, width: float, height: float) -> Place:
    """The part of a box that lies in the image, corners sorted.

    Raises BadRequest when there is none, or when it has no area.
    """
    corners = (place.x0, place.y0, place.x1, place.y1)
    if not all(math.isfinite(one) for one in corners):
        raise BadRequest("The box has a corner that is no number. Draw it anew.")
    x0, x1 = sorted((place.x0, place.x1))
    y0, y1 = sorted((place.y0, place.y1))
    if x0 == x1 or y0 == y1:
        raise BadRequest("The box is empty: it has no width or no height. Draw a larger one.")
    x0, x1 = max(x0, 0.0), min(x1, width)
    y0, y1 = max(y0, 0.0), min(y1, height)
    if x0 >= x1 or y0 >= y1:
        raise BadRequest(
            f"The box lies outside the image of {width:g} x {height:g} pixels. Draw it inside."
        )
    return Place(x0, y0, x1, y1, place.label)


def is_degenerate(place: Place) -> bool:
    """Whether the model named a line or a point instead of a box."""
    return place.x0 == place.x1 or place.y0 == place.y1


def _bin(pixel: float, side: float, config: OFAConfig) -> int:
    seen = pixel * config.patch_image_size / side  # in the picture as the network sees it
    return min(round(seen / _span(config) * (config.num_bins - 1)), last_bin(config))


def _pixel(number: int, side: float, config: OFAConfig) -> float:
    if number >= last_bin(config):
        return float(side)
    seen = number / (config.num_bins - 1) * _span(config)
    return max(seen * side / config.patch_image_size, 0.0)


def _span(config: OFAConfig) -> int:
    """The pixels that all bins together stand for."""
    return max(config.max_image_size, config.patch_image_size)
