"""Ask the model one question about a frame or a box of it; plain functions, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dicom_io.image.crop import Box
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window
from dicom_io.source import never
from model_backend.folder import ModelFolder
from model_backend.request import ANSWER, CHOICE, Ask, BadRequest, Decoding
from plugin._prompts import choices_for
from plugin._reply import Reply
from plugin._tasks import Given, ask_task

ANSWERING = Decoding(max_tokens=40)  # spec/biomedgpt.md §8, VQA


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
    if any(not one.strip() for one in choices):
        raise BadRequest("One of the answers to choose from is empty. Leave it out.")
    candidates = choices_for(question, choices)
    given = Given(question, candidates=candidates, box=box, decoding=decoding, seed=seed)
    task = CHOICE if candidates else ANSWER
    for reply in ask_task(task, given, ask, frame=frame, window=window, model=model, stop=stop):
        if reply.is_final and not reply.refusal:
            reply = replace(reply, sentence=own_wording(reply.question, reply.text, model))
            if reply.asked is not None:
                about = finding_asked(reply.question, model)
                reply = replace(reply, asked=replace(reply.asked, about=about))
        yield reply


def finding_asked(question: str, model: ModelFolder | None) -> str:
    """The name of the finding that the model's list has for this question, or ""."""
    for finding in model.findings if model else ():
        if finding.question.casefold() == question.casefold():
            return finding.name
    return ""


def own_wording(question: str, text: str, model: ModelFolder | None) -> str:
    """The sentence that the model's list has for this answer to this question, or ""."""
    for finding in model.findings if model else ():
        if finding.question.casefold() == question.casefold():
            wordings = {"yes": finding.sentence_present, "no": finding.sentence_absent}
            return wordings.get(text, "")
    return ""
