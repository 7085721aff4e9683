"""All pictures decoded once: small grey pixels in one file, rebuilt when the list changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_backend.training.pictures import Picture, PictureFiles, small_pixels
from model_backend.training.saving import write_safely


def load_pixels(
    pictures: Sequence[Picture],
    data: Path,
    size: int,
    folder: Path,
    say: Callable[[str], None] = lambda line: None,
) -> NDArray[np.uint8]:
    """(pictures, size, size) uint8, from `folder` when it was made for this very list.

    Raises TrainingProblem naming the first picture that is missing or damaged.
    """
    listing = json.dumps([size, [[p.source, p.name] for p in pictures]])
    key = hashlib.sha256(listing.encode()).hexdigest()[:16]
    path = folder / f"pixels-{key}.npy"
    if path.is_file():
        return np.load(path)  # type: ignore[no-any-return]  # numpy types np.load as Any
    pixels = np.empty((len(pictures), size, size), np.uint8)
    files = PictureFiles(data)
    try:
        for index, picture in enumerate(pictures):
            pixels[index] = small_pixels(files.pixels(picture), size)
            if (index + 1) % 1000 == 0:
                say(f"decoded {index + 1} of {len(pictures)} pictures")
    finally:
        files.close()
    folder.mkdir(parents=True, exist_ok=True)
    with write_safely(path) as file:
        np.save(file, pixels)
    return pixels
