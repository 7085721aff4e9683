"""The cheat sheet: every key and button of the binding in use, by group, searched as one types."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.actions import Key
from ui.language import tr
from ui.viewport.gesture_words import act_text, gesture_text
from ui.viewport.gestures import Mouse

COLUMNS = 3  # at most


def mouse_keys(mouse: Mouse) -> tuple[Key, ...]:
    """The gestures of a table, as lines of the sheet."""
    group = tr("Mouse")
    lines = [
        Key(group, act_text(act, mouse.at_rest), gesture_text(gesture), "anywhere")
        for gesture, act in mouse.bindings.items()
        if act != "none"
    ]
    return (
        *lines,
        Key(group, tr("Menu"), tr("right click"), "anywhere"),
        Key(group, tr("Maximise and back"), tr("double click"), "anywhere"),
        Key(group, tr("The same, faster"), tr("Ctrl + drag"), "anywhere"),
        Key(group, tr("Zoom about the fingers"), tr("two fingers apart"), "anywhere"),
    )


class KeysDialog(QDialog):
    """One calm sheet, made from the tables in use each time it opens; Esc closes it."""

    def __init__(
        self, keys: Sequence[Key], mouse: Mouse | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys and mouse"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.change = QPushButton(tr("Change keys and buttons"))
        self.change.setAutoDefault(False)
        lines = [*(mouse_keys(mouse) if mouse is not None else ()), *sorted(keys, key=_group)]
        self._blocks = [
            _Block(group, list(members)) for group, members in groupby(lines, key=_group)
        ]
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setSpacing(theme.SPACES[4])
        wide, high = 5 * theme.scaled(theme.LEFT_WIDTH), 3 * theme.scaled(theme.LEFT_WIDTH)
        window = parent.window() if parent is not None else None
        if window is not None:
            wide = min(wide, window.width())
        widest = max(block.width_of_lines() for block in self._blocks) + theme.SPACES[4]
        for blocks in _balanced(self._blocks, min(max(wide // widest, 1), COLUMNS)):
            column = QVBoxLayout()
            for block in blocks:
                column.addWidget(block)
            column.addStretch(1)
            columns.addLayout(column, 1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.change)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(area, 1)
        self.resize(wide, high)

    def shown(self) -> tuple[str, ...]:
        """The lines that the search leaves, "Fit to pane: F"."""
        return tuple(line for block in self._blocks for line in block.shown())

    def _filter(self, text: str) -> None:
        for block in self._blocks:
            block.filter(text.casefold())


class _Block(QWidget):
    """One group of lines."""

    def __init__(self, title: str, keys: Sequence[Key]) -> None:
        super().__init__()
        self._title = title
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, theme.SPACES[2])
        grid.setHorizontalSpacing(theme.SPACES[2])
        grid.setVerticalSpacing(theme.SPACES[0])
        grid.setColumnStretch(0, 1)
        heading = QLabel(title or tr("Other"))
        heading.setProperty("role", "heading")
        grid.addWidget(heading, 0, 0, 1, 2)
        self._lines: list[tuple[Key, QLabel, QLabel]] = []
        for row, key in enumerate(keys, start=1):
            what, how = QLabel(key.text), QLabel(key.shortcut)
            how.setProperty("role", "key")
            how.setToolTip(_place(key))
            grid.addWidget(what, row, 0)
            grid.addWidget(how, row, 1, Qt.AlignmentFlag.AlignRight)
            self._lines.append((key, what, how))

    @property
    def lines(self) -> int:
        """How many lines it takes, with its heading."""
        return len(self._lines) + 2

    def width_of_lines(self) -> int:
        """How much room its columns of texts and keys ask for."""
        for _, what, how in self._lines:
            what.ensurePolished()
            how.ensurePolished()
        texts = max((what.sizeHint().width() for _, what, _ in self._lines), default=0)
        keys = max((how.sizeHint().width() for _, _, how in self._lines), default=0)
        return texts + keys + theme.SPACES[2]

    def shown(self) -> list[str]:
        """Its lines that are not hidden."""
        return [
            f"{key.text}: {key.shortcut}" for key, what, _ in self._lines if not what.isHidden()
        ]

    def filter(self, wanted: str) -> None:
        """Hide the lines that do not hold the text."""
        for key, what, how in self._lines:
            words = f"{self._title} {key.text} {key.shortcut}".casefold()
            what.setVisible(wanted in words)
            how.setVisible(wanted in words)
        self.setVisible(any(not what.isHidden() for _, what, _ in self._lines))


def _group(key: Key) -> str:
    return key.group


def _place(key: Key) -> str:
    return {"anywhere": "", "viewport": tr("in the film"), "report": tr("in the report")}[
        key.context
    ]


def _balanced(blocks: Sequence[_Block], count: int) -> list[list[_Block]]:
    """The blocks in order, in columns of about the same length."""
    limit = sum(block.lines for block in blocks) / count
    columns: list[list[_Block]] = [[]]
    for block in blocks:
        filled = sum(one.lines for one in columns[-1])
        if columns[-1] and filled + block.lines / 2 > limit and len(columns) < count:
            columns.append([])
        columns[-1].append(block)
    return columns
