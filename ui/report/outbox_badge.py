"""What waits to be stored: a word in the bottom line, and a list with reasons behind it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QMenu, QToolButton, QWidget

from dicom_io.pacs.outbox import Item
from ui.language import later, tr

STATES = (later("queued"), later("sent"), later("verified"), later("failed"))  # for translators


class OutboxBadge(QToolButton):
    """Shown while a signed report is not proved to be in the PACS, and only then."""

    retry_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("outbox-badge")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._list = QMenu(self)
        self._list.setToolTipsVisible(True)
        self.setMenu(self._list)
        self.hide()

    def show_waiting(self, items: Sequence[Item]) -> None:
        """The items that wait, oldest first; none hides the badge."""
        count = len(items)
        self.setText(tr("not stored, {count} waiting", count=count))
        self.setToolTip(
            tr("Signed reports that the PACS has not been proved to hold. They stay on this disk.")
        )
        self._list.clear()
        for item in items:
            reason = item.problem or tr("It is on its way.")
            entry = self._list.addAction(f"{item.node}, {tr(item.state.value)}: {reason}")
            if entry is not None:
                entry.setEnabled(False)
        self._list.addSeparator()
        again = self._list.addAction(tr("Try again now"))
        if again is not None:
            again.triggered.connect(self._ask)
        self.setVisible(count > 0)

    def _ask(self) -> None:
        self.retry_asked.emit()
