"""One labelled case: what is asked of a model and what the right answer is; no torch."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model_backend.request import ModelError, Place

MOST_PIXELS = 120_000_000  # of one picture; more is no radiograph


class LabelledProblem(ModelError):
    """A labelled set that cannot be used as a whole; says which file, and what to change."""


class BadRow(Exception):
    """One row that cannot be used; `str` says why. The rest of the set still can."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that was not used."""

    line: int  # of the labelled file, from 1
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelledCase:
    """One row of a labelled set, as the model will be asked it.

    `task` is a name of `model_backend/tasks.py`. A question about an image is `answer` with no
    candidates and `choice` with them.
    """

    line: int  # of the labelled file, from 1
    task: str
    references: Mapping[str, float]  # each right answer with its weight; may be empty for a place
    group: str  # the patient, or the image: what is drawn together when intervals are made
    text: str = ""
    text2: str = ""
    candidates: tuple[str, ...] = ()
    picture: Callable[[], bytes] | None = None  # reads the image file; raises BadRow
    box: Place | None = None  # the region that is asked about
    place: Place | None = None  # the right answer of grounding
    is_closed: bool | None = None  # None: the set does not say, or it is no question
    split: str = ""  # the part of the set that the row names for itself
    labels: Mapping[str, bool] = field(default_factory=dict)  # what is known to be there, or not
    attributes: Mapping[str, str] = field(default_factory=dict)  # sex, age, view, ...

    @property
    def answer(self) -> str:
        """The reference with the largest weight, the first among equals; "" for a place."""
        return max(self.references, key=self.references.__getitem__, default="")

    def pixels(self) -> NDArray[np.uint8]:
        """(height, width) grey or (height, width, 3) RGB, as Pillow converts it (spec §7).

        Raises BadRow when the file is missing or is no picture.
        """
        if self.picture is None:
            raise BadRow("it has no picture")
        return decoded(self.picture())


def decoded(picture: bytes) -> NDArray[np.uint8]:
    """The pixels of an image file. Raises BadRow."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's about size and damaged metadata
            with Image.open(io.BytesIO(picture)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise BadRow(f"its picture has {image.width} x {image.height} pixels")
                return np.asarray(image if image.mode == "L" else image.convert("RGB"))
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        hint = "; write DICOM as PNG first" if picture[128:132] == b"DICM" else ""
        raise BadRow(f"its picture is in no format that is read here{hint}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise BadRow(f"its picture is damaged ({type(error).__name__})") from error
