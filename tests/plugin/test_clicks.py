"""No click asks a model, whatever tool is in hand and whatever profile the mouse follows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.hands import MouseSettings
from dicom_io.pacs.folder import FolderSource
from dicom_io.settings import ModelSettings
from dicom_io.storage import DataRoot
from model_backend.folder import ModelFolder
from tests.plugin.desk import Desk, write_films
from tests.ui import hands
from ui.profile import profiles
from ui.viewport.tools import DRAWING, Tool

ALT = Qt.KeyboardModifier.AltModifier
BUTTONS = (hands.LEFT, hands.MIDDLE, hands.RIGHT)
HELD = (hands.NONE, hands.CTRL, hands.SHIFT, ALT)


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path, echo_folder: ModelFolder) -> Iterator[Desk]:
    """A film whose report is open, and a model that would answer at once."""
    root = DataRoot(own_home).create()
    shutil.copytree(echo_folder.path, root.models / "echo")
    films = FolderSource(write_films(tmp_path / "films", 1))
    opened = Desk(qtbot, own_home, [films], chosen=ModelSettings(name="echo"))
    opened.search("")
    opened.open("1.2.826.0")
    yield opened
    opened.close()


def test_no_click_of_any_button_in_any_profile_asks_the_model(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewport = desk.window.viewport
    asked: list[object] = []
    start = desk.viewer.jobs.start

    def watched(*given: Any, **more: Any) -> Any:
        if more.get("pool") == "model":
            asked.append(given)
        return start(*given, **more)

    monkeypatch.setattr(desk.viewer.jobs, "start", watched)
    tools = [tool for tool in Tool if tool not in DRAWING]

    for profile in profiles():
        desk.window.preferences.habits.take_mouse(MouseSettings(profile.name))
        for tool in tools:
            viewport.arm(tool)
            for button in BUTTONS:
                for held in HELD:
                    hands.click(viewport, (150, 150), button, held)
                    menu = QApplication.activePopupWidget()
                    if menu is not None:
                        menu.close()
            hands.double_click(viewport, (150, 150))
            hands.drag(viewport, [(150, 150), (190, 180)])
            hands.turn_wheel(viewport, -120)

    assert asked == []
    desk.draft()
    assert asked  # what was watched is what asks
