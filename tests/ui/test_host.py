"""What a plug-in may change: settings are written, used at once, and told to all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.settings import ModelSettings, ReaderSettings, Settings
from tests.plugin.desk import Desk

FILE = """\
# room 3
version = 1
colour = "blue"

[reader]
name = "Roentgen^Wilhelm"  # signs here
"""


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path) -> Iterator[Desk]:
    own_home.mkdir(exist_ok=True)
    (own_home / "settings.toml").write_text(FILE)
    desk = Desk(qtbot, own_home, [], plugins=[])
    yield desk
    desk.close()


def test_changed_settings_are_written_used_and_told(desk: Desk, own_home: Path) -> None:
    host = desk.viewer.host
    told: list[ModelSettings] = []
    host.settings_changed.connect(told.append)

    host.change_settings(ModelSettings(answers="base", precision="bf16"))
    desk.wait(lambda: told != [])

    assert told == [ModelSettings(answers="base", precision="bf16")]
    assert host.settings(ModelSettings).answers == "base"
    written = (own_home / "settings.toml").read_text()
    assert FILE in written
    assert Settings.read(own_home / "settings.toml").model == told[0]
    assert Settings.read(own_home / "settings.toml").reader == ReaderSettings("Roentgen^Wilhelm")


def test_a_damaged_file_is_told_and_changes_nothing(desk: Desk, own_home: Path) -> None:
    (own_home / "settings.toml").write_text("this is no TOML")
    host = desk.viewer.host

    host.change_settings(ModelSettings(answers="base"))
    desk.wait(lambda: "cannot be read" in desk.window.report.said())

    assert host.settings(ModelSettings) == ModelSettings()
    assert (own_home / "settings.toml").read_text() == "this is no TOML"


def test_a_part_that_settings_do_not_have_is_no_part(desk: Desk) -> None:
    with pytest.raises(LookupError, match="no part int"):
        desk.viewer.host.settings(int)
