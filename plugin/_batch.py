"""Many questions or drafts from one file: the model is loaded once, and a broken run resumes."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dicom_io.errors import DicomProblem
from dicom_io.image.crop import Box
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.report.document import ReportDocument
from dicom_io.source import never
from dicom_io.storage import storage_problem
from model_backend.folder import ModelFolder
from model_backend.request import Ask, BadRequest, ModelError
from plugin._answering import answer_question
from plugin._drafting import DraftRefused, draft_report

T = TypeVar("T")
Stop = Callable[[], bool]
Work = Callable[["Item"], dict[str, Any] | None]


class BatchProblem(ModelError):
    """The list of questions, or the file of answers that exists already, cannot be used."""


@dataclass(frozen=True)
class Item:
    """One line of the list. `box` is (x0, y0, x1, y1) in stored columns and rows."""

    id: str | int
    image: Path
    question: str = ""
    choices: tuple[str, ...] = ()
    box: Box | None = None
    frame: int = 1  # from 1


@dataclass(frozen=True)
class Step:
    """One item is done; `line` is what was written for it."""

    number: int  # items done so far, those of an earlier run counted
    total: int
    line: Mapping[str, Any]


def ask_batch(
    questions: Path, out: Path, ask: Ask, *, model: ModelFolder, stop: Stop = never
) -> Iterator[Step]:
    """Answer each line of `questions`, one line of `out` for each, in their order.

    A line of `questions` is {"id", "image", "question", "choices"?, "box"?, "frame"?}; `image` is
    a path, relative to the list's folder. A line of `out` is {"id", "answer", "probabilities",
    "order", "refusal", "model"}, or {"id", "error", "model"} where the image or the question is at
    fault; "probabilities" only where they are calibrated, "order" is the candidates by likelihood.
    Lines that `out` already has are kept and not asked again. Raises BatchProblem before the first
    question, StorageProblem, and ModelError when the model fails; what is done stays done.
    """
    items = read_items(questions, needs_question=True)

    def work(item: Item) -> dict[str, Any] | None:
        replies = answer_question(
            _frame(item),
            item.question,
            ask,
            choices=item.choices,
            box=item.box,
            model=model,
            stop=stop,
        )
        reply = _last(replies)
        if reply is None or not reply.is_final:
            return None
        return {
            "answer": None if reply.refusal else reply.text,
            "probabilities": dict(reply.probabilities) or None,
            "order": list(reply.ranked) or None,
            "refusal": reply.refusal or None,
        }

    return _run(items, out, work, model, stop)


def draft_batch(
    films: Path, out: Path, ask: Ask, *, model: ModelFolder, stop: Stop = never
) -> Iterator[Step]:
    """Draft each film of the list `films`: lines {"id", "image", "frame"?}.

    A line of `out` is {"id", "sections", "refusal", "model"}; each section is a list of sentences
    {"text", "probability", "note"}. Resumes and raises as `ask_batch`.
    """
    items = read_items(films, needs_question=False)

    def work(item: Item) -> dict[str, Any] | None:
        try:
            document = _last(draft_report(_frame(item), ask, model=model, stop=stop))
        except DraftRefused as refusal:
            return {"sections": None, "refusal": str(refusal)}
        if document is None or stop():
            return None  # half a draft is no result
        return {"sections": _sections(document), "refusal": None}

    return _run(items, out, work, model, stop)


def read_items(path: Path, *, needs_question: bool) -> tuple[Item, ...]:
    """The lines of a list. Raises BatchProblem with the number of the line at fault."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BatchProblem(f"The list {path} cannot be read ({error}).") from error
    items: dict[str, Item] = {}  # by the id as a text: 7 and "7" are the same
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            item = _item(json.loads(line), path.parent, needs_question)
        except (ValueError, RecursionError) as error:
            raise BatchProblem(f"Line {number} of {path} cannot be used: {error}.") from error
        if str(item.id) in items:
            raise BatchProblem(f"Line {number} of {path} repeats the id {item.id}.")
        items[str(item.id)] = item
    return tuple(items.values())


def _item(content: Any, folder: Path, needs_question: bool) -> Item:
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    name = content.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int) or name == "":
        raise ValueError("it has no id")
    image, question = content.get("image"), content.get("question", "")
    if not isinstance(image, str) or not image or "\0" in image:
        raise ValueError("it has no image")
    if not isinstance(question, str) or (needs_question and not question.strip()):
        raise ValueError("it has no question")
    choices, frame = content.get("choices"), content.get("frame", 1)
    if choices is None:
        choices = []
    elif not isinstance(choices, list) or not all(isinstance(one, str) for one in choices):
        raise ValueError("its choices are no list of texts")
    elif not choices:
        raise ValueError("its list of choices is empty; leave it out for an open question")
    if type(frame) is not int:
        raise ValueError("its frame is no number")
    box = _box(content.get("box"))
    return Item(name, folder / image, question, tuple(choices), box, frame)


def _box(value: Any) -> Box | None:
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or len(value) != 4
        or not all(type(one) in (int, float) for one in value)
    ):
        raise ValueError("its box is not four numbers x0, y0, x1, y1")
    return (float(value[0]), float(value[1]), float(value[2]), float(value[3]))


def _last(values: Iterator[T]) -> T | None:
    """The last of them; None when there was none."""
    kept = deque(values, maxlen=1)
    return kept[0] if kept else None


def _frame(item: Item) -> ImageFrame:
    frames = open_frames(item.image)
    if not 1 <= item.frame <= len(frames):
        raise BadRequest(f"{item.image.name} has {len(frames)} frames, not frame {item.frame}.")
    return frames[item.frame - 1]


def _sections(document: ReportDocument) -> dict[str, list[dict[str, Any]]]:
    return {
        section.kind.value: [
            {"text": one.text, "probability": one.probability, "note": one.note}
            for one in section.sentences
        ]
        for section in document.sections
    }


def _run(
    items: tuple[Item, ...], out: Path, work: Work, model: ModelFolder, stop: Stop
) -> Iterator[Step]:
    """Do what is not in `out` yet, and append a line for each item as soon as it is done."""
    identity = {"name": model.name, "version": model.model_version, "sha256": model.sha256}
    done = _resume(out, identity)
    left = [item for item in items if str(item.id) not in done]
    for number, item in enumerate(left, len(items) - len(left) + 1):
        line = None if stop() else _line(item, work)
        if line is None:
            return
        line["model"] = identity
        _append(out, line)
        yield Step(number, len(items), line)


def _line(item: Item, work: Work) -> dict[str, Any] | None:
    """What to write for an item; None when it was stopped half-way.

    A fault of the item itself is its result, since asking again would not mend it. A fault of the
    model is not: it ends the run, which can be resumed.
    """
    try:
        result = work(item)
    except (DicomProblem, BadRequest) as problem:
        return {"id": item.id, "error": str(problem)}
    return None if result is None else {"id": item.id, **result}


def _append(out: Path, line: Mapping[str, Any]) -> None:
    try:
        with out.open("ab") as file:
            file.write(
                json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
            )
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise storage_problem(error, out) from error


def _resume(out: Path, identity: Mapping[str, str]) -> set[str]:
    """The ids that are done; a last line that was cut off by the interruption is removed.

    Raises BatchProblem when the file is not ours or comes from another model.
    """
    try:
        content = out.read_bytes() if out.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        done = _done(whole, out, identity)
        if whole != content:
            with out.open("r+b") as file:
                file.truncate(len(whole))
        return done
    except OSError as error:
        raise storage_problem(error, out) from error


def _done(whole: bytes, out: Path, identity: Mapping[str, str]) -> set[str]:
    done = set()
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            content = json.loads(line)
            name, model = content["id"], content["model"]
        except (ValueError, KeyError, TypeError) as error:
            raise BatchProblem(
                f"Line {number} of {out} is no result of a batch. Choose another file."
            ) from error
        if model != identity:
            raise BatchProblem(
                f"{out} was written by another model ({model.get('name')} "
                f"{model.get('version')}). Choose another file, or that model."
                if isinstance(model, dict)
                else f"Line {number} of {out} is no result of a batch. Choose another file."
            )
        done.add(str(name))
    return done
