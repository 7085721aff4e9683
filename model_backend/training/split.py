"""Which pictures are held out, which choose, which train: by the hash of a name, fixed for ever.

The first byte of the SHA-256 of the patient's name (of the image's, where a set has no patients)
says whether a picture is held out; the second byte parts the rest into training and validation.
"""

from __future__ import annotations

import hashlib

HELD_OUT = "held_out"
VALIDATION = "validation"
TRAINING = "training"

HELD_OUT_BELOW = 51  # of 256: one in five, fixed before the first run


def part_of(group: str, validation: tuple[int, int]) -> str:
    """The part that a patient or image belongs to.

    `validation` is the half-open range of second bytes that choose and calibrate.
    """
    digest = hashlib.sha256(group.encode("utf-8")).digest()
    if digest[0] < HELD_OUT_BELOW:
        return HELD_OUT
    first, end = validation
    return VALIDATION if first <= digest[1] < end else TRAINING
