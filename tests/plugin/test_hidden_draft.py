"""A draft that starts with the study is hidden until it is asked for, and goes with its study."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from tests.plugin.desk import KEY, MODEL, Desk, write_echo, write_films
from tests.ui.hands import SHIFT

READY = "Draft ready, Shift+E"


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path) -> Iterator[Desk]:
    films = write_films(tmp_path / "patients", 3)
    model = write_echo(DataRoot(own_home).create())
    chosen = ModelSettings(name=model, on_open=True)
    desk = Desk(qtbot, own_home, [FolderSource(films)], chosen=chosen)
    desk.search("")
    yield desk
    desk.close()


def test_draft_is_hidden_until_the_key_shows_it(desk: Desk) -> None:
    desk.open("1.2.826.1")
    desk.wait(lambda: desk.window.report.said() == READY, MODEL)
    assert desk.sentences() == ()

    desk.key(KEY.Key_E, SHIFT, desk.window.viewport)

    desk.wait(lambda: desk.undecided() != [])
    assert desk.window.report.said() == ""


def test_hidden_draft_goes_with_its_study_and_the_audit_says_so(desk: Desk) -> None:
    desk.open("1.2.826.1")
    desk.wait(lambda: desk.window.report.said() == READY, MODEL)

    desk.open("1.2.826.2")

    desk.wait(lambda: desk.window.report.said() == READY, MODEL)
    assert desk.sentences() == ()
    desk.wait(lambda: desk.viewer.session.trail.is_settled)
    lines = [
        json.loads(line)
        for file in desk.root.audit.glob("*.jsonl")
        for line in file.read_text("utf-8").splitlines()
    ]
    gone = [one for one in lines if "was discarded" in one["details"].get("reason", "")]
    assert [one["identity"]["study"] for one in gone] == ["1.2.826.1"]
