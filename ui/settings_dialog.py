"""The settings dialogue: pages at the left, one page at the right; a change holds at once."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.language import tr
from ui.settings_pages.page import Page


class SettingsDialog(QDialog):
    """One calm dialogue; each page tells what is changed on it, and here that is passed on."""

    changed = pyqtSignal(object)  # a part of the settings

    def __init__(self, pages: Sequence[Page], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.pages = tuple(pages)
        self.names = QListWidget()
        self.names.setAccessibleName(tr("Pages"))
        self.names.setFixedWidth(theme.scaled(theme.LEFT_WIDTH) // 2)
        self._stack = QStackedWidget()
        for page in pages:
            self.names.addItem(page.title)
            self._stack.addWidget(page)
            page.changed.connect(self.changed)
        self.names.currentRowChanged.connect(self._stack.setCurrentIndex)
        close = QPushButton(tr("Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(close)
        column = QVBoxLayout()
        column.addWidget(self._stack, 1)
        column.addLayout(line)
        both = QHBoxLayout(self)
        both.addWidget(self.names)
        both.addLayout(column, 1)
        self.names.setCurrentRow(0)
        self.resize(3 * theme.scaled(theme.LEFT_WIDTH), 2 * theme.scaled(theme.LEFT_WIDTH))

    def open_page(self, title: str) -> None:
        """Go to the page of that title."""
        titles = [page.title for page in self.pages]
        if title in titles:
            self.names.setCurrentRow(titles.index(title))
