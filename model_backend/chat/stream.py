"""From the bytes of an answer to pieces of text: server-sent events, or one JSON object.

The events are those of `POST /v1/chat/completions` with `"stream": true`: lines `data: {...}`, each
a chunk whose `choices[0].delta` holds the next words and whose `finish_reason` says why there are
no more. vLLM, Ollama and llama.cpp differ in what surrounds them: comments to keep the line open,
chunks without choices, errors as an event, thoughts in a field of their own or in <think> tags.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from model_backend.chat.connection import Answering, error_words
from model_backend.request import ModelError

LONGEST_EVENT = 2**20  # bytes
LEAST_LOGPROB = -1e6  # below it, or not comparable, a log-probability is none
DONE = "[DONE]"


@dataclass(frozen=True, slots=True)
class Scored:
    """One token that was chosen, and those that might have been: (text, log-probability)."""

    token: str
    others: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A step of the answer."""

    text: str = ""
    scored: tuple[Scored, ...] = ()  # of the tokens in `text`, where the server gives them
    finish: str = ""  # why the answer ends here: stop, length, content_filter, tool_calls, ...
    refusal: str = ""  # the model's own words for not answering
    calls_tool: bool = False


def chunks_of(answering: Answering) -> Iterator[Chunk]:
    """The answer as it comes; the last chunk has a `finish`. Raises ModelError for anything that
    is no such answer, and when it ends without a last chunk."""
    if not answering.is_stream:  # the server does not stream, whatever it was asked
        yield _chunk(answering.json(), "message")
        return
    for event in events(answering.chunks()):
        if event == DONE:
            break
        chunk = _chunk(_parsed(event), "delta")
        yield chunk
        if chunk.finish:
            return
    raise ModelError(
        "The model's server broke off in the middle of its answer. What had come is no whole "
        "answer; ask again."
    )


def events(chunks: Iterable[bytes]) -> Iterator[str]:
    """The payload of each server-sent event. Source: WHATWG HTML, 9.2.6, of which a chat needs
    `data`; llama.cpp once wrote its errors as a field `error`. Raises ModelError."""
    lines: list[str] = []
    for line in _lines(chunks):
        name, _, value = line.partition(":")
        if not line and lines:
            yield "\n".join(lines)
            lines = []
        elif name in ("data", "error") and line:
            lines.append(value.removeprefix(" "))
            if sum(map(len, lines)) > LONGEST_EVENT:
                raise _too_long()
        elif line and name not in ("", "event", "id", "retry"):
            raise _garbage()
    if lines:
        yield "\n".join(lines)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield _decoded(line)
        if len(rest) > LONGEST_EVENT:
            raise _too_long()
    if rest:
        yield _decoded(rest)


def _decoded(line: bytes) -> str:
    try:
        return line.rstrip(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise _garbage() from error


def _parsed(event: str) -> Any:
    try:
        return json.loads(event)
    except (ValueError, RecursionError) as error:
        raise _garbage() from error


def _garbage() -> ModelError:
    return ModelError(
        "The model's server sent something that is no answer. Check that its address is that of "
        "the OpenAI-compatible API, and ask again."
    )


def _too_long() -> ModelError:
    return ModelError("The model's server sends a line without end, and was cut off.")


def _chunk(content: Any, holder: str) -> Chunk:
    """`choices[0]` of a chunk (`delta`) or of a whole answer (`message`)."""
    if not isinstance(content, dict):
        raise _garbage()
    choices = content.get("choices")
    if not isinstance(choices, list):
        if words := error_words(content):
            raise ModelError(f"The model's server failed while it answered: {words.rstrip('.')}.")
        raise _garbage()
    if not choices:
        return Chunk()  # figures about the use, before or after the words
    choice = choices[0]
    said = choice.get(holder) or {} if isinstance(choice, dict) else None
    if not isinstance(said, dict):
        raise _garbage()
    text, refusal, finish = said.get("content"), said.get("refusal"), choice.get("finish_reason")
    if not all(one is None or isinstance(one, str) for one in (text, refusal, finish)):
        raise _garbage()
    if holder == "message" and not finish:
        finish = "stop"
    calls_tool = bool(said.get("tool_calls") or said.get("function_call"))
    scored = _scored(choice.get("logprobs")) if text else ()
    return Chunk(text or "", scored, finish or "", refusal or "", calls_tool)


def _scored(logprobs: Any) -> tuple[Scored, ...]:
    """`choices[0].logprobs.content`; anything else than its shape counts as not given."""
    rows = logprobs.get("content") if isinstance(logprobs, dict) else None
    found = []
    for row in rows if isinstance(rows, list) else []:
        pair = _pair(row)
        others = row.get("top_logprobs") if isinstance(row, dict) else None
        if pair is None or not isinstance(others, list):
            return ()
        pairs = [_pair(one) for one in others]
        found.append(Scored(pair[0], tuple(dict.fromkeys(one for one in pairs if one))))
    return tuple(found)


def _pair(row: Any) -> tuple[str, float] | None:
    if not isinstance(row, dict):
        return None
    token, logprob = row.get("token"), row.get("logprob")
    if not isinstance(token, str) or not isinstance(logprob, int | float):
        return None
    return (token, float(logprob)) if LEAST_LOGPROB <= logprob <= 0 else None


class Thoughts:
    """Takes out what a model thinks aloud before it answers: a first part in <think> tags."""

    OPEN, CLOSE = "<think>", "</think>"

    def __init__(self) -> None:
        self._held = ""
        self._is_thinking: bool | None = None  # None: not known yet

    def push(self, text: str) -> str:
        """The part of the answer that may be shown now."""
        if self._is_thinking is False:
            return text
        self._held += text
        start = self._held.lstrip()
        if self._is_thinking is None and len(start) < len(self.OPEN):
            if self.OPEN.startswith(start):
                return ""
        self._is_thinking = start.startswith(self.OPEN)
        if self._is_thinking:
            _, closed, after = start.partition(self.CLOSE)
            if not closed:
                return ""
            self._held = after
        self._is_thinking = False
        held, self._held = self._held, ""
        return held

    def rest(self) -> str:
        """What was held back at the end and is no thought."""
        return "" if self._is_thinking else self._held
