"""BiomedGPT behind the protocol: right shapes, clear refusals, the same answer every time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from model_backend.biomedgpt.image import preprocess
from model_backend.biomedgpt.image_tower import ImageTower
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder, Preprocess
from model_backend.models import load
from model_backend.models.biomedgpt import BiomedGPTModel
from model_backend.request import (
    ANSWER,
    CHOICE,
    FINDINGS,
    Answer,
    BadCheckpoint,
    BadRequest,
    Decoding,
    Event,
    ImageInput,
    Refusal,
    Request,
    Token,
)
from model_backend.sentences import split_sentences

RNG = np.random.default_rng(3)
FILM = RNG.integers(0, 256, (90, 70), np.uint8)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The networks here are so small that more threads only get in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def model(tiny_folder: ModelFolder) -> BiomedGPTModel:
    loaded = load(tiny_folder, "cpu")
    assert isinstance(loaded, BiomedGPTModel)
    return loaded


def asked(
    task: str = CHOICE,
    text: str = "Is the heart normal?",
    candidates: Sequence[str] = (),
    pixels: NDArray[np.uint8] = FILM,
    **decoding: float,
) -> Request:
    choices = tuple(candidates) or (("yes", "no") if task == CHOICE else ())
    settings = Decoding(**{"max_tokens": 12, **decoding})  # type: ignore[arg-type]  # by name
    return Request(task, (ImageInput(pixels),), text, choices, settings)


def answers(model: BiomedGPTModel, *requests: Request) -> list[Answer]:
    events = model.answer(requests, lambda: False)
    return [event for event in events if isinstance(event, Answer)]


def test_candidates_share_one_probability(model: BiomedGPTModel) -> None:
    (answer,) = answers(model, asked(candidates=("yes", "no", "left side", "the heart")))

    assert answer.probabilities is not None
    assert len(answer.probabilities) == 4
    assert math.isclose(sum(answer.probabilities), 1.0)
    assert (
        answer.text
        == ("yes", "no", "left side", "the heart")[
            answer.probabilities.index(max(answer.probabilities))
        ]
    )
    assert not answer.calibrated


def test_order_of_the_candidates_does_not_matter(model: BiomedGPTModel) -> None:
    (there,) = answers(model, asked(candidates=("yes", "no", "left side")))
    (back,) = answers(model, asked(candidates=("left side", "no", "yes")))

    assert there.text == back.text
    assert there.probabilities == pytest.approx(tuple(reversed(back.probabilities or ())))


def test_single_candidate_is_certain(model: BiomedGPTModel) -> None:
    (answer,) = answers(model, asked(candidates=("effusion",)))

    assert (answer.text, answer.probabilities) == ("effusion", (1.0,))


def test_capitals_do_not_change_a_candidate(model: BiomedGPTModel) -> None:
    (small,) = answers(model, asked(candidates=("yes", "no")))
    (large,) = answers(model, asked(candidates=("Yes", " NO ")))

    assert large.probabilities == small.probabilities
    assert large.text in ("Yes", " NO ")


def test_thousands_of_candidates_are_scored(model: BiomedGPTModel) -> None:
    many = tuple(" ".join(words) for words in itertools.product(("yes", "no"), repeat=10))

    (answer,) = answers(model, asked(candidates=many))

    assert answer.probabilities is not None
    assert math.isclose(sum(answer.probabilities), 1.0)


def test_temperature_of_the_model_calibrates(tiny_folder: ModelFolder) -> None:
    hot = replace(tiny_folder, calibration={"choice": {"temperature": 4.0}})
    (plain,) = answers_of(tiny_folder, asked())

    (calibrated,) = answers_of(hot, asked())

    assert calibrated.calibrated and calibrated.text == plain.text
    assert plain.probabilities is not None and calibrated.probabilities is not None
    logit = math.log(plain.probabilities[0] / plain.probabilities[1])
    flat = math.log(calibrated.probabilities[0] / calibrated.probabilities[1])
    assert flat == pytest.approx(logit / 4)


def answers_of(folder: ModelFolder, request: Request) -> list[Answer]:
    loaded = load(folder, "cpu")
    assert isinstance(loaded, BiomedGPTModel)
    return answers(loaded, request)


@pytest.mark.parametrize("task", [ANSWER, FINDINGS])
def test_pieces_of_a_text_join_to_the_answer(model: BiomedGPTModel, task: str) -> None:
    request = asked(task)

    events = list(model.answer([request], lambda: False))

    assert isinstance(events[-1], Answer)
    pieces = [event.text for event in events[:-1] if isinstance(event, Token)]
    assert "".join(pieces) == events[-1].text
    assert len(pieces) > 1
    assert events[-1].probabilities is None
    assert events[-1].score is not None and events[-1].score < 0


def test_text_at_its_length_limit_is_cut_off(model: BiomedGPTModel) -> None:
    (answer,) = answers(model, asked(FINDINGS, max_tokens=3, min_tokens=3))

    assert answer.cut_off


def test_every_sentence_has_a_share(model: BiomedGPTModel) -> None:
    (answer,) = answers(model, asked(FINDINGS, max_tokens=30, min_tokens=30))

    assert len(answer.sentence_probabilities) == len(split_sentences(answer.text))
    assert all(0 < share <= 1 for share in answer.sentence_probabilities)


def test_several_beams_give_a_text_at_least_as_likely(model: BiomedGPTModel) -> None:
    (greedy,) = answers(model, asked(ANSWER, normalize=False))
    (wide,) = answers(model, asked(ANSWER, beam=5, normalize=False))

    assert wide.score is not None and greedy.score is not None
    assert wide.score >= greedy.score - 1e-6


def test_same_request_gives_the_same_answer_to_the_bit(model: BiomedGPTModel) -> None:
    first = answers(model, asked(), asked(FINDINGS), asked(ANSWER, beam=3))
    second = answers(model, asked(), asked(FINDINGS), asked(ANSWER, beam=3))

    for there, again in zip(first, second, strict=True):
        assert replace(there, request="") == replace(again, request="")


def test_questions_asked_together_are_answered_as_singly_and_see_the_picture_once(
    model: BiomedGPTModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Size] = []
    forward = ImageTower.forward

    def counted(tower: ImageTower, images: torch.Tensor) -> torch.Tensor:
        seen.append(images.shape)
        return forward(tower, images)

    monkeypatch.setattr(ImageTower, "forward", counted)
    requests = [asked(text=f"Is finding {n} present?") for n in range(5)]

    together = answers(model, *requests)

    assert len(seen) == 1
    assert together == [answers(model, request)[0] for request in requests]


def test_pictures_are_told_apart_within_a_batch(model: BiomedGPTModel) -> None:
    other = np.ascontiguousarray(255 - FILM)
    mixed = [asked(), asked(pixels=other), asked()]

    first, second, third = answers(model, *mixed)

    assert first.probabilities == third.probabilities
    assert second.probabilities == answers(model, asked(pixels=other))[0].probabilities
    assert second.probabilities != first.probabilities


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((1, 1), np.uint8),
        np.full((300, 2), 255, np.uint8),
        np.full((64, 64, 3), 128, np.uint8),
        RNG.integers(0, 256, (5000, 4000), np.uint8),
    ],
    ids=["1x1", "thin", "constant colour", "large"],
)
def test_any_picture_is_answered(model: BiomedGPTModel, pixels: NDArray[np.uint8]) -> None:
    (answer,) = answers(model, asked(pixels=pixels))

    assert answer.probabilities is not None
    assert math.isclose(sum(answer.probabilities), 1.0)


def test_grey_picture_is_prepared_as_the_specification_says(model: BiomedGPTModel) -> None:
    wanted = model._network.image_features(preprocess(Image.fromarray(FILM), 64)[None])

    assert torch.equal(model._see(FILM), wanted)


@pytest.mark.parametrize(
    "text",
    ["word " * 5000, "x" * 200, "🫁", "🫁 ist das normal?", "\x00\ud800 lung?", "IS IT NORMAL"],
    ids=["long", "one long word", "emoji", "with emoji", "broken", "capitals"],
)
def test_any_question_with_words_is_answered(model: BiomedGPTModel, text: str) -> None:
    (answer,) = answers(model, asked(text=text))

    assert answer.read_whole is (len(text) < 1000)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (asked(text=""), "no words"),
        (asked(text="  \n"), "no words"),
        (asked(text="???"), "no words"),
        (asked(text=" -- / ?"), "no words"),
        (asked(text="\x00\x1b\ud800?"), "no words"),
        (asked(text="x" * 100_000), "without a blank"),
        (asked(text="words " * 100_000), "letters"),
        (replace(asked(), candidates=()), "nothing to choose"),
        (asked(candidates=("yes", " ")), "empty"),
        (asked(candidates=("yes", "no", "yes")), "same to this model"),
        (asked(candidates=("yes", " Yes")), "same to this model"),
        (asked(candidates=("yes", "never " * 300)), "too long"),
        (replace(asked(), images=()), "one picture"),
        (replace(asked(), images=asked().images * 2), "one picture"),
        (asked(FINDINGS, max_tokens=0), "tokens"),
        (asked(FINDINGS, max_tokens=10**6), "tokens"),
        (asked(FINDINGS, min_tokens=50), "longer at least"),
        (asked(FINDINGS, beam=0), "beams"),
        (asked(FINDINGS, beam=10**6), "beams"),
        (asked(FINDINGS, temperature=0.0), "temperature"),
        (asked(FINDINGS, temperature=float("nan")), "temperature"),
    ],
)
def test_impossible_requests_are_refused_before_any_answer(
    model: BiomedGPTModel, request_: Request, told: str
) -> None:
    with pytest.raises(BadRequest, match=told):
        next(model.answer([asked(), request_], lambda: False))


def test_task_that_was_not_learnt_is_refused_and_the_rest_answered(
    tiny_folder: ModelFolder,
) -> None:
    loaded = load(replace(tiny_folder, tasks=("choice", "prophecy")), "cpu")

    events = list(loaded.answer([asked(FINDINGS), asked("prophecy"), asked()], lambda: False))

    assert [type(event) for event in events] == [Refusal, Refusal, Answer]
    assert loaded.identity.tasks == ("choice",)


@pytest.mark.parametrize("looks", (0, 1, 3, 5, 8, 12, 20, 33))
def test_cancel_is_noticed_at_every_stage(model: BiomedGPTModel, looks: int) -> None:
    count = 0

    def stop() -> bool:
        nonlocal count
        count += 1
        return count > looks

    events: list[Event] = []
    for event in model.answer([asked(FINDINGS, min_tokens=12), asked()], stop):
        events.append(event)

    assert not any(isinstance(event, Answer) for event in events) or looks > 20
    assert count == looks + 1
    assert len(answers(model, asked())) == 1


def test_tower_and_encoder_look_for_a_cancel(model: BiomedGPTModel) -> None:
    looks = 0

    def count() -> bool:
        nonlocal looks
        looks += 1
        return False

    next(model.answer([asked()], count))

    assert looks >= 3 + 2 + 2  # blocks of the tower, layers of the encoder and of the decoder


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"preprocess": None}, "preprocess"),
        ({"preprocess": Preprocess(640)}, "preprocess.size"),
        ({"calibration": {"choice": {"temperature": 0}}}, "calibration"),
        ({"calibration": {"choice": {"temperature": "hot"}}}, "calibration"),
        ({"calibration": {"choice": 1.5}}, "calibration"),
        ({"calibration": {"questions": [1.5]}}, "calibration"),
        ({"calibration": {"questions": {"is it?": {"shift": float("inf")}}}}, "calibration"),
    ],
)
def test_folder_that_contradicts_itself_is_refused(
    tiny_folder: ModelFolder, changes: dict[str, object], key: str
) -> None:
    with pytest.raises(BadCheckpoint) as refusal:
        load(replace(tiny_folder, **changes), "cpu")  # type: ignore[arg-type]  # by name

    assert refusal.value.key == key


def test_unknown_prompt_type_is_refused(tiny_folder: ModelFolder) -> None:
    with pytest.raises(BadCheckpoint, match="sideways"):
        load(replace(tiny_folder, prompt_type="sideways"), "cpu")


def test_decoder_prompt_is_not_part_of_the_answer(tiny_folder: ModelFolder) -> None:
    loaded = load(replace(tiny_folder, prompt_type="prev_output"), "cpu")
    request = asked(ANSWER, "is the heart normal?", max_tokens=6)

    events = list(loaded.answer([request, asked()], lambda: False))

    texts = [event for event in events if isinstance(event, Answer)]
    assert texts[0].text and "normal" not in texts[0].text
    pieces = [e.text for e in events if isinstance(e, Token) and e.request == request.id]
    assert "".join(pieces) == texts[0].text


def test_no_free_text_is_asked_of_a_model_whose_prompts_end_it(tiny_folder: ModelFolder) -> None:
    loaded = load(replace(tiny_folder, prompt_type="src"), "cpu")

    events = list(loaded.answer([asked(ANSWER), asked(), asked(FINDINGS)], lambda: False))

    kinds = [type(event) for event in events if not isinstance(event, Token)]
    assert kinds == [Refusal, Answer, Answer]
    assert loaded.identity.tasks == (CHOICE, FINDINGS)


def test_damaged_weights_are_told_and_not_loaded(
    tiny_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damaged")
    for name in ("model.json", "weights.safetensors"):
        content = bytearray((tiny_folder.path / name).read_bytes())
        if name == "weights.safetensors":
            content[-1] ^= 1
        (path / name).write_bytes(content)

    with (
        ModelClient(ModelFolder.read(path)) as client,
        pytest.raises(BadCheckpoint, match="SHA-256"),
    ):
        list(client.ask([asked()]))
