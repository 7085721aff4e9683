"""Every task is answered with what its row of the table says, and can be stopped at any moment."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from model_backend import request as names
from model_backend.biomedgpt.image import IMAGENET_MEAN, IMAGENET_STD, preprocess
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder, Preprocess
from model_backend.models import load
from model_backend.models.biomedgpt import BiomedGPTModel
from model_backend.request import (
    Answer,
    BadRequest,
    Decoding,
    Event,
    ImageInput,
    ModelError,
    Place,
    Refusal,
    Request,
    Token,
)
from model_backend.tasks import TASKS

FILM = np.random.default_rng(3).integers(0, 256, (64, 64), np.uint8)
LISTS = (
    ("yes",),
    ("yes", "no"),
    ("left", "left lung", "left lung base", "no", "not seen"),
    tuple(" ".join(words) for words in itertools.product(("yes", "no"), repeat=5)),
)
STREAMED = [task.name for task in TASKS.values() if task.gives == "text"]
UNSTREAMED = [task.name for task in TASKS.values() if task.gives != "text"]


def asked(
    task: str, text: str = "the <mask> lung", text2: str = "it is clear", **to: Any
) -> Request:
    images = (ImageInput(FILM),) if TASKS[task].has_image else ()
    candidates = ("clear", "effusion", "large") if TASKS[task].has_candidates else ()
    box = Place(5, 5, 40, 64) if TASKS[task].has_box else None
    decoding = Decoding(max_tokens=12, min_tokens=4)
    request = Request(task, images, text, candidates, decoding, text2=text2, box=box)
    return replace(request, **to)


def answers(model: BiomedGPTModel, *requests: Request) -> list[Answer]:
    events = model.answer(requests, lambda: False)
    return [event for event in events if isinstance(event, Answer)]


def loaded(folder: ModelFolder, **changes: Any) -> BiomedGPTModel:
    model = load(replace(folder, **changes), "cpu")
    assert isinstance(model, BiomedGPTModel)
    return model


def plain(events: Sequence[Event]) -> list[Event]:
    return [replace(event, request="") for event in events]


# --- what each task gives ---


@pytest.mark.parametrize("task", [task for task in TASKS.values() if task.gives == "choice"])
def test_closed_tasks_share_one_probability(whole: BiomedGPTModel, task: Any) -> None:
    (answer,) = answers(whole, asked(task.name))

    candidates = task.candidates or ("clear", "effusion", "large")
    assert answer.probabilities is not None
    assert len(answer.probabilities) == len(candidates)
    assert math.isclose(sum(answer.probabilities), 1.0)
    assert answer.text == candidates[answer.probabilities.index(max(answer.probabilities))]
    assert answer.score is not None and answer.score < 0
    assert not (answer.places or answer.codes or answer.cut_off or answer.calibrated)


@pytest.mark.parametrize("task", STREAMED)
@pytest.mark.parametrize("beam", [1, 3])
def test_pieces_of_free_text_join_to_the_answer(
    whole: BiomedGPTModel, task: str, beam: int
) -> None:
    decoding = Decoding(beam=beam, max_tokens=12, min_tokens=12)

    *pieces, answer = whole.answer([asked(task, decoding=decoding)], lambda: False)

    assert isinstance(answer, Answer)
    assert "".join(piece.text for piece in pieces if isinstance(piece, Token)) == answer.text
    assert answer.text and answer.cut_off
    assert len(pieces) > 1 or beam > 1
    assert answer.probabilities is None
    assert answer.sentence_probabilities


def test_several_beams_show_what_they_all_begin_with(whole: BiomedGPTModel) -> None:
    longest = Decoding(beam=5, max_tokens=60, min_tokens=60)
    counts = []

    for task in STREAMED:
        *pieces, answer = whole.answer([asked(task, decoding=longest)], lambda: False)
        assert isinstance(answer, Answer)
        grown = "".join(piece.text for piece in pieces if isinstance(piece, Token))
        assert grown == answer.text
        counts.append(len(pieces))

    assert max(counts) > 3


@pytest.mark.parametrize("beam", [1, 4])
def test_grounding_names_one_box_inside_the_image(whole: BiomedGPTModel, beam: int) -> None:
    decoding = Decoding(beam=beam)

    (answer,) = answers(whole, asked(names.GROUNDING, "left  lesion", decoding=decoding))

    (place,) = answer.places
    assert place.label == "left  lesion"
    assert 0 <= place.x0 <= place.x1 <= 64 and 0 <= place.y0 <= place.y1 <= 64
    assert answer.text.startswith("left  lesion: (")
    assert answer.probabilities is None and answer.score is not None and answer.score < 0


def test_detection_tells_boxes_or_that_there_are_none(whole: BiomedGPTModel) -> None:
    decoding = Decoding(beam=2, max_tokens=40, min_tokens=40)

    (answer,) = answers(whole, asked(names.DETECTION, decoding=decoding))

    assert answer.text
    assert answer.cut_off
    for place in answer.places:
        assert 0 <= place.x0 <= place.x1 <= 64 and 0 <= place.y0 <= place.y1 <= 64


def test_middle_of_an_image_comes_as_codes(whole: BiomedGPTModel) -> None:
    (answer,) = answers(whole, asked(names.INFILL_IMAGE))

    assert len(answer.codes) == 16
    assert all(0 <= code < 16 for code in answer.codes)
    assert "16 codes" in answer.text and "no decoder" in answer.text
    assert not answer.cut_off


def test_middle_of_an_image_is_not_seen_when_it_is_filled_in(whole: BiomedGPTModel) -> None:
    other, edge = FILM.copy(), FILM.copy()
    other[16:48, 16:48] = 255 - other[16:48, 16:48]
    edge[0, 0] = 255 - edge[0, 0]
    see = whole._see

    hidden = see(FILM, hidden=True)

    assert torch.equal(see(other, hidden=True), hidden)
    assert not torch.equal(see(edge, hidden=True), hidden)
    assert not torch.equal(see(FILM), hidden)


def test_infilling_beside_a_question_sees_the_picture_twice(whole: BiomedGPTModel) -> None:
    requests = [asked(names.CHOICE), asked(names.INFILL_IMAGE), asked(names.CHOICE)]

    together = answers(whole, *requests)

    assert together == [answers(whole, request)[0] for request in requests]


def test_statistics_of_the_pictures_come_from_the_folder(whole_folder: ModelFolder) -> None:
    model = loaded(whole_folder, preprocess=Preprocess(64, IMAGENET_MEAN, IMAGENET_STD))

    wanted = model._network.image_features(preprocess(FILM, 64, IMAGENET_MEAN, IMAGENET_STD)[None])
    assert torch.equal(model._see(FILM), wanted)


def test_region_is_told_by_its_box(whole: BiomedGPTModel) -> None:
    there, again, beyond, elsewhere = answers(
        whole,
        asked(names.REGION),
        asked(names.REGION, text="which text is not read"),
        asked(names.REGION, box=Place(40, 5, 5, 99)),  # corners swapped, beyond the edge
        asked(names.REGION, box=Place(0, 0, 64, 64)),
    )

    assert there.score == again.score == beyond.score
    assert elsewhere.score != there.score


# --- entailment ---


@pytest.mark.parametrize("prompt_type", ["none", "src", "prev_output"])
def test_entailment_is_one_symbol_at_the_last_place(
    whole_folder: ModelFolder, prompt_type: str
) -> None:
    model = loaded(whole_folder, prompt_type=prompt_type)
    tokenizer = Tokenizer(model._network.config)
    request = asked(names.ENTAILMENT, "No effusion.", "The lung is clear")
    text = ' can text1 " no effusion. " imply text2 " the lung is clear "?'
    source = [0, *tokenizer.encode(text), 2]
    prompt = {"none": [0], "src": source, "prev_output": source[:-1]}[prompt_type]

    (answer,) = answers(model, request)

    with torch.no_grad():
        states = model._network.encode(torch.tensor([source]))
        logits = model._network.decode(torch.tensor([prompt]), states)[0, -1]
    labels = [tokenizer.encode(word)[0] for word in (" yes", " maybe", " no")]
    wanted = torch.softmax(logits[labels], 0).tolist()
    assert answer.probabilities == pytest.approx(wanted, abs=1e-5)
    named = ("entailed", "neutral", "contradicted")
    assert answer.text == named[wanted.index(max(wanted))]


# --- candidates along a tree ---


@pytest.mark.parametrize("candidates", LISTS, ids=len)
@pytest.mark.parametrize("prompt_type", ["none", "prev_output"])
def test_wide_unnormalised_beam_agrees_with_scoring(
    whole_folder: ModelFolder, prompt_type: str, candidates: tuple[str, ...]
) -> None:
    model = loaded(whole_folder, prompt_type=prompt_type)
    by_trie = Decoding(by_trie=True, normalize=False, beam=len(candidates))

    scored, searched = answers(
        model,
        asked(names.CHOICE, candidates=candidates),
        asked(names.CHOICE, candidates=candidates, decoding=by_trie),
    )

    assert searched.text == scored.text
    assert searched.probabilities == pytest.approx(scored.probabilities, abs=1e-5)
    assert searched.score == pytest.approx(scored.score, abs=1e-4)


@pytest.mark.parametrize("task", [names.CLASSIFY, names.MATCHING, names.TRIAL, names.MORTALITY])
def test_other_closed_tasks_are_searched_alike(whole: BiomedGPTModel, task: str) -> None:
    by_trie = Decoding(by_trie=True, normalize=False, beam=5)

    scored, searched = answers(whole, asked(task), asked(task, decoding=by_trie))

    assert searched.text == scored.text
    assert searched.probabilities == pytest.approx(scored.probabilities, abs=1e-5)


def test_narrow_beam_tells_no_probabilities_that_it_does_not_know(whole: BiomedGPTModel) -> None:
    by_trie = Decoding(by_trie=True, normalize=False, beam=2)
    request = asked(names.CHOICE, candidates=LISTS[-1])

    scored, searched = answers(whole, request, replace(request, decoding=by_trie))

    assert searched.probabilities is None
    assert scored.probabilities is not None and searched.score is not None
    there = scored.probabilities[LISTS[-1].index(searched.text)]
    assert math.exp(searched.score) == pytest.approx(there, abs=1e-5)


def test_beam_normalised_by_length_is_never_called_calibrated(whole_folder: ModelFolder) -> None:
    model = loaded(whole_folder, calibration={"choice": {"temperature": 2.0}})
    lengths = Decoding(by_trie=True, beam=5)
    candidates = LISTS[2]

    scored, searched, normalised = answers(
        model,
        asked(names.CHOICE, candidates=candidates),
        asked(names.CHOICE, candidates=candidates, decoding=replace(lengths, normalize=False)),
        asked(names.CHOICE, candidates=candidates, decoding=lengths),
    )

    assert scored.calibrated and searched.calibrated and not normalised.calibrated
    assert searched.probabilities == pytest.approx(scored.probabilities, abs=1e-5)
    assert normalised.probabilities != pytest.approx(scored.probabilities, abs=1e-3)


@pytest.mark.parametrize("task", [names.ENTAILMENT, names.CLASSIFY, names.TRIAL])
def test_each_task_is_calibrated_by_its_own_fit(whole_folder: ModelFolder, task: str) -> None:
    model = loaded(whole_folder, calibration={task: {"temperature": 3.0}})
    (before,) = answers(loaded(whole_folder), asked(task))

    fitted, other = answers(model, asked(task), asked(names.CHOICE))

    assert fitted.calibrated and not other.calibrated
    assert fitted.probabilities is not None and before.probabilities is not None
    first, second = before.probabilities[:2]
    wanted = math.log(first / second) / 3
    assert math.log(fitted.probabilities[0] / fitted.probabilities[1]) == pytest.approx(wanted)


# --- what it refuses ---


def test_lacking_task_is_named_with_those_that_are_there(whole_folder: ModelFolder) -> None:
    model = loaded(whole_folder, tasks=("summary", "entailment"), preprocess=None)

    refusal, answer = list(
        model.answer([asked(names.GROUNDING), asked(names.ENTAILMENT)], lambda: False)
    )

    assert isinstance(refusal, Refusal) and isinstance(answer, Answer)
    assert refusal.reason == (
        "The model whole has not learnt the task grounding. Its tasks are: summary, entailment."
    )


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (np.full((8, 8), np.nan), "8 bit"),
        (np.zeros((8, 8), np.float32), "8 bit"),
        (np.zeros((8, 8), np.uint16), "8 bit.*uint16"),
        (np.zeros((8, 8, 4), np.uint8), "8 bit"),
        (np.zeros((0, 8), np.uint8), "empty"),
        (np.broadcast_to(np.uint8(7), (30_000, 30_000)), "30000 x 30000 pixels, more than"),
    ],
    ids=["nan", "float", "16 bit", "alpha", "empty", "huge"],
)
def test_pictures_that_are_none_are_told(whole: BiomedGPTModel, pixels: Any, told: str) -> None:
    request = asked(names.CLASSIFY, images=(ImageInput(pixels),))

    with pytest.raises(BadRequest, match=told):
        next(whole.answer([request], lambda: False))


@pytest.mark.parametrize(
    "shape", [(1, 1), (30_000, 10), (10, 30_000), (3, 5, 3)], ids=lambda shape: str(shape)
)
def test_places_in_pictures_of_any_shape_lie_inside_them(
    whole: BiomedGPTModel, shape: tuple[int, ...]
) -> None:
    image = ImageInput(np.full(shape, 200, np.uint8))
    height, width = shape[:2]

    (found, region) = answers(
        whole,
        asked(names.GROUNDING, images=(image,)),
        asked(names.REGION, images=(image,), box=Place(0, 0, width, height)),
    )

    (place,) = found.places
    assert 0 <= place.x0 <= place.x1 <= width and 0 <= place.y0 <= place.y1 <= height
    assert region.text is not None


@pytest.mark.parametrize("task", [names.CHOICE, names.ENTAILMENT, names.ANSWER, names.GROUNDING])
def test_network_that_computes_no_numbers_is_told(whole_folder: ModelFolder, task: str) -> None:
    model = loaded(whole_folder)
    with torch.no_grad():
        model._network.encoder.layer_norm.weight.fill_(math.nan)

    with pytest.raises(ModelError):
        list(model.answer([asked(task)], lambda: False))


# --- stopping ---


def slow(task: str) -> Request:
    """A request of that task that takes long."""
    if task == names.CLASSIFY:
        return asked(task, candidates=LISTS[-1] + tuple(f"yes {n}" for n in range(300)))
    by_trie = task in (names.CHOICE, names.TREATMENT)
    decoding = Decoding(beam=3, max_tokens=30, min_tokens=30, by_trie=by_trie, normalize=False)
    return asked(task, decoding=decoding)


@pytest.mark.parametrize("task", list(TASKS))
def test_any_task_stops_where_it_is_told_and_leaves_nothing_behind(
    whole: BiomedGPTModel, task: str
) -> None:
    request = slow(task)
    looks = 0

    def count() -> bool:
        nonlocal looks
        looks += 1
        return False

    before = plain(list(whole.answer([request], count)))
    total = looks
    assert total >= 4  # encoder and decoder have two layers each

    for limit in sorted({0, 1, total // 3, total // 2, total - 2}):
        seen = 0

        def stop(limit: int = limit) -> bool:
            nonlocal seen
            seen += 1
            return seen > limit

        events = list(whole.answer([request, asked(names.CHOICE)], stop))
        assert not any(isinstance(event, Answer) for event in events)
        assert seen == limit + 1
    assert plain(list(whole.answer([request], lambda: False))) == before


def test_same_requests_give_the_same_answers_alone_and_together(whole: BiomedGPTModel) -> None:
    requests = [asked(task) for task in TASKS]

    together = answers(whole, *requests)

    assert [one.request for one in together] == [request.id for request in requests]
    assert together == [answers(whole, request)[0] for request in requests]


def test_every_task_is_answered_alike_in_a_process_of_its_own(
    whole_folder: ModelFolder, whole: BiomedGPTModel
) -> None:
    requests = [asked(task) for task in TASKS]

    with ModelClient(whole_folder, threads=1) as client:
        events = list(client.ask(requests))
        assert client.identity == whole.identity

    assert [event for event in events if isinstance(event, Answer)] == answers(whole, *requests)


@pytest.mark.parametrize("task", UNSTREAMED)
def test_what_is_no_text_comes_at_once(whole: BiomedGPTModel, task: str) -> None:
    (answer,) = whole.answer([asked(task)], lambda: False)

    assert isinstance(answer, Answer)
