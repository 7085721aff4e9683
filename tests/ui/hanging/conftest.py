"""A reader at the bare viewer, on a folder of made studies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from tests.plugin.desk import Desk

MakeDesk = Callable[[], Desk]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder that the desk reads from; filled by each test."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def make_desk(qtbot: QtBot, own_home: Path, shelf: Path) -> Iterator[MakeDesk]:
    """Opens the window on the shelf, its studies listed; closed at the end."""
    desks: list[Desk] = []

    def make() -> Desk:
        desk = Desk(qtbot, own_home, [FolderSource(shelf)], plugins=())
        desks.append(desk)
        desk.search("")
        return desk

    yield make
    for desk in desks:
        desk.close()
