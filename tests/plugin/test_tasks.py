"""Every task is a plain function: what it needs is checked, boxes are stored columns and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.render import render
from dicom_io.report.document import Region
from model_backend.folder import ModelFolder
from model_backend.request import Answer, BadRequest, Decoding, Event, Place, Request, Token
from model_backend.tasks import TASKS
from plugin._reply import Reply
from plugin._tasks import Given, ask_task, reads, task_of


@dataclass
class Script:
    """A model that gives the answer it was given, and remembers what it was asked."""

    folder: ModelFolder
    text: str = "yes"
    scores: tuple[float, ...] | None = None
    calibrated: bool = False
    read_whole: bool = True
    places: tuple[Place, ...] = ()
    codes: tuple[int, ...] = ()
    asked: list[Request] = field(default_factory=list)

    def __call__(
        self, requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        self.asked += requests
        for request in requests:
            yield Token(request.id, self.text)
            yield Answer(
                request.id,
                self.text,
                self.scores,
                False,
                self.folder.identity(),
                calibrated=self.calibrated,
                places=self.places,
                codes=self.codes,
                read_whole=self.read_whole,
            )


@pytest.fixture
def script(echo_folder: ModelFolder) -> Script:
    return Script(echo_folder)


@pytest.fixture
def frame(picture: Path) -> ImageFrame:
    """40 columns and 30 rows."""
    return open_frames(picture)[0]


def last_of(replies: Iterator[Reply]) -> Reply:
    *_, last = replies
    assert last.is_final
    return last


GIVEN = Given("one text", "another text", ("left", "right"), (10.0, 5.0, 20.0, 15.0))


def given_to(name: str) -> Given:
    """All that the task takes, and nothing more."""
    task = TASKS[name]
    return replace(
        GIVEN,
        text=GIVEN.text if task.texts else "",
        text2=GIVEN.text2 if len(task.texts) > 1 else "",
        candidates=GIVEN.candidates if task.gives == "choice" else (),
        box=GIVEN.box if task.has_image else None,
    )


@pytest.mark.parametrize("name", TASKS)
def test_every_task_can_be_asked_and_its_request_can_be_repeated(
    name: str, script: Script, frame: ImageFrame
) -> None:
    task = TASKS[name]

    reply = last_of(ask_task(name, given_to(name), script, frame=frame if task.has_image else None))

    (request,) = script.asked
    assert (request.task, len(request.images)) == (name, int(task.has_image))
    assert request.decoding == Decoding(max_tokens=task.max_tokens)
    assert (reply.text, reply.task) == ("yes", name)
    assert reply.asked is not None and reply.asked.task == name
    assert [one.instance for one in reply.asked.images] == [frame.identity.instance] * (
        len(request.images)
    )


@pytest.mark.parametrize("name", TASKS)
def test_what_a_task_needs_is_asked_for_in_one_sentence(
    name: str, script: Script, frame: ImageFrame
) -> None:
    task, given = TASKS[name], given_to(name)
    shown = frame if task.has_image else None
    lacking: list[tuple[Given, ImageFrame | None]] = []
    lacking += [(replace(given, text=" "), shown)] if task.texts else []
    lacking += [(replace(given, text2="\n"), shown)] if len(task.texts) > 1 else []
    lacking += [(replace(given, candidates=()), shown)] if task.has_candidates else []
    lacking += [(replace(given, box=None), shown)] if task.has_box else []
    lacking += [(given, None if task.has_image else frame)]
    lacking += [(replace(given, text="x", text2="y"), shown)] if len(task.texts) < 2 else []
    lacking += [(replace(given, candidates=("a", " ")), shown)]

    for wrong, image in lacking:
        with pytest.raises(BadRequest) as caught:
            list(ask_task(name, wrong, script, frame=image))
        assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert script.asked == []


def test_the_usual_candidates_stand_where_none_are_named(
    script: Script, echo_folder: ModelFolder, frame: ImageFrame
) -> None:
    model = replace(echo_folder, answers=("lung", "heart"))

    list(ask_task("entailment", Given("a", "b"), script))
    list(ask_task("classify", Given(), script, frame=frame, model=model))
    list(ask_task("classify", Given(candidates=("x", " y", "x")), script, frame=frame, model=model))

    assert [request.candidates for request in script.asked] == [
        ("entailed", "neutral", "contradicted"),
        ("lung", "heart"),
        ("x", "y"),
    ]


def test_a_region_is_asked_by_its_place_in_the_whole_image(
    script: Script, frame: ImageFrame
) -> None:
    reply = last_of(ask_task("region", Given(box=(20.0, 15.5, 10.0, 5.2)), script, frame=frame))

    (request,) = script.asked
    assert request.box == Place(10, 5, 20, 16)
    assert np.array_equal(request.images[0].pixels, render(frame, frame.stored()))
    assert reply.region == Region(frame.identity, 10, 5, 20, 16)
    assert reply.asked is not None and reply.asked.region == reply.region


def test_every_other_task_is_shown_the_box_alone(script: Script, frame: ImageFrame) -> None:
    list(ask_task("findings", Given(box=(10.0, 5.0, 20.0, 15.0)), script, frame=frame))

    (request,) = script.asked
    assert request.box is None
    assert request.images[0].pixels.shape == (10, 10)


def test_places_come_back_in_stored_columns_and_rows(script: Script, frame: ImageFrame) -> None:
    script.places = (Place(0, 0, 10, 10, "the lung"), Place(2.5, 1, 4, 3))
    given = Given("the lung", box=(10.0, 5.0, 20.0, 15.0))

    reply = last_of(ask_task("grounding", given, script, frame=frame))

    assert [(found.region, found.label) for found in reply.places] == [
        (Region(frame.identity, 10, 5, 20, 15), "the lung"),
        (Region(frame.identity, 12.5, 6, 14, 8), ""),
    ]


def test_a_text_that_was_not_read_to_its_end_is_told(script: Script) -> None:
    script.read_whole = False

    reply = last_of(ask_task("summary", Given("a long text"), script))

    assert not reply.read_whole
    assert reply.note == "the end of the text was not read, not calibrated"


def test_a_probability_is_shown_only_where_it_is_calibrated(script: Script) -> None:
    script.text, script.scores = "b", (0.125, 0.5, 0.375)
    given = Given("x", candidates=("a", "b", "c"))

    raw = last_of(ask_task("treatment", given, script))
    script.calibrated = True
    known = last_of(ask_task("treatment", given, script))

    assert (raw.probabilities, raw.probability) == ((), None)
    assert raw.ranked == ("b", "c", "a") and "not calibrated" in raw.note
    assert known.probabilities == (("a", 0.125), ("b", 0.5), ("c", 0.375))
    assert (known.probability, known.note) == (0.5, "")


def test_an_unknown_task_names_those_there_are() -> None:
    with pytest.raises(BadRequest, match="There is no task 'diagnose'. The tasks are: answer, "):
        task_of("diagnose")


def test_what_a_task_reads_is_said_in_a_few_words() -> None:
    assert reads(TASKS["entailment"]) == "premise, hypothesis"
    assert reads(TASKS["region"]) == "image, box"


def test_an_answer_to_no_question_becomes_a_sentence_of_its_own(
    script: Script, frame: ImageFrame
) -> None:
    script.text = "two clear lungs"

    reply: Any = last_of(ask_task("findings", Given(), script, frame=frame))

    assert reply.as_sentence().text == "Two clear lungs."
