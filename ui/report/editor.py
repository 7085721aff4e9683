"""A field that grows with its words: Enter gives them, Esc steps back and loses none."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PyQt6.QtCore import QEvent, QMimeData, Qt, pyqtSignal
from PyQt6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PyQt6.QtWidgets import QFrame, QPlainTextDocumentLayout, QPlainTextEdit, QSizePolicy, QWidget

from dicom_io.report.document import Link, Sentence
from dicom_io.report.macros.expanding import PLACE
from ui.report.aids import Aids
from ui.report.spell_menu import spelling_menu
from ui.report.typed import BY_AI, Typed, pasted, still_holds

SOURCE = QTextFormat.Property.UserProperty.value + 1  # number of the sentence it was pasted from


class Editor(QPlainTextEdit):
    """One paragraph of text, as high as it needs to be.

    `given` is told when Enter is pressed; `left` when Esc is pressed or the focus goes elsewhere.
    What to do with the words is for the owner to say. Tab expands a macro's code, walks through
    what is left to fill in, and only then leaves. Words that were pasted keep their origin.
    """

    given = pyqtSignal(object)  # Typed
    left = pyqtSignal(object)  # Typed

    def __init__(
        self, placeholder: str = "", parent: QWidget | None = None, aids: Aids | None = None
    ) -> None:
        super().__init__(parent)
        self._aids = aids
        self._sentence: Sentence | None = None  # that is edited; None for a new one
        self._sources: list[Sentence] = []
        self._macros: list[str] = []
        self._links: list[Link] = []
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
        if aids is not None:
            self.textChanged.connect(aids.typing)
            aids.editor_made.emit(self._paragraph)
        self._grow()

    def words(self) -> str:
        return self.toPlainText()

    def begin(self, sentence: Sentence) -> None:
        """Edit a sentence that stands in the report, all of it selected."""
        self._sentence, self._links = sentence, list(sentence.links)
        self.setPlainText(sentence.text)
        self.selectAll()

    def typed(self) -> Typed:
        """The words with what they came from."""
        sources = dict.fromkeys(number for number, _ in self._pasted(0, len(self.words())))
        links = sorted(self._links, key=lambda one: self.words().find(one.words))
        return Typed(
            self.words(),
            tuple(links),
            tuple(self._sources[number] for number in sources),
            tuple(self._macros),
        )

    def take(self) -> Typed:
        """The same, and the field is empty again."""
        typed = self.typed()
        self.clear()
        self._sources, self._macros, self._links = [], [], []
        return typed

    def insert_link(self, link: Link) -> None:
        """Put the words of a mark or a key image where the cursor stands."""
        cursor = self.textCursor()
        before = self.words()[: cursor.selectionStart()]
        space = " " if before and not before[-1].isspace() and before[-1] not in "([" else ""
        cursor.insertText(space + link.words, QTextCharFormat())
        self._links.append(link)
        self.setTextCursor(cursor)

    def go_to_end(self) -> None:
        """The cursor stands behind the last word, before the full stop."""
        cursor = self.textCursor()
        cursor.setPosition(len(self.words().rstrip(" .")))
        self.setTextCursor(cursor)

    # --- keys ---

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
            self.given.emit(self.typed())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit(self.typed())
        elif event.key() == Qt.Key.Key_Space and plain and self._expand():
            if not self.textCursor().hasSelection():
                self.insertPlainText(" ")
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab stays here while there is a code to expand or a place to fill in."""
        if next and self._expand():
            return True
        return self._go_to_place(next) or super().focusNextPrevChild(next)

    def _expand(self) -> bool:
        """Put the words of the macro in whose code stands before the cursor; Ctrl+Z takes them
        back."""
        cursor = self.textCursor()
        if self._aids is None or cursor.hasSelection():
            return False
        before = self.words()[: cursor.position()]
        code = before.split()[-1] if before and not before[-1].isspace() else ""
        text = self._aids.expand(code) if code else None
        if text is None:
            return False
        start = cursor.position() - len(code)
        cursor.setPosition(start, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text, QTextCharFormat())
        self._macros.append(text)
        cursor.setPosition(start)
        self.setTextCursor(cursor)
        if not self._go_to_place(True):
            cursor.setPosition(start + len(text))
            self.setTextCursor(cursor)
        return True

    def _go_to_place(self, forward: bool) -> bool:
        """Select the next `[place]` to fill in (the one before); False when there is none."""
        cursor = self.textCursor()
        found = list(PLACE.finditer(self.words()))
        if forward:
            here = cursor.selectionEnd()
            place = next((one for one in found if one.start() >= here), None)
        else:
            here = cursor.selectionStart()
            place = next((one for one in reversed(found) if one.end() <= here), None)
        if place is None:
            return False
        cursor.setPosition(place.start())
        cursor.setPosition(place.end(), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        return True

    # --- copy, paste, drag ---

    def createMimeDataFromSelection(self) -> QMimeData | None:
        """What is copied or dragged takes its origin along."""
        data = super().createMimeDataFromSelection()
        if data is not None and self._aids is not None:
            self._aids.note_copy(data, self._source_of_selection())
        return data

    def _source_of_selection(self) -> Sentence | None:
        if self._sentence is not None and self._sentence.origin in BY_AI:
            return self._sentence
        cursor = self.textCursor()
        found = self._pasted(cursor.selectionStart(), cursor.selectionEnd())
        return next((self._sources[number] for number, _ in found), self._sentence)

    def insertFromMimeData(self, source: QMimeData | None) -> None:
        """Plain words alone, without control characters, and with the origin that they have."""
        if source is None or not source.hasText():
            return
        form, origin = QTextCharFormat(), self._aids.source_of(source) if self._aids else None
        if origin is not None:
            self._sources.append(origin)
            form.setProperty(SOURCE, len(self._sources) - 1)
        cursor = self.textCursor()
        cursor.insertText(pasted(source.text()), form)
        cursor.setCharFormat(QTextCharFormat())
        self.setTextCursor(cursor)

    def _pasted(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """The pieces between two places that were pasted and still hold words of their source."""
        block = self._paragraph.begin()
        while block.isValid():
            pieces = block.begin()
            while not pieces.atEnd():
                piece = pieces.fragment()
                number = piece.charFormat().property(SOURCE)
                inside = piece.position() < end and piece.position() + piece.length() > start
                if isinstance(number, int) and inside:
                    if still_holds(piece.text(), self._sources[number]):
                        yield number, piece.text()
                pieces += 1
            block = block.next()

    # --- the rest ---

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """The usual menu, with other spellings of the word under the mouse or cursor."""
        if event is None:
            return
        menu = self.createStandardContextMenu()
        if menu is not None:
            if self._aids is not None:
                by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
                at = self.textCursor() if by_key else self.cursorForPosition(event.pos())
                spelling_menu(menu, self, at, self._aids)
            menu.exec(event.globalPos())

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        if event is not None and event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit(self.typed())

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
