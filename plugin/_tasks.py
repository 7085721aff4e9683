"""Ask a model for any of its tasks, about a frame, a box of it or texts; plain functions, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dicom_io.image.crop import Box
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window
from dicom_io.report.document import Region
from dicom_io.source import never
from model_backend.folder import ModelFolder
from model_backend.request import (
    Answer,
    Ask,
    BadRequest,
    Decoding,
    Place,
    Refusal,
    Request,
    Token,
)
from model_backend.tasks import TASKS, Task
from plugin._prompts import domain_note
from plugin._reply import READ_IN_PART, UNCALIBRATED, Found, Reply
from plugin._seen import Seen, look, record


@dataclass(frozen=True)
class Given:
    """What a task is given beside the image; which of it a task reads stands in its `Task`.

    `box` is (x0, y0, x1, y1) in stored columns and rows. A question about a region by its location
    tells the model where the box lies in the whole image; every other task is shown the box alone.
    """

    text: str = ""
    text2: str = ""
    candidates: tuple[str, ...] = ()
    box: Box | None = None
    decoding: Decoding | None = None  # None: as the task usually is
    seed: int = 0


def task_of(name: str) -> Task:
    """The task of that name. Raises BadRequest."""
    if name in TASKS:
        return TASKS[name]
    raise BadRequest(f"There is no task {name[:40]!r}. The tasks are: {', '.join(TASKS)}.")


def reads(task: Task) -> str:
    """What a task must be given, in a few words: `image, question, candidates`."""
    parts = ["image"] if task.has_image else []
    parts += ["box"] if task.has_box else []
    parts += task.texts
    parts += ["candidates"] if task.has_candidates else []
    return ", ".join(parts)


def ask_task(
    name: str,
    given: Given,
    ask: Ask,
    *,
    frame: ImageFrame | None = None,
    window: Window | None = None,
    model: ModelFolder | None = None,
    stop: Callable[[], bool] = never,
) -> Iterator[Reply]:
    """Ask, and give the answer as it grows; the first Reply comes before the model is asked.

    Ends without a final Reply when stopped. Raises FileProblem and ModelError; BadRequest for what
    the task needs and was not given, was given and does not take, or a box that holds no pixel.
    """
    task = task_of(name)
    given = _checked(task, given, frame, model)
    seen = _seen(task, given, frame, window, model) if frame is not None else None
    reply = Reply(given.text, seen, task=name)
    yield reply
    request = _request(task, given, seen)
    for event in ask([request], stop):
        match event:
            case Token(text=piece):
                reply = replace(reply, text=reply.text + piece)
            case Refusal(reason=reason, model=identity):
                reply = replace(
                    reply,
                    text="",
                    is_final=True,
                    refusal=reason,
                    asked=record(seen, request, identity),
                    model=identity,
                )
            case Answer():
                reply = _final(reply, request, event)
        yield reply


def _checked(
    task: Task, given: Given, frame: ImageFrame | None, model: ModelFolder | None
) -> Given:
    """The same without blanks, and with the task's usual candidates. Raises BadRequest."""
    if task.has_image is (frame is None):
        raise BadRequest(
            f"The task “{task.title}” needs an image. Open one and ask again."
            if task.has_image
            else f"The task “{task.title}” reads texts alone. Leave the image out."
        )
    if given.box is None and task.has_box:
        raise BadRequest(f"The task “{task.title}” needs a box. Draw one and ask again.")
    if given.box is not None and frame is None:
        raise BadRequest(f"The task “{task.title}” takes no box. Leave it out.")
    texts = given.text.strip(), given.text2.strip()
    for place, text in enumerate(texts):
        if place >= len(task.texts) and text:
            number = "one" if task.texts else "no"
            raise BadRequest(f"The task “{task.title}” takes {number} text. Leave the rest out.")
        if place < len(task.texts) and not text:
            raise BadRequest(f"There is no {task.texts[place]}. Write one and ask again.")
    candidates = _candidates(task, given.candidates, model)
    return replace(given, text=texts[0], text2=texts[1], candidates=candidates)


def _candidates(task: Task, named: tuple[str, ...], model: ModelFolder | None) -> tuple[str, ...]:
    """Those that were named, each once; else the task's usual ones; else the model's own list."""
    if task.gives != "choice":
        if named:
            raise BadRequest(f"The task “{task.title}” has no answers to choose from.")
        return ()
    if any(not one.strip() for one in named):
        raise BadRequest("One of the answers to choose from is empty. Leave it out.")
    known = model.answers if model is not None else ()
    chosen = tuple(dict.fromkeys(one.strip() for one in named)) or task.candidates or known
    if not chosen:
        raise BadRequest("There are no answers to choose from. Name them and ask again.")
    return chosen


def _seen(
    task: Task, given: Given, frame: ImageFrame, window: Window | None, model: ModelFolder | None
) -> Seen:
    if not task.has_box:
        return look(frame, window, given.box, model)
    boxed = look(frame, window, given.box)  # checks the box and puts it on whole pixels
    return replace(look(frame, window, model=model), region=boxed.region)


def _request(task: Task, given: Given, seen: Seen | None) -> Request:
    box = None
    if task.has_box and seen is not None and seen.region is not None:
        region = seen.region  # the image is whole, so its pixels are the stored ones
        box = Place(region.x0, region.y0, region.x1, region.y1)
    return Request(
        task=task.name,
        images=(seen.image,) if seen is not None else (),
        text=given.text,
        candidates=given.candidates,
        decoding=given.decoding or Decoding(max_tokens=task.max_tokens),
        seed=given.seed,
        text2=given.text2,
        box=box,
    )


def _final(reply: Reply, request: Request, answer: Answer) -> Reply:
    notes = [domain_note(reply.seen.frame)] if reply.seen is not None else []
    if not answer.read_whole:
        notes.append(READ_IN_PART)
    if answer.cut_off:
        notes.append("cut off")
    if not answer.calibrated:
        notes.append(UNCALIBRATED)
    return replace(
        reply,
        text="" if answer.places else answer.text,  # its words know no stored pixels
        is_final=True,
        scores=tuple(zip(request.candidates, answer.probabilities or (), strict=False)),
        calibrated=answer.calibrated,
        cut_off=answer.cut_off,
        read_whole=answer.read_whole,
        note=", ".join(note for note in notes if note),
        asked=record(reply.seen, request, answer.model, answer.text),
        model=answer.model,
        places=tuple(_found(reply.seen, place) for place in answer.places if reply.seen),
        codes=answer.codes,
    )


def _found(seen: Seen, place: Place) -> Found:
    """From pixels of what the model was shown to stored columns and rows."""
    to_stored = seen.image.to_stored
    corners = *to_stored(place.x0, place.y0), *to_stored(place.x1, place.y1)
    return Found(Region(seen.frame.identity, *corners), place.label)
