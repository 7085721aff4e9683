"""Ask the model one question about a frame or a box of it; plain functions, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.crop import Box
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window
from dicom_io.report.document import Asked, Decision, Origin, Region, Sentence, new_id
from dicom_io.source import never
from model_backend.folder import ModelFolder
from model_backend.request import (
    ANSWER,
    CHOICE,
    Answer,
    Ask,
    BadRequest,
    Decoding,
    ImageInput,
    ModelIdentity,
    Refusal,
    Request,
    Token,
)
from plugin._prompts import choices_for, domain_note
from plugin._seen import Seen, look, record

ANSWERING = Decoding(max_tokens=40)  # spec/biomedgpt.md §8, VQA


@dataclass(frozen=True, eq=False)
class Reply:
    """An answer as it grows. The first has no text yet, the last one is final."""

    question: str
    seen: Seen
    text: str = ""
    is_final: bool = False
    probabilities: tuple[tuple[str, float], ...] = ()  # (candidate, probability); open: none
    calibrated: bool = False
    cut_off: bool = False
    refusal: str = ""  # why the model does not answer; then there is no text
    note: str = ""  # what the reader must know of it
    asked: Asked | None = None
    model: ModelIdentity | None = None
    sentence: str = ""  # the finding's own wording, where the model has one

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """What the model saw, before it was resized to the model's input."""
        return self.seen.pixels

    @property
    def region(self) -> Region | None:
        """The box, on whole stored pixels; None for the whole frame."""
        return self.seen.region

    @property
    def probability(self) -> float | None:
        """That of the chosen candidate; None for an open answer."""
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


def answer_question(
    frame: ImageFrame,
    question: str,
    ask: Ask,
    *,
    choices: tuple[str, ...] = (),
    box: Box | None = None,
    window: Window | None = None,
    model: ModelFolder | None = None,
    decoding: Decoding = ANSWERING,
    seed: int = 0,
    stop: Callable[[], bool] = never,
) -> Iterator[Reply]:
    """Ask, and give the answer as it grows; the first Reply comes before the model is asked.

    With `choices`, or when yes or no answers the question, each candidate gets a probability;
    otherwise the answer is free text. `box` is (x0, y0, x1, y1) in stored columns and rows. Ends
    without a final Reply when stopped. Raises FileProblem, and ModelError: BadRequest for an empty
    question, an empty candidate or a box that holds no pixel.
    """
    if not question.strip():
        raise BadRequest("There is no question. Write one and ask again.")
    if any(not one.strip() for one in choices):
        raise BadRequest("One of the answers to choose from is empty. Leave it out.")
    reply = Reply(question.strip(), look(frame, window, box, model))
    yield reply
    request = _request(question.strip(), reply.seen.image, choices, decoding, seed)
    for event in ask([request], stop):
        match event:
            case Token(text=piece):
                reply = replace(reply, text=reply.text + piece)
            case Refusal(reason=reason, model=identity):
                asked = record(reply.seen, request, identity)
                reply = replace(
                    reply, text="", is_final=True, refusal=reason, asked=asked, model=identity
                )
            case Answer():
                reply = _final(reply, request, event, model)
        yield reply


def _request(
    question: str, image: ImageInput, choices: tuple[str, ...], decoding: Decoding, seed: int
) -> Request:
    candidates = choices_for(question, tuple(dict.fromkeys(one.strip() for one in choices)))
    task = CHOICE if candidates else ANSWER
    return Request(task, (image,), question, candidates, decoding, seed)


def _final(reply: Reply, request: Request, answer: Answer, model: ModelFolder | None) -> Reply:
    notes = [domain_note(reply.seen.frame)]
    if answer.cut_off:
        notes.append("cut off")
    if not answer.calibrated:
        notes.append("not calibrated")
    shares = zip(request.candidates, answer.probabilities or (), strict=False)
    return replace(
        reply,
        text=answer.text,
        is_final=True,
        probabilities=tuple(shares),
        calibrated=answer.calibrated,
        cut_off=answer.cut_off,
        note=", ".join(note for note in notes if note),
        asked=record(reply.seen, request, answer.model),
        model=answer.model,
        sentence=_own_wording(reply.question, answer.text, model),
    )


def _own_wording(question: str, text: str, model: ModelFolder | None) -> str:
    """The sentence that the model's list has for this answer to this question, or ""."""
    for finding in model.findings if model else ():
        if finding.question.casefold() == question.casefold():
            wordings = {"yes": finding.sentence_present, "no": finding.sentence_absent}
            return wordings.get(text, "")
    return ""


def _in_words(question: str, text: str) -> str:
    """Question and answer as one line of a report, since an answer alone says nothing."""
    asked = question if question.endswith("?") else f"{question}?"
    said = text[:1].upper() + text[1:]
    return f"{asked[:1].upper()}{asked[1:]} {said}{'' if said[-1:] in '.!?' else '.'}"
