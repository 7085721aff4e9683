"""The report that is open: title and state, sections with a row for each sentence, and the foot."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dicom_io.report.document import (
    Decision,
    ReportDocument,
    ReportState,
    SectionKind,
    Sentence,
)
from ui import theme
from ui.actions import Action
from ui.first_look import hairline
from ui.language import later, tr
from ui.report.aids import Aids
from ui.report.editor import Editor
from ui.report.ledger import Ledger
from ui.report.section_box import SectionBox
from ui.report.sentence_row import SentenceRow, set_property
from ui.report.typed import Typed
from ui.viewport.banner import Elided

EMPTY = later("Open a study to write its report.")


class ReportPanel(QWidget):
    """Shows the ledger's document and turns keys and clicks into acts on it."""

    sign_asked = pyqtSignal()
    retry_asked = pyqtSignal()
    next_asked = pyqtSignal()

    def __init__(self, ledger: Ledger, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ledger = ledger
        self._current = ""  # id of the current row's sentence
        self._is_chosen = False  # by the reader; until then it is the first one left to decide
        self._to_reveal = ""
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.timeout.connect(self._reveal_now)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = Elided("strong", kept=6)
        self._badge = QLabel()
        self._language = QLabel()
        self._empty = QLabel(tr(EMPTY))
        self._left = QLabel()
        self._reason = ""
        self._tabs_after: QWidget | None = None
        self._places: list[QWidget] = []  # in the order of Tab
        self.again = QPushButton(tr("Try again"))
        self._sign = QPushButton(tr("Sign  F8"))
        self._next = QPushButton(tr("Next  F9"))
        self.aids = Aids(ledger, self)
        self._boxes = {kind: SectionBox(kind, self.aids) for kind in SectionKind}
        self.sections = QScrollArea()
        self._foot = QWidget()
        self._lay_out()
        self._lay_out_foot()
        for box in self._boxes.values():
            box.row_chosen.connect(self._choose)
            box.edit_asked.connect(self.edit)
            box.edit_ended.connect(self._end_edit)
            box.words_given.connect(self._write)
        self._sign.clicked.connect(self.sign_asked)
        self.again.clicked.connect(self.retry_asked)
        self._next.clicked.connect(self.next_asked)
        ledger.document_changed.connect(self._show)
        ledger.document_opened.connect(self._forget)
        ledger.marks_changed.connect(self._show_marks)
        self._show(ledger.document)
        self.show_standing("", "quiet")

    def actions_of_report(self) -> list[Action]:
        """What a person can do with the rows."""
        on_row = self._may_decide
        return [
            Action("sentence.accept", tr("Accept the sentence"), "Ctrl+Return", self.accept, on_row,
                   group="Report", more_shortcuts=("Ctrl+Enter",)),
            Action("sentence.edit", tr("Edit the sentence"), "F2", self.edit, on_row,
                   group="Report"),
            Action("sentence.reject", tr("Reject the sentence"), "Del", self.reject, on_row,
                   group="Report", context="report"),
            Action("sentence.next", tr("Next sentence"), "Down", lambda: self._move(1), on_row,
                   group="Report", context="report", repeats=True),
            Action("sentence.previous", tr("Previous sentence"), "Up", lambda: self._move(-1),
                   on_row, group="Report", context="report", repeats=True),
            Action("report.undo", tr("Undo"), "Ctrl+Z", self._ledger.undo, group="Report",
                   context="report"),
            Action("report.redo", tr("Redo"), "Ctrl+Shift+Z", self._ledger.redo, group="Report",
                   context="report"),
            Action("report.sign", tr("Sign"), "F8", self.sign_asked.emit, self._may_sign,
                   group="Report"),
        ]  # fmt: skip

    def accept(self) -> None:
        """Accept (or restore) the current sentence and go on to the next undecided one."""
        self._decide(self._ledger.accept)

    def reject(self) -> None:
        self._decide(self._ledger.reject)

    def edit(self, sentence: str = "") -> None:
        """Open the editor of the sentence (of the current row, without an id)."""
        row = self.row(sentence or self._current)
        if row is not None and self._ledger.is_open:
            self._choose(row.sentence.id)
            self._ledger.hold(row.sentence.id)
            row.start_editing()
            self._reveal(row)

    def finish_typing(self) -> None:
        """Take in what stands in any open field, before signing or changing the study."""
        for row in self.rows():
            row.end_editing()
        for box in self._boxes.values():
            box.give_words()

    def show_standing(self, text: str, state: str, reason: str = "", retry: bool = False) -> None:
        """Say what became of the report; `state` is ai, proven or alarm, "" text takes it away.

        `reason` stands at the foot while nothing is left to decide, with a button when trying
        `retry` again may help.
        """
        self._badge.setText(text)
        self._badge.setVisible(bool(text))
        self._badge.setToolTip(reason)
        set_property(self._badge, "state", state)
        self._reason = reason
        set_property(self._left, "role", state if state in ("proven", "alarm") else "quiet")
        self.again.setVisible(retry)
        self._show_foot()

    def standing(self) -> str:
        """What the badge says, "" while there is none."""
        return self._badge.text() if self._badge.isVisibleTo(self) else ""

    def left_over(self) -> str:
        """What the foot says."""
        return self._left.text()

    def show_title(self, text: str) -> None:
        self._title.setText(text or tr("Report"))

    def _decide(self, act: Callable[[str], None]) -> None:
        row = self.row(self._current)
        if row is None:
            return
        row.end_editing()
        act(row.sentence.id)
        self._advance(row)

    def _advance(self, row: SentenceRow) -> None:
        """Go on to the next undecided sentence; the focus goes with it if it was in the row."""
        following = self._next_undecided(row.sentence.id)
        if following is not None and row.sentence.is_decided:
            self._choose(following.sentence.id)
            self._reveal(following)
            if row.hasFocus():
                following.setFocus(Qt.FocusReason.OtherFocusReason)

    def _end_edit(self, sentence: str, typed: Typed, given: bool) -> None:
        """Take the words; with Enter the sentence is decided, whether they changed or not."""
        self._ledger.release(sentence)
        row = self.row(sentence)
        if row is not None and (given or typed.text != row.sentence.text):
            self._ledger.edit(sentence, typed)
            if given:
                self._advance(row)
        self._mark_current()

    def _write(self, section: SectionKind, typed: Typed) -> None:
        written = self._ledger.write_typed(section, typed)
        if written is not None:
            self._choose(written.id)

    def _choose(self, sentence: str) -> None:
        self._current, self._is_chosen = sentence, True
        self._mark_current()

    def _move(self, step: int) -> None:
        rows = self.rows()
        here = next((i for i, row in enumerate(rows) if row.sentence.id == self._current), -step)
        there = rows[max(0, min(len(rows) - 1, here + step))]
        there.setFocus(Qt.FocusReason.OtherFocusReason)
        self._reveal(there)

    def _forget(self, document: ReportDocument | None) -> None:
        self._current, self._is_chosen = "", False
        self.show_title(document.title if document else "")
        self._language.setText(LANGUAGES.get(document.language, document.language)
                               if document else "")  # fmt: skip

    def _show(self, document: ReportDocument | None) -> None:
        """The document as it is now; rows stay where they are while their sentence lives."""
        is_open = self._ledger.is_open
        for kind, box in self._boxes.items():
            sentences = shown_sentences(document, kind)
            follows = document is not None and bool(document.predecessor)
            takes_words = is_open and follows == (kind is SectionKind.ADDENDUM)
            box.show_sentences(sentences, takes_words)
            box.setVisible(document is not None and (takes_words or bool(sentences)))
        self._empty.setVisible(document is None)
        if not self._is_chosen or self.row(self._current) is None:
            following = self._next_undecided("")
            self._current = following.sentence.id if following else ""
        self._show_foot()
        self._mark_current()
        self._order_tabs()

    def _show_marks(self, marks: Mapping[str, str]) -> None:
        for row in self.rows():
            row.show_mark(marks.get(row.sentence.id, ""))

    def tabs_after(self, widget: QWidget) -> None:
        """Tab leads from that widget into the report."""
        self._tabs_after = widget
        self._order_tabs()

    def last_field(self) -> QWidget:
        """The last place of the report that Tab leads to."""
        document = self._ledger.document
        follows = document is not None and bool(document.predecessor)
        last = SectionKind.ADDENDUM if follows else SectionKind.IMPRESSION
        return self._boxes[last].field

    def foot_buttons(self) -> tuple[QPushButton, ...]:
        return self.again, self._next, self._sign

    def _order_tabs(self) -> None:
        """Tab follows the eye: the rows of a section, its field, the next section."""
        before = self._tabs_after
        places: list[QWidget] = []
        for box in self._boxes.values():
            places += [*box.rows(), box.field]
        if before is None or places == self._places:
            return
        self._places = places
        for place in places:
            QWidget.setTabOrder(before, place)
            before = place

    def _show_foot(self) -> None:
        self._left.setText(left_to_decide(self._ledger.document) or self._reason)
        document = self._ledger.document
        is_signed = document is not None and document.state is ReportState.SIGNED
        self._sign.setVisible(not is_signed)
        self._next.setVisible(is_signed and not self.again.isVisibleTo(self._foot))
        self._sign.setEnabled(self._may_sign())

    def _mark_current(self) -> None:
        for row in self.rows():
            sentence = row.sentence.id
            is_fixed = self._ledger.is_unfinished(sentence) or self._ledger.is_locked(sentence)
            may_decide = self._ledger.is_open and not is_fixed
            row.show_current(sentence == self._current and self._ledger.is_open, may_decide)

    def go_to_undecided(self) -> None:
        """Make the first sentence that is left to decide the current one."""
        following = self._next_undecided("")
        if following is not None:
            self._choose(following.sentence.id)
            self._reveal(following)
            following.setFocus(Qt.FocusReason.OtherFocusReason)

    def _next_undecided(self, after: str) -> SentenceRow | None:
        rows = self.rows()
        ids = [row.sentence.id for row in rows]
        start = ids.index(after) + 1 if after in ids else 0
        ordered = rows[start:] + rows[:start]
        return next((row for row in ordered if not row.sentence.is_decided), None)

    def _reveal(self, row: SentenceRow) -> None:
        """Scroll to the row, once the layout has given it its place."""
        self._to_reveal = row.sentence.id
        self._settled.start()

    def _reveal_now(self) -> None:
        row = self.row(self._to_reveal)
        if row is not None:
            self.sections.ensureWidgetVisible(row)

    def _may_decide(self) -> bool:
        return self._ledger.is_open and self.row(self._current) is not None

    def _may_sign(self) -> bool:
        return self._ledger.is_open

    def row(self, sentence: str) -> SentenceRow | None:
        """The row of the sentence with that id."""
        return next((row for row in self.rows() if row.sentence.id == sentence), None)

    def current_row(self) -> SentenceRow | None:
        """The row that keys act on."""
        return self.row(self._current)

    def field_of(self, section: str) -> Editor:
        """The field for the reader's own sentences in a section, by its name."""
        return self._boxes[SectionKind(section)].field

    def rows(self) -> list[SentenceRow]:
        return [row for box in self._boxes.values() for row in box.rows()]

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(hairline())
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, theme.SPACES[1], 0, theme.SPACES[3])
        rows.setSpacing(theme.SPACES[1])
        self._empty.setProperty("role", "quiet")
        self._empty.setContentsMargins(theme.SPACES[3], theme.SPACES[1], theme.SPACES[3], 0)
        rows.addWidget(self._empty)
        for box in self._boxes.values():
            rows.addWidget(box)
        rows.addStretch(1)
        self.sections.setWidget(body)
        self.sections.setWidgetResizable(True)
        self.sections.setFrameShape(QFrame.Shape.NoFrame)
        self.sections.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sections.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.addWidget(self.sections, 1)

    def _head(self) -> QWidget:
        head = QWidget()
        line = QHBoxLayout(head)
        line.setContentsMargins(theme.SPACES[3], theme.SPACES[2], theme.SPACES[3], theme.SPACES[2])
        line.setSpacing(theme.SPACES[2])
        self._badge.setProperty("role", "badge")
        self._language.setProperty("role", "quiet")
        self._language.setProperty("small", True)
        line.addWidget(self._title)
        line.addWidget(self._badge)
        line.addStretch(1)
        line.addWidget(self._language)
        return head

    def foot(self) -> QWidget:
        """What is left to decide, and the one main button; stands below the plug-ins' panels."""
        return self._foot

    def _lay_out_foot(self) -> None:
        line = QHBoxLayout(self._foot)
        line.setContentsMargins(theme.SPACES[3], theme.SPACES[2], theme.SPACES[3], theme.SPACES[2])
        self._left.setProperty("role", "quiet")
        self._left.setWordWrap(True)
        self._sign.setToolTip(tr("Sign the report and store it in the PACS (F8)"))
        self.again.setToolTip(tr("Try again to store the signed report in the PACS"))
        self._next.setToolTip(tr("Open the next study of the list (F9)"))
        self.again.hide()
        line.addWidget(self._left, 1)
        for button in (self.again, self._next, self._sign):
            button.setProperty("role", "main")
            line.addWidget(button)


LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}


def shown_sentences(document: ReportDocument | None, kind: SectionKind) -> tuple[Sentence, ...]:
    """What a section shows: all rows of a draft, of a signed report only what it says."""
    sentences = document.section(kind).sentences if document else ()
    if document is None or document.state is ReportState.DRAFT:
        return sentences
    return tuple(row for row in sentences if row.state is not Decision.REJECTED)


def left_to_decide(document: ReportDocument | None) -> str:
    """What stands between the report and its signature, in a few words."""
    if document is None or document.state is ReportState.SIGNED:
        return ""
    left = len(document.undecided())
    if left:
        one, more = (
            tr("1 sentence left to decide"),
            tr("{count} sentences left to decide", count=left),
        )
        return more if left > 1 else one
    if not any(s.state is Decision.ACCEPTED for s in document.added()):
        return tr("Nothing written yet")
    return tr("Nothing left to decide")
