"""KeyField: hears one key, whatever it would do elsewhere, and says which it was."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QKeyCombination, Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QLineEdit, QWidget

from ui.language import tr

_HELD_ALONE = {
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
    Qt.Key.Key_unknown,
}


class KeyField(QLineEdit):
    """While `listens`, the next key is told by `heard` and nothing else happens; Esc ends it."""

    heard = pyqtSignal(str)  # in Qt's portable form
    ended = pyqtSignal()  # Esc, or the focus went elsewhere

    listens = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName(tr("The new key"))

    def listen(self) -> None:
        """Hear the next key."""
        self.listens = True
        self.setText("")
        self.setPlaceholderText(tr("Press the new key; Esc leaves it as it is"))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent | None) -> bool:
        """Tab, Esc and every shortcut come here first."""
        if self.listens and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._hear(event)
                return True
        return super().event(event)

    def _hear(self, event: QKeyEvent) -> None:
        if Qt.Key(event.key()) in _HELD_ALONE:
            return
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self._end()
            return
        key = key_of(event)
        self.listens = False
        self.setText(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText))
        self.heard.emit(key)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        super().focusOutEvent(event)
        if self.listens:
            self._end()

    def _end(self) -> None:
        self.listens = False
        self.setPlaceholderText("")
        self.ended.emit()


def key_of(event: QKeyEvent) -> str:
    """The key of an event as an action's shortcut writes it.

    Shift belongs to a sign such as "?" already: which keys make it differs between keyboards.
    """
    held = event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
    )
    key = Qt.Key(event.key())
    text = event.text()
    is_sign = len(text) == 1 and text.isprintable() and not text.isalnum() and not text.isspace()
    if is_sign:
        held &= ~Qt.KeyboardModifier.ShiftModifier
    sequence = QKeySequence(QKeyCombination(held, key))
    return sequence.toString(QKeySequence.SequenceFormat.PortableText)
