"""The same request gives the same answer: asked again, after a restart, with other threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from model_backend.client import ModelClient
from model_backend.folder import ModelFolder
from model_backend.request import (
    ANSWER,
    CHOICE,
    FINDINGS,
    Answer,
    Decoding,
    Event,
    ImageInput,
    Request,
)

FILM = ImageInput(np.random.default_rng(7).integers(0, 256, (80, 80), np.uint8))
REQUESTS = (
    Request(CHOICE, (FILM,), "is the heart large?", ("yes", "no", "left side")),
    Request(ANSWER, (FILM,), "which side?", (), Decoding(beam=3, max_tokens=6, min_tokens=6)),
    Request(FINDINGS, (FILM,), "what is seen?", (), Decoding(max_tokens=6, min_tokens=6)),
)


def answers_of(events: Sequence[Event]) -> list[Answer]:
    return [replace(event, request="") for event in events if isinstance(event, Answer)]


@pytest.fixture(scope="module")
def first(tiny_folder: ModelFolder) -> tuple[list[Answer], list[Answer]]:
    """The answers of one process, asked twice."""
    with ModelClient(tiny_folder, threads=1) as client:
        once, again = (answers_of(list(client.ask(REQUESTS))) for _ in range(2))
    return once, again


def test_asked_again_the_answers_are_equal_to_the_bit(
    first: tuple[list[Answer], list[Answer]],
) -> None:
    once, again = first

    assert len(once) == len(REQUESTS)
    assert again == once


def test_after_a_restart_the_answers_are_equal_to_the_bit(
    tiny_folder: ModelFolder, first: tuple[list[Answer], list[Answer]]
) -> None:
    with ModelClient(tiny_folder, threads=1) as client:
        assert answers_of(list(client.ask(REQUESTS))) == first[0]


def test_with_more_threads_the_texts_are_equal_and_the_scores_to_rounding(
    tiny_folder: ModelFolder, first: tuple[list[Answer], list[Answer]]
) -> None:
    with ModelClient(tiny_folder, threads=2) as client:
        answers = answers_of(list(client.ask(REQUESTS)))

    assert [one.text for one in answers] == [one.text for one in first[0]]
    for one, other in zip(answers, first[0], strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-4)
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
