"""One section of the report: its heading, a row a sentence, and a line to write on."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from dicom_io.report.document import SectionKind, Sentence
from ui import theme
from ui.language import later, tr
from ui.report.aids import Aids
from ui.report.editor import Editor
from ui.report.sentence_row import SentenceRow
from ui.report.words import section_title

WRITE = {
    SectionKind.INDICATION: later("Why the film was taken"),
    SectionKind.TECHNIQUE: later("How it was taken"),
    SectionKind.COMPARISON: later("What it was compared with"),
    SectionKind.FINDINGS: later("Write a finding"),
    SectionKind.IMPRESSION: later("Write the impression"),
    SectionKind.ADDENDUM: later("Write what is to be added"),
}


class SectionBox(QWidget):
    """The rows of one section, kept while their sentences live, so that focus and editors stay."""

    row_chosen = pyqtSignal(str)
    edit_asked = pyqtSignal(str)
    edit_ended = pyqtSignal(str, object, bool)
    words_given = pyqtSignal(object, object)  # SectionKind, Typed

    def __init__(self, kind: SectionKind, aids: Aids, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._aids = aids
        self.kind = kind
        self._rows: list[SentenceRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, theme.SPACES[1], 0, 0)
        self._column.setSpacing(0)
        title = section_title(kind)
        heading = QLabel(title)
        heading.setProperty("role", "heading")
        heading.setContentsMargins(theme.SPACES[3], 0, theme.SPACES[3], theme.SPACES[0])
        self._column.addWidget(heading)
        self.field = Editor(tr(WRITE[kind]), aids=aids)
        aids.documents += [one for one in (self.field.document(),) if one is not None]
        self.field.setProperty("role", "line-field")
        self.field.setAccessibleName(tr("{section}: write a sentence", section=title))
        self.field.setToolTip(tr("Write a sentence of your own; Enter puts it in the report"))
        self.field.given.connect(self.give_words)
        self.field.left.connect(self.give_words)
        self._place_field()

    def _place_field(self) -> None:
        line = QHBoxLayout()
        left = theme.SPACES[3] + 3 * theme.SPACES[2]  # under the rows' words
        line.setContentsMargins(left, 0, theme.SPACES[3], 0)
        line.addWidget(self.field)
        self._column.addLayout(line)

    def rows(self) -> list[SentenceRow]:
        return list(self._rows)

    def give_words(self) -> None:
        """Tell the words that stand in the field, and empty it."""
        if self.field.words().strip():
            self.words_given.emit(self.kind, self.field.take())

    def show_sentences(self, sentences: Sequence[Sentence], is_open: bool) -> None:
        """Show these sentences in their order."""
        old = {row.sentence.id: row for row in self._rows}
        wanted = {sentence.id for sentence in sentences}
        for identifier, row in old.items():
            if identifier not in wanted:
                self._remove(row)
        self._rows = []
        for position, sentence in enumerate(sentences):
            row = old.get(sentence.id) or self._new_row(sentence)
            if row.sentence != sentence:
                row.show_sentence(sentence)
            if self._column.indexOf(row) != position + 1:  # the heading is at 0
                self._column.insertWidget(position + 1, row)
            self._rows.append(row)
        self.field.setVisible(is_open)

    def _new_row(self, sentence: Sentence) -> SentenceRow:
        row = SentenceRow(sentence, self, self._aids)
        row.chosen.connect(self.row_chosen)
        row.edit_asked.connect(self.edit_asked)
        row.edit_ended.connect(self.edit_ended)
        return row

    def _remove(self, row: SentenceRow) -> None:
        if row.hasFocus():
            row.clearFocus()
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
