"""Where a model finds things is drawn over that film alone, and gone with the next question."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtGui import QPaintEvent
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from model_backend.folder import ModelFolder
from tests.model_backend.models.conftest import whole_folder
from tests.plugin.desk import KEY, MODEL, Desk, write_films
from tests.ui.hands import KEYS
from ui.viewport.viewport import Viewport

__all__ = ["whole_folder"]  # a network of random weights that has every task
STUDIES = 3
SWITCHES = 15


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path, whole_folder: ModelFolder) -> Iterator[Desk]:
    """Films of some patients, and a model that finds something in each, if at random."""
    root = DataRoot(own_home).create()
    shutil.copytree(whole_folder.path, root.models / "whole")
    films = FolderSource(write_films(tmp_path / "films", STUDIES))
    desk = Desk(qtbot, own_home, [films], chosen=ModelSettings(name="whole"))
    desk.search("")
    desk.open("1.2.826.0")
    desk.wait(lambda: desk.ask_box().tasks.count() > 1)
    yield desk
    desk.close()


def put(desk: Desk, task: str, words: str) -> None:
    box = desk.ask_box()
    box.tasks.setCurrentIndex(box.tasks.findData(task))
    box.question.clear()
    KEYS.keyClicks(box.question, words)
    KEYS.keyClick(box.question, KEY.Key_Return)


def find(desk: Desk, words: str = "the heart") -> None:
    """Where is …? Wait for the answer."""
    put(desk, "grounding", words)
    desk.wait(lambda: " ms" in desk.ask_box().said(), MODEL)


def test_what_was_found_is_drawn_in_the_film_until_escape_or_the_next_question(
    desk: Desk,
) -> None:
    frame, viewport = desk.window.selected_frame(), desk.window.viewport
    assert frame is not None

    find(desk)
    ((region, label),) = viewport.places()
    assert (region.identity, label) == (frame.identity, "the heart")
    assert 0 <= region.x0 <= region.x1 <= 128 and 0 <= region.y0 <= region.y1 <= 128
    assert desk.ask_box().answer() == "the heart"
    viewport.repaint()
    assert viewport.painted.places == frame.identity
    desk.go_to_film()
    desk.key(KEY.Key_Escape)
    assert viewport.places() == ()
    viewport.repaint()
    assert viewport.painted.places is None

    desk.draw_box()
    box = viewport.box()
    assert box is not None
    find(desk)
    ((region, _),) = viewport.places()
    assert box.x0 <= region.x0 <= region.x1 <= box.x1
    assert box.y0 <= region.y0 <= region.y1 <= box.y1

    put(desk, "region", "")  # of the whole image, by its place in it
    assert viewport.places() == ()
    desk.wait(lambda: " ms" in desk.ask_box().said(), MODEL)
    assert viewport.box_label() == "asked: this place in the whole image"


def test_no_place_is_ever_painted_over_another_patient(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    find(desk)  # the model is loaded
    faults: list[str] = []
    painted: set[str] = set()
    paint = Viewport.paintEvent

    def watched(viewport: Viewport, event: QPaintEvent | None) -> None:
        paint(viewport, event)
        shown, found = viewport.painted.picture, viewport.painted.places
        if found is not None:
            painted.add(found.study)
        if found not in (None, shown):
            faults.append(f"{found} over {shown}")
        document = desk.report()
        if found is not None and document is not None and document.identity.study != found.study:
            faults.append(f"{found} beside the report of {document.identity}")

    monkeypatch.setattr(Viewport, "paintEvent", watched)
    chance = random.Random(8)

    for turn in range(SWITCHES):
        waits = turn % 5 == 0  # each study in its turn; from the others the reader goes on at once
        study = turn // 5 % STUDIES if waits else chance.randrange(STUDIES)
        desk.open(f"1.2.826.{study}")
        put(desk, "grounding", "the heart")
        if waits:
            desk.wait(lambda: desk.window.viewport.places() != ())
        qtbot.wait(chance.randrange(20))
    desk.window.viewport.repaint()

    assert faults == []
    assert len(painted) == STUDIES  # or the test would have shown nothing
