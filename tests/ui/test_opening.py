"""Opening: the window stands and is used before the rest of the program is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from PyQt6.QtCore import QPoint, Qt, QTimer, pyqtBoundSignal
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.errors import BadNode
from dicom_io.identity import Identity
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.index import Index
from dicom_io.pacs.samples import chest_film
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot, write_versioned
from dicom_io.study import Study
from tests.ui.hands import KEYS
from ui import theme
from ui.acknowledgement import VERSION
from ui.app import build_window
from ui.application import application
from ui.opening import Opening, Surroundings, run

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("numpy", "pydicom", "pynetdicom", "PIL", "torch", "tomlkit", "argparse", "logging")
PROBE = """
import sys
from plugin import __main__ as front_door

opened = front_door.open_window


def watch(opening):
    def ready():
        print(*(name for name in {slow} if name in sys.modules), flush=True)
        opening.window.close()

    opening.painted.connect(ready)


front_door.open_window = lambda *around, **wishes: opened(*around, watch=watch, **wishes)
sys.argv[1:] = ["--home", sys.argv[1]]
sys.exit(front_door.main())
"""


def acknowledged(home: Path) -> DataRoot:
    """A data root that does not ask what the first start asks."""
    root = DataRoot(home).create()
    write_versioned(root.folder / "acknowledged.json", VERSION, {"name": "a test"})
    return root


@pytest.fixture
def root(own_home: Path) -> DataRoot:
    """A data root with three studies in its index, whose reader has acknowledged."""
    root = acknowledged(own_home)
    index = Index(root.index)
    for number, name in enumerate(("Curie^Marie", "Roentgen^Anna", "Becquerel^Henri")):
        who = Identity(f"ID{number}", "", f"1.2.3.{number}")
        index.put_study(Study(who, name, "", "", "20200101", "", f"A{number}", "", ("CR",), 1, 1))
    index.close()
    return root


def around(root: DataRoot, sources: Callable[[], list[object]] = list) -> Surroundings:
    return Surroundings(root, Settings, tuple, sources)  # type: ignore[arg-type]  # none at all


def closing_at_the_end(opening: Opening) -> None:
    """Close the window once all is there."""
    opening.furnished.connect(lambda: QTimer.singleShot(50, opening.window.close))


def once(signal: pyqtBoundSignal, act: Callable[[], object]) -> None:
    """Act the first time alone: the disk is listed anew at each search."""
    left = [act]
    signal.connect(lambda: left.pop()() if left else None)


def names(opening: Opening) -> list[str]:
    rows = opening.window.studies.rows
    found = (rows.listed(row) for row in range(rows.rowCount()))
    return sorted(one.study.patient_name for one in found if one is not None)


def test_nothing_slow_is_imported_before_the_window_is_painted(own_home: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", PROBE.format(slow=SLOW), str(own_home)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout) == (0, "\n"), ended.stderr


def test_what_is_typed_meanwhile_filters_and_stays_and_so_does_the_keyboard(
    qapp: QApplication, root: DataRoot
) -> None:
    seen: dict[str, object] = {}

    def watch(opening: Opening) -> None:
        field = opening.window.studies.field

        def type_early() -> None:
            seen["all"] = names(opening)
            KEYS.keyClicks(field, "curi")
            seen["filtered"] = names(opening)
            seen["furnished then"] = opening.window.is_furnished

        def look() -> None:
            seen["text"] = field.text()
            seen["focus"] = opening.window.focusWidget() is field
            KEYS.keyClicks(field, "e")
            seen["later"] = field.text()

        once(opening.window.studies.listed, type_early)
        opening.furnished.connect(look)
        closing_at_the_end(opening)

    assert run(around(root), watch=watch) == 0

    assert seen == {
        "all": ["Becquerel^Henri", "Curie^Marie", "Roentgen^Anna"],
        "filtered": ["Curie^Marie"],
        "furnished then": False,
        "text": "curi",
        "focus": True,
        "later": "curie",
    }


def test_a_study_chosen_meanwhile_is_opened_once_it_can_be(
    qapp: QApplication, own_home: Path
) -> None:
    root = acknowledged(own_home)
    cache = Cache(root)
    uid = str(dcmread(chest_film(), stop_before_pixels=True).StudyInstanceUID)
    cache.add(Path(shutil.copy(chest_film(), cache.study_folder(uid))))
    cache.close()
    opened: list[str] = []

    def watch(opening: Opening) -> None:
        studies = opening.window.studies

        def choose() -> None:
            studies.list.setCurrentIndex(studies.rows.index(0))
            KEYS.keyClick(studies.list, Qt.Key.Key_Return)
            assert not opening.window.is_furnished

        def look() -> None:
            viewer = opening.viewer
            assert viewer is not None and viewer.session.reading.study is not None
            opened.append(viewer.session.reading.study.identity.study)

        once(studies.listed, choose)
        opening.furnished.connect(look)
        closing_at_the_end(opening)

    assert run(around(root), watch=watch) == 0

    assert opened == [uid]


def test_nothing_jumps_when_the_rest_arrives(qapp: QApplication, root: DataRoot) -> None:
    places: list[tuple[QPoint, QPoint, int, list[int]]] = []

    def watch(opening: Opening) -> None:
        studies = opening.window.studies

        def note() -> None:
            field, rows = studies.field, studies.list
            corner = QPoint(0, 0)
            at = field.mapTo(opening.window, corner), rows.mapTo(opening.window, corner)
            places.append((*at, rows.height(), opening.window.first_look.widths()))

        once(studies.listed, lambda: QTimer.singleShot(0, note))
        opening.furnished.connect(lambda: QTimer.singleShot(0, note))
        closing_at_the_end(opening)

    run(around(root), watch=watch)

    assert len(places) == 2
    assert places[0] == places[1]


def test_the_film_has_what_the_sides_leave_however_the_window_was_built(
    qapp: QApplication, qtbot: QtBot, root: DataRoot
) -> None:
    application()
    viewer = build_window((), root, Settings(), ())
    viewer.window.resize(1920, 1080)
    viewer.window.show()
    at_first = viewer.window.first_look.widths()
    viewer.window.resize(1600, 1080)
    qtbot.waitUntil(lambda: viewer.window.first_look.widths() != at_first)
    narrower = viewer.window.first_look.widths()

    assert at_first[0] == theme.scaled(theme.LEFT_WIDTH)
    assert at_first[2] == theme.scaled(theme.RIGHT_WIDTH)
    assert narrower == [at_first[0], at_first[1] - 320, at_first[2]]
    viewer.window.close()
    viewer.close()


def test_what_keeps_the_rest_from_coming_ends_the_program_with_its_sentence(
    qapp: QApplication, root: DataRoot
) -> None:
    def sources() -> list[object]:
        raise BadNode("The node has no port.", "node")

    with pytest.raises(BadNode, match="no port"):
        run(around(root, sources))


def test_a_bug_meanwhile_ends_the_program_with_its_traceback(
    qapp: QApplication, root: DataRoot, caplog: pytest.LogCaptureFixture
) -> None:
    def watch(opening: Opening) -> None:
        def slip() -> None:
            raise KeyError("a slip")

        opening.painted.connect(slip)

    with pytest.raises(KeyError, match="a slip"):
        run(around(root), watch=watch)
    assert "a slip" in caplog.text


def test_a_bug_later_is_told_to_the_reader_and_stands_in_the_log(
    qapp: QApplication, root: DataRoot, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []

    def watch(opening: Opening) -> None:
        def slip() -> None:
            raise KeyError("a slip")

        def look() -> None:
            said.append(opening.window.report.said())

        opening.furnished.connect(slip)
        opening.furnished.connect(look)
        closing_at_the_end(opening)

    assert run(around(root), watch=watch) == 0

    assert said[0].startswith("Something unforeseen happened")
    assert "a slip" in caplog.text


def test_a_window_that_is_closed_at_once_ends_the_program(
    qapp: QApplication, root: DataRoot
) -> None:
    def watch(opening: Opening) -> None:
        opening.painted.connect(opening.window.close)

    assert run(around(root), watch=watch) == 0


@pytest.fixture(autouse=True)
def hook_of_tests() -> Iterator[None]:
    """`run` puts its own hook in place of the tests', and takes it away."""
    before = sys.excepthook
    yield
    assert sys.excepthook is before
