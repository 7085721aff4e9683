"""A model behind a server with the OpenAI-compatible chat API, as vLLM, Ollama and llama.cpp are.

Only this backend opens a socket, and only to the one address in its `model.json`. What is sent is a
question in the words of `model_backend/chat/wording.py` and the pixels of the picture as a PNG that
holds nothing else; never the identity of the picture.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model_backend import calibration
from model_backend.chat.choosing import first_token_scores, fitted_question, named
from model_backend.chat.connection import Server, Stopped, Unanswered, shortened
from model_backend.chat.question import candidates_of, check, content_of, limit_of
from model_backend.chat.settings import LIST_MODELS, ChatSettings, address_of
from model_backend.chat.stream import Chunk, Scored, Thoughts, chunks_of
from model_backend.chat.wording import WORDINGS
from model_backend.folder import ModelFolder
from model_backend.request import Answer, BadCheckpoint, Event, ModelError, Refusal, Request, Token
from model_backend.tasks import TASKS

ALTERNATIVES = 20  # tokens beside the chosen one; the most that OpenAI's API allows
FIRST_TOKENS = 8  # of an answer, whose alternatives are kept
LETTERS_A_TOKEN = 40  # far more than a token has: beyond it a server ignores the limit


@dataclass
class _Written:
    """What a server has written so far for one request."""

    text: str = ""
    scored: tuple[Scored, ...] = ()
    finish: str = ""
    refusal: str = ""
    calls_tool: bool = False
    held: str = ""  # blanks that may be the last ones

    def add(self, chunk: Chunk, piece: str) -> str:
        """Take a chunk in; gives the new part of the text, without blanks at either end of it."""
        grown = self.held + piece if self.text else piece.lstrip()
        new = grown.rstrip()
        self.held = grown[len(new) :]
        self.text += new
        if new and len(self.scored) < FIRST_TOKENS:
            self.scored += chunk.scored
        self.finish = chunk.finish or self.finish
        self.refusal += chunk.refusal
        self.calls_tool = self.calls_tool or chunk.calls_tool
        return new


class ChatModel:
    """One model of one server; nothing is connected before a question is asked."""

    def __init__(self, folder: ModelFolder, settings: ChatSettings) -> None:
        known = tuple(task for task in folder.tasks if task in WORDINGS)
        self.identity = replace(folder.identity("server"), tasks=known)
        self._settings = settings
        self._server = Server(settings)
        self._wordings = {**WORDINGS, **folder.prompts}
        calibration.check(folder.calibration)
        self._calibration = folder.calibration
        self._with_logprobs = settings.logprobs

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        """See `model_backend.models.Model`. The server is asked one request after the other."""
        mine = [request for request in requests if request.task in self.identity.tasks]
        for request in mine:
            check(request)
        try:
            if mine:
                self._check_model(stop)
            for request in requests:
                if request.task == LIST_MODELS:
                    models = "\n".join(self._models(stop))
                    yield Answer(request.id, models, None, False, self.identity)
                elif request.task not in self.identity.tasks:
                    reason = f"The model {self.identity.name} has no task {request.task}."
                    yield Refusal(request.id, reason, self.identity)
                else:
                    yield from self._one(request, stop)
        except Stopped:
            return
        except Unanswered as error:
            raise ModelError(_sentence(error, self._settings)) from error

    def _one(self, request: Request, stop: Callable[[], bool]) -> Iterator[Event]:
        is_choice = TASKS[request.task].gives == "choice"
        most = LETTERS_A_TOKEN * (limit_of(request) + self._settings.more_tokens)
        written, thoughts, received = _Written(), Thoughts(), 0
        for chunk in self._chunks(request, is_choice, stop):
            received += len(chunk.text)
            if received > most:
                raise ModelError(
                    f"The server {self._settings.address.origin} writes on beyond what it was "
                    "asked for, and was cut off."
                )
            piece = thoughts.push(chunk.text) + (thoughts.rest() if chunk.finish else "")
            piece = written.add(chunk, piece)
            if piece and not is_choice:
                yield Token(request.id, piece)
        if reason := _why_not(written, self._settings):
            yield Refusal(request.id, reason, self.identity)
        elif is_choice:
            yield self._chosen(request, written)
        else:
            cut_off = written.finish == "length"
            yield Answer(request.id, written.text, None, cut_off, self.identity)

    def _chosen(self, request: Request, written: _Written) -> Answer | Refusal:
        """The candidate that was written, with a probability for each where all can be known."""
        candidates = candidates_of(request)
        best = named(candidates, written.text)
        if best is None:
            reason = (
                f"The model {self._settings.model} gave none of the possible answers, but: "
                f"{shortened(written.text, 120).rstrip('.')}."
            )
            return Refusal(request.id, reason, self.identity)
        scores = first_token_scores(candidates, written.text, written.scored)
        if scores is None:
            return Answer(request.id, candidates[best], None, False, self.identity)
        question = fitted_question(request.text)
        return Answer(
            request=request.id,
            text=candidates[best],
            probabilities=calibration.probabilities(
                self._calibration, request.task, question, candidates, scores
            ),
            cut_off=False,
            model=self.identity,
            score=scores[best],
            calibrated=calibration.is_calibrated(self._calibration, request.task, question),
        )

    # --- what goes to the server and comes from it ---

    def _chunks(
        self, request: Request, is_choice: bool, stop: Callable[[], bool]
    ) -> Iterator[Chunk]:
        """The answer as it comes. A server that does not know log-probabilities, or gives fewer
        of them, refuses the question; then it is asked without, now and from now on."""
        body = self._body(request)
        if is_choice and self._with_logprobs:
            scored = {**body, "logprobs": True, "top_logprobs": ALTERNATIVES}
            try:
                yield from self._post(scored, stop)
                return
            except Unanswered as error:
                if error.status not in (400, 422):
                    raise
            yield from self._post(body, stop)
            self._with_logprobs = False
        else:
            yield from self._post(body, stop)

    def _post(self, body: dict[str, Any], stop: Callable[[], bool]) -> Iterator[Chunk]:
        sent = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        with self._server.ask("/chat/completions", sent, stop) as answering:
            yield from chunks_of(answering)

    def _body(self, request: Request) -> dict[str, Any]:
        """One message, the user's. Nothing names the request, the picture or the patient."""
        return {
            "temperature": 0,
            "seed": request.seed,
            **self._settings.extra,
            "model": self._settings.model,
            "messages": [{"role": "user", "content": self._content(request)}],
            "stream": True,
            self._settings.limit: limit_of(request) + self._settings.more_tokens,
        }

    def _content(self, request: Request) -> Any:
        return content_of(request, self._wordings, self._settings.longest_side)

    def _models(self, stop: Callable[[], bool]) -> tuple[str, ...]:
        """The ids of the models that the server has."""
        with self._server.ask("/models", None, stop) as answering:
            content = answering.json()
        rows = content.get("data") if isinstance(content, dict) else None
        if not isinstance(rows, list):
            raise ModelError(
                f"The server {self._settings.address.origin} does not list its models. Check that "
                f"{self._settings.address.url} is the address of an OpenAI-compatible API."
            )
        ids = [row.get("id") for row in rows if isinstance(row, dict)]
        return tuple(one for one in ids if isinstance(one, str) and one and one.isprintable())

    def _check_model(self, stop: Callable[[], bool]) -> None:
        """Raise ModelError when the server does not have the model: llama.cpp would answer with
        another one, whatever name it is given."""
        models = self._models(stop)
        if self._settings.model not in models:
            listed = ", ".join(models[:8]) + (", …" if len(models) > 8 else "")
            raise ModelError(
                f"The server {self._settings.address.origin} has no model "
                f"{self._settings.model}; it has: {listed or 'none'}. Connect again with --model."
            )


def load(folder: ModelFolder, device: str, precision: str = "auto") -> ChatModel:
    """The model that a server runs; `device` and `precision` are the server's affair.

    Connects to nothing yet. Raises BadCheckpoint for a wrong entry, a missing key or certificate,
    and where pictures would leave this computer and nobody has acknowledged it.
    """
    settings = ChatSettings.read(folder.config, folder.path)
    if settings.goes_abroad and not folder.acknowledged:
        raise BadCheckpoint(
            f"The model {folder.name} is not on this computer but at "
            f"{address_of(folder.config)}, and nobody has acknowledged that pictures are sent "
            "there. Connect it again with --acknowledge-export.",
            "acknowledged",
        )
    return ChatModel(folder, settings)


def _why_not(written: _Written, settings: ChatSettings) -> str:
    """Why what was written is no answer, in a sentence; "" where it is one."""
    name = settings.model
    if written.finish == "content_filter":
        return f"The server held back the answer of the model {name} (content filter)."
    if written.refusal:
        return f"The model {name} will not answer: {shortened(written.refusal).rstrip('.')}."
    if written.calls_tool or written.finish in ("tool_calls", "function_call"):
        return f"The model {name} wanted to call a tool instead of answering."
    if written.finish not in ("stop", "length", "eos"):
        raise ModelError(
            f"The server {settings.address.origin} gave up on the answer "
            f"({shortened(written.finish, 40)}). Ask again."
        )
    if written.text:
        return ""
    if written.finish == "length":
        return (
            f"The model {name} used up its tokens before it answered, as models that think first "
            "do. Turn thinking off, or give it more_tokens in model.json."
        )
    return f"The model {name} gave an empty answer."


def _sentence(error: Unanswered, settings: ChatSettings) -> str:
    """What a status means to the person who asked."""
    origin, words = settings.address.origin, f": {error.words.rstrip('.')}" if error.words else ""
    if 300 <= error.status < 400:
        target = f" to {shortened(error.location, 80)}" if error.location else ""
        return (
            f"The server {origin} wants to send the question on{target}. Wetread speaks to one "
            "address only: connect the model again with the right one."
        )
    wait = f" in {error.retry_after} s" if error.retry_after.isdigit() else " later"
    told = {
        401: f"The server {origin} does not accept the key{words}. Check the key file."
        if settings.key
        else f"The server {origin} wants a key{words}. Connect again with --key-file.",
        403: f"The server {origin} does not let this key ask{words}. Check the key file.",
        404: f"The server {origin} has no model {settings.model}, or no such API at "
        f"{settings.address.url}{words}.",
        413: f"The picture is larger than the server {origin} takes. Draw a smaller box, or set "
        "longest_side in model.json.",
        429: f"The server {origin} has too much to do. Ask again{wait}.",
        503: f"The server {origin} is not ready{words}. Ask again{wait}.",
    }
    if error.status in told:
        return told[error.status]
    if error.status >= 500:
        return f"The server {origin} failed ({error.status}){words}. Ask again later."
    return f"The server {origin} did not take the question ({error.status}){words}."
