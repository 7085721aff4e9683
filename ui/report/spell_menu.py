"""Other spellings of a word, in an editor's menu."""

from __future__ import annotations

from functools import partial

from PyQt6.QtGui import QTextCursor
from PyQt6.QtWidgets import QMenu, QPlainTextEdit

from ui.language import tr
from ui.report.aids import Aids

OFFERED = 6


def spelling_menu(menu: QMenu, editor: QPlainTextEdit, at: QTextCursor, aids: Aids) -> None:
    """Put suggestions for the word at the cursor before what the menu holds already."""
    at.select(QTextCursor.SelectionType.WordUnderCursor)
    word = at.selectedText()
    if not word or not aids.is_wrong(word):
        return
    first = menu.actions()[0] if menu.actions() else None
    for other in aids.suggest(word)[:OFFERED]:
        chosen = menu.addAction(other)
        if chosen is not None:
            chosen.triggered.connect(partial(_write, editor, at, other))
            menu.insertAction(first, chosen)
    learnt = menu.addAction(tr("Add “{word}” to the dictionary", word=word))
    if learnt is not None:
        learnt.triggered.connect(lambda: aids.learn(word))
        menu.insertAction(first, learnt)
    menu.insertSeparator(first)


def _write(editor: QPlainTextEdit, at: QTextCursor, word: str) -> None:
    at.insertText(word)
    editor.setTextCursor(at)
