"""A model that repeats the prompt: the worked example of a second model, and for tests."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from model_backend.folder import ModelFolder
from model_backend.request import (
    Answer,
    BadRequest,
    Event,
    ModelIdentity,
    Refusal,
    Request,
    Token,
)
from model_backend.tasks import TASKS


@dataclass(frozen=True)
class Echo:
    identity: ModelIdentity
    pause: float  # seconds before each word, so that there is time to cancel

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        for request in requests:
            if self._chooses(request) and not _candidates(request):
                raise BadRequest("There is nothing to choose from: the answer list is empty.")
        for request in requests:
            yield from self._one(request, stop)

    def _chooses(self, request: Request) -> bool:
        return request.task in self.identity.tasks and TASKS[request.task].gives == "choice"

    def _one(self, request: Request, stop: Callable[[], bool]) -> Iterator[Event]:
        if request.task not in self.identity.tasks:
            reason = f"This model has no task {request.task}."
            yield Refusal(request.id, reason, self.identity)
        elif self._chooses(request):
            candidates = _candidates(request)
            shares = tuple(1 / len(candidates) for _ in candidates)
            yield Answer(request.id, candidates[0], shares, False, self.identity)
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


def _candidates(request: Request) -> tuple[str, ...]:
    """Those that the asker names, else the task's usual ones."""
    return request.candidates or TASKS[request.task].candidates


def load(folder: ModelFolder, device: str, precision: str = "auto") -> Echo:
    """It has words to repeat and candidates to choose from, but neither places nor codes."""
    tasks = [name for name in folder.tasks if name in TASKS]
    echoed = tuple(name for name in tasks if TASKS[name].gives in ("text", "choice"))
    identity = replace(folder.identity("cpu"), tasks=echoed)
    return Echo(identity, float(folder.config.get("pause", 0.0)))
