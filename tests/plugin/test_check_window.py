"""In the window the impression is held to the findings, and the findings become an impression."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.report.document import Decision, SectionKind
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from tests.chat_server import ChatServer, Received, say
from tests.plugin.desk import KEY, Desk, write_echo, write_films, write_served
from tests.ui.hands import CTRL, KEYS


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path, chat: ChatServer) -> Iterator[Desk]:
    """A film with two findings and two sentences of an impression; a server sums up and judges."""
    root = DataRoot(own_home).create()
    served = write_served(root, chat.url, chat.models[0])
    films = FolderSource(write_films(tmp_path / "films", 2))
    settings = ModelSettings(name=write_echo(root), summaries=served)
    desk = Desk(qtbot, own_home, [films], chosen=settings)
    desk.search("")
    desk.open("1.2.826.0")
    write(desk, "Findings", "There is an effusion.")
    yield desk
    desk.close()


def write(desk: Desk, section: str, text: str) -> None:
    field = desk.window.report.panel.field_of(section)
    desk.click(field)
    KEYS.keyClicks(field, text)
    desk.key(KEY.Key_Return)


def marks(desk: Desk) -> list[str]:
    """What stands below each sentence of the impression."""
    report = desk.report()
    assert report is not None
    rows = [
        desk.window.report.panel.row(one.id)
        for one in report.section(SectionKind.IMPRESSION).sentences
    ]
    return [row.marked() for row in rows if row is not None]


def test_what_the_findings_contradict_is_marked_until_the_words_change(
    desk: Desk, chat: ChatServer
) -> None:
    write(desk, "Impression", "A normal film.")
    write(desk, "Impression", "Pleural effusion.")
    chat.replies = [say("contradicted"), say("entailed")]

    desk.key(KEY.Key_K, CTRL)
    desk.wait(lambda: "contradict" in desk.window.report.said())

    assert marks(desk) == ["The findings contradict this (not calibrated)", ""]
    assert (
        desk.window.report.said() == "The findings contradict the impression in 1 of 2 sentences."
    )
    assert "There is an effusion." in chat.questions[0].words
    assert "A normal film." in chat.questions[0].words
    write(desk, "Findings", "No effusion on the left.")
    assert marks(desk) == ["", ""]


def test_without_a_contradiction_that_is_said_with_its_doubt(desk: Desk, chat: ChatServer) -> None:
    write(desk, "Impression", "Pleural effusion.")
    chat.replies = [say("neutral")]

    desk.key(KEY.Key_K, CTRL)
    desk.wait(lambda: desk.window.report.said().startswith("The model finds no contradiction."))

    assert marks(desk) == [""]


def test_findings_become_suggestions_in_the_impression(desk: Desk, chat: ChatServer) -> None:
    chat.replies = [say("Pleural effusion. Nothing else.")]

    desk.key(KEY.Key_I, CTRL)
    desk.wait(lambda: len(desk.undecided()) == 2)

    report = desk.report()
    assert report is not None
    suggested = report.section(SectionKind.IMPRESSION).sentences
    assert [one.text for one in suggested] == ["Pleural effusion.", "Nothing else."]
    (asked,) = report.asked
    assert {one.request for one in suggested} == {asked.request}
    row = desk.window.report.panel.row(suggested[0].id)
    assert row is not None
    desk.click(row)
    desk.accept()
    assert desk.sentences()[1].state is Decision.ACCEPTED


def test_a_model_without_the_task_says_so_in_one_sentence(desk: Desk) -> None:
    write(desk, "Impression", "A normal film.")
    desk.viewer.host.change_settings(ModelSettings(name="echo"))
    desk.wait(lambda: desk.viewer.host.settings(ModelSettings).summaries == "")

    for key in (KEY.Key_K, KEY.Key_I):
        desk.key(key, CTRL)
        desk.wait(lambda: "The model echo has no task" in desk.window.report.said())
        desk.window.report.say("")


def test_an_empty_impression_is_told(desk: Desk) -> None:
    desk.key(KEY.Key_K, CTRL)

    desk.wait(lambda: desk.window.report.said().startswith("There is no impression"))


def test_escape_stops_a_check_and_a_late_one_marks_nothing(desk: Desk, chat: ChatServer) -> None:
    write(desk, "Impression", "A normal film.")
    began, release = threading.Event(), threading.Event()
    judge = say("contradicted")

    def late(sock: object, request: Received) -> None:
        began.set()
        release.wait(30)
        judge(sock, request)  # type: ignore[arg-type]  # as it came

    chat.replies = [late]
    desk.go_to_film()
    desk.key(KEY.Key_K, CTRL)
    desk.wait(began.is_set)
    desk.key(KEY.Key_Escape)
    assert desk.window.report.said() == "Stopped."
    release.set()
    assert marks(desk) == [""]


@pytest.mark.parametrize("keys", [KEY.Key_K, KEY.Key_I])
def test_what_comes_after_another_study_was_opened_is_dropped(
    desk: Desk, chat: ChatServer, keys: KEY
) -> None:
    write(desk, "Impression", "A normal film.")
    began, release = threading.Event(), threading.Event()
    judge = say("contradicted")

    def late(sock: object, request: Received) -> None:
        began.set()
        release.wait(30)
        judge(sock, request)  # type: ignore[arg-type]  # as it came

    chat.replies = [late]
    desk.key(keys, CTRL)
    desk.wait(began.is_set)
    desk.open("1.2.826.1")
    release.set()
    desk.open("1.2.826.0")

    assert marks(desk) == [""]
    assert desk.undecided() == []
