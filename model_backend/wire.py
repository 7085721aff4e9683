"""Requests and events as messages between two processes: one JSON line, then raw bytes.

A message is one line of JSON (UTF-8, at most 16 MiB) that names the version of the protocol, the
kind of message and, in `parts`, the lengths of the raw pieces that follow it: one for each picture,
row by row, top row first. Nothing is ever executed or imported because a message names it.

    to the model      Batch      requests to answer, in order; a picture used twice is sent once
                      Cancel     stop answering that batch
    from the model    Hello      the model is loaded: who it is
                      Happened   an event of a batch
                      Finished   the batch has ended, answered or cancelled
                      Failed     the batch (or, without one, the loading) ended in a known problem
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from typing import IO, Any, TypeVar

import numpy as np

from model_backend.limits import MOST_BYTES, MOST_PIXEL_BYTES, check, check_pixels
from model_backend.request import (
    Affine,
    Answer,
    BadCheckpoint,
    BadRequest,
    Decoding,
    Event,
    ImageInput,
    ModelDied,
    ModelError,
    ModelIdentity,
    NoModel,
    Place,
    Refusal,
    Request,
    Token,
)

PROTOCOL = 3
LONGEST_LINE = 16 * 2**20  # bytes: thousands of candidates fit

T = TypeVar("T")


class DamagedMessage(ModelError):
    """What came over the wire is not a message of ours."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that are answered together."""

    id: str
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop answering this batch."""

    batch: str


@dataclass(frozen=True, slots=True)
class Hello:
    """The model is loaded and ready."""

    model: ModelIdentity


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a batch."""

    batch: str
    event: Event


@dataclass(frozen=True, slots=True)
class Finished:
    """The batch has ended; nothing of it follows."""

    batch: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The batch ended in a known problem; with batch "" the model could not be loaded at all."""

    batch: str
    error: ModelError


Message = Batch | Cancel | Hello | Happened | Finished | Failed
_ERRORS: dict[str, type[ModelError]] = {
    kind.__name__: kind for kind in (ModelError, NoModel, BadCheckpoint, BadRequest, ModelDied)
}


def write(stream: IO[bytes], message: Message) -> None:
    """Write one message and flush. Raises OSError when the other side is gone."""
    for piece in encode(message):
        stream.write(piece)
    stream.flush()


def read(stream: IO[bytes]) -> Message | None:
    """The next message, or None when the stream has ended between two messages.

    Raises DamagedMessage for anything that is not whole and ours; the stream is then of no more
    use, because nobody knows where the next message begins.
    """
    line = stream.readline(LONGEST_LINE + 1)
    if not line:
        return None
    if not line.endswith(b"\n"):
        raise DamagedMessage("The connection to the model ended within a message.")
    try:
        header = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise DamagedMessage("The model's connection carried something unreadable.") from error
    if not isinstance(header, dict):
        raise DamagedMessage("The model's connection carried something unreadable.")
    if header.get("protocol") != PROTOCOL:
        raise DamagedMessage(
            f"The other side speaks version {header.get('protocol')!r} of the model protocol and "
            f"this one version {PROTOCOL}. Install the same Wetread on both sides."
        )
    parts = _read_parts(stream, header.get("parts", []))
    try:
        return _decode(header, parts)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DamagedMessage(f"A message of the model is incomplete ({error!r}).") from error


def encode(message: Message) -> list[bytes | memoryview]:
    """The message as pieces to be written one after the other."""
    parts: list[bytes | memoryview] = []
    body = _ENCODERS[type(message)](message, parts)
    header = {
        "protocol": PROTOCOL,
        "kind": type(message).__name__.lower(),
        **body,
        "parts": [len(part) for part in parts],
    }
    line = json.dumps(header, ensure_ascii=True, allow_nan=False).encode("ascii") + b"\n"
    if len(line) > LONGEST_LINE:
        raise BadRequest("The question and its candidates are too long to be sent to the model.")
    return [line, *parts]


def _read_parts(stream: IO[bytes], lengths: Any) -> list[bytes]:
    if not isinstance(lengths, list) or not all(
        type(n) is int and 0 <= n <= MOST_PIXEL_BYTES for n in lengths
    ):
        raise DamagedMessage("A message of the model names impossible lengths.")
    if sum(lengths) > MOST_BYTES:
        raise DamagedMessage("A message of the model claims more bytes than are allowed.")
    parts = []
    for length in lengths:
        part = stream.read(length)
        if part is None or len(part) != length:
            raise DamagedMessage("The connection to the model ended within a message.")
        parts.append(part)
    return parts


# --- encoding: each gives the header's fields and appends raw pieces ---


def _encode_batch(message: Batch, parts: list[bytes | memoryview]) -> dict[str, Any]:
    check(message.requests)
    numbers: dict[int, int] = {}  # of pictures already sent
    shapes: list[list[int]] = []

    def number_of(image: ImageInput) -> int:
        key = id(image.pixels)
        if key not in numbers:
            numbers[key] = len(parts)
            shapes.append(list(image.pixels.shape))
            parts.append(np.ascontiguousarray(image.pixels).reshape(-1).data)
        return numbers[key]

    requests = [
        {
            "id": request.id,
            "task": request.task,
            "text": request.text,
            "candidates": list(request.candidates),
            "decoding": asdict(request.decoding),
            "seed": request.seed,
            "text2": request.text2,
            "box": None if request.box is None else asdict(request.box),
            "images": [
                {
                    "part": number_of(image),
                    "affine": list(astuple(image.to_stored)),
                    "identity": image.identity,
                }
                for image in request.images
            ],
        }
        for request in message.requests
    ]
    return {"id": message.id, "requests": requests, "shapes": shapes}


def _encode_happened(message: Happened, _: list[bytes | memoryview]) -> dict[str, Any]:
    event = message.event
    return {"batch": message.batch, "event": type(event).__name__.lower(), **asdict(event)}


def _encode_failed(message: Failed, _: list[bytes | memoryview]) -> dict[str, Any]:
    known = next(kind for kind in type(message.error).__mro__ if kind.__name__ in _ERRORS)
    return {
        "batch": message.batch,
        "error": known.__name__,
        "text": str(message.error),
        "key": getattr(message.error, "key", ""),
    }


_ENCODERS: dict[type, Callable[[Any, list[bytes | memoryview]], dict[str, Any]]] = {
    Batch: _encode_batch,
    Cancel: lambda message, _: {"batch": message.batch},
    Hello: lambda message, _: {"model": asdict(message.model)},
    Happened: _encode_happened,
    Finished: lambda message, _: {"batch": message.batch},
    Failed: _encode_failed,
}


# --- decoding: a missing or misshapen field raises KeyError, TypeError or ValueError ---


def _decode(header: Mapping[str, Any], parts: list[bytes]) -> Message:
    match header["kind"]:
        case "batch":
            return _decode_batch(header, parts)
        case "cancel":
            return Cancel(_a(str, header["batch"]))
        case "hello":
            return Hello(_decode_identity(header["model"]))
        case "happened":
            return Happened(_a(str, header["batch"]), _decode_event(header))
        case "finished":
            return Finished(_a(str, header["batch"]))
        case "failed":
            return Failed(_a(str, header["batch"]), _decode_error(header))
    raise ValueError(f"unknown kind {header['kind']!r}"[:100])


def _decode_batch(header: Mapping[str, Any], parts: list[bytes]) -> Batch:
    shapes = _a(list, header["shapes"])
    if len(shapes) != len(parts):
        raise ValueError("pictures and their shapes differ in number")
    pictures = []
    for shape, part in zip(shapes, parts, strict=True):
        sizes = [_a(int, size) for size in _a(list, shape)]
        if min(sizes, default=0) < 1:
            raise ValueError("a picture's shape")
        pictures.append(np.frombuffer(part, np.uint8).reshape(sizes))
        check_pixels(pictures[-1])
    requests = tuple(_decode_request(one, pictures) for one in _a(list, header["requests"]))
    return Batch(_a(str, header["id"]), requests)


def _decode_request(header: Mapping[str, Any], pictures: Sequence[Any]) -> Request:
    images = []
    for image in _a(list, header["images"]):
        number = _a(int, image["part"])
        if not 0 <= number < len(pictures):
            raise ValueError("a picture that was not sent")
        affine = Affine(*(_number(value) for value in _a(list, image["affine"])))
        images.append(ImageInput(pictures[number], affine, _a(str, image["identity"])))
    return Request(
        task=_a(str, header["task"]),
        images=tuple(images),
        text=_a(str, header["text"]),
        candidates=tuple(_a(str, text) for text in _a(list, header["candidates"])),
        decoding=_decode_settings(_a(dict, header["decoding"])),
        seed=_a(int, header["seed"]),
        id=_a(str, header["id"]),
        text2=_a(str, header["text2"]),
        box=None if header["box"] is None else _decode_place(header["box"]),
    )


def _decode_place(header: Any) -> Place:
    table = _a(dict, header)
    x0, y0, x1, y1 = (_number(table[name]) for name in ("x0", "y0", "x1", "y1"))
    return Place(x0, y0, x1, y1, _a(str, table["label"]))


def _decode_settings(header: Mapping[str, Any]) -> Decoding:
    default = Decoding()
    read: dict[str, Any] = {}
    for field in fields(Decoding):
        kind = type(getattr(default, field.name))
        value = header.get(field.name, getattr(default, field.name))
        read[field.name] = _number(value) if kind is float else _a(kind, value)
    return Decoding(**read)


def _decode_identity(header: Mapping[str, Any]) -> ModelIdentity:
    return ModelIdentity(
        name=_a(str, header["name"]),
        version=_a(str, header["version"]),
        sha256=_a(str, header["sha256"]),
        tasks=tuple(_a(str, task) for task in header["tasks"]),
        device=_a(str, header["device"]),
        manufacturer=_a(str, header["manufacturer"]),
        precision=_a(str, header["precision"]),
        address=_a(str, header["address"]),
        note=_a(str, header["note"]),
    )


def _decode_event(header: Mapping[str, Any]) -> Event:
    request = _a(str, header["request"])
    match header["event"]:
        case "token":
            return Token(request, _a(str, header["text"]))
        case "refusal":
            return Refusal(request, _a(str, header["reason"]), _decode_identity(header["model"]))
        case "answer":
            given, score = header["probabilities"], header["score"]
            return Answer(
                request=request,
                text=_a(str, header["text"]),
                probabilities=None if given is None else tuple(_number(one) for one in given),
                cut_off=_a(bool, header["cut_off"]),
                model=_decode_identity(header["model"]),
                score=None if score is None else _number(score),
                sentence_probabilities=tuple(map(_number, header["sentence_probabilities"])),
                calibrated=_a(bool, header["calibrated"]),
                places=tuple(_decode_place(one) for one in _a(list, header["places"])),
                codes=tuple(_a(int, one) for one in _a(list, header["codes"])),
                read_whole=_a(bool, header["read_whole"]),
            )
    raise ValueError(f"unknown event {header['event']!r}"[:100])


def _decode_error(header: Mapping[str, Any]) -> ModelError:
    text = _a(str, header["text"])
    kind = _ERRORS[header["error"]]
    return BadCheckpoint(text, _a(str, header["key"])) if kind is BadCheckpoint else kind(text)


def _a(kind: type[T], value: Any) -> T:
    """`value`, which must be exactly of that type (True is no int). Raises TypeError."""
    if type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {type(value).__name__}")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"expected a number, found {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number


def _no_number(name: str) -> Any:
    """NaN and Infinity, which JSON does not have but Python's reader takes."""
    raise ValueError(f"{name} is no number")
