"""One example of a data set: pictures as files, texts, right answers, and whose it is; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = (TRAIN, VALIDATION, TEST)


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A box in pixels of the first image, from its top left corner: x to the right, y down."""

    x0: float
    y0: float
    x1: float
    y1: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One example. Which fields a task reads stands in `model_backend/tasks.py`.

    `answer` is the reference with the largest weight. `labels` say what is known to be there or
    not; a finding that is missing in them is unknown, not absent.
    """

    id: str
    task: str
    part: str  # one of PARTS; "" while it is not decided
    group: str  # the patient, or the image where a set knows no patients
    images: tuple[bytes, ...] = ()  # PNG or JPEG
    text: str = ""
    text2: str = ""
    answer: str = ""
    references: Mapping[str, float] = field(default_factory=dict)  # right answer -> weight
    candidates: tuple[str, ...] = ()
    labels: Mapping[str, bool] = field(default_factory=dict)
    boxes: tuple[LabelledBox, ...] = ()
    codes: tuple[int, ...] = ()  # of the middle of the image, row by row
    is_closed: bool | None = None  # None: it is no question, or the set does not say
    attributes: Mapping[str, str] = field(default_factory=dict)  # sex, age, view, source, ...
