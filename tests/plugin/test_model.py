"""Several models at once: each task's own model, within one memory budget, told and audited."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicom_io.audit import AuditLog
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from model_backend import footprint, tasks
from model_backend.folder import ModelFolder, write_model
from model_backend.request import (
    ANSWER,
    FINDINGS,
    SUMMARY,
    Answer,
    ImageInput,
    ModelDied,
    ModelError,
    ModelIdentity,
    NoModel,
    Refusal,
    Request,
    Token,
)
from plugin._model import (
    Models,
    change_words,
    close_models,
    host_of,
    leaves_computer,
    listen,
    stop_listening,
)
from plugin._pool import Change, TooLarge
from plugin._roles import ROLE, ROLES, chosen_name
from tests.chat_server import ChatServer, say

TWO_PLAIN = 2 * footprint.PLAIN // footprint.MIB  # MiB: room for two models without weights


@pytest.fixture
def root(tmp_path: Path) -> Iterator[DataRoot]:
    """A data root with three models that repeat what they are asked."""
    close_models()
    root = DataRoot.choose().create()
    for name in ("one", "two", "three"):
        path = root.models / name
        path.mkdir()
        known = ("answer", "findings", "summary")
        write_model(ModelFolder(path, name, "1.0.0", "echo", known))
    yield root
    close_models()


@pytest.fixture
def changes() -> Iterator[list[Change]]:
    """What is told of loading and unloading."""
    told: list[Change] = []
    listen(told.append)
    yield told
    stop_listening(told.append)


def models(root: DataRoot, **chosen: object) -> Models:
    settings = ModelSettings(name="one", answers="two", reports="three")
    return Models(root, replace(settings, **chosen))  # type: ignore[arg-type]  # keys as they are


def told(changes: list[Change]) -> list[str]:
    return [change_words(change) for change in changes if change.what != "loading"]


# --- roles ---


def test_every_task_has_a_role() -> None:
    assert set(ROLE) == set(tasks.TASKS)
    assert set(ROLE.values()) == set(ROLES)


def test_a_role_without_a_model_of_its_own_takes_the_general_one() -> None:
    settings = ModelSettings(name="base", reports="iu-xray")

    names = [chosen_name(settings, role) for role in ROLES]

    assert names == ["base", "iu-xray", "base"]


def test_each_request_goes_to_the_model_of_its_role_in_the_order_asked(root: DataRoot) -> None:
    requests = [
        Request(SUMMARY, text="a b"),
        Request(ANSWER, text="c"),
        Request(SUMMARY, text="d"),
        Request(FINDINGS, text="e"),
    ]

    events = list(models(root).ask(requests))

    answers = [event for event in events if isinstance(event, Answer)]
    assert [(one.model.name, one.text) for one in answers] == [
        ("one", "a b"),
        ("one", "d"),
        ("two", "c"),
        ("three", "e"),
    ]
    first, second = (event for event in events[:2] if isinstance(event, Token))
    assert (first.text, second.text) == ("a", " b")


def test_a_draft_asks_one_model_for_everything(root: DataRoot) -> None:
    requests = [Request(FINDINGS, text="a"), Request(ANSWER, text="b")]

    events = list(models(root).asker("reports")(requests))

    assert {event.model.name for event in events if isinstance(event, Answer)} == {"three"}


def test_a_task_that_a_model_lacks_is_refused_without_loading_it(
    root: DataRoot, changes: list[Change]
) -> None:
    request = Request("entailment", text="a", text2="b")

    (refusal,) = models(root).ask([request])

    assert isinstance(refusal, Refusal) and refusal.request == request.id
    assert refusal.reason == (
        "The model one has no task “Text against text”. Choose another model for summaries in the "
        "settings."
    )
    assert changes == []


def test_a_missing_model_is_told_before_the_first_event(
    root: DataRoot, changes: list[Change]
) -> None:
    requests = [Request(ANSWER, text="a"), Request(SUMMARY, text="b")]

    with pytest.raises(NoModel, match="lungs"):
        next(models(root, summaries="lungs").ask(requests))
    assert changes == []


# --- memory ---


def test_models_that_fit_stay_loaded(root: DataRoot, changes: list[Change]) -> None:
    both = models(root, memory=TWO_PLAIN)

    list(both.ask([Request(ANSWER, text="a"), Request(SUMMARY, text="b")]))
    pids = both.pid("answers"), both.pid("summaries")
    list(both.ask([Request(ANSWER, text="a"), Request(SUMMARY, text="b")]))

    assert None not in pids
    assert (both.pid("answers"), both.pid("summaries")) == pids
    assert told(changes) == ["two (CPU) loaded", "one (CPU) loaded"]


def test_the_model_that_was_asked_longest_ago_leaves_first(
    root: DataRoot, changes: list[Change]
) -> None:
    both = models(root, memory=TWO_PLAIN)
    for task in (ANSWER, SUMMARY, ANSWER):
        list(both.ask([Request(task, text="a")]))

    list(both.ask([Request(FINDINGS, text="a")]))

    assert told(changes)[2:] == ["one unloaded", "three (CPU) loaded"]
    assert both.pid("summaries") is None and both.pid("answers") is not None


def test_a_model_that_answers_is_never_unloaded(root: DataRoot, changes: list[Change]) -> None:
    one = models(root, memory=TWO_PLAIN // 2)
    busy = one.ask([Request(ANSWER, text="a b c")])
    next(busy)
    waiting: list[str] = []
    asked = threading.Event()

    def stop() -> bool:
        asked.set()
        return False

    def ask() -> None:
        events = one.ask([Request(SUMMARY, text="d")], stop)
        waiting.extend(event.text for event in events if isinstance(event, Answer))

    other = threading.Thread(target=ask)
    other.start()
    assert asked.wait(30)
    assert told(changes) == ["two (CPU) loaded"]
    rest = [event.text for event in busy if isinstance(event, Answer)]
    other.join(30)

    assert (rest, waiting) == (["a b c"], ["d"])
    assert told(changes) == ["two (CPU) loaded", "two unloaded", "one (CPU) loaded"]


def test_waiting_for_room_can_be_stopped(root: DataRoot) -> None:
    one = models(root, memory=TWO_PLAIN // 2)
    busy = one.ask([Request(ANSWER, text="a b c")])
    next(busy)
    ended = threading.Event()

    def ask() -> None:
        turns = iter((False, False, True))
        list(one.ask([Request(SUMMARY, text="d")], lambda: next(turns, True)))
        ended.set()

    threading.Thread(target=ask).start()

    assert ended.wait(30)
    assert one.pid("summaries") is None
    busy.close()  # type: ignore[attr-defined]  # a generator, as the protocol's name says


def test_a_model_larger_than_the_budget_is_one_sentence(
    root: DataRoot, changes: list[Change]
) -> None:
    demo = Models(root, ModelSettings(memory=100, precision="fp32"))

    with pytest.raises(TooLarge) as caught:
        next(demo.ask([Request(ANSWER, text="a")]))

    assert str(caught.value).startswith("The model wetread-demo takes about 0.5 GB with its ")
    assert "more than the 0.1 GB" in str(caught.value)
    assert str(caught.value).count(". ") == 1
    assert changes == []


def test_settings_that_choose_another_model_let_the_first_go(
    root: DataRoot, changes: list[Change]
) -> None:
    list(models(root).ask([Request(ANSWER, text="a")]))

    models(root, answers="three").tidy()
    list(models(root, answers="three").ask([Request(ANSWER, text="a")]))

    assert told(changes) == ["two (CPU) loaded", "two unloaded", "three (CPU) loaded"]


def test_a_model_that_was_installed_anew_is_loaded_anew(
    root: DataRoot, changes: list[Change]
) -> None:
    list(models(root).ask([Request(ANSWER, text="a")]))
    folder = models(root).folder("answers")
    write_model(replace(folder, model_version="2.0.0", sha256="1" * 64))

    answer = list(models(root).ask([Request(ANSWER, text="a")]))[-1]

    assert isinstance(answer, Answer) and answer.model.version == "2.0.0"


# --- what is told and audited ---


def test_loading_and_unloading_are_audited_with_name_version_and_hash(root: DataRoot) -> None:
    list(models(root).ask([Request(ANSWER, text="a")]))
    close_models()

    entries = [one for one in AuditLog(root.audit).entries() if one.event.startswith("MODEL_")]

    assert [one.event for one in entries] == ["MODEL_LOADED", "MODEL_UNLOADED"]
    for entry in entries:
        details = dict(entry.details)
        assert (details["model"], details["version"]) == ("two", "1.0.0")
        assert len(details["sha256"]) == 64


def test_a_model_that_died_is_told_and_loaded_anew(root: DataRoot, changes: list[Change]) -> None:
    one = models(root)
    events = one.ask([Request(ANSWER, text=" ".join("a" * 4000))])
    next(events)
    pid = one.pid("answers")
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ModelDied, match="unexpectedly"):
        list(events)
    list(one.ask([Request(ANSWER, text="b")]))

    assert told(changes) == ["two (CPU) loaded", "two unloaded", "two (CPU) loaded"]


def test_the_words_of_a_change_name_precision_and_device() -> None:
    base = ModelIdentity("base", "1", "", device="cuda", precision="bf16")

    assert change_words(Change("loaded", base)) == "base (bf16, CUDA) loaded"
    assert change_words(Change("loading", base)) == "base is being loaded"


@pytest.mark.parametrize(
    ("address", "host", "leaves"),
    [
        ("", "", False),
        ("http://127.0.0.1:8000/v1", "127.0.0.1", False),
        ("http://[::1]:8000", "::1", False),
        ("localhost:11434", "localhost", False),
        ("https://gpu.hospital.example/v1", "gpu.hospital.example", True),
        ("https://10.0.0.7", "10.0.0.7", True),
        ("http://127.0.0.1.example", "127.0.0.1.example", True),
        ("http://[broken", "http://[broken", True),
    ],
)
def test_only_this_computer_is_no_export(address: str, host: str, leaves: bool) -> None:
    assert (host_of(address), leaves_computer(address)) == (host, leaves)


def test_what_leaves_this_computer_is_audited_before_it_does(root: DataRoot) -> None:
    path = root.models / "distant"
    path.mkdir()
    config = {"url": "https://gpu.invalid/v1", "model": "large"}
    distant = ModelFolder(path, "distant", "large", "chat", ("answer",), config, acknowledged="me")
    write_model(distant)
    key = '{"patient_id": "7", "issuer": "", "study": "1.2"}'
    image = ImageInput(np.zeros((2, 2), np.uint8), identity=key)
    requests = [Request(ANSWER, (image,), "a"), Request(ANSWER, (image,), "b")]

    with pytest.raises(ModelError):
        list(models(root, answers="distant").ask(requests))

    entries = [one for one in AuditLog(root.audit).entries() if one.event == "EXPORTED_TO_MODEL"]
    assert [one.identity and one.identity.study for one in entries] == ["1.2"]
    details = dict(entries[0].details)
    assert (details["model"], details["what"]) == ("distant", "pixels and question")
    assert details["address"] == "https://gpu.invalid:443"


def test_a_server_on_this_computer_is_no_export(root: DataRoot, chat: ChatServer) -> None:
    path = root.models / "near"
    path.mkdir()
    config = {"url": chat.url, "model": chat.models[0]}
    write_model(ModelFolder(path, "near", "large", "chat", ("answer",), config))
    chat.replies = [say("A chest film.")]
    image = ImageInput(np.zeros((2, 2), np.uint8))

    events = list(models(root, answers="near").ask([Request(ANSWER, (image,), "What?")]))

    last = events[-1]
    assert isinstance(last, Answer) and last.text == "A chest film."
    assert "EXPORTED_TO_MODEL" not in {one.event for one in AuditLog(root.audit).entries()}
