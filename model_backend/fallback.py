"""A model that leaves the graphics card for the processor when the card's memory is full."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from model_backend.device import is_full, release_memory
from model_backend.folder import ModelFolder
from model_backend.models import Model, load
from model_backend.request import Event, ModelIdentity, Request, Token

log = logging.getLogger(__name__)

NOTE = (
    "The graphics card's memory was full while the model {}: it runs on the processor now, which "
    "is slower."
)


class FallbackModel:
    """See `model_backend.models.Model`. After a fall its identity carries a note for the reader.

    Raises, when made and when asked, what `load` and the model raise. The same requests are then
    answered on the processor: what was answered stays answered, and of a text that was under way
    only what follows the pieces already given is given.
    """

    def __init__(self, folder: ModelFolder, device: str, precision: str = "auto") -> None:
        self._folder = folder
        self._precision = precision
        self._device = device
        self._note = ""
        self._model: Model | None = None
        with _Falling(device) as fall:
            self._model = load(folder, device, precision)
        if fall.happened:
            self._leave_card("was being loaded")
        self._loaded()

    @property
    def identity(self) -> ModelIdentity:
        identity = self._loaded().identity
        return replace(identity, note=self._note) if self._note else identity

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        given = _Given()
        with _Falling(self.identity.device) as fall:
            for event in self._loaded().answer(requests, stop):
                given.note(event)
                yield self._signed(event)
        if not fall.happened:
            return
        self._leave_card("was answering")
        rest = [request for request in requests if request.id not in given.ended]
        for event in self._loaded().answer(rest, stop):
            following = given.following(event)
            if following is not None:
                yield self._signed(following)

    def _signed(self, event: Event) -> Event:
        if self._note and not isinstance(event, Token):
            return replace(event, model=replace(event.model, note=self._note))
        return event

    def _leave_card(self, when: str) -> None:
        self._model = None
        release_memory()
        self._device, self._note = "cpu", NOTE.format(when)
        log.warning("%s", self._note)

    def _loaded(self) -> Model:
        """The model, loaded again if it had to leave the card."""
        if self._model is None:
            self._model = load(self._folder, self._device, self._precision)
        return self._model


class _Falling:
    """Swallows the error of a full card, and the frames that keep the card's memory alive."""

    def __init__(self, device: str) -> None:
        self._device = device
        self.happened = False

    def __enter__(self) -> _Falling:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None or self._device == "cpu" or not is_full(error):
            return False
        traceback.clear_frames(error.__traceback__)
        self.happened = True
        return True


class _Given:
    """What has been given of each request, so that nothing is given twice."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self._texts: dict[str, str] = {}  # request -> its pieces so far
        self._again: dict[str, str] = {}  # the same, as written the second time

    def note(self, event: Event) -> None:
        if isinstance(event, Token):
            self._texts[event.request] = self._texts.get(event.request, "") + event.text
        else:
            self.ended.add(event.request)

    def following(self, event: Event) -> Event | None:
        """The event of the second writing, without what was given in the first.

        Where the second text differs from the first, its pieces are held back: the answer at its
        end holds the whole text.
        """
        if not isinstance(event, Token) or event.request not in self._texts:
            return event
        first = self._texts[event.request]
        before = self._again.get(event.request, "")
        text = self._again[event.request] = before + event.text
        if not text.startswith(first):
            return None
        new = text[max(len(first), len(before)) :]
        return Token(event.request, new) if new else None
