"""Who signs: name, organisation and credential, asked in one small dialogue."""

from __future__ import annotations

from collections.abc import Collection

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dicom_io.report.document import Reader
from dicom_io.report.finish import Credential
from dicom_io.report.signing import SHORTEST_CREDENTIAL
from ui import theme
from ui.language import tr
from ui.wording import dicom_name, spoken_name


class SignDialog(QDialog):
    """Asks once. `signature_given` tells what was typed; the owner closes it when it was right."""

    signature_given = pyqtSignal(object)  # Credential

    def __init__(
        self,
        reader: Reader | None,
        enrolled: Collection[str],
        parent: QWidget | None = None,
        *,
        preliminary: bool = False,
    ) -> None:
        """`enrolled` are the names (Family^Given) that already have a credential here;
        `preliminary` when the report is only released."""
        super().__init__(parent)
        self._enrolled = set(enrolled)
        self._preliminary = preliminary
        self._heading = tr("Release as preliminary") if preliminary else tr("Sign the report")
        self.setWindowTitle(self._heading)
        self.setModal(True)
        self.name = QLineEdit(spoken_name(reader.name) if reader and reader.name else "")
        self.organization = QLineEdit(reader.organization if reader else "")
        self.credential = QLineEdit()
        self.repeated = QLineEdit()
        self._repeated_label = QLabel(tr("Repeat"))
        self._hint = QLabel()
        self._problem = QLabel()
        self._sign = QPushButton(tr("Release") if preliminary else tr("Sign"))
        self._cancel = QPushButton(tr("Cancel"))
        self._lay_out()
        self.name.textChanged.connect(self._show_enrolment)
        self._sign.clicked.connect(self._give)
        self._cancel.clicked.connect(self.reject)
        self._show_enrolment()
        first = self.name if not self.name.text() else self.credential
        first.setFocus()

    @property
    def enrols(self) -> bool:
        """True while the name typed has no credential on this workstation yet."""
        return dicom_name(self.name.text()) not in self._enrolled

    def show_enrolled(self, enrolled: Collection[str]) -> None:
        """Who has a credential here by now."""
        self._enrolled = set(enrolled)
        self._show_enrolment()

    def problem(self) -> str:
        """What was not right, "" while nothing is known to be wrong."""
        return self._problem.text() if self._problem.isVisibleTo(self) else ""

    def show_problem(self, sentence: str) -> None:
        """Say what was not right, and let the person try again."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._sign.setEnabled(True)
        self.credential.clear()
        self.repeated.clear()
        self.credential.setFocus()

    def _give(self) -> None:
        reader = Reader(dicom_name(self.name.text()), self.organization.text().strip())
        problem = self._missing(reader)
        if problem:
            self.show_problem(problem)
            return
        self._problem.hide()
        self._sign.setEnabled(False)
        self.signature_given.emit(Credential(reader, self.credential.text(), self.enrols))

    def _missing(self, reader: Reader) -> str:
        if "^" not in reader.name:
            return tr("Write your name as Family, Given.")
        if not reader.organization:
            return tr("Write the organisation that you sign for.")
        if not self.enrols:
            return "" if self.credential.text() else tr("Type your credential.")
        if len(self.credential.text()) < SHORTEST_CREDENTIAL:
            return tr(
                "Choose a credential of at least {count} characters.", count=SHORTEST_CREDENTIAL
            )
        if self.credential.text() != self.repeated.text():
            return tr("The two credentials differ. Type them again.")
        return ""

    def _show_enrolment(self) -> None:
        """The second credential field is there only for a name that is new here."""
        self._repeated_label.setVisible(self.enrols)
        self.repeated.setVisible(self.enrols)
        self._hint.setText(
            tr("First signature of this name here: choose a credential and remember it.")
            if self.enrols
            else tr("The report is stored in your name, unverified. Its draft stays open.")
            if self._preliminary
            else tr("Your credential confirms that you have read the film and the report.")
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        edge = theme.SPACES[4]
        column.setContentsMargins(edge, edge, edge, edge)
        column.setSpacing(theme.SPACES[3])
        heading = QLabel(self._heading)
        heading.setProperty("role", "strong")
        column.addWidget(heading)
        self._hint.setProperty("role", "quiet")
        self._hint.setWordWrap(True)
        column.addWidget(self._hint)
        for field in (self.credential, self.repeated):
            field.setEchoMode(QLineEdit.EchoMode.Password)
        self.name.setPlaceholderText(tr("Family, Given"))
        self.name.setObjectName("reader")
        self.organization.setObjectName("organization")
        self.credential.setObjectName("credential")
        self.repeated.setObjectName("repeated")
        form = QFormLayout()
        form.setSpacing(theme.SPACES[2])
        form.addRow(tr("Reader"), self.name)
        form.addRow(tr("Organisation"), self.organization)
        form.addRow(tr("Credential"), self.credential)
        form.addRow(self._repeated_label, self.repeated)
        column.addLayout(form)
        self._problem.setProperty("role", "alarm")
        self._problem.setWordWrap(True)
        self._problem.hide()
        column.addWidget(self._problem)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self._cancel.setProperty("role", "plain")
        self._cancel.setAutoDefault(False)
        self._sign.setProperty("role", "main")
        self._sign.setDefault(True)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._sign)
        column.addLayout(buttons)
        self.setMinimumWidth(theme.RIGHT_WIDTH)
