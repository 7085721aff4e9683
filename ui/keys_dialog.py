"""The list of keys, built from the action table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PyQt6.QtWidgets import QDialog, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from ui import theme
from ui.actions import Key

PLACES = {"anywhere": "", "viewport": "in the film", "report": "in the report"}


class KeysDialog(QDialog):
    """Every action that has a key, by menu."""

    def __init__(self, keys: Sequence[Key], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        body = QWidget()
        grid = QGridLayout(body)
        grid.setHorizontalSpacing(theme.SPACES[4])
        grid.setVerticalSpacing(theme.SPACES[0])
        grid.setColumnStretch(1, 1)
        ordered = sorted(keys, key=lambda key: key.group)
        row = 0
        for group, members in groupby(ordered, key=lambda key: key.group):
            heading = QLabel(group)
            heading.setProperty("role", "heading")
            heading.setContentsMargins(0, theme.SPACES[2] if row else 0, 0, theme.SPACES[0])
            grid.addWidget(heading, row, 0, 1, 3)
            row += 1
            for key in members:
                for column, (text, role) in enumerate(
                    ((key.shortcut, "place"), (key.text, "text"), (PLACES[key.context], "quiet"))
                ):
                    label = QLabel(text)
                    label.setProperty("role", role)
                    grid.addWidget(label, row, column)
                row += 1
        grid.setRowStretch(row, 1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        column_layout = QVBoxLayout(self)
        column_layout.addWidget(area)
        self.resize(theme.RIGHT_WIDTH, 2 * theme.LEFT_WIDTH)
