"""A field that grows with its words: Enter gives them, Esc steps back and loses none."""

from __future__ import annotations

import math

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent, QTextDocument
from PyQt6.QtWidgets import QFrame, QPlainTextDocumentLayout, QPlainTextEdit, QSizePolicy, QWidget


class Editor(QPlainTextEdit):
    """One paragraph of text, as high as it needs to be.

    `given` carries the words when Enter is pressed; `left` carries them when Esc is pressed or the
    focus goes elsewhere. What to do with them is for the owner to say.
    """

    given = pyqtSignal(str)
    left = pyqtSignal(str)

    def __init__(self, placeholder: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._paragraph = QTextDocument(self)
        self._paragraph.setDocumentLayout(QPlainTextDocumentLayout(self._paragraph))
        self._paragraph.setDocumentMargin(0)
        self.setDocument(self._paragraph)
        self.textChanged.connect(self._grow)
        self._grow()

    def words(self) -> str:
        return self.toPlainText()

    def event(self, event: QEvent | None) -> bool:
        """Keep Esc for the field itself, before a shortcut of the window takes it."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        assert event is not None
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.given.emit(self.words())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit(self.words())
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        if event is not None and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit(self.words())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._grow()

    def changeEvent(self, event: QEvent | None) -> None:
        """Words of another size need another height."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._grow()

    def _grow(self) -> None:
        """One line at least; QPlainTextEdit counts its document's height in lines."""
        lines = max(1, math.ceil(self._paragraph.size().height()))
        margins = self.contentsMargins()
        edges = margins.top() + margins.bottom()
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + edges + 2)
