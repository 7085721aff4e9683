"""Asking the chat server of the tests, in this process and through the model process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_backend.client import ModelClient
from model_backend.models import load
from model_backend.request import ANSWER, CHOICE, Answer, Event, ImageInput, Refusal, Request
from tests.chat_server import ChatServer, chat_model

FILM = np.arange(1200, dtype=np.uint16).reshape(30, 40).astype(np.uint8)
SECRET = "issuer|ROENTGEN^WILHELM|1.2.840.113619.2.5|film.dcm"
IMAGE = ImageInput(FILM, identity=SECRET)
YES_NO = ("yes", "no")

Ask = Callable[..., list[Event]]


@pytest.fixture
def ask_chat(tmp_path: Path, chat: ChatServer) -> Ask:
    """Asks the server, in this process."""

    def run(*requests: Request, **config: Any) -> list[Event]:
        model = load(chat_model(tmp_path / "vlm", chat.url, **config), "cpu")
        return list(model.answer(requests, lambda: False))

    return run


@pytest.fixture
def chat_client(tmp_path: Path, chat: ChatServer) -> Iterator[ModelClient]:
    """The same through the model process."""
    with ModelClient(chat_model(tmp_path / "vlm", chat.url)) as one:
        yield one


def question(text: str = "what is shown?", **fields: Any) -> Request:
    return Request(ANSWER, (IMAGE,), text, **fields)


def closed(text: str = "is it normal?", candidates: Sequence[str] = YES_NO) -> Request:
    return Request(CHOICE, (IMAGE,), text, tuple(candidates))


def answer_in(events: Sequence[Event]) -> Answer:
    assert isinstance(events[-1], Answer), events[-1]
    return events[-1]


def reason_in(events: Sequence[Event]) -> str:
    assert isinstance(events[-1], Refusal), events[-1]
    return events[-1].reason


def is_one_sentence(text: str) -> bool:
    return "\n" not in text and text[:1].isupper() and text.endswith(".") and len(text) < 600
