"""Other tasks than questions in the window; what comes late is dropped, what was found goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.audit import AuditLog
from dicom_io.pacs.folder import FolderSource
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from tests.chat_server import ChatServer, Received, say
from tests.plugin.desk import KEY, Desk, write_echo, write_films, write_served
from tests.ui.hands import KEYS


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path, chat: ChatServer) -> Iterator[Desk]:
    """A film of the first of two patients, and a server that has most tasks."""
    root = DataRoot(own_home).create()
    served = write_served(root, chat.url, chat.models[0])
    films = FolderSource(write_films(tmp_path / "films", 2))
    desk = Desk(qtbot, own_home, [films], chosen=ModelSettings(name=served))
    desk.search("")
    desk.open("1.2.826.0")
    desk.wait(lambda: desk.ask_box().tasks.count() > 1)
    yield desk
    desk.close()


def put(desk: Desk, task: str, first: str = "", second: str = "") -> None:
    """Choose the task, fill in its fields and press Enter."""
    box = desk.ask_box()
    box.tasks.setCurrentIndex(box.tasks.findData(task))
    desk.click(box.question)
    KEYS.keyClicks(box.question, first)
    if second:
        KEYS.keyClicks(box.second, second)
    KEYS.keyClick(box.question, KEY.Key_Return)


def ended(desk: Desk) -> bool:
    return " ms" in desk.ask_box().said()


def test_only_tasks_of_the_chosen_models_are_offered(desk: Desk) -> None:
    box = desk.ask_box()
    names = [box.tasks.itemData(place) for place in range(box.tasks.count())]
    assert names[0] == "" and "matching" in names and "summary" in names
    assert not {"answer", "choice", "findings", "grounding", "detection"} & set(names)

    desk.viewer.host.change_settings(ModelSettings(name=write_echo(desk.root)))

    desk.wait(box.tasks.isHidden)
    assert box.tasks.count() == 1


def test_no_picture_of_a_patient_stays_when_the_film_is_empty(desk: Desk) -> None:
    box = desk.ask_box()
    desk.wait(lambda: not box.crop.pixmap().isNull())

    desk.window.table.perform("study.close")

    assert box.crop.pixmap().isNull() and box.crop.toolTip() == ""


def test_a_text_is_matched_against_the_film_and_can_be_inserted(
    desk: Desk, chat: ChatServer
) -> None:
    chat.replies = [say("no")]

    put(desk, "matching", "an empty chest")
    desk.wait(lambda: ended(desk))

    assert desk.ask_box().answer() == "no"
    assert "not calibrated" in desk.ask_box().said()
    assert "an empty chest" in chat.questions[0].words
    desk.insert_answer()
    (sentence,) = desk.undecided()
    assert (sentence.text, sentence.probability) == ("An empty chest? No.", None)


def test_a_task_of_texts_alone_sends_no_picture(desk: Desk, chat: ChatServer) -> None:
    chat.replies = [say("eligible")]

    put(desk, "trial", "a man of 60", "adults under 70")
    desk.wait(lambda: ended(desk))

    assert desk.ask_box().answer() == "eligible"
    assert not desk.ask_box().insert_button.isVisible()
    assert "image" not in str(chat.questions[0].json["messages"])
    desk.wait(lambda: desk.viewer.session.trail.is_settled)
    asked = [dict(one.details) for one in AuditLog(desk.root.audit).entries()]
    assert [one["what"] for one in asked if "what" in one] == ["trial"]


def test_what_is_missing_is_said_below_the_field(desk: Desk) -> None:
    put(desk, "treatment", "a man of 60")
    desk.wait(lambda: desk.ask_box().said().startswith("There are no answers to choose from."))

    put(desk, "region")
    desk.wait(lambda: "needs a box" in desk.ask_box().said())


def test_an_answer_that_comes_after_another_study_was_opened_is_dropped(
    desk: Desk, chat: ChatServer
) -> None:
    began, release = threading.Event(), threading.Event()
    answer = say("yes")

    def late(sock: object, request: Received) -> None:
        began.set()
        release.wait(30)
        answer(sock, request)  # type: ignore[arg-type]  # as it came

    chat.replies = [late]
    put(desk, "matching", "a chest")
    desk.wait(began.is_set)

    desk.open("1.2.826.1")
    release.set()
    chat.replies = [say("no")]
    put(desk, "matching", "a chest")
    desk.wait(lambda: ended(desk))

    assert desk.ask_box().answer() == "no"
