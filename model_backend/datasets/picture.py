"""Pictures on their way into a data set: checked, made PNG or JPEG, shrunk, and recognised again.

Three marks say that two pictures are the same: their bytes, their pixels, and a perceptual hash
that outlives a change of size, of compression and of brightness.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_backend.evaluation.labelled import MOST_PIXELS, BadRow, decoded

_KEPT = (b"\xff\xd8", b"\x89PNG")
_GREYS_16 = ("I;16", "I;16B", "I;16L", "I")
SIDE = 16  # of the perceptual hash: 16 x 16 bits
# Of its 256 bits. Measured on 3223 chest films: copies at 3/4 of the size, as JPEG of quality 60 or
# brighter by 15 % differ in at most 20, films of different patients in at least 38.
NEAR = 20


@dataclass(frozen=True, slots=True)
class Marks:
    """What a picture is recognised by."""

    file: bytes  # SHA-256 of the bytes
    pixels: bytes  # SHA-256 of size and decoded pixels
    look: bytes  # the perceptual hash, packed


def file_of(path: Path) -> Callable[[], bytes]:
    """Reads one picture file when it is called."""

    def read() -> bytes:
        try:
            return path.read_bytes()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BadRow(f"its image '{path.name[:80]}' cannot be read ({reason})") from error

    return read


def prepared(picture: bytes, longest: int = 0) -> tuple[bytes, NDArray[np.uint8]]:
    """The picture as PNG or JPEG with at most `longest` pixels a side, and its pixels.

    Grey values of 16 bits are stretched over 8. Raises BadRow.
    """
    picture = _eight_bits(picture)
    pixels = decoded(picture)
    if longest and max(pixels.shape[:2]) > longest:
        pixels, picture = _shrunk(pixels, longest)
    elif not picture.startswith(_KEPT):
        picture = png_of(pixels)
    return picture, pixels


def png_of(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels as a PNG file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def _shrunk(pixels: NDArray[np.uint8], longest: int) -> tuple[NDArray[np.uint8], bytes]:
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=95, subsampling=0)
    return np.asarray(Image.open(io.BytesIO(out.getvalue()))), out.getvalue()


def _eight_bits(picture: bytes) -> bytes:
    """A picture of 16 bits as one of 8, from its darkest to its brightest; others as they are."""
    try:
        with Image.open(io.BytesIO(picture)) as image:
            if image.mode not in _GREYS_16 or image.width * image.height > MOST_PIXELS:
                return picture
            greys = np.asarray(image).astype(np.float64)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return picture  # `decoded` says what is wrong with it
    low, high = greys.min(), greys.max()
    return png_of(np.round((greys - low) * (255 / max(high - low, 1))).astype(np.uint8))


# --- recognised again ---


def marks_of(picture: bytes, pixels: NDArray[np.uint8]) -> Marks:
    """A picture's marks; a grey picture has those of the same one in colour."""
    grey = pixels
    if grey.ndim == 3 and (grey == grey[..., :1]).all():
        grey = grey[..., 0]
    shape = repr(grey.shape).encode()
    body = np.ascontiguousarray(grey).tobytes()
    return Marks(
        hashlib.sha256(picture).digest(),
        hashlib.sha256(shape + body).digest(),
        look_of(pixels),
    )


def look_of(pixels: NDArray[np.uint8]) -> bytes:
    """The perceptual hash: which low frequencies of a small grey picture exceed their median."""
    image = Image.fromarray(pixels).convert("L").resize((64, 64), Image.Resampling.BOX)
    small = np.asarray(image, dtype=np.float32)
    waves = _COSINES @ small @ _COSINES.T
    flat = waves.ravel()[1:]  # without the mean grey, which a change of brightness moves
    bits = np.concatenate([[False], flat > np.median(flat)])
    return np.packbits(bits).tobytes()


def _cosines(size: int, kept: int) -> NDArray[np.float32]:
    place = np.arange(size) + 0.5
    return np.cos(np.pi / size * np.outer(np.arange(kept), place)).astype(np.float32)


_COSINES = _cosines(64, SIDE)  # (16, 64)


def near_pairs(
    ones: Sequence[bytes], others: Sequence[bytes], most: int = NEAR
) -> list[tuple[int, int, int]]:
    """For each of `others` that looks like one of `ones`: the place of the likest one, its own, and
    how many bits differ."""
    found: list[tuple[int, int, int]] = []
    if not ones:
        return found
    for first in range(0, len(others), _ROWS):
        right = _signs(others[first : first + _ROWS])
        best = np.full(len(right), -np.inf, dtype=np.float32)
        likest = np.zeros(len(right), dtype=np.int64)
        for start in range(0, len(ones), _COLUMNS):
            products = right @ _signs(ones[start : start + _COLUMNS]).T
            place = products.argmax(axis=1)
            value = products[np.arange(len(right)), place]
            likest = np.where(value > best, place + start, likest)
            best = np.maximum(best, value)
        differing = (SIDE * SIDE - best) / 2
        for other in np.flatnonzero(differing <= most):
            found.append((int(likest[other]), first + int(other), int(differing[other])))
    return found


_ROWS, _COLUMNS = 1024, 16384  # of one product: 64 MB


def _signs(looks: Sequence[bytes]) -> NDArray[np.float32]:
    packed = np.frombuffer(b"".join(looks), np.uint8).reshape(len(looks), -1)
    return np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1
