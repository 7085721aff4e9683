"""Bytes to words: however they are cut, and whatever is wrong with them."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse

import pytest

from model_backend.chat.connection import Answering
from model_backend.chat.stream import Thoughts, chunks_of, events
from model_backend.request import ModelError
from tests.chat_server import STREAM, chunk, event, first_token

ANSWER = b"".join(
    (
        b": ping\n\n",
        chunk(role="assistant"),
        chunk("Größe ", logprobs=first_token(("Größe", -0.5), ("size", -1.0))),
        chunk("µ & "),
        chunk("é"),
        chunk(finish="stop"),
        event("[DONE]"),
    )
)


@contextmanager
def answering(content: bytes) -> Iterator[Answering]:
    """An answer as it stands in a real response over a real socket."""
    here, there = socket.socketpair()
    with here, there:
        there.sendall(content)
        there.shutdown(socket.SHUT_WR)
        with HTTPResponse(here) as response:
            response.begin()
            yield Answering(response)


def text_of(content: bytes) -> str:
    with answering(content) as one:
        return "".join(piece.text for piece in chunks_of(one))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_words_are_the_same_however_the_bytes_are_cut(size: int) -> None:
    pieces = [ANSWER[begin : begin + size] for begin in range(0, len(ANSWER), size)]

    assert list(events(pieces)) == list(events([ANSWER]))
    assert text_of(STREAM + ANSWER) == "Größe µ & é"


def test_event_of_several_lines_is_one() -> None:
    assert list(events([b"data: a\ndata:b\n\n\n\ndata: c"])) == ["a\nb", "c"]


def test_damaged_streams_are_known_problems() -> None:
    chance = random.Random(7)
    known = 0
    for _ in range(400):
        damaged = bytearray(ANSWER)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = damaged[: chance.randrange(len(damaged))] if chance.random() < 0.3 else damaged
        try:
            text_of(STREAM + bytes(cut))
        except (ModelError, HTTPException):
            known += 1

    assert known > 100


def test_shape_of_the_alternatives_does_not_lose_the_words() -> None:
    row = {"token": "yes", "logprob": -0.5, "top_logprobs": [{"token": "yes", "logprob": -0.5}]}
    for odd in (
        7,
        {"content": None},
        {"content": [7]},
        {"content": [{"token": 1, "logprob": 0, "top_logprobs": []}]},
        {"content": [{**row, "top_logprobs": None}]},
        {"content": [{**row, "logprob": "high"}]},
        {"content": [{**row, "logprob": 3.5}]},
        {"content": [{**row, "logprob": float("nan")}]},
        {"content": [{**row, "logprob": -(10**400)}]},
    ):
        with answering(STREAM + chunk("yes", finish="stop", logprobs=odd)) as one:
            (piece,) = chunks_of(one)
        assert (piece.text, piece.scored) == ("yes", ())


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It is.", "It is."),
        ("<think>x</think>It is.", "It is."),
        ("\n<think>a<b></think>\n\nIt is.", "\n\nIt is."),
        ("<5 mm", "<5 mm"),
        ("<th", "<th"),
        ("a <think>b</think>", "a <think>b</think>"),
        ("<think>never ends", ""),
        ("", ""),
    ],
)
def test_only_a_thought_at_the_beginning_is_taken_out(said: str, shown: str) -> None:
    for size in (1, 4, 100):
        thoughts = Thoughts()
        pieces = [said[begin : begin + size] for begin in range(0, len(said), size)]

        assert "".join(map(thoughts.push, pieces)) + thoughts.rest() == shown
