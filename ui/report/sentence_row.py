"""One sentence of the report as a row: who wrote it, its words, what is known, and its keys."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QMouseEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from dicom_io.report.document import Decision, Origin, Sentence
from dicom_io.report.doubts import doubts_of
from ui import theme
from ui.language import tr
from ui.report.aids import Aids
from ui.report.editor import Editor
from ui.report.typed import Typed
from ui.report.words import explained, known, mark, remark

MARK_ROLES = {
    Origin.AI: "ai",
    Origin.AI_EDITED: "ai",
    Origin.TEMPLATE: "quiet",
    Origin.HUMAN: "quiet",
}


class SentenceRow(QFrame):
    """Shows one sentence, and on `start_editing` an editor in its place.

    `chosen` is told when the row gets the focus or is clicked; `edit_ended` carries the words
    typed, whichever way the editor was left, because what a person typed is never thrown away.
    """

    chosen = pyqtSignal(str)
    edit_asked = pyqtSignal(str)
    edit_ended = pyqtSignal(str, object, bool)  # id, Typed, given by Enter

    def __init__(
        self, sentence: Sentence, parent: QWidget | None = None, aids: Aids | None = None
    ) -> None:
        super().__init__(parent)
        self._aids = aids
        self.sentence = sentence
        self._editor: Editor | None = None
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._mark = _label("ai", small=True)
        self._text = _label("text")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._known = _label("quiet", small=True)
        self._known.setTextFormat(Qt.TextFormat.PlainText)
        self._remark = _label("ai", small=True)
        self._remark.setTextFormat(Qt.TextFormat.PlainText)
        self._remark.setWordWrap(True)
        self._checked = _label("alarm", small=True)
        self._checked.setTextFormat(Qt.TextFormat.PlainText)
        self._checked.setWordWrap(True)
        self._checked.hide()
        self._keys = Keys()
        self._grid = QGridLayout(self)
        self._lay_out()
        self.show_sentence(sentence)
        self.show_current(False, False)

    def _lay_out(self) -> None:
        tight, gap, side, *_ = theme.SPACES
        self._grid.setContentsMargins(theme.SPACES[3], tight + 2, side + tight, tight + 2)
        self._grid.setHorizontalSpacing(gap)
        self._grid.setVerticalSpacing(tight)
        self._grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        self._mark.setMinimumWidth(3 * theme.SPACES[2])
        self._grid.addWidget(self._mark, 0, 0, top)
        self._grid.addWidget(self._text, 0, 1)
        self._grid.addWidget(self._known, 0, 2, top | Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(self._remark, 1, 1, 1, 2)
        self._grid.addWidget(self._checked, 2, 1, 1, 2)
        self._grid.addWidget(self._keys, 3, 1, 1, 2)

    def show_sentence(self, sentence: Sentence) -> None:
        """Show the sentence as it is now; an open editor keeps its words."""
        self.sentence = sentence
        rejected = sentence.state is Decision.REJECTED
        self._mark.setText(mark(sentence))
        set_property(self._mark, "role", "quiet" if rejected else MARK_ROLES[sentence.origin])
        self._text.setText(sentence.text)
        set_property(self._text, "role", "rejected" if rejected else "text")
        self._known.setText(known(sentence))
        self._remark.setText(remark(sentence))
        self._remark.setVisible(bool(self._remark.text()))
        flagged = bool(doubts_of(sentence))
        set_property(self._known, "role", "alarm" if flagged else "quiet")
        set_property(self._remark, "role", "alarm" if flagged else "ai")
        self.setToolTip(explained(sentence))
        self.setAccessibleName(f"{mark(sentence)}: {sentence.text} {known(sentence)}")
        self._keys.show_for(sentence)

    def show_mark(self, text: str) -> None:
        """What a check says of the sentence; "" takes it away."""
        self._checked.setText(text)
        self._checked.setVisible(bool(text))
        self.setAccessibleDescription(text)

    def marked(self) -> str:
        """What a check says of it, "" for nothing."""
        return self._checked.text()

    def show_current(self, current: bool, may_decide: bool) -> None:
        """Mark the row as the current one; its keys show while it may be decided."""
        set_property(self, "current", current)
        self._keys.setVisible(current and may_decide and self._editor is None)

    @property
    def is_edited(self) -> bool:
        return self._editor is not None

    def start_editing(self) -> None:
        """Put an editor with the sentence's words in the place of the text."""
        if self._editor is not None:
            return
        editor = Editor(parent=self, aids=self._aids)
        editor.begin(self.sentence)
        editor.given.connect(self._give)
        editor.left.connect(self._end_editing)
        self._editor = editor
        self._text.hide()
        self._keys.hide()
        self._grid.addWidget(editor, 0, 1)
        editor.show()  # at once: the next key may come before the layout is done
        editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def end_editing(self) -> None:
        """Close the editor and tell its words, when it is open."""
        if self._editor is not None:
            self._end_editing(self._editor.typed())

    def editor(self) -> Editor | None:
        """The open editor, None while there is none."""
        return self._editor

    def _give(self, typed: Typed) -> None:
        self._end_editing(typed, given=True)

    def _end_editing(self, typed: Typed, given: bool = False) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        had_focus = editor.hasFocus()
        self._grid.removeWidget(editor)
        editor.hide()
        editor.deleteLater()
        self._text.show()
        if had_focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.edit_ended.emit(self.sentence.id, typed, given)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.chosen.emit(self.sentence.id)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        super().mousePressEvent(event)
        self.chosen.emit(self.sentence.id)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        super().mouseDoubleClickEvent(event)
        self.edit_asked.emit(self.sentence.id)


class Keys(QWidget):
    """The keys of the current row, in one quiet line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(theme.SPACES[0] + 2)
        self._words: dict[str, QLabel] = {}
        for key, word in (
            ("Ctrl+Enter", tr("accept")),
            ("F2", tr("edit")),
            ("Del", tr("reject")),
        ):
            name = QLabel(key)
            name.setProperty("role", "key")
            self._words[key] = _label("quiet", small=True)
            self._words[key].setText(word)
            self._line.addWidget(name)
            self._line.addWidget(self._words[key])
            self._line.addSpacing(theme.SPACES[1])
        self._line.addStretch(1)

    def show_for(self, sentence: Sentence) -> None:
        """The same keys, in the words that fit the sentence's state."""
        rejected = sentence.state is Decision.REJECTED
        self._words["Ctrl+Enter"].setText(tr("restore") if rejected else tr("accept"))
        self._words["Del"].setText(
            tr("remove") if sentence.origin is Origin.HUMAN else tr("reject")
        )


def _label(role: str, small: bool = False) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    if small:
        label.setProperty("small", True)
    return label


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and have it look again when it changed."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
