"""What is written is on the disk a moment later, and a full disk loses nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.errors import DiskFull
from dicom_io.identity import Identity
from dicom_io.report.document import (
    ReportDocument,
    Section,
    SectionKind,
    human_sentence,
)
from dicom_io.report.drafts import Drafts
from ui.jobs import Jobs
from ui.report.autosave import Autosave

FILM = Identity("P1", "", "1.2", "1.2.3", "1.2.3.4", 1)


def saying(text: str, before: ReportDocument | None = None) -> ReportDocument:
    section = Section(SectionKind.FINDINGS, (human_sentence(text),))
    return (before or ReportDocument(FILM)).with_section(section)


def words(drafts: Drafts) -> list[str]:
    return [sentence.text for document in drafts.list() for sentence in document.sentences()]


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    return Drafts(tmp_path / "drafts")


@pytest.fixture
def autosave(jobs: Jobs, drafts: Drafts) -> Autosave:
    return Autosave(jobs, drafts)


def test_a_report_is_written_a_moment_after_the_last_change(
    autosave: Autosave, drafts: Drafts, qtbot: QtBot
) -> None:
    first = saying("One.")

    autosave.note(first)
    autosave.note(saying("Two.", first))
    assert not autosave.is_settled
    qtbot.waitUntil(lambda: autosave.is_settled, timeout=5000)

    assert words(drafts) == ["Two."]


def test_a_report_without_a_sentence_makes_no_file(
    autosave: Autosave, drafts: Drafts, qtbot: QtBot
) -> None:
    autosave.note(ReportDocument(FILM))
    autosave.flush()

    assert autosave.is_settled
    assert drafts.list() == ()


def test_the_latest_words_win_when_changes_come_faster_than_the_disk(
    autosave: Autosave, drafts: Drafts, qtbot: QtBot
) -> None:
    document = saying("0")
    for number in range(1, 40):
        document = saying(str(number), document)
        autosave.note(document)
        autosave.flush()

    qtbot.waitUntil(lambda: autosave.is_settled, timeout=10_000)
    assert words(drafts) == ["39"]


def test_a_report_is_found_again_by_its_study(
    autosave: Autosave, drafts: Drafts, qtbot: QtBot
) -> None:
    drafts.save(saying("Kept."))
    found: list[ReportDocument | None] = []

    autosave.look_up(FILM.of_study(), found.append)
    qtbot.waitUntil(lambda: len(found) == 1, timeout=5000)
    autosave.look_up(Identity("P2", "", "1.2"), found.append)
    qtbot.waitUntil(lambda: len(found) == 2, timeout=5000)

    assert found[0] is not None
    assert found[0].sentences()[0].text == "Kept."
    assert found[1] is None  # the same study number of another patient


def test_a_report_not_yet_written_is_found_too(autosave: Autosave, qtbot: QtBot) -> None:
    found: list[ReportDocument | None] = []
    document = saying("Not on the disk yet.")
    autosave.note(document)

    autosave.look_up(FILM, found.append)

    assert found == [document]
    qtbot.waitUntil(lambda: autosave.is_settled, timeout=5000)


def test_a_full_disk_is_told_and_the_words_are_written_when_there_is_room(
    autosave: Autosave, drafts: Drafts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[Exception] = []
    autosave.failed.connect(lambda document, error: problems.append(error))
    replace = os.replace

    def no_room(source: Any, target: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    autosave.note(saying("Precious."))
    qtbot.waitUntil(lambda: autosave.is_settled, timeout=5000)
    assert [type(problem) for problem in problems] == [DiskFull]
    assert autosave.lacks_room

    monkeypatch.setattr(os, "replace", replace)
    autosave.flush()
    qtbot.waitUntil(lambda: autosave.is_settled, timeout=5000)
    assert words(drafts) == ["Precious."]
    assert not autosave.lacks_room
