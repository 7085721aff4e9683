"""Page: one page of the settings dialogue; what is changed on it holds at once and is kept."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.report.sentence_row import set_property


class Page(QWidget):
    """A heading-less column with one sentence at its foot for what went wrong or was done."""

    changed = pyqtSignal(object)  # a part of the settings, to be used and written

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(*[theme.SPACES[4]] * 4)
        self.column.setSpacing(theme.SPACES[2])
        self._foot = QLabel()
        self._foot.setWordWrap(True)
        self._foot.setProperty("role", "quiet")

    def say(self, sentence: str, *, alarm: bool = False) -> None:
        """One sentence at the foot."""
        set_property(self._foot, "role", "alarm" if alarm else "quiet")
        self._foot.setText(sentence)

    def said(self) -> str:
        """The sentence at the foot."""
        return self._foot.text()

    def close_column(self) -> None:
        """The foot is the last line; call once everything else is there."""
        self.column.addWidget(self._foot)
