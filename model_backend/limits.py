"""What requests may hold at most, so that a message carries them and a picture fits into memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any

import numpy as np

from model_backend.request import BadRequest, Request

MOST_PIXEL_BYTES = 256 * 2**20  # of one picture
MOST_BYTES = 512 * 2**20  # of all pictures of a message


def check(requests: Sequence[Request]) -> None:
    """Raise BadRequest when the requests are beyond what a message may hold."""
    for request in requests:
        _check_numbers(request)
    pictures = {id(image.pixels): image.pixels for r in requests for image in r.images}
    for pixels in pictures.values():
        check_pixels(pixels)
    if sum(pixels.nbytes for pixels in pictures.values()) > MOST_BYTES:
        raise BadRequest("These pictures together are too large to ask about at once. Ask singly.")


def _check_numbers(request: Request) -> None:
    """A message holds numbers, not their absence: no NaN and nothing infinite."""
    if request.box is not None:
        box = request.box
        if not all(math.isfinite(one) for one in (box.x0, box.y0, box.x1, box.y1)):
            raise BadRequest("The box has a corner that is no number. Draw it anew.")
    for name, value in asdict(request.decoding).items():
        if not math.isfinite(value):
            raise BadRequest(f"The decoding's {name.replace('_', ' ')} is {value}, no number.")
    for image in request.images:
        if not all(math.isfinite(one) for one in astuple(image.to_stored)):
            raise BadRequest("How the picture lies in the stored one is told by no numbers.")


def check_pixels(pixels: Any) -> None:
    """Raise BadRequest for what is no picture, or a larger one than the model is given."""
    if not isinstance(pixels, np.ndarray):
        raise BadRequest(f"A picture for the model is an array, not {type(pixels).__name__}.")
    shape = pixels.shape
    if pixels.dtype != np.uint8 or not (len(shape) == 2 or (len(shape) == 3 and shape[2] == 3)):
        raise BadRequest(
            "A picture for the model is 8 bit, grey (height, width) or RGB (height, width, 3); "
            f"this one is {pixels.dtype} {shape}."
        )
    if 0 in shape:
        raise BadRequest("The picture, or the box drawn on it, is empty. Draw a larger box.")
    if pixels.nbytes > MOST_PIXEL_BYTES:
        raise BadRequest(
            f"The picture has {shape[1]} x {shape[0]} pixels, more than the model is given at "
            "once. Draw a box around the part that you ask about."
        )
