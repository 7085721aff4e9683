"""The archives of the settings in one dialogue: entered, changed, and each connection checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dicom_io.audit import AuditLog, Event
from dicom_io.errors import BadNode, DicomProblem
from dicom_io.pacs.node import Node, checked_node, parse_node
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot
from ui import theme
from ui.jobs import Job, Jobs
from ui.language import tr

SIZE = (720, 640)
EXAMPLES = "PACS@192.0.2.10:104, https://pacs.example/dicom-web"


class ConnectionDialog(QDialog):
    """Fields of one archive above, the lines of its check below, as they come."""

    saved = pyqtSignal(object)  # Node

    def __init__(self, jobs: Jobs, root: DataRoot, audit: AuditLog, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Archives"))
        self._jobs, self._root, self._audit = jobs, root, audit
        self._nodes: tuple[Node, ...] = ()
        self._job: Job | None = None
        self._asks: list[str] = []
        self.which = QComboBox()
        self.name, self.address, self.web = QLineEdit(), QLineEdit(), QLineEdit()
        self.calling, self.user = QLineEdit(), QLineEdit()
        self.listen = QSpinBox()
        self.listen.setRange(0, 65535)
        self.listen.setSpecialValueText(tr("none"))
        self.tls = QCheckBox(tr("Encrypt DICOM associations"))
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName(tr("Connection check"))
        self.foot = QLabel()
        self.foot.setWordWrap(True)
        self.check = _button(tr("Check"), self.start)
        self.halt = _button(tr("Stop"), self.stop)
        self.copy = _button(tr("Copy for the administrator"), self.copy_asks)
        self.save = _button(tr("Save"), self.keep)
        self._lay_out()
        self.which.currentIndexChanged.connect(self._show_chosen)
        self.finished.connect(self.stop)
        self._turn(False)
        self._jobs.start(self._read, on_item=self._know, pool="disk")

    # --- what a person does ---

    def start(self) -> None:
        """Check the archive that the fields describe."""
        node = self._described()
        if node is None:
            return
        self.stop()
        self.lines.clear()
        self._asks.clear()
        self.foot.clear()
        self._turn(True)
        audit = self._audit

        def work(cancelled: Callable[[], bool]) -> Iterator[tuple[str, str]]:
            from functools import partial

            from dicom_io.pacs.doctor import examine, line_of
            from dicom_io.pacs.secrets import secret_of

            audit.record(Event.QUERY, node=node.name, kind="connection check")
            for one in examine(node, partial(secret_of, node.name), cancelled):
                yield line_of(one), one.ask

        self._job = self._jobs.start(
            work,
            on_item=lambda line: self._add(*line),
            on_done=lambda: self._ended(tr("The check is done.")),
            on_failed=self._failed,
            pool="network",
        )

    def stop(self) -> None:
        """Give up the check under way; the lines that came stay."""
        if self._job is not None and self._job.is_running:
            self._job.cancel()
            self._ended(tr("Stopped."))

    def copy_asks(self) -> None:
        """Put what to ask the administrator on the clipboard."""
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n\n".join(self._asks))
            self.foot.setText(tr("Copied."))

    def keep(self) -> None:
        """Write the archive that the fields describe into the settings."""
        node = self._described()
        if node is None:
            return
        path = self._root.settings

        def write(cancelled: Callable[[], bool]) -> Iterator[tuple[Node, ...]]:
            settings = Settings.read(path)
            others = (one for one in settings.nodes if one.name != node.name)
            changed = replace(settings, nodes=(*others, node))
            changed.write(path)
            self._audit.record(Event.NODES_CHANGED, count=len(changed.nodes))
            yield changed.nodes

        def written(nodes: tuple[Node, ...]) -> None:
            self._know(nodes, node.name)
            self.foot.setText(tr("It is searched when Wetread is started again."))
            self.saved.emit(node)

        self._jobs.start(write, on_item=written, on_failed=self._failed, pool="disk")

    # --- what comes back ---

    def _read(self, cancelled: Callable[[], bool]) -> Iterator[tuple[Node, ...]]:
        yield Settings.read(self._root.settings).nodes

    def _know(self, nodes: tuple[Node, ...], chosen: str = "") -> None:
        self._nodes = nodes
        self.which.clear()
        for node in nodes:
            self.which.addItem(node.name, node)
        self.which.addItem(tr("New archive"), None)
        self.which.setCurrentIndex(max(0, self.which.findText(chosen)))
        self._show_chosen()

    def _add(self, line: str, ask: str) -> None:
        self.lines.appendPlainText(line)
        if ask:
            self._asks.append(ask)
            self.copy.setEnabled(True)

    def _failed(self, error: Exception) -> None:
        known = isinstance(error, DicomProblem)
        self._ended(str(error) if known else tr("The check ended with a fault of Wetread's own."))
        if not known:
            self._jobs.failed.emit(error)

    def _ended(self, sentence: str) -> None:
        self._turn(False)
        self.foot.setText(sentence)

    def _turn(self, running: bool) -> None:
        self.check.setEnabled(not running)
        self.halt.setEnabled(running)
        self.copy.setEnabled(bool(self._asks))

    # --- the fields ---

    def _show_chosen(self) -> None:
        node = self.which.currentData()
        shown = node if isinstance(node, Node) else Node("")
        self.name.setText(shown.name)
        self.address.setText(shown.address if shown.host or shown.web else "")
        self.web.setText(shown.web if shown.host else "")
        self.calling.setText(shown.calling_aet)
        self.listen.setValue(shown.listen)
        self.user.setText(shown.user)
        self.tls.setChecked(shown.tls)

    def _described(self) -> Node | None:
        """The archive in the fields; None, with a sentence, where they cannot be right."""
        known = self.which.currentData()
        before = known if isinstance(known, Node) else Node("")
        try:
            written = parse_node(self.address.text())
            name = self.name.text().strip() or written.name
            return checked_node(
                replace(
                    before,
                    name=name,
                    aet=written.aet,
                    host=written.host,
                    port=written.port,
                    web=(self.web.text().strip() or written.web).rstrip("/"),
                    calling_aet=self.calling.text().strip() or "WETREAD",
                    listen=self.listen.value(),
                    user=self.user.text().strip(),
                    tls=self.tls.isChecked(),
                )
            )
        except BadNode as problem:
            self.foot.setText(str(problem))
            return None

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow(tr("Archive"), self.which)
        form.addRow(tr("Name"), self.name)
        form.addRow(tr("Address"), self.address)
        form.addRow(tr("DICOMweb"), self.web)
        form.addRow(tr("Our AE title"), self.calling)
        form.addRow(tr("Our port"), self.listen)
        form.addRow(tr("User"), self.user)
        form.addRow("", self.tls)
        self.address.setPlaceholderText(EXAMPLES)
        buttons = QHBoxLayout()
        for button in (self.check, self.halt, self.copy, self.save):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(_button(tr("Close"), self.accept))
        column = QVBoxLayout(self)
        column.setSpacing(theme.SPACES[2])
        column.addLayout(form)
        column.addWidget(self.lines, 1)
        column.addWidget(self.foot)
        column.addLayout(buttons)
        self.resize(*SIZE)


def _button(text: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda: act())
    return button
