"""What to export, where to, and whether with the patient's identity: one calm dialogue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.language import tr


class What(Enum):
    """What an export is of."""

    VIEW = "view"  # the pane in hand as it is seen, one PNG
    PICTURES = "pictures"  # its series, a PNG each
    SERIES = "series"  # its series, DICOM files with DICOMDIR
    STUDY = "study"  # the whole study, the same


@dataclass(frozen=True)
class Order:
    """What a person asked for."""

    what: What
    to: Path
    deidentify: bool
    confirmed: bool  # somebody has looked that no name is in the pixels
    with_texts: bool  # the corner texts of a view


class ExportDialog(QDialog):
    """Asks. `ordered` tells what was chosen; whoever exports calls `show_*` and closes it."""

    ordered = pyqtSignal(object)  # Order
    stopped = pyqtSignal()  # Esc or Cancel while an export goes on

    def __init__(self, risk: str, folder: Path, parent: QWidget | None = None) -> None:
        """`risk` is why names may be in the pixels, "" when nothing points at it; `folder` is
        where a new folder is suggested."""
        super().__init__(parent)
        self._risk = risk
        self._folder = folder
        self._is_busy = False
        self.setWindowTitle(tr("Export"))
        self.setModal(True)
        self.choices = {
            What.VIEW: QRadioButton(tr("This view, as it is seen (PNG)")),
            What.PICTURES: QRadioButton(tr("This series as pictures (PNG)")),
            What.SERIES: QRadioButton(tr("This series as a DICOM folder with DICOMDIR")),
            What.STUDY: QRadioButton(tr("The whole study as a DICOM folder with DICOMDIR")),
        }
        self.deidentify = QCheckBox(tr("Remove the patient's identity"))
        self.texts = QCheckBox(tr("With the texts in the corners"))
        self.looked = QCheckBox(tr("I have looked at the images: none shows a name"))
        self.place = QLineEdit()
        self.choose = QPushButton(tr("Choose"))
        self.export = QPushButton(tr("Export"))
        self.cancel = QPushButton(tr("Cancel"))
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._lay_out()
        self._connect()
        self.choices[What.VIEW].setChecked(True)
        self._suggest()

    def what(self) -> What:
        """What is chosen."""
        return next(what for what, button in self.choices.items() if button.isChecked())

    def said(self) -> str:
        """The sentence that is shown."""
        return self._words.text()

    def show_progress(self, done: int, total: int) -> None:
        """An export goes on."""
        self._words.setText(tr("{done} of {total}", done=done, total=total))

    def show_problem(self, sentence: str) -> None:
        """It ended without a result; another try is possible."""
        self._is_busy = False
        self._words.setText(sentence)
        self._allow()

    def reject(self) -> None:
        """Esc and Cancel: stop what goes on, else close."""
        if self._is_busy:
            self.stopped.emit()
        else:
            super().reject()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        edge = theme.SPACES[4]
        column.setContentsMargins(edge, edge, edge, edge)
        column.setSpacing(theme.SPACES[2])
        for button in self.choices.values():
            column.addWidget(button)
        column.addSpacing(theme.SPACES[2])
        for box in (self.texts, self.deidentify, self.looked):
            column.addWidget(box)
        column.addSpacing(theme.SPACES[2])
        line = QHBoxLayout()
        line.addWidget(self.place, 1)
        line.addWidget(self.choose)
        column.addLayout(line)
        column.addWidget(self._words)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.cancel)
        last.addWidget(self.export)
        column.addLayout(last)
        self.export.setProperty("role", "main")
        self.export.setDefault(True)
        self.choose.setAutoDefault(False)
        self.cancel.setAutoDefault(False)
        self.setMinimumWidth(theme.RIGHT_WIDTH + theme.LEFT_WIDTH // 2)
        self.deidentify.setToolTip(
            tr(
                "Names, numbers, private attributes and texts are removed, UIDs are replaced and "
                "dates moved (PS3.15 Basic Profile). Pixels stay as they are."
            )
        )
        self.texts.setToolTip(tr("Patient and study stand in the corners of a view."))

    def _connect(self) -> None:
        for button in self.choices.values():
            button.toggled.connect(self._suggest)
        self.deidentify.toggled.connect(self._allow)
        self.looked.toggled.connect(self._allow)
        self.place.textChanged.connect(self._allow)
        self.choose.clicked.connect(self._browse)
        self.export.clicked.connect(self._order)
        self.cancel.clicked.connect(self.reject)

    def _suggest(self) -> None:
        """A name that is free."""
        ending = ".png" if self.what() is What.VIEW else ""
        numbers = range(1, 1000)
        free = (self._folder / f"wetread-{number}{ending}" for number in numbers)
        self.place.setText(str(next((one for one in free if not one.exists()), self._folder)))
        self._allow()

    def _allow(self) -> None:
        """What goes together."""
        removes = self.deidentify.isChecked()
        self.texts.setVisible(self.what() is What.VIEW)
        self.texts.setEnabled(not removes)
        if removes:
            self.texts.setChecked(False)
        asks = removes and bool(self._risk)
        self.looked.setVisible(asks)
        if not self._is_busy and asks and not self.looked.isChecked():
            self._words.setText(self._risk)
        elif self._words.text() == self._risk:
            self._words.setText("")
        may = bool(self.place.text().strip()) and (not asks or self.looked.isChecked())
        self.export.setEnabled(may and not self._is_busy)

    def _browse(self) -> None:
        if self.what() is What.VIEW:
            chosen, _ = QFileDialog.getSaveFileName(
                self, tr("Export"), self.place.text(), "PNG (*.png)"
            )
        else:
            chosen = QFileDialog.getExistingDirectory(self, tr("Export"), str(self._folder))
        if chosen:
            self.place.setText(chosen)

    def _order(self) -> None:
        self._is_busy = True
        self._words.setText(tr("Exporting"))
        self.export.setEnabled(False)
        self.ordered.emit(
            Order(
                self.what(),
                Path(self.place.text().strip()).expanduser(),
                self.deidentify.isChecked(),
                self.looked.isChecked(),
                self.texts.isChecked(),
            )
        )
