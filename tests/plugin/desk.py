"""A reader at the real window: everything is done by mouse and key events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from dicom_io.report.document import ReportDocument, SectionKind, Sentence
from dicom_io.settings import ModelSettings, Settings
from dicom_io.source import Source
from dicom_io.storage import DataRoot
from model_backend.chat.wording import TASKS
from model_backend.folder import Finding, ModelFolder, Preprocess, write_model
from plugin._ask_box import AskBox
from plugin._discover import discover
from plugin._model import close_models
from tests.ui.hands import CTRL, KEYS, LEFT, NONE, SHIFT, double_click, drag
from ui.app import Viewer, build_window
from ui.application import application

PATIENCE = 30_000  # ms that any one step may take on a busy machine
MODEL = 120_000  # ms that the model may take, its start included
KEY = Qt.Key


class Desk:
    """The window with its plug-ins on a data root and sources."""

    def __init__(
        self,
        qtbot: QtBot,
        home: Path,
        sources: Sequence[Source],
        model: str = "",
        *,
        plugins: Any = None,
        chosen: ModelSettings | None = None,
    ) -> None:
        application()
        self.qtbot = qtbot
        self.root = DataRoot(home).create()
        settings = Settings(model=chosen or ModelSettings(name=model))
        found = discover() if plugins is None else plugins
        self.viewer: Viewer = build_window(found, self.root, settings, sources)
        self.window = self.viewer.window
        self.window.resize(1400, 900)
        self.window.show()
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)

    def close(self) -> None:
        """Close the window as a person does, and wait until all is written."""
        self.window.close()
        self.wait(lambda: not self.window.isVisible())
        self.viewer.close()
        close_models()

    def wait(self, condition: Any, timeout: int = PATIENCE) -> None:
        self.qtbot.waitUntil(condition, timeout=timeout)

    # --- hands ---

    def key(self, key: Qt.Key, held: Any = NONE, widget: QWidget | None = None) -> None:
        """Press a key where the focus is."""
        KEYS.keyClick(widget or self.focus(), key, held)

    def type(self, text: str) -> None:
        """Type where the focus is."""
        KEYS.keyClicks(self.focus(), text)

    def focus(self) -> QWidget:
        """Where a key goes. Without a window manager a popup that closes stays the active one."""
        modal = QApplication.activeModalWidget()
        if modal is None and QApplication.activeWindow() is not self.window:
            self.window.activateWindow()
            self.wait(self.window.isActiveWindow)
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click what is on the screen, once it is there."""
        self.wait(widget.isVisible)
        KEYS.mouseClick(widget, LEFT, NONE, at or widget.rect().center())

    def search(self, text: str) -> None:
        """Type into the search field, press Enter, wait for the list."""
        studies = self.window.worklist.studies
        self.click(studies.field)
        studies.field.selectAll()
        self.type(text) if text else self.key(KEY.Key_Delete)
        self.key(KEY.Key_Return)
        self.wait(lambda: not studies.is_searching)

    def open_row(self, uid: str) -> None:
        """Double-click a study of the list."""
        studies = self.window.worklist.studies
        index = studies.rows.index(studies.rows.row_of(uid))
        assert index.isValid()
        studies.list.scrollTo(index)
        place = studies.list.visualRect(index).center()
        pane = studies.list.viewport()
        assert pane is not None
        double_click(pane, (place.x(), place.y()))

    def open(self, uid: str) -> None:
        """Open a study and wait for its film and its report."""
        self.open_row(uid)
        self.wait(lambda: self.is_open(uid))

    def is_open(self, uid: str) -> bool:
        frame, report = self.window.selected_frame(), self.report()
        return (
            frame is not None
            and frame.identity.study == uid
            and report is not None
            and report.identity.study == uid
            and not self.viewer.session.reading.is_loading
        )

    def draft(self) -> None:
        """Shift+E in the film; wait until the draft is whole."""
        self.go_to_film()
        self.key(KEY.Key_E, SHIFT)
        self.wait(lambda: self.undecided() != [] and self.window.report.said() == "", MODEL)

    def go_to_film(self) -> None:
        self.key(KEY.Key_F6)
        self.wait(self.window.viewport.hasFocus)

    def drag_film(self, dx: int, dy: int, button: Qt.MouseButton = LEFT) -> None:
        middle = QPointF(self.window.viewport.rect().center())
        x, y = middle.x(), middle.y()
        way = [(x + dx * step / 4, y + dy * step / 4) for step in range(5)]
        drag(self.window.viewport, way, button)

    def draw_box(self) -> None:
        """B, then a drag over the middle of the film."""
        self.go_to_film()
        self.key(KEY.Key_B)
        self.drag_film(80, 90)
        assert self.window.viewport.box() is not None

    def ask(self, question: str) -> None:
        """E, a question, Enter; wait for its answer."""
        self.go_to_film()
        self.key(KEY.Key_E)
        self.type(question)
        self.key(KEY.Key_Return)
        self.wait(self.ask_box().insert_button.isVisible, MODEL)

    def insert_answer(self) -> None:
        """Click "Insert as finding"."""
        before = len(self.sentences())
        self.click(self.ask_box().insert_button)
        assert len(self.sentences()) == before + 1

    def ask_box(self) -> AskBox:
        box = self.window.report.findChild(AskBox)
        assert isinstance(box, AskBox)
        return box

    def accept(self) -> None:
        self.key(KEY.Key_Return, CTRL)

    def sign(
        self, name: str, organization: str, credential: str, *, preliminary: bool = False
    ) -> None:
        """F8 (Ctrl+F8), then fill in the dialogue; the first time the credential is typed twice."""
        self.key(KEY.Key_F8, CTRL if preliminary else NONE)
        self.wait(lambda: self.window.signing.dialog is not None)
        dialog = self.window.signing.dialog
        assert dialog is not None
        for field, text in ((dialog.name, name), (dialog.organization, organization)):
            field.selectAll()
            KEYS.keyClicks(field, text)
        for secret in (dialog.credential, dialog.repeated):
            if not secret.isHidden():
                KEYS.keyClicks(secret, credential)
        self.key(KEY.Key_Return, widget=dialog.credential)

    # --- what is on the screen ---

    def report(self) -> ReportDocument | None:
        return self.viewer.session.ledger.document

    def sentences(self) -> tuple[Sentence, ...]:
        report = self.report()
        return report.sentences() if report is not None else ()

    def findings(self) -> list[str]:
        report = self.report()
        assert report is not None
        return [one.text for one in report.section(SectionKind.FINDINGS).sentences]

    def undecided(self) -> list[Sentence]:
        return [one for one in self.sentences() if not one.is_decided]

    def standing(self) -> str:
        return self.window.report.panel.standing()


def write_echo(root: DataRoot, pause: float = 0.0) -> str:
    """Install a model that repeats its prompt and knows three findings; its name."""
    path = root.models / "echo"
    path.mkdir(parents=True, exist_ok=True)
    write_model(
        ModelFolder(
            path=path,
            name="echo",
            model_version="1.0.0",
            backend="echo",
            tasks=("answer", "choice", "findings"),
            config={"pause": pause},
            preprocess=Preprocess(64),
            findings=(
                Finding("normal", "is it normal?", "Normal chest film.", "Not a normal film."),
                Finding("effusion", "is there an effusion?", "Pleural effusion.", "No effusion."),
                Finding("heart", "is the heart large?", "The heart is enlarged.", "Normal heart."),
            ),
            manufacturer="Wetread",
        )
    )
    return "echo"


def write_served(root: DataRoot, url: str, model: str, name: str = "served") -> str:
    """Install a model that a chat server runs; its name."""
    path = root.models / name
    path.mkdir(parents=True, exist_ok=True)
    config = {"url": url, "model": model}
    write_model(ModelFolder(path, name, model, "chat", TASKS, config))
    return name


def write_films(folder: Path, count: int) -> Path:
    """A folder with a small chest film of each of `count` patients, studies 1.2.826.0 and on."""
    folder.mkdir()
    for number in range(count):
        film = dcmread(str(get_testdata_file("CT_small.dcm")))
        film.PatientID, film.PatientName = f"ID{number}", f"Patient^{number}"
        film.Modality, film.BodyPartExamined = "CR", "CHEST"
        film.StudyInstanceUID = f"1.2.826.{number}"
        film.SeriesInstanceUID = f"1.2.826.{number}.1"
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = UID(
            f"1.2.826.{number}.1.1"
        )
        film.save_as(folder / f"{number}.dcm")
    return folder
