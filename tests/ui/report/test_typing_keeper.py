"""What is typed is on the disk within a second, Enter or not, and whatever ends the program."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.errors import DiskFull
from dicom_io.pacs.folder import FolderSource
from dicom_io.report.document import Decision, Origin, ReportDocument, SectionKind, Sentence
from dicom_io.report.drafts import Drafts
from tests.plugin.desk import Desk, write_films

KEY = Qt.Key
LOST_AT_MOST = 1.0  # s
KILLS = 3


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return write_films(tmp_path / "films", 1)


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, films: Path) -> Iterator[Desk]:
    opened = Desk(qtbot, own_home, [FolderSource(films)], plugins=())
    opened.search("")
    opened.open("1.2.826.0")
    yield opened
    opened.close()


def kept(desk: Desk) -> list[Sentence]:
    return [one for draft in Drafts(desk.root.drafts).list() for one in draft.sentences()]


def texts(desk: Desk) -> list[str]:
    return [one.text for one in kept(desk)]


def test_words_without_enter_are_kept_and_wait_for_a_decision(desk: Desk) -> None:
    desk.window.report.panel.field_of("Findings").setFocus()
    desk.type("A nodu")
    desk.wait(lambda: texts(desk) == ["A nodu"])
    assert kept(desk)[0].state is Decision.SUGGESTED and desk.sentences() == ()

    desk.type("le.")
    desk.key(KEY.Key_Return)
    desk.wait(lambda: texts(desk) == ["A nodule."] and kept(desk)[0].is_decided)


def test_a_sentence_that_is_edited_is_kept_undecided_until_enter(desk: Desk) -> None:
    ledger = desk.window.session.ledger
    written = ledger.put(
        SectionKind.FINDINGS, Sentence("a", "Small heart.", Origin.AI, Decision.ACCEPTED)
    )
    assert written is not None
    desk.window.report.panel.edit("a")
    desk.type("Large")
    desk.wait(lambda: texts(desk) == ["Large"])
    (half,) = kept(desk)
    assert (half.origin, half.state) == (Origin.AI_EDITED, Decision.SUGGESTED)
    assert half.suggested == "Small heart."


def test_words_that_were_taken_back_do_not_come_again(desk: Desk) -> None:
    field = desk.window.report.panel.field_of("Findings")
    field.setFocus()
    desk.type("Nonsense")
    desk.wait(lambda: texts(desk) == ["Nonsense"])
    field.selectAll()
    desk.key(KEY.Key_Delete)
    desk.wait(lambda: texts(desk) == [])


def test_a_full_disk_while_typing_is_said_and_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Drafts.save

    def full(self: Drafts, document: ReportDocument) -> Path:
        raise DiskFull("The disk is full: make room and try again; nothing was lost.", self.folder)

    monkeypatch.setattr(Drafts, "save", full)
    field = desk.window.report.panel.field_of("Findings")
    field.setFocus()
    desk.type("A nodule")
    desk.wait(lambda: "The disk is full" in desk.window.report.said())
    assert field.words() == "A nodule"
    monkeypatch.setattr(Drafts, "save", save)
    desk.type(".")
    desk.wait(lambda: texts(desk) == ["A nodule."])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_a_killed_window_loses_at_most_the_last_second_of_typing(
    tmp_path: Path, films: Path
) -> None:
    chance = random.Random(6)
    for turn in range(KILLS):
        home = tmp_path / f"home{turn}"
        typed, killed_at = type_and_kill(home, films, chance.uniform(1.2, 2.5))
        drafts = Drafts(home / "drafts")

        assert drafts.damaged() == ()
        found = {
            word
            for draft in drafts.list()
            for one in draft.sentences()
            for word in one.text.split()
        }
        due = [word for word, at in typed if at < killed_at - LOST_AT_MOST]
        assert due and [word for word in due if word not in found] == []


def type_and_kill(home: Path, films: Path, after: float) -> tuple[list[tuple[str, float]], float]:
    """What somebody typed in a window of its own, and when it was killed, so many seconds after
    the first word."""
    command = [sys.executable, "-m", "tests.ui.report.typist", str(home), str(films)]
    root = Path(__file__).parents[3]
    log = home.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=root, stdout=out, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        )
        try:
            end = time.monotonic() + 60
            while not log.read_bytes().count(b"\n"):
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.02)
            time.sleep(after)
        finally:
            killed_at = time.monotonic()
            process.send_signal(signal.SIGKILL)
            process.wait()
    lines = log.read_text().splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith("\n")]
    return [(word, float(at)) for word, at in whole], killed_at
