"""The embedded model, in its own process, on a real chest film."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.render import Window
from dicom_io.report.document import ReportDocument
from dicom_io.storage import DataRoot
from model_backend.client import ModelClient
from model_backend.folder import EMBEDDED, find_model
from model_backend.request import FINDINGS, Answer, Decoding, Request
from model_backend.sentences import split_sentences
from plugin._answering import answer_question
from plugin._drafting import draft_report
from plugin._prompts import suggested_questions
from plugin._seen import look


@pytest.fixture(scope="module")
def demo() -> Iterator[ModelClient]:
    if not (EMBEDDED / "model.json").exists():
        pytest.skip("the embedded model is missing")
    with ModelClient(find_model("", DataRoot.choose().models), device="cpu") as client:
        yield client


@pytest.fixture(scope="module")
def chest() -> ImageFrame:
    """The chest film among pydicom's sample files."""
    path = get_testdata_file("RG1_UNCR.dcm", download=False)
    assert path is not None
    return open_frames(Path(str(path)))[0]


def last_of(documents: Iterator[ReportDocument]) -> ReportDocument:
    *_, last = documents
    return last


def test_chest_film_gets_a_draft_with_a_probability_for_each_sentence(
    demo: ModelClient, chest: ImageFrame
) -> None:
    stages = list(draft_report(chest, demo.ask, model=demo.folder))

    sentences = stages[-1].sentences()
    assert len(stages) > 3
    assert sentences
    assert all(one.probability is not None and 0 <= one.probability <= 1 for one in sentences)
    (algorithm,) = stages[-1].algorithms()
    assert (algorithm.name, algorithm.sha256) == (demo.folder.name, demo.folder.sha256)


def test_same_film_gets_the_same_draft(demo: ModelClient, chest: ImageFrame) -> None:
    first = last_of(draft_report(chest, demo.ask, model=demo.folder))
    second = last_of(draft_report(chest, demo.ask, model=demo.folder))

    assert [(one.text, one.probability) for one in first.sentences()] == [
        (one.text, one.probability) for one in second.sentences()
    ]


def test_recorded_request_gives_the_recorded_words_again(
    demo: ModelClient, chest: ImageFrame
) -> None:
    draft = last_of(draft_report(chest, demo.ask, model=demo.folder))
    asked = next(one for one in draft.asked if one.task == FINDINGS)

    kept = dict(asked.parameters)
    window = Window(float(kept["window center"]), float(kept["window width"]))
    seen = look(chest, window)
    decoding = Decoding(beam=int(kept["beam"]), max_tokens=int(kept["max_tokens"]))
    request = Request(asked.task, (seen.image,), asked.text, (), decoding, int(kept["seed"]))
    *_, answer = demo.ask([request])

    assert isinstance(answer, Answer)
    written = [one.text for one in draft.sentences() if one.request == asked.request]
    assert sorted(written) == sorted(set(split_sentences(answer.text)))


def test_every_question_of_its_list_is_answered_with_calibrated_shares(
    demo: ModelClient, chest: ImageFrame
) -> None:
    for question in suggested_questions(demo.folder)[:3]:
        *_, reply = answer_question(chest, question, demo.ask, model=demo.folder)

        assert reply.calibrated
        assert math.isclose(sum(share for _, share in reply.probabilities), 1.0)
        assert reply.as_sentence().text.endswith(".")


def test_box_changes_what_the_model_sees(demo: ModelClient, chest: ImageFrame) -> None:
    question = suggested_questions(demo.folder)[0]

    *_, whole = answer_question(chest, question, demo.ask)
    *_, part = answer_question(chest, question, demo.ask, box=(100, 200, 500, 700))

    assert part.pixels is not None and part.pixels.shape == (500, 400)
    assert part.probabilities != whole.probabilities


def test_stopped_draft_leaves_the_model_ready(demo: ModelClient, chest: ImageFrame) -> None:
    stop = threading.Event()
    for _ in draft_report(chest, demo.ask, model=demo.folder, stop=stop.is_set):
        stop.set()
    process = demo.pid

    *_, reply = answer_question(chest, "Is there pneumonia?", demo.ask)

    assert reply.is_final
    assert demo.pid == process
