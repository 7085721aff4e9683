"""The dialogue of macros: a list at the left, code, language and words at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dicom_io.report.macros.macro import Macro, problem_of
from ui import theme
from ui.language import tr


class MacrosDialog(QDialog):
    """Tells what is to be saved or removed; who reads and writes files does it."""

    saved = pyqtSignal(object)  # Macro
    removed = pyqtSignal(object)  # Macro

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Macros"))
        self._macros: tuple[Macro, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Macros"))
        self.code, self.language, self.words = QLineEdit(), QLineEdit(), QPlainTextEdit()
        self.language.setPlaceholderText(tr("any language"))
        self.words.setTabChangesFocus(True)
        self.save = QPushButton(tr("Save"))
        self.remove = QPushButton(tr("Remove"))
        self._foot = QLabel(
            tr(
                "Type the code in the report, then Tab or a space. [size] is a place that Tab "
                "leads to, {StudyDate} a value of the image, {macro:code} another macro."
            )
        )
        self._foot.setWordWrap(True)
        self._foot.setProperty("role", "quiet")
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setProperty("role", "alarm")
        self._lay_out()
        self.list.currentRowChanged.connect(self._choose)
        self.save.clicked.connect(self._save)
        self.remove.clicked.connect(self._remove)

    def show_macros(self, macros: Sequence[Macro]) -> None:
        """List these; the fields keep what is written in them."""
        self._macros = tuple(macros)
        self._problem.setText("")
        self.list.blockSignals(True)
        self.list.clear()
        for one in self._macros:
            self.list.addItem(f"{one.code}  {one.language or tr('any language')}")
        self.list.blockSignals(False)

    def show_problem(self, sentence: str) -> None:
        """Why something was not done."""
        self._problem.setText(sentence)

    def problem(self) -> str:
        """The sentence on the screen."""
        return self._problem.text()

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._macros):
            one = self._macros[row]
            self.code.setText(one.code)
            self.language.setText(one.language)
            self.words.setPlainText(one.text)

    def _written(self) -> Macro:
        text = " ".join(self.words.toPlainText().split())
        return Macro(self.code.text().strip(), text, self.language.text().strip())

    def _save(self) -> None:
        macro = self._written()
        problem = problem_of(macro.code, macro.text)
        self._problem.setText(problem)
        if not problem:
            self.saved.emit(macro)

    def _remove(self) -> None:
        self.removed.emit(self._written())

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Code"), self.code)
        form.addRow(tr("Language"), self.language)
        form.addRow(tr("Words"), self.words)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.remove, self.save):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        right = QVBoxLayout()
        right.addLayout(form, 1)
        right.addWidget(self._foot)
        right.addWidget(self._problem)
        right.addLayout(buttons)
        both = QHBoxLayout(self)
        both.setSpacing(theme.SPACES[3])
        both.addWidget(self.list)
        both.addLayout(right, 1)
        width = theme.scaled(theme.LEFT_WIDTH)
        self.list.setFixedWidth(width // 2)
        self.resize(2 * width + width // 2, width + width // 2)
