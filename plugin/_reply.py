"""What a model said to one request, as the window, the command line and a report use it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicom_io.report.document import Asked, Decision, Origin, Region, Sentence, new_id
from model_backend.request import ANSWER, ModelIdentity
from plugin._seen import Seen

UNCALIBRATED = "not calibrated"
READ_IN_PART = "the end of the text was not read"


@dataclass(frozen=True, slots=True)
class Found:
    """A place in the image, in stored columns and rows, and what is there."""

    region: Region
    label: str


@dataclass(frozen=True, eq=False)
class Reply:
    """An answer as it grows. The first has no text yet, the last one is final."""

    question: str
    seen: Seen | None  # None: the task reads no image
    text: str = ""
    is_final: bool = False
    scores: tuple[tuple[str, float], ...] = ()  # (candidate, share of all), calibrated or not
    calibrated: bool = False
    cut_off: bool = False
    read_whole: bool = True  # False: the end of a long text was not read
    refusal: str = ""  # why the model does not answer; then there is no text
    note: str = ""  # what the reader must know of it
    asked: Asked | None = None
    model: ModelIdentity | None = None
    sentence: str = ""  # the finding's own wording, where the model has one
    task: str = ANSWER
    places: tuple[Found, ...] = ()
    codes: tuple[int, ...] = ()  # of image infilling, row by row

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """What the model saw, before it was resized to the model's input."""
        return self.seen.pixels if self.seen is not None else None

    @property
    def region(self) -> Region | None:
        """The box, on whole stored pixels; None for the whole frame."""
        return self.seen.region if self.seen is not None else None

    @property
    def probabilities(self) -> tuple[tuple[str, float], ...]:
        """(candidate, probability), where somebody has calibrated them; else none."""
        return self.scores if self.calibrated else ()

    @property
    def ranked(self) -> tuple[str, ...]:
        """The candidates, the likeliest first; their order is known without calibration."""
        return tuple(name for name, _ in sorted(self.scores, key=lambda pair: -pair[1]))

    @property
    def probability(self) -> float | None:
        """That of the chosen candidate; None for an open answer, and where it is not calibrated."""
        return dict(self.probabilities).get(self.text)

    def as_sentence(self) -> Sentence:
        """A suggestion for the report. Raises ValueError before the end and for a refusal."""
        if not self.is_final or self.refusal or not self.text:
            raise ValueError("There is no answer to put into the report.")
        return Sentence(
            id=new_id(),
            text=self.sentence or _in_words(self.question, self.text),
            origin=Origin.AI,
            state=Decision.SUGGESTED,
            probability=self.probability,
            request=self.asked.request if self.asked else "",
            region=self.region,
            note=self.note,
        )


def _in_words(question: str, text: str) -> str:
    """Question and answer as one line of a report, since an answer alone says nothing."""
    said = text[:1].upper() + text[1:]
    said = f"{said}{'' if said[-1:] in '.!?' else '.'}"
    if not question:
        return said
    asked = question if question.endswith("?") else f"{question}?"
    return f"{asked[:1].upper()}{asked[1:]} {said}"
