"""Messages survive the wire unchanged, and damaged ones are told, not hung upon."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from model_backend import limits, wire
from model_backend.request import (
    CHOICE,
    FINDINGS,
    Affine,
    Answer,
    BadCheckpoint,
    BadRequest,
    Decoding,
    ImageInput,
    ModelError,
    ModelIdentity,
    NoModel,
    Place,
    Refusal,
    Request,
    Token,
)

MODEL = ModelIdentity("größe", "1.2", "a" * 64, ("choice",), "cuda", "Wetread")


def over_the_wire(message: wire.Message) -> wire.Message:
    stream = io.BytesIO()
    wire.write(stream, message)
    stream.seek(0)
    read = wire.read(stream)
    assert wire.read(stream) is None
    assert read is not None
    return read


@pytest.mark.parametrize(
    "message",
    [
        wire.Cancel("b"),
        wire.Hello(MODEL),
        wire.Finished("b"),
        wire.Happened("b", Token("r", "effusion ≤ 3 µm 结节\n")),
        wire.Happened("b", Refusal("r", "cannot assess", MODEL)),
        wire.Happened("b", Answer("r", "yes", (0.25, 0.75), False, MODEL, calibrated=True)),
        wire.Happened("b", Answer("r", "a. b", None, True, MODEL, -3.5, (0.5, 0.25))),
        wire.Happened("b", Answer("r", "short", None, False, MODEL, read_whole=False)),
        wire.Happened(
            "b",
            Answer(
                "r",
                "heart: (0, 0) to (5, 7)",
                None,
                False,
                MODEL,
                places=(Place(0.0, 0.0, 5.0, 7.25, "heart"), Place(1.0, 1.0, 1.0, 1.0)),
                codes=(0, 8191),
            ),
        ),
        wire.Hello(replace(MODEL, precision="int8", address="https://h:1", note="left the GPU")),
    ],
)
def test_messages_survive_unchanged(message: wire.Message) -> None:
    assert over_the_wire(message) == message


def test_requests_survive_with_their_pictures() -> None:
    rng = np.random.default_rng(1)
    grey = rng.integers(0, 256, (5, 7), np.uint8)
    colour = rng.integers(0, 256, (4, 3, 3), np.uint8)
    affine = Affine(0.5, 0.0, 10.25, 0.0, 0.5, -3.0)
    request = Request(
        CHOICE,
        (ImageInput(grey, affine, "whose"), ImageInput(colour[::2])),
        "Ist die Lunge frei? 🫁\n",
        ("ja", "nein", ""),
        Decoding(beam=5, temperature=0.7, normalize=False, by_trie=True),
        seed=7,
        text2="und <mask> hier?",
        box=Place(0.5, 1.0, 7.0, 5.0, "links"),
    )

    read = over_the_wire(wire.Batch("b", (request,)))

    assert isinstance(read, wire.Batch)
    (again,) = read.requests
    for name in ("task", "text", "candidates", "decoding", "seed", "id", "text2", "box"):
        assert getattr(again, name) == getattr(request, name)
    assert [image.identity for image in again.images] == ["whose", ""]
    assert again.images[0].to_stored == affine
    assert np.array_equal(again.images[0].pixels, grey)
    assert np.array_equal(again.images[1].pixels, colour[::2])


def test_picture_asked_about_many_times_is_sent_once() -> None:
    image = ImageInput(np.zeros((100, 100), np.uint8))
    batch = wire.Batch("b", tuple(Request(FINDINGS, (image,), str(n)) for n in range(11)))

    pieces = wire.encode(batch)

    assert [len(piece) for piece in pieces[1:]] == [100 * 100]
    read = over_the_wire(batch)
    assert isinstance(read, wire.Batch)
    assert len({id(request.images[0].pixels) for request in read.requests}) == 1


@pytest.mark.parametrize("kind", [ModelError, NoModel, BadRequest])
def test_problems_keep_their_kind_and_sentence(kind: type[ModelError]) -> None:
    read = over_the_wire(wire.Failed("b", kind("One sentence.")))

    assert isinstance(read, wire.Failed)
    assert type(read.error) is kind
    assert str(read.error) == "One sentence."


def test_bad_checkpoint_keeps_the_entry_at_fault() -> None:
    read = over_the_wire(wire.Failed("", BadCheckpoint("Missing.", "encoder.layers.0")))

    assert isinstance(read, wire.Failed) and isinstance(read.error, BadCheckpoint)
    assert read.error.key == "encoder.layers.0"


def whole_message() -> bytes:
    image = ImageInput(np.arange(6, dtype=np.uint8).reshape(2, 3))
    stream = io.BytesIO()
    wire.write(stream, wire.Batch("b", (Request(CHOICE, (image,), "Q?", ("yes", "no")),)))
    return stream.getvalue()


def test_message_cut_anywhere_is_told() -> None:
    whole = whole_message()

    for length in range(1, len(whole)):
        with pytest.raises(wire.DamagedMessage, match="ended within"):
            wire.read(io.BytesIO(whole[:length]))


def header_with(**changes: object) -> bytes:
    line, raw = whole_message().split(b"\n", 1)
    return json.dumps({**json.loads(line), **changes}).encode() + b"\n" + raw


def answer_with(**changes: object) -> bytes:
    stream = io.BytesIO()
    answer = Answer("r", "x", None, False, MODEL, places=(Place(0, 0, 1, 1),), codes=(3,))
    wire.write(stream, wire.Happened("b", answer))
    header: dict[str, Any] = json.loads(stream.getvalue())
    return json.dumps({**header, **changes}).encode() + b"\n"


BOX = asdict(Place(0, 0, 1, 1))


def request_with(**changes: object) -> bytes:
    (request,) = json.loads(whole_message().split(b"\n", 1)[0])["requests"]
    return header_with(requests=[{**request, **changes}])


def damaged() -> Iterator[bytes]:
    yield b"\n"
    yield b"[]\n"
    yield b"null\n"
    yield b"\xff\xfe\n"
    yield b"[" * 100_000 + b"\n"
    yield b'"' + b"x" * wire.LONGEST_LINE + b'"\n'
    yield header_with(protocol=1)
    yield header_with(protocol=None)
    yield header_with(kind="obey")
    yield header_with(kind=["batch"])
    yield header_with(kind="failed", batch="b", error="SystemExit", text="", key="")
    yield header_with(kind="happened", batch="b", event="token", request="r")
    yield header_with(kind="hello", model={**asdict(MODEL), "sha256": 5})
    yield header_with(parts="many")
    yield header_with(parts=[-1])
    yield header_with(parts=[True])
    yield header_with(parts=[10**30])
    yield header_with(parts=[limits.MOST_PIXEL_BYTES] * 3)
    yield header_with(shapes=[])
    yield header_with(shapes=[[2, 4]])
    yield header_with(shapes=[[-2, -3]])
    yield header_with(shapes=[[6]])
    yield header_with(shapes=[[1, 2, 3]] * 2)
    yield header_with(id=5)
    yield header_with(requests={})
    yield header_with(requests=[5])
    yield request_with(seed="1")
    yield request_with(seed=True)
    yield request_with(candidates="yes")
    yield request_with(candidates=[None])
    yield request_with(decoding=[])
    yield request_with(decoding={"beam": "wide"})
    yield request_with(images=[{"part": 1, "affine": [1, 0, 0, 0, 1, 0], "identity": ""}])
    yield request_with(images=[{"part": 0, "affine": [1] * 7, "identity": ""}])
    yield request_with(images=[{"part": 0, "affine": [float("nan")] * 6, "identity": ""}])
    yield request_with(text2=None)
    yield request_with(box=[0, 0, 1, 1])
    yield request_with(box={})
    yield request_with(box={**BOX, "x0": "0"})
    yield request_with(box={**BOX, "x0": True})
    yield request_with(box={**BOX, "y1": float("nan")})
    yield request_with(box={**BOX, "y1": float("inf")})
    yield request_with(box={**BOX, "y1": 10**400})
    yield request_with(box={**BOX, "label": 5})
    yield request_with(box=BOX).replace(b'"y1": 1', b'"y1": 1e999')
    yield request_with(decoding={"by_trie": 1})
    yield request_with(decoding={"temperature": float("nan")})
    yield answer_with(places=None)
    yield answer_with(places=[[0, 0, 1, 1]])
    yield answer_with(places=[{**BOX, "x1": float("nan")}])
    yield answer_with(codes=[1.5])
    yield answer_with(codes=[True])
    yield answer_with(codes="3")
    yield answer_with(calibrated=1)
    yield answer_with(cut_off=None)
    yield answer_with(read_whole=1)
    yield answer_with(probabilities=[float("nan")])
    yield answer_with(score="high")
    yield answer_with(model={**asdict(MODEL), "precision": 32})


def test_whole_message_is_read() -> None:
    for content in (whole_message(), header_with(), request_with(seed=3), request_with(box=BOX)):
        assert isinstance(wire.read(io.BytesIO(content)), wire.Batch)
    assert isinstance(wire.read(io.BytesIO(answer_with())), wire.Happened)


def test_what_no_message_can_hold_is_told_before_it_is_sent() -> None:
    with pytest.raises(BadRequest, match="float64"):
        wire.encode(wire.Batch("b", (Request(CHOICE, (ImageInput(np.full((2, 2), np.nan)),)),)))


@pytest.mark.parametrize("content", list(damaged()), ids=lambda content: f"{len(content)} bytes")
def test_damaged_messages_are_told(content: bytes) -> None:
    with pytest.raises(ModelError) as told:
        wire.read(io.BytesIO(content))

    assert len(str(told.value)) < 400


def test_bytes_flipped_at_random_never_do_more_than_tell() -> None:
    whole = whole_message()
    rng = np.random.default_rng(5)
    for _ in range(2000):
        flipped = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            flipped[place] = rng.integers(0, 256)
        try:
            read = wire.read(io.BytesIO(bytes(flipped)))
        except ModelError:
            continue
        assert read is not None
