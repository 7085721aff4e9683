"""A server's model in the reader's hands: draft, questions, report and audit, as with any model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from dicom_io.audit import AuditLog
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.render import render, windows_of
from dicom_io.pacs.samples import chest_film
from dicom_io.report import sr
from dicom_io.report.document import Reader, ReportDocument, ReportState, SectionKind
from dicom_io.report.header import Software
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from model_backend.client import ModelClient
from model_backend.folder import NO_WEIGHTS, Finding, ModelFolder, write_model
from model_backend.request import ANSWER, REGION
from plugin._answering import answer_question
from plugin._drafting import DraftRefused, draft_report
from plugin._model import Models, close_models
from plugin._tasks import Given, ask_task
from tests.chat_server import (
    MODEL,
    ChatServer,
    Received,
    Reply,
    chat_model,
    chat_server,
    first_token,
    say,
)

LIST = (
    Finding("normal", "is it normal?", "It is normal.", "It is not normal."),
    Finding("effusion", "is there an effusion?", "There is an effusion.", "No effusion."),
    Finding("heart", "is the heart enlarged?", "The heart is enlarged.", "The heart is normal."),
)
VERDICTS = {"is it normal?": "No.", "is there an effusion?": "Yes", "is the heart enlarged?": "no"}


def by_question(words: str, verdicts: dict[str, str], logprobs: Any = None) -> Reply:
    """Findings for the film, and an answer for each closed question."""

    def reply(sock: Any, request: Received) -> None:
        said = next((one for asked, one in verdicts.items() if asked in request.words), words)
        say(said, logprobs=logprobs)(sock, request)

    return reply


@pytest.fixture(scope="module")
def chest() -> NDArray[np.int16]:
    """A real chest film, 128 x 128: what the gate lets through."""
    frame = open_frames(Path(chest_film()))[0]
    stored = frame.stored()
    shown = render(frame, stored, windows_of(frame, stored)[0])
    return np.asarray(Image.fromarray(shown).resize((128, 128)), np.int16)


@pytest.fixture
def film(film: Any, chest: NDArray[np.int16]) -> Any:
    """As everywhere, with that picture in it."""

    def make(**header: object) -> ImageFrame:
        plain = {"RescaleSlope": 1, "RescaleIntercept": 0, "WindowCenter": 128, "WindowWidth": 256}
        made: ImageFrame = film(**{**plain, "PixelData": chest.tobytes(), **header})
        return made

    return make


@pytest.fixture
def folder(tmp_path: Path, chat: ChatServer) -> ModelFolder:
    listed = replace(chat_model(tmp_path / "vlm", chat.url), findings=LIST)
    write_model(listed)
    return listed


@pytest.fixture
def model(folder: ModelFolder) -> Iterator[ModelClient]:
    with ModelClient(folder) as client:
        yield client


def drafted(documents: Any) -> ReportDocument:
    *_, last = documents
    assert isinstance(last, ReportDocument)
    return last


def texts(document: ReportDocument, kind: SectionKind) -> list[str]:
    return [one.text for one in document.section(kind).sentences]


def test_draft_and_report_name_the_servers_model_and_no_probability(
    chat: ChatServer, model: ModelClient, film: Any, tmp_path: Path
) -> None:
    chat.replies = [by_question("The lungs look clear.", VERDICTS)]
    frame = film()

    draft = drafted(draft_report(frame, model.ask, model=model.folder))

    assert texts(draft, SectionKind.FINDINGS) == ["The lungs look clear.", "There is an effusion."]
    assert texts(draft, SectionKind.IMPRESSION) == ["It is not normal."]
    assert all(one.probability is None for one in draft.sentences())
    assert all("not calibrated" in one.note for one in draft.sentences())
    report = signed(draft, frame, tmp_path)
    text = str(report)
    assert f"vlm {MODEL}" in text
    assert chat.url.removesuffix("/v1") in text  # which server was asked
    assert "robability" not in text
    assert NO_WEIGHTS[:16] not in text


def signed(draft: ReportDocument, frame: Any, tmp_path: Path) -> Any:
    """The report that a reader who accepts everything signs, as a file holds it."""
    for sentence in draft.sentences():
        draft = draft.with_sentence(sentence.accepted())
    report = replace(
        draft,
        state=ReportState.SIGNED,
        reader=Reader("Roentgen^Wilhelm", "Wuerzburg"),
        signed_at="2026-11-23T22:00:00+00:00",
    )
    return sr.build(report, (frame.header,), Software.installed())


def test_one_question_without_an_answer_does_not_lose_the_draft(
    chat: ChatServer, model: ModelClient, film: Any
) -> None:
    verdicts = {**VERDICTS, "is there an effusion?": "I cannot tell."}
    chat.replies = [by_question("The lungs look clear.", verdicts)]

    draft = drafted(draft_report(film(), model.ask, model=model.folder))

    assert texts(draft, SectionKind.FINDINGS) == ["The lungs look clear."]


def test_draft_without_any_answer_is_refused_with_the_reason(
    chat: ChatServer, folder: ModelFolder, film: Any
) -> None:
    chat.replies = [say("I cannot tell.")]
    closed = replace(folder, tasks=("choice",))
    write_model(closed)

    with ModelClient(closed) as client, pytest.raises(DraftRefused, match="I cannot tell"):
        list(draft_report(film(), client.ask, model=closed))


def test_shares_are_ranked_but_not_shown_until_somebody_has_fitted_them(
    chat: ChatServer, model: ModelClient, film: Any
) -> None:
    scored = first_token(("Yes", -0.2), ("No", -2.0))
    chat.replies = [say("Yes", logprobs=scored), say("Yes")]

    *_, with_scores = answer_question(film(), "Is the heart enlarged?", model.ask)
    *_, without = answer_question(film(), "Is the heart enlarged?", model.ask)

    assert with_scores.text == without.text == "yes"
    assert with_scores.ranked == ("yes", "no")
    assert with_scores.probabilities == without.probabilities == ()
    assert without.scores == ()
    assert with_scores.as_sentence().probability is None


def test_region_and_open_question_are_answered(
    chat: ChatServer, model: ModelClient, film: Any
) -> None:
    chat.replies = [say("A rib.")]

    *_, region = ask_task(
        REGION, Given(box=(10, 20, 40, 60)), model.ask, frame=film(), model=model.folder
    )
    *_, answer = ask_task(ANSWER, Given("what?"), model.ask, frame=film(), model=model.folder)

    assert (region.text, answer.text) == ("A rib.", "A rib.")
    assert region.region is not None and region.region.x1 == 40


@pytest.mark.parametrize("acknowledged", ["", "2026-11-23 W. Roentgen"])
def test_export_is_audited_before_anything_is_sent(
    own_home: Path, film: Any, acknowledged: str
) -> None:
    root = DataRoot(own_home).create()
    far = chat_model(root.models / "far", "https://gpu.invalid", timeout=2)
    write_model(replace(far, acknowledged=acknowledged))
    frame = film()

    try:
        with pytest.raises(Exception, match="acknowledged|reached"):
            models = Models(root, ModelSettings(name="far"))
            list(answer_question(frame, "what?", models.asker("answers")))
    finally:
        close_models()

    entries = [one for one in AuditLog(root.audit).entries() if one.event == "EXPORTED_TO_MODEL"]
    assert [one.identity for one in entries] == [frame.identity]
    assert ("address", "https://gpu.invalid:443") in entries[0].details


def test_model_on_this_computer_is_no_export(own_home: Path, chat: ChatServer, film: Any) -> None:
    root = DataRoot(own_home).create()
    chat_model(root.models / "near", chat.url)

    try:
        models = Models(root, ModelSettings(name="near"))
        *_, reply = answer_question(film(), "what?", models.asker("answers"))
    finally:
        close_models()

    assert reply.text == "It is normal."
    events = [one.event for one in AuditLog(root.audit).entries()]
    assert "MODEL_LOADED" in events and "EXPORTED_TO_MODEL" not in events
    assert models.identity("answers").address == f"http://127.0.0.1:{chat.port}"


def test_model_that_is_connected_anew_is_asked_at_its_new_address(
    own_home: Path, chat: ChatServer, film: Any
) -> None:
    root = DataRoot(own_home).create()
    chat_model(root.models / "near", chat.url)
    models = Models(root, ModelSettings(name="near"))
    try:
        with chat_server() as other:
            list(answer_question(film(), "what?", models.asker("answers")))
            former = models.pid("answers")
            chat_model(root.models / "near", other.url)

            list(answer_question(film(), "what?", models.asker("answers")))

            assert (len(chat.questions), len(other.questions)) == (1, 1)
            assert models.pid("answers") not in (None, former)
    finally:
        close_models()

    unloaded = [one for one in AuditLog(root.audit).entries() if one.event == "MODEL_UNLOADED"]
    assert dict(unloaded[0].details)["note"] == "its description was changed"


def test_nothing_of_the_patient_reaches_the_server(
    chat: ChatServer, model: ModelClient, film: Any, tmp_path: Path
) -> None:
    frame = film(PatientName="Zwölfender^Adalbert", PatientID="PID-99177", AccessionNumber="A-553")

    drafted(draft_report(frame, model.ask, model=model.folder))

    sent = b"".join(one.head + one.body for one in chat.received)
    header = frame.header
    secrets = [str(header.PatientID), "Zwölfender", "Adalbert", "A-553", frame.path.name]
    secrets += [header.StudyInstanceUID, header.SOPInstanceUID, str(tmp_path), header.PatientSex]
    secrets += [json.dumps(secret)[1:-1] for secret in secrets]
    found = [one for one in secrets if len(one) > 2 and one.encode() in sent]
    assert not found
