"""Control runs beside a draft: which of its closed questions were answered without the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from model_backend.controls.kept import read_margins
from model_backend.controls.margin import Margin, margin_for
from model_backend.controls.pictures import BLIND, KINDS
from model_backend.controls.runs import Controlled, control_requests
from model_backend.folder import ModelFolder
from model_backend.request import Answer, Event, Refusal, Request, Token

MOST_KEPT = 4096
# Answers to pictures of nothing hang on the model, the question and the picture's size alone.
Kept = tuple[str, str, tuple[str, ...], tuple[int, ...], str]
_kept: dict[Kept, Answer] = {}
_lock = Lock()


@dataclass
class Controls:
    """The control questions of a batch, and what was answered to them so far.

    `requests` are to be asked after the batch's own. Without fitted margins there are none, and
    nothing is flagged.
    """

    model: ModelFolder
    margins: Mapping[str, Margin]
    requests: tuple[Request, ...] = ()
    _own: dict[str, Request] = field(default_factory=dict)  # by the control request's id
    _answers: dict[tuple[str, str], Answer] = field(default_factory=dict)  # by request and kind

    @classmethod
    def of(cls, model: ModelFolder, requests: Sequence[Request]) -> Controls:
        """Raises BadCheckpoint when the margins beside the model are damaged."""
        made = cls(model, read_margins(model.path, model.sha256))
        if made.margins:
            for request in requests:
                made._add(request)
        return made

    def _add(self, request: Request) -> None:
        asked = []
        for kind, control in zip(KINDS, control_requests(request), strict=True):
            with _lock:
                known = _kept.get(self._key(request, kind)) if kind in BLIND else None
            if known is not None:
                self._answers[request.id, kind] = known
            else:
                asked.append(control)
                self._own[control.id] = request
        self.requests += tuple(asked)

    def aside(self, events: Iterator[Event]) -> Iterator[Event]:
        """The events of the batch's own requests; those of the controls are kept."""
        for event in events:
            request = self._own.get(_name(event))
            if request is None:
                yield event
            elif isinstance(event, Answer):
                self._keep(request, event)

    def _keep(self, request: Request, answer: Answer) -> None:
        kind = answer.request.rpartition("/")[2]
        self._answers[request.id, kind] = answer
        if kind in BLIND:
            with _lock:
                if len(_kept) >= MOST_KEPT:
                    _kept.clear()
                _kept[self._key(request, kind)] = replace(answer, request="")

    def is_flagged(self, request: Request, answer: Answer) -> bool:
        """Whether the answer moves too little when the picture is taken away or mirrored."""
        if not self.margins:
            return False
        found = {kind: self._answers[request.id, kind] for kind in KINDS
                 if (request.id, kind) in self._answers}  # fmt: skip
        margin = margin_for(self.margins, request.text)
        return Controlled(request, answer, found).is_flagged(margin)

    def _key(self, request: Request, kind: str) -> Kept:
        sizes = tuple(side for image in request.images for side in image.pixels.shape)
        return self.model.sha256, request.text, request.candidates, sizes, kind


def _name(event: Event) -> str:
    return event.request if isinstance(event, Answer | Refusal | Token) else ""
