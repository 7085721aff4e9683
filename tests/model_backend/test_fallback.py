"""A model whose graphics card is full goes on on the processor, and says so."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import ModuleType

import pytest

import model_backend.models
from model_backend.device import choose, is_full
from model_backend.fallback import FallbackModel
from model_backend.folder import ModelFolder
from model_backend.request import (
    ANSWER,
    Answer,
    Event,
    ModelError,
    ModelIdentity,
    Refusal,
    Request,
    Token,
)

MakeFolder = Callable[..., ModelFolder]


class OutOfMemoryError(RuntimeError):
    """Of the same name as torch's."""


class Carded:
    """Writes word by word; on the card it has room for `room` words in all."""

    def __init__(self, identity: ModelIdentity, room: int, spelling: Callable[[str], str]) -> None:
        self.identity = identity
        self._room = room
        self._spelling = spelling

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        for request in requests:
            if request.task != ANSWER:
                yield Refusal(request.id, "no such task", self.identity)
                continue
            written = ""
            for word in request.text.split():
                if self.identity.device != "cpu" and self._room == 0:
                    raise OutOfMemoryError("CUDA out of memory")
                self._room -= 1
                piece = self._spelling(word)
                written += piece
                yield Token(request.id, piece)
            yield Answer(request.id, written, None, False, self.identity)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    """A backend on a card whose memory is given by `Card.room`; the processor has no end."""
    backend = Card("model_backend.models.carded")
    monkeypatch.setitem(sys.modules, backend.__name__, backend)
    monkeypatch.setattr(model_backend.models, "carded", backend, raising=False)
    return backend


class Card(ModuleType):
    """A backend's file."""

    room = 0
    room_to_load = True
    on_processor: Callable[[str], str] = staticmethod(str)

    def load(self, folder: ModelFolder, device: str, precision: str) -> Carded:
        if device != "cpu" and not self.room_to_load:
            raise RuntimeError("CUDA error: out of memory")
        device = "cuda" if device == "auto" else device
        identity = replace(folder.identity(device), precision=precision)
        return Carded(identity, self.room, self.on_processor if device == "cpu" else str)


def never() -> bool:
    return False


def test_model_that_fits_stays_where_it_is(card: Card, echo_folder: MakeFolder) -> None:
    card.room = 10
    model = FallbackModel(echo_folder(backend="carded"), "auto", "bf16")

    *_, answer = model.answer([Request(ANSWER, text="a b")], never)

    assert isinstance(answer, Answer)
    assert (answer.model.device, answer.model.precision) == ("cuda", "bf16")
    assert model.identity.note == answer.model.note == ""


def test_model_too_large_for_the_card_is_loaded_on_the_processor(
    card: Card, echo_folder: MakeFolder
) -> None:
    card.room_to_load = False
    model = FallbackModel(echo_folder(backend="carded"), "cuda", "bf16")

    *_, answer = model.answer([Request(ANSWER, text="a b")], never)

    assert isinstance(answer, Answer) and answer.text == "ab"
    assert (answer.model.device, answer.model.precision) == ("cpu", "bf16")
    assert "memory was full" in answer.model.note
    assert model.identity == answer.model


def test_requests_under_way_are_answered_whole_and_nothing_twice(
    card: Card, echo_folder: MakeFolder
) -> None:
    card.room = 5
    model = FallbackModel(echo_folder(backend="carded"), "cuda")
    requests = [Request(ANSWER, text=text) for text in ("a b", "c d e f", "g")]

    events = list(model.answer([*requests, Request("other")], never))

    ends = [event for event in events if isinstance(event, Answer)]
    assert [end.text for end in ends] == ["ab", "cdef", "g"]
    assert [end.model.device for end in ends] == ["cuda", "cpu", "cpu"]
    assert [bool(end.model.note) for end in ends] == [False, True, True]
    for request, end in zip(requests, ends, strict=True):
        pieces = [e.text for e in events if isinstance(e, Token) and e.request == request.id]
        assert "".join(pieces) == end.text
    assert isinstance(events[-1], Refusal) and events[-1].model.note


def test_second_text_that_differs_is_given_by_its_answer_alone(
    card: Card, echo_folder: MakeFolder
) -> None:
    card.room, card.on_processor = 2, str.upper
    model = FallbackModel(echo_folder(backend="carded"), "cuda")

    events = list(model.answer([Request(ANSWER, text="a b c")], never))

    assert [event.text for event in events if isinstance(event, Token)] == ["a", "b"]
    assert isinstance(events[-1], Answer) and events[-1].text == "ABC"


def test_later_requests_stay_on_the_processor_with_the_note(
    card: Card, echo_folder: MakeFolder
) -> None:
    card.room = 1
    model = FallbackModel(echo_folder(backend="carded"), "cuda")
    list(model.answer([Request(ANSWER, text="a b")], never))

    *_, later = model.answer([Request(ANSWER, text="c d")], never)

    assert isinstance(later, Answer)
    assert later.model.device == "cpu" and later.model.note


def test_other_errors_are_not_swallowed(card: Card, echo_folder: MakeFolder) -> None:
    def broken(word: str) -> str:
        raise KeyError(word)

    card.on_processor = broken
    model = FallbackModel(echo_folder(backend="carded"), "cpu")

    with pytest.raises(KeyError):
        list(model.answer([Request(ANSWER, text="a")], never))


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OutOfMemoryError("whatever"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), False),
        (RuntimeError("The size of tensor a (3) must match"), False),
        (MemoryError(), False),
        (ValueError("CUDA out of memory"), False),
    ],
)
def test_only_a_full_card_counts_as_one(error: Exception, full: bool) -> None:
    assert is_full(error) == full


def test_device_that_is_missing_is_named_with_what_to_do() -> None:
    import torch

    for device, present in (
        ("cuda", torch.cuda.is_available()),
        ("mps", torch.backends.mps.is_available()),
    ):
        if present:
            assert choose(device) == device
        else:
            with pytest.raises(ModelError, match=f"device {device}.*cpu"):
                choose(device)
    assert choose("cpu") == "cpu"
    assert choose("auto") in ("cpu", "cuda")
    with pytest.raises(ModelError, match="abacus"):
        choose("abacus")
