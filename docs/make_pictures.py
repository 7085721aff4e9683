"""Draws the README's pictures: the real window, archive and model, driven by mouse and keys.

    python docs/make_pictures.py [FOLDER]

Needs no screen. Writes 1920 x 1080 PNG files into FOLDER, by default docs/pictures.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from picture_states import CURRENT, States, phantoms, save_small  # noqa: E402
from PyQt6.QtCore import QElapsedTimer, QEventLoop, QPoint, Qt, QTimer  # noqa: E402
from PyQt6.QtGui import QColor, QPainter, QPixmap  # noqa: E402
from PyQt6.QtTest import QTest  # noqa: E402
from PyQt6.QtWidgets import QApplication, QWidget  # noqa: E402

from dicom_io.identity import Identity  # noqa: E402
from dicom_io.image.frame import open_frames  # noqa: E402
from dicom_io.pacs.archive import Archive  # noqa: E402
from dicom_io.pacs.connect import source_for  # noqa: E402
from dicom_io.pacs.samples import sample_files  # noqa: E402
from dicom_io.settings import ModelSettings, Settings  # noqa: E402
from dicom_io.storage import DataRoot  # noqa: E402
from plugin._ask_box import AskBox  # noqa: E402
from plugin._discover import discover  # noqa: E402
from plugin._model import close_models  # noqa: E402
from ui import language  # noqa: E402
from ui.app import Viewer, build_window  # noqa: E402
from ui.application import application  # noqa: E402

HANDS: Any = QTest  # its static functions are typed as methods in PyQt's stubs
KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
NONE, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
FULL = (1920, 1080)
PATIENCE = 120_000  # ms for one step
BOX = (0.255, 0.565), (0.365, 0.705)  # corners of the box asked about, as parts of the pane
FILM, OTHER_FILM, TOMOGRAPH = 0, 1, 2  # places among the sample files
QUESTION = "Is there a mass in this region?"


class Photographer:
    """Works the window by mouse and keys, and takes its picture."""

    def __init__(self, viewer: Viewer, folder: Path) -> None:
        self.viewer = viewer
        self.window = viewer.window
        self.folder = folder
        self.window.resize(*FULL)
        self.window.show()
        self.window.activateWindow()
        self.until(self.window.isActiveWindow, "the window")
        self.rest()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition. Raises TimeoutError naming what did not come."""
        loop, clock, look = QEventLoop(), QElapsedTimer(), QTimer()
        clock.start()
        look.timeout.connect(
            lambda: loop.quit() if condition() or clock.elapsed() > PATIENCE else None
        )
        look.start(20)
        loop.exec()
        look.stop()
        if not condition():
            raise TimeoutError(f"waited in vain for {what}")

    def rest(self) -> None:
        """Let what is under way come to rest: thumbnails, preview, saving."""
        clock = QElapsedTimer()
        clock.start()
        self.until(lambda: clock.elapsed() > 1200, "a moment")

    def focus(self) -> QWidget:
        """Where a key goes; a window without a window manager must be woken after a dialogue."""
        if QApplication.focusWidget() is None:
            self.window.activateWindow()
            self.until(lambda: QApplication.focusWidget() is not None, "the focus")
        return QApplication.focusWidget() or self.window

    def key(self, key: Qt.Key, held: Any = NONE) -> None:
        HANDS.keyClick(self.focus(), key, held)

    def type(self, text: str) -> None:
        HANDS.keyClicks(self.focus(), text)

    def picture(self, name: str, above: QWidget | None = None) -> None:
        """The window, with a dialogue above it if there is one."""
        shown = self.shot(above)
        path = self.folder / f"{name}.png"
        if name == "window":  # the README's
            shown.save(str(path), "PNG")
        else:
            save_small(shown, path)
        print(path)

    def shot(self, above: QWidget | None = None) -> QPixmap:
        """What is to be seen now."""
        shown = self.window.grab()
        return with_dialogue(shown, above.grab()) if above is not None else shown

    # --- the reading ---

    def search(self) -> None:
        studies = self.window.worklist.studies
        HANDS.mouseClick(studies.field, LEFT)
        self.key(KEY.Key_Return)
        self.until(lambda: studies.rows.rowCount() > 0 and not studies.is_searching, "the search")

    def open(self, study: str) -> None:
        studies = self.window.worklist.studies
        pane = studies.list.viewport()
        place = studies.list.visualRect(studies.rows.index(studies.rows.row_of(study))).center()
        HANDS.mouseClick(pane, LEFT, NONE, place)
        HANDS.mouseDClick(pane, LEFT, NONE, place)
        self.until(lambda: self.is_open(study), "the film and its report")

    def is_open(self, study: str) -> bool:
        frame, report = self.window.selected_frame(), self.viewer.session.ledger.document
        return (
            frame is not None
            and frame.identity.study == study
            and report is not None
            and report.identity.study == study
        )

    def draft(self) -> None:
        ledger = self.viewer.session.ledger
        self.key(KEY.Key_F6)
        self.key(KEY.Key_E, SHIFT)
        self.until(
            lambda: (
                bool(ledger.document and ledger.document.sentences())
                and self.window.report.said() == ""
            ),
            "the draft",
        )

    def write(self, section: str, words: str) -> None:
        field = self.window.report.panel.field_of(section)
        HANDS.mouseClick(field, LEFT)
        self.type(words)
        self.key(KEY.Key_Return)

    def ask_about_box(self) -> None:
        film = self.window.viewport
        corners = [QPoint(round(film.width() * x), round(film.height() * y)) for x, y in BOX]
        self.key(KEY.Key_F6)
        self.key(KEY.Key_B)
        HANDS.mousePress(film, LEFT, NONE, corners[0])
        for step in (1, 2, 3):
            HANDS.mouseMove(film, corners[0] + (corners[1] - corners[0]) * step / 3)
        HANDS.mouseRelease(film, LEFT, NONE, corners[1])
        self.key(KEY.Key_E)
        self.type(QUESTION)
        self.key(KEY.Key_Return)
        self.rest()

    def insert_answer(self) -> None:
        box = self.window.report.findChild(AskBox)
        assert isinstance(box, AskBox)
        HANDS.mouseClick(box.insert_button, LEFT)
        self.rest()

    def sign(self, name: str = "") -> None:
        """Fill the dialogue in, take its picture if it has a name, and give the signature."""
        self.key(KEY.Key_F8)
        self.until(lambda: self.window.signing.dialog is not None, "the dialogue")
        dialog = self.window.signing.dialog
        assert dialog is not None
        for field, text in (
            (dialog.name, "Demo, Reader"),
            (dialog.organization, "DEMONSTRATION"),
            (dialog.credential, "demonstration"),
            (dialog.repeated, "demonstration"),
        ):
            if not field.isHidden():
                field.selectAll()
                HANDS.keyClicks(field, text)
        self.rest()
        if name:
            self.picture(name, dialog)
        HANDS.keyClick(dialog.credential, KEY.Key_Return)


def with_dialogue(window: QPixmap, dialogue: QPixmap) -> QPixmap:
    """The dialogue in the middle of the window, which stays back."""
    painter = QPainter(window)
    painter.fillRect(window.rect(), QColor(0, 0, 0, 120))
    painter.drawPixmap(window.rect().center() - dialogue.rect().center(), dialogue)
    painter.end()
    return window


def read_the_film(photographer: Photographer, study: str) -> None:
    """From the empty window to the badge, with a picture at each station."""
    report = photographer.window.report.panel
    ledger = photographer.viewer.session.ledger
    photographer.picture("empty")
    photographer.search()
    photographer.open(study)
    photographer.draft()
    photographer.write("Indication", "Cough, weight loss.")
    photographer.write("Findings", "Round opacities in both lungs.")
    report.go_to_undecided()
    photographer.key(KEY.Key_Delete)
    photographer.ask_about_box()
    photographer.picture("window")
    photographer.insert_answer()
    while ledger.document and ledger.document.undecided():
        photographer.key(KEY.Key_Return, CTRL)
    photographer.key(KEY.Key_F6)
    photographer.sign("signing")
    photographer.until(lambda: report.standing().startswith("In PACS"), "the proof")
    photographer.rest()
    photographer.picture("verified")


def meet_refusals(photographer: Photographer, tomograph: str) -> None:
    """What the window says when it finds nothing, or when the model will not answer."""
    studies = photographer.window.worklist.studies
    HANDS.mouseClick(studies.field, LEFT)
    photographer.type("Nobody")
    photographer.key(KEY.Key_Return)
    photographer.until(lambda: not studies.is_searching, "the search")
    photographer.rest()
    photographer.picture("no-result")
    studies.field.clear()
    photographer.search()
    photographer.open(tomograph)
    photographer.key(KEY.Key_F6)
    photographer.key(KEY.Key_E, SHIFT)
    report = photographer.window.report
    photographer.until(lambda: report.said().startswith("No draft"), "the gate")
    photographer.rest()
    photographer.picture("refused")


def sign_without_pacs(photographer: Photographer, study: str) -> None:
    """A report that was signed while the PACS is away, and that waits."""
    photographer.open(study)
    photographer.write("Findings", "Written while the PACS was away.")
    photographer.key(KEY.Key_F6)
    photographer.sign()
    panel = photographer.window.report.panel
    photographer.until(lambda: panel.standing().startswith("not stored"), "the badge")
    photographer.search()
    photographer.rest()
    photographer.picture("not-stored")


def other_states(photographer: Photographer) -> None:
    """Cine, prior, planes, marks, dialogues and themes, on a smaller window."""
    states = States(photographer)
    states.volumes()
    states.dialogues()
    states.looks()


def in_german(place: Path, folder: Path, archive: Archive) -> None:
    """The window once more, by a reader who reads German."""
    language.use("de")
    root = DataRoot(place / "german").create()
    viewer = build_window(discover(), root, Settings(), [source_for(archive.node)])
    photographer = Photographer(viewer, folder)
    states = States(photographer)
    photographer.search()
    photographer.open(CURRENT)
    photographer.rest()
    states.take("german")
    close(photographer)
    language.use("en")


def without_model(place: Path, folder: Path, archive: Archive, study: str) -> None:
    """What a reader sees whose model is not installed, when a draft is asked for."""
    root = DataRoot(place / "without").create()
    settings = Settings(model=ModelSettings(name="not-installed"))
    viewer = build_window(discover(), root, settings, [source_for(archive.node)])
    photographer = Photographer(viewer, folder)
    states = States(photographer)
    photographer.search()
    photographer.open(study)
    photographer.key(KEY.Key_F6)
    photographer.key(KEY.Key_E, SHIFT)
    photographer.until(lambda: viewer.window.report.said() != "", "what is wrong")
    states.take("model-missing")
    close(photographer)


def close(photographer: Photographer) -> None:
    """Close a window, once everything is on the disk."""
    viewer = photographer.viewer
    viewer.window.close()
    photographer.until(lambda: not viewer.window.isVisible(), "the end")
    viewer.close()


def main() -> int:
    """Draw all pictures. Returns the exit code."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    app = application()
    studies = [Identity.of(open_frames(path)[0].header).study for path in sample_files()]
    with tempfile.TemporaryDirectory(prefix="wetread-") as place:
        with Archive(Path(place) / "archive") as archive:
            archive.add([*sample_files(), *phantoms(Path(place) / "phantoms")])
            root = DataRoot(Path(place) / "home").create()
            viewer = build_window(discover(), root, Settings(), [source_for(archive.node)])
            photographer = Photographer(viewer, folder)
            read_the_film(photographer, studies[FILM])
            meet_refusals(photographer, studies[TOMOGRAPH])
            photographer.open(studies[OTHER_FILM])
            photographer.rest()
            other_states(photographer)
            in_german(Path(place), folder, archive)
            without_model(Path(place), folder, archive, studies[FILM])
            photographer.window.resize(*FULL)
            photographer.open(studies[OTHER_FILM])
        sign_without_pacs(photographer, studies[OTHER_FILM])
        close(photographer)
        close_models()
    del app
    return 0


if __name__ == "__main__":
    sys.exit(main())
