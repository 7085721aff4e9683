"""An answer that does not move when the picture is taken away is flagged; one that does is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
import torch

from model_backend.controls.pictures import GREY, KINDS, MIRRORED, NOISE
from model_backend.controls.runs import ask_with_controls, blinded, control_requests
from model_backend.controls.sides import sides_follow, sides_named
from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.models import load
from model_backend.request import (
    Affine,
    Answer,
    Ask,
    Event,
    ImageInput,
    ModelIdentity,
    Place,
    Refusal,
    Request,
)

ME = ModelIdentity("reader of brightness", "1", "")


def answering(look: Callable[[Request], Answer | Refusal]) -> Ask:
    """A model that is one small function of the request."""

    def ask(
        requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        yield from map(look, requests)

    return ask


def left_half(request: Request) -> Answer:
    """Yes where the left half is bright."""
    half = request.images[0].pixels[:, : request.images[0].pixels.shape[1] // 2]
    share = float(half.mean()) / 255
    return Answer(request.id, "yes" if share > 0.5 else "no", (share, 1 - share), False, ME)


def film() -> ImageInput:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[:, :30] = 250
    return ImageInput(pixels, Affine(xx=2.0, yy=2.0, x0=10.0), "film 1")


def question(**more: object) -> Request:
    return Request("choice", (film(),), "is it bright?", ("yes", "no"), id="q", **more)  # type: ignore[arg-type]


def test_the_movement_is_known_for_each_candidate_and_control() -> None:
    (one,) = ask_with_controls(answering(left_half), [question()])

    changes = one.movement.changes
    assert tuple(changes) == KINDS
    assert changes[GREY] == pytest.approx((128 / 255 - 250 / 255, 250 / 255 - 128 / 255))
    assert changes[MIRRORED] == pytest.approx((-250 / 255, 250 / 255))
    assert one.movement.largest == pytest.approx(250 / 255)
    assert not one.is_flagged(0.5) and one.is_flagged(0.99)


def test_a_model_with_its_eyes_shut_is_flagged_and_gives_the_same_answer_twice() -> None:
    blind = blinded(answering(left_half))

    (one,) = ask_with_controls(blind, [question()])
    (two,) = ask_with_controls(blind, [question()])

    assert one.answer.probabilities == two.answer.probabilities
    assert one.movement.largest < 0.1 and one.is_flagged(0.1)


def test_a_constant_answer_is_flagged_by_any_margin() -> None:
    same = answering(lambda one: Answer(one.id, "yes", (0.9, 0.1), False, ME))

    (one,) = ask_with_controls(same, [question()])

    assert one.movement.largest == 0 and one.is_flagged(1e-9)


def test_a_free_text_that_noise_gives_as_well_is_flagged() -> None:
    def text(request: Request) -> Answer:
        mean = request.images[0].pixels.mean()
        said = "Bright." if mean > 126 or mean == 128 else "Dark  all over."
        return Answer(request.id, said, None, False, ME)

    (seeing,) = ask_with_controls(answering(text), [question()])
    (same,) = ask_with_controls(
        answering(lambda one: Answer(one.id, "The lungs are clear.", None, False, ME)), [question()]
    )

    assert seeing.answer.text != seeing.controls[NOISE].text and not seeing.is_flagged(0)
    assert same.is_flagged(0)


def test_a_side_that_stays_when_the_picture_is_mirrored_is_flagged() -> None:
    def brighter(request: Request) -> Answer:
        pixels = request.images[0].pixels
        half = pixels.shape[1] // 2
        is_left = pixels[:, :half].mean() > pixels[:, half:].mean()
        return Answer(
            request.id, f"Opacity on the {'left' if is_left else 'right'}.", None, False, ME
        )

    (sees,) = ask_with_controls(answering(brighter), [question()], kinds=(MIRRORED, NOISE))
    (stays,) = ask_with_controls(
        answering(
            lambda one: Answer(one.id, "left" if one.id == "q" else "left.", None, False, ME)
        ),
        [question()],
        kinds=(MIRRORED,),
    )

    assert sees.controls[MIRRORED].text == "Opacity on the right."
    assert stays.is_flagged(0)


def test_an_answer_whose_controls_were_all_refused_is_flagged() -> None:
    def only_films(request: Request) -> Answer | Refusal:
        return left_half(request) if request.id == "q" else Refusal(request.id, "no film", ME)

    (one,) = ask_with_controls(answering(only_films), [question()])

    assert not one.controls and one.is_flagged(0.01)


def test_the_mirrored_control_takes_its_box_and_its_place_along() -> None:
    box = Place(0, 5, 20, 25, "heart")

    grey_one, _, mirrored = control_requests(question(box=box))

    assert grey_one.box == box and mirrored.box == Place(40, 5, 60, 25, "heart")
    assert [one.id for one in control_requests(question())] == ["q/grey", "q/noise", "q/mirrored"]
    there, here = mirrored.images[0].to_stored, film().to_stored
    assert there(0, 7) == here(60, 7) and there(60, 7) == here(0, 7)
    assert mirrored.images[0].identity == "film 1"


def test_a_request_without_a_picture_has_no_controls() -> None:
    said = answering(lambda one: Answer(one.id, "yes", (0.9, 0.1), False, ME))

    (one,) = ask_with_controls(said, [Request("entailment", text="a", text2="b", id="t")])

    assert not one.controls


def test_the_demo_model_with_its_eyes_shut_moves_less_than_with_them_open() -> None:
    torch.set_num_threads(1)
    model = load(ModelFolder.read(EMBEDDED), "cpu", "fp32")
    bright = np.tile(np.linspace(0, 255, 96, dtype=np.uint8), (96, 1))
    asked = [
        Request("choice", (ImageInput(bright),), text, ("yes", "no"), id=text)
        for text in ("is there pneumonia?", "is this chest radiograph normal?")
    ]

    seeing = list(ask_with_controls(model.answer, asked))
    blind = list(ask_with_controls(blinded(model.answer), asked, kinds=(NOISE, MIRRORED)))

    assert max(one.movement.largest for one in blind) < 0.02
    assert all(one.controls.keys() == set(KINDS) for one in seeing)
    assert max(one.movement.largest for one in seeing) > 0.05


def test_sides_are_named_in_order_and_other_lefts_are_passed_over() -> None:
    assert sides_named("A left-sided effusion and a right rib fracture.") == ("left", "right")
    assert sides_named("Erguss links, Verschattung im rechten Oberlappen.") == ("left", "right")
    assert sides_named("Nothing is left. A right angle. Rechteckig.") == ()


def test_a_mirrored_text_must_name_the_other_side() -> None:
    assert sides_follow("Effusion on the left.", "Effusion on the right.")
    assert not sides_follow("Effusion on the left.", "Effusion on the left.")
    assert not sides_follow("Effusion on the left.", "The lungs are clear.")
    assert sides_follow("No effusion.", "Effusion on the left.")
    assert sides_follow("Left and right effusion.", "Left and right effusion.")
