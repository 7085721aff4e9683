"""A process with a real window in which somebody types without end; prints each word and when."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PyQt6.QtCore import QEvent, Qt, QTimer
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QApplication

from dicom_io.pacs.folder import FolderSource
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot
from ui.app import build_window
from ui.application import application

EVERY = 25  # ms between two words


def main(home: Path, films: Path) -> int:
    """Open the one study of the folder and type into its findings, Enter after each tenth word."""
    app = application()
    viewer = build_window((), DataRoot(home).create(), Settings(), [FolderSource(films)])
    window = viewer.window
    window.show()
    window.studies.search()
    typed = 0

    def step() -> None:
        nonlocal typed
        if viewer.session.ledger.document is None:
            listed = window.studies.following("")
            if listed is not None and viewer.session.reading.identity is None:
                window.open(listed)
            return
        field = window.report.panel.field_of("Findings")
        word = f"w{typed}"
        for letter in word + " ":
            press(field, letter)
        print(word, time.monotonic(), flush=True)
        typed += 1
        if typed % 10 == 0:
            press(field, "\r", Qt.Key.Key_Return)

    timer = QTimer()
    timer.timeout.connect(step)
    timer.start(EVERY)
    return int(app.exec())


def press(widget: object, text: str, key: int = 0) -> None:
    """A key's press, as the system would send it."""
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    QApplication.sendEvent(widget, event)  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
