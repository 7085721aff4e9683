"""What is asked of a model and what comes back; no torch, no DICOM, no Qt.

A new task is a new value of `Request.task`, not a new channel. Requests are asked in batches;
events come back as they happen, each naming its request.

    ModelError             a known problem; str() is one sentence for the person
    ├── NoModel            no model of that name, or none at all
    ├── BadCheckpoint      a file that is not what it claims; carries `key` where one is at fault
    ├── BadRequest         the request cannot be answered as it stands
    └── ModelDied          the model process ended; ask again and it is started anew
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

# Tasks known today; `model_backend/tasks.py` says what each takes and gives. A model says which of
# them it has (`ModelIdentity.tasks`).
ANSWER = "answer"  # open question about the image: free text
CHOICE = "choice"  # closed question: one of `candidates`, a probability for each
FINDINGS = "findings"  # caption or findings about the image: free text, streamed
CLASSIFY = "classify"  # the image's class: one of `candidates`, a probability for each
MATCHING = "matching"  # does the text describe the image: yes or no, a probability for each
REGION = "region"  # what `box` of the image shows: free text
GROUNDING = "grounding"  # where in the image the text is: `Answer.places`
DETECTION = "detection"  # what is in the image and where: `Answer.places`
INFILL_IMAGE = "infill_image"  # the middle of the image, painted over: `Answer.codes`
INFILL_TEXT = "infill_text"  # the text with each <mask> filled in
ENTAILMENT = "entailment"  # does `text` imply `text2`: entailed, neutral, contradicted
SUMMARY = "summary"  # `text` made short: free text, streamed
TRIAL = "trial"  # does the patient in `text` fit the trial in `text2`: one of `candidates`
MORTALITY = "mortality"  # from the note in `text`: one of `candidates`
TREATMENT = "treatment"  # for the patient in `text`: one of `candidates`


@dataclass(frozen=True, slots=True)
class Affine:
    """From crop pixels (x, y) to stored pixels (column, row), both measured from the top left
    corner of the top left pixel: column = xx*x + xy*y + x0, row = yx*x + yy*y + y0."""

    xx: float = 1.0
    xy: float = 0.0
    x0: float = 0.0
    yx: float = 0.0
    yy: float = 1.0
    y0: float = 0.0

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        return (
            self.xx * x + self.xy * y + self.x0,
            self.yx * x + self.yy * y + self.y0,
        )


@dataclass(frozen=True, eq=False)
class ImageInput:
    """One picture for the model: uint8, (height, width) grey or (height, width, 3) RGB, already
    windowed; how it lies in the stored image; and an opaque text that says whose it is
    (`dicom_io.Identity.key()`), which the model never reads and every event gives back."""

    pixels: NDArray[np.uint8]
    to_stored: Affine = Affine()
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How text is searched for (spec/biomedgpt.md §9.1)."""

    beam: int = 1
    max_tokens: int = 64  # max_len_b
    min_tokens: int = 1
    length_penalty: float = 1.0
    normalize: bool = True  # False is the reference's `unnormalized`
    temperature: float = 1.0
    no_repeat_ngram: int = 0
    by_trie: bool = False  # a closed list by trie-constrained beam, not by scoring each candidate


@dataclass(frozen=True, slots=True)
class Place:
    """A box in an image, in pixels of `ImageInput.pixels` from its top left corner: x to the
    right, y down; x0 <= x1 <= width, y0 <= y1 <= height. `label` says what is there."""

    x0: float
    y0: float
    x1: float
    y1: float
    label: str = ""


@dataclass(frozen=True, eq=False)
class Request:
    """One question to the model. `images` may be empty for text tasks, or hold several.

    Which of the fields a task reads, and its usual candidates, stand in `model_backend/tasks.py`.
    """

    task: str
    images: tuple[ImageInput, ...] = ()
    text: str = ""
    candidates: tuple[str, ...] = ()
    decoding: Decoding = Decoding()
    seed: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    text2: str = ""  # the second text of a task that compares two
    box: Place | None = None  # of the first image, for a question about a region by its location


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered."""

    name: str
    version: str
    sha256: str  # of the weights file
    tasks: tuple[str, ...] = ()
    device: str = "cpu"
    manufacturer: str = ""
    precision: str = ""  # of the weights in use: fp32, bf16, int8; "": the backend does not say
    address: str = ""  # of the server that answers, where the model runs in no process of ours
    note: str = ""  # what the reader must know of how it runs, such as why it left the GPU


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text, as it is decoded. Pieces joined give the answer's text so far."""

    request: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one request that was answered."""

    request: str
    text: str
    probabilities: tuple[float, ...] | None  # one per candidate, in their order; None: free text
    cut_off: bool  # the length limit came before the end of the sentence
    model: ModelIdentity
    score: float | None = None  # sum of the log-probabilities of a free text
    sentence_probabilities: tuple[float, ...] = ()  # free text: one a sentence, uncalibrated
    calibrated: bool = False  # `probabilities` may be shown to a reader
    places: tuple[Place, ...] = ()  # grounding and detection
    codes: tuple[int, ...] = ()  # image infilling: codes from 0, row by row
    read_whole: bool = True  # False: the end of a long text was not read


@dataclass(frozen=True, slots=True)
class Refusal:
    """The end of one request that the model will not answer. An answer, not an error."""

    request: str
    reason: str
    model: ModelIdentity


Event = Token | Answer | Refusal


class ModelError(Exception):
    """The root of known problems on this floor."""


class NoModel(ModelError):
    """There is no model to ask."""


class BadCheckpoint(ModelError):
    """A checkpoint or model folder that cannot be used; `key` names the entry at fault."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class BadRequest(ModelError):
    """The request cannot be answered as it stands (an empty answer list, a missing image)."""


class ModelDied(ModelError):
    """The model process ended in the middle of the work."""


class Ask(Protocol):
    """What drafting and answering need of a model: requests in, events out.

    A generator: it looks at `stop` at least every 50 ms and then ends early without an error; a
    request without an Answer or Refusal was cancelled. Raises ModelError.
    """

    def __call__(
        self, requests: Sequence[Request], stop: Callable[[], bool] = ...
    ) -> Iterator[Event]: ...
