"""The first start: what this program is not for, acknowledged once by a named person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dicom_io.storage import DataRoot, read_versioned, write_versioned
from ui import theme
from ui.jobs import Jobs
from ui.language import later, tr

VERSION = 1
WORDS = later(
    "Wetread is for research only. It is not a medical device, and nothing that it shows or "
    "writes may be used for diagnosis or treatment. Its model has seen few films and errs."
)


class Acknowledgement(QDialog):
    """One sentence, a name, one button."""

    def __init__(self, path: Path, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._jobs = jobs
        self.setWindowTitle(tr("Research use only"))
        self.setModal(True)
        words = QLabel(tr(WORDS))
        words.setWordWrap(True)
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("Your name"))
        self._button = QPushButton(tr("I understand"))
        self._button.setProperty("role", "main")
        self._button.setDefault(True)
        self._button.setEnabled(False)
        column = QVBoxLayout(self)
        edge = theme.SPACES[4]
        column.setContentsMargins(edge, edge, edge, edge)
        column.setSpacing(theme.SPACES[3])
        column.addWidget(words)
        column.addWidget(self.name)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self._button)
        column.addLayout(line)
        self.setMinimumWidth(theme.RIGHT_WIDTH)
        self.name.textChanged.connect(self._allow)
        self._button.clicked.connect(self._keep)

    @classmethod
    def ask_once(cls, root: DataRoot, jobs: Jobs, parent: QWidget) -> None:
        """Show the dialogue unless somebody has acknowledged it in this data root."""
        path = root.folder / "acknowledged.json"

        def look(cancelled: Callable[[], bool]) -> Iterator[bool]:
            if path.exists():
                read_versioned(path, "acknowledgement", VERSION)
                return
            yield True

        def ask(_: bool) -> None:
            cls(path, jobs, parent).open()

        jobs.start(look, on_item=ask, pool="disk")

    def _allow(self, name: str) -> None:
        self._button.setEnabled(bool(name.strip()))

    def _keep(self) -> None:
        path, name = self._path, self.name.text().strip()

        def write(cancelled: Callable[[], bool]) -> Iterator[None]:
            moment = datetime.now().astimezone().isoformat(timespec="seconds")
            write_versioned(path, VERSION, {"name": name, "time": moment, "words": WORDS})
            yield None

        self._jobs.start(write, pool="disk")
        self.accept()
