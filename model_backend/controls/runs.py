"""Asks a model again about grey, noise and the mirrored picture, and how far its answer moves.

An answer that stays where it is when the picture is taken away was not read off the picture. No
torch, no DICOM: what is asked is anything that answers requests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from model_backend.controls.pictures import BLIND, KINDS, MIRRORED, control, noise
from model_backend.controls.sides import sides_follow
from model_backend.request import Affine, Answer, Ask, Event, ImageInput, Place, Request

# `Ask`, or the method of a loaded model.
Asked = Callable[[Sequence[Request], Callable[[], bool]], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class Movement:
    """By how much each candidate's probability changes, control less original."""

    changes: Mapping[str, tuple[float, ...]]  # by kind of control, in the candidates' order

    @property
    def largest(self) -> float:
        """The largest change of any candidate against any control; 0 where nothing was asked."""
        return max((abs(one) for changes in self.changes.values() for one in changes), default=0.0)


@dataclass(frozen=True, slots=True)
class Controlled:
    """An answer, and what the model said to the same question about the control pictures."""

    request: Request
    answer: Answer
    controls: Mapping[str, Answer]  # by kind; one that was refused is missing

    @property
    def movement(self) -> Movement:
        """Of the probabilities; empty for free text."""
        own = self.answer.probabilities or ()
        return Movement(
            {
                kind: tuple(
                    there - here for here, there in zip(own, one.probabilities, strict=True)
                )
                for kind, one in self.controls.items()
                if own and one.probabilities and len(one.probabilities) == len(own)
            }
        )

    def is_flagged(self, margin: float) -> bool:
        """Whether the answer was not read off the picture, as far as the controls can tell.

        With probabilities: they move less than `margin` against every control. Free text: it is
        word for word what the model says to a picture that shows nothing. An answer that names a
        side is flagged as well where it names the same side of the mirrored picture. Without a
        control that answered there is no telling, and the answer is flagged.
        """
        mirrored = self.controls.get(MIRRORED)
        if mirrored is not None and not sides_follow(self.answer.text, mirrored.text):
            return True
        if self.answer.probabilities:
            return self.movement.largest < margin
        blind = [self.controls[kind] for kind in BLIND if kind in self.controls]
        own = _words(self.answer.text)
        return not blind or any(_words(one.text) == own for one in blind)


def control_requests(
    request: Request, kinds: Sequence[str] = KINDS, seed: int = 0
) -> tuple[Request, ...]:
    """The same question about each control picture; `id` is the request's with "/KIND" added."""
    return tuple(
        replace(
            request,
            id=f"{request.id}/{kind}",
            images=tuple(_controlled(one, kind, seed) for one in request.images),
            box=_mirrored_box(request) if kind == MIRRORED else request.box,
        )
        for kind in kinds
    )


def ask_with_controls(
    ask: Asked,
    requests: Sequence[Request],
    stop: Callable[[], bool] = lambda: False,
    kinds: Sequence[str] = KINDS,
) -> Iterator[Controlled]:
    """Each request that was answered, with its controls, in their order. Raises ModelError.

    Originals and controls are one batch. Requests without a picture have no controls.
    """
    batch = list(requests)
    for request in requests:
        batch += control_requests(request, kinds) if request.images else ()
    answers = {one.request: one for one in ask(batch, stop) if isinstance(one, Answer)}
    for request in requests:
        if request.id in answers:
            found = {kind: answers.get(f"{request.id}/{kind}") for kind in kinds}
            controls = {kind: one for kind, one in found.items() if one is not None}
            yield Controlled(request, answers[request.id], controls)


def blinded(ask: Asked) -> Ask:
    """The same model with its eyes shut: every picture is replaced by noise of its own.

    Its answers hang on the question and on chance alone, so that they are what the controls must
    flag. The noise follows from the picture, so that the same request gives the same answer.
    """

    def answer(
        requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        hidden = [replace(one, images=tuple(map(_hidden, one.images))) for one in requests]
        return ask(hidden, stop)

    return answer


def _hidden(image: ImageInput) -> ImageInput:
    digest = hashlib.sha256(image.pixels.tobytes()).digest()
    return replace(image, pixels=noise(image.pixels, int.from_bytes(digest[:8], "big")))


def _controlled(image: ImageInput, kind: str, seed: int) -> ImageInput:
    to_stored = _flipped(image) if kind == MIRRORED else image.to_stored
    return replace(image, pixels=control(kind, image.pixels, seed), to_stored=to_stored)


def _flipped(image: ImageInput) -> Affine:
    """From the mirrored picture's pixels to stored ones."""
    there, width = image.to_stored, image.pixels.shape[1]
    return replace(
        there,
        xx=-there.xx,
        x0=there.x0 + there.xx * width,
        yx=-there.yx,
        y0=there.y0 + there.yx * width,
    )


def _mirrored_box(request: Request) -> Place | None:
    """The box where its contents lie in the mirrored first image."""
    if request.box is None or not request.images:
        return request.box
    width = request.images[0].pixels.shape[1]
    return replace(request.box, x0=width - request.box.x1, x1=width - request.box.x0)


def _words(text: str) -> str:
    return " ".join(text.lower().split())
