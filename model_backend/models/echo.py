"""A model that repeats the prompt: the worked example of a second model, and for tests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from model_backend.folder import ModelFolder
from model_backend.request import (
    CHOICE,
    Answer,
    BadRequest,
    Event,
    ModelIdentity,
    Refusal,
    Request,
    Token,
)


@dataclass(frozen=True)
class Echo:
    identity: ModelIdentity
    pause: float  # seconds before each word, so that there is time to cancel

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        for request in requests:
            if request.task == CHOICE and not request.candidates:
                raise BadRequest("There is nothing to choose from: the answer list is empty.")
        for request in requests:
            yield from self._one(request, stop)

    def _one(self, request: Request, stop: Callable[[], bool]) -> Iterator[Event]:
        if request.task not in self.identity.tasks:
            reason = f"This model has no task {request.task}."
            yield Refusal(request.id, reason, self.identity)
        elif request.task == CHOICE:
            equal = 1 / len(request.candidates)
            shares = tuple(equal for _ in request.candidates)
            yield Answer(request.id, request.candidates[0], shares, False, self.identity)
        else:
            yield from self._words(request, stop)

    def _words(self, request: Request, stop: Callable[[], bool]) -> Iterator[Event]:
        words = re.findall(r"\s*\S+", request.text)
        given = words[: request.decoding.max_tokens]
        for word in given:
            time.sleep(self.pause)
            if stop():
                return
            yield Token(request.id, word)
        cut_off = len(given) < len(words)
        yield Answer(request.id, "".join(given), None, cut_off, self.identity)


def load(folder: ModelFolder, device: str, precision: str = "auto") -> Echo:
    return Echo(folder.identity("cpu"), float(folder.config.get("pause", 0.0)))
