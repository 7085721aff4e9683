"""The program as a whole: the bare viewer, the picture of the window, the first start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.samples import chest_film
from dicom_io.settings import Settings, WindowSettings
from dicom_io.storage import DataRoot
from tests.plugin.desk import Desk
from tests.ui.hands import KEYS
from ui import app, opening
from ui.acknowledgement import Acknowledgement
from ui.application import application
from ui.status import RESEARCH_ONLY


def around(root: DataRoot, pacs: Archive) -> opening.Surroundings:
    return opening.Surroundings(root, Settings, tuple, lambda: [DimseSource(pacs.node)])


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive") as archive:
        archive.add([chest_film()])
        yield archive


def test_the_window_is_drawn_into_a_file_once_the_film_is_shown(
    qapp: QApplication, own_home: Path, pacs: Archive, tmp_path: Path
) -> None:
    film = Identity.of(dcmread(chest_film(), stop_before_pixels=True))
    picture = tmp_path / "window.png"
    root = DataRoot(own_home).create()

    code = opening.run(around(root, pacs), open_study=film.study, picture=picture)

    assert code == 0
    with Image.open(picture) as drawn:
        assert drawn.size == opening.SIZE
        middle = np.asarray(drawn.convert("L").crop((700, 300, 1100, 800)))
    assert int(middle.max()) - int(middle.min()) > 100  # there is a film, not a black pane


def test_a_study_that_nobody_has_is_told_and_draws_nothing(
    qapp: QApplication,
    own_home: Path,
    pacs: Archive,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "PATIENCE", 1500)
    picture = tmp_path / "window.png"
    root = DataRoot(own_home).create()

    code = opening.run(around(root, pacs), open_study="1.2.3.4", picture=picture)

    assert code == 1
    assert not picture.exists()


def test_the_bare_viewer_has_no_model_and_says_what_it_is_for(qtbot: QtBot, own_home: Path) -> None:
    desk = Desk(qtbot, own_home, [], plugins=())

    names = [action.name for action in desk.window.table.actions()]

    assert not [name for name in names if name.startswith(("draft", "answer", "model"))]
    assert RESEARCH_ONLY in [label.text() for label in desk.window.status.labels()]
    desk.close()


def test_the_title_never_names_a_patient(qtbot: QtBot, own_home: Path, pacs: Archive) -> None:
    desk = Desk(qtbot, own_home, [DimseSource(pacs.node)], plugins=())
    desk.search("")
    film = Identity.of(dcmread(chest_film(), stop_before_pixels=True))

    desk.open(film.study)

    assert desk.window.windowTitle() == "Wetread"
    desk.close()


@pytest.mark.parametrize("size", [12, 20])
def test_the_font_size_of_the_settings_is_used(size: int, qapp: QApplication) -> None:
    settings = Settings(window=WindowSettings(font_size=size))

    dressed = application(settings.window.font_size)

    assert f"font-size: {size}px" in dressed.styleSheet()
    application()


def test_the_first_start_asks_once_and_remembers_who_understood(
    qtbot: QtBot, own_home: Path
) -> None:
    desk = Desk(qtbot, own_home, [], plugins=())
    jobs, root = desk.viewer.jobs, desk.root
    Acknowledgement.ask_once(root, jobs, desk.window)
    desk.wait(lambda: isinstance(QApplication.activeModalWidget(), Acknowledgement))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, Acknowledgement)

    KEYS.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.isVisible()  # not without a name
    KEYS.keyClicks(dialog.name, "Marie Curie")
    KEYS.keyClick(dialog.name, Qt.Key.Key_Return)

    kept = root.folder / "acknowledged.json"
    desk.wait(kept.exists)
    assert json.loads(kept.read_text("utf-8"))["name"] == "Marie Curie"
    done: list[bool] = []
    Acknowledgement.ask_once(root, jobs, desk.window)
    jobs.start(lambda _: iter([True]), on_item=done.append, pool="disk")
    desk.wait(lambda: done != [])
    assert QApplication.activeModalWidget() is None
    desk.close()
