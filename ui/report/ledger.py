"""The report that is open, and every act on it: decide, edit, write, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Asked,
    Decision,
    Link,
    Origin,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
    new_id,
)
from ui.report.merge import (
    with_asked,
    with_draft,
    with_followed,
    with_inserted,
    with_removed,
    with_suggestions,
)
from ui.report.typed import Typed, as_edit, as_sentence, divided

CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True)
class Act:
    """One act of the reader on one sentence, enough to take it back."""

    section: SectionKind
    position: int
    before: Sentence | None  # None: the sentence was written
    after: Sentence


class Ledger(QObject):
    """Holds the open report as a value; each act makes a new one and tells it.

    Undo takes back the reader's own acts one by one and leaves suggestions that arrived in between
    where they are. A signed report refuses every act.
    """

    document_changed = pyqtSignal(object)  # ReportDocument | None
    document_opened = pyqtSignal(object)  # another report (or None) is on the desk
    reader_acted = pyqtSignal(object)  # Act
    marks_changed = pyqtSignal(object)  # dict[str, str], by sentence id

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: ReportDocument | None = None
        self._done: list[Act] = []
        self._undone: list[Act] = []
        self._held: set[str] = set()
        self._followed: dict[tuple[str, Identity], str | None] = {}  # what links stand for now
        self._drafted: set[str] = set()  # ids of the last draft's sentences
        self._unfinished = ""  # id of the sentence whose words are still coming
        self._marks: dict[str, str] = {}  # what a check says of a sentence
        self._marked: tuple[object, ...] = ()  # the words that the check has read
        self.document_changed.connect(self._drop_marks)

    @property
    def document(self) -> ReportDocument | None:
        return self._document

    @property
    def is_open(self) -> bool:
        """True while a report is there that may be changed."""
        return self._document is not None and self._document.state is ReportState.DRAFT

    def open(self, document: ReportDocument | None) -> None:
        """Put another report on the desk; what was undone before is gone."""
        self._cut_off()
        self._done.clear()
        self._undone.clear()
        self._held.clear()
        self._followed.clear()
        self._drafted.clear()
        self._unfinished = ""
        self._document = document
        self.document_opened.emit(document)
        self.document_changed.emit(document)

    def replace(self, document: ReportDocument) -> None:
        """The same report in a new state (signed, or with more evidence)."""
        self._change(document)

    def mark(self, checked: ReportDocument, marks: Mapping[str, str]) -> bool:
        """What a check of the report says of its sentences, by their ids; it replaces the last.

        It stands until any words of the report change. False, and nothing is marked, when they are
        no longer those that were `checked`.
        """
        if self._document is None or _words_of(checked) != _words_of(self._document):
            return False
        self._marks, self._marked = dict(marks), _words_of(checked)
        self.marks_changed.emit(dict(marks))
        return True

    def _drop_marks(self, document: ReportDocument | None) -> None:
        if self._marks and (document is None or _words_of(document) != self._marked):
            self._marks = {}
            self.marks_changed.emit({})

    def hold(self, sentence: str) -> None:
        """Keep arriving drafts off this sentence while its editor is open."""
        self._held.add(sentence)

    def release(self, sentence: str) -> None:
        self._held.discard(sentence)

    def accept(self, sentence: str) -> None:
        self._act(sentence, lambda row: row.accepted())

    def reject(self, sentence: str) -> None:
        self._act(sentence, lambda row: row.rejected())

    def edit(self, sentence: str, typed: str | Typed) -> None:
        """The reader's words for the sentence; no words at all reject it."""

        def change(row: Sentence) -> Sentence:
            new = Typed(typed, row.links) if isinstance(typed, str) else typed
            return as_edit(row, new) if new.text else row.rejected()

        self._act(sentence, change)

    def write(
        self, section: SectionKind, text: str, origin: Origin = Origin.HUMAN
    ) -> Sentence | None:
        """A sentence of the reader's own, or of a template that the reader filled in, at the end of
        a section; None when there are no words."""
        words = " ".join(text.split())
        sentence = Sentence(new_id(), words, origin, Decision.ACCEPTED)
        return self.put(section, sentence) if words else None

    def put(self, section: SectionKind, sentence: Sentence) -> Sentence | None:
        """A decided sentence at the end of a section; None when the report takes none."""
        if not self.is_open or self._document is None:
            return None
        sentence = self._now(sentence)
        section = self._place(section)
        position = len(self._document.section(section).sentences)
        self._record(Act(section, position, None, sentence))
        self._change(with_inserted(self._document, section, sentence, position))
        return sentence

    def write_typed(self, section: SectionKind, typed: Typed) -> Sentence | None:
        """What was typed or pasted into a section's field, a very long text in several sentences;
        the last of them."""
        parts = divided(typed.text) if typed.text else []
        written = None
        for part in parts:
            written = self.put(section, as_sentence(replace(typed, words=part)))
        return written

    def follow(self, target: tuple[str, Identity], words: str | None) -> None:
        """What a link follows says `words` now; None: it is gone. No act of the reader's on the
        report: it is undone where it was done. A signed report stays as it is."""
        if self.is_open and self._document is not None:
            self._followed[target] = words
            self._change(with_followed(self._document, target, words))

    def links(self) -> list[Link]:
        """All that the report follows, or would again after undo or redo."""
        rows = list(self._document.sentences()) if self._document is not None else []
        acts = [*self._done, *self._undone]
        rows += [row for act in acts for row in (act.before, act.after) if row is not None]
        return list({link.target: link for row in reversed(rows) for link in row.links}.values())

    def _now(self, sentence: Sentence) -> Sentence:
        """The sentence, which may be an older one, with what its links stand for now."""
        for link in sentence.links:
            if link.target in self._followed:
                sentence = sentence.following(link.target, self._followed[link.target])
        return sentence

    def merge_draft(self, draft: ReportDocument, *, complete: bool = True) -> None:
        """A stage of a draft has arrived; until it is complete its last sentence is unfinished."""
        if not self.is_open or self._document is None:
            return
        if self._document.predecessor:
            kept = Section(SectionKind.ADDENDUM, draft.sentences())
            draft = replace(draft, sections=(kept,))
        sentences = draft.sentences()
        before = self._unfinished, self._document
        self._unfinished = "" if complete or not sentences else sentences[-1].id
        superseded, self._drafted = self._drafted, {sentence.id for sentence in sentences}
        document = with_draft(self._document, draft, superseded=superseded, held=self._held)
        if (self._unfinished, document) != before:
            self._document = document
            self.document_changed.emit(document)

    def _cut_off(self) -> None:
        """No more words are coming for the unfinished sentence; let it say so."""
        found = self._find(self._unfinished)
        self._unfinished = ""
        if found is not None and self._document is not None:
            self._change(self._document.with_sentence(replace(found[2], note=CUT_OFF)))

    def is_unfinished(self, sentence: str) -> bool:
        """True while words of this sentence are still coming, so that nobody can decide on it."""
        return sentence == self._unfinished

    def merge_sentences(
        self, sentences: Sequence[Sentence], section: SectionKind, asked: Sequence[Asked] = ()
    ) -> None:
        """Single suggestions have arrived, to stand beside what is there."""
        if self.is_open and self._document is not None:
            place = self._place(section)
            document = with_suggestions(self._document, sentences, place, held=self._held)
            self._change(with_asked(document, asked))

    def undo(self) -> None:
        """Take back the reader's last act."""
        if self._done and self.is_open:
            act = self._done.pop()
            self._undone.append(act)
            self._put(act, act.before)

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._undone and self.is_open:
            act = self._undone.pop()
            self._done.append(act)
            self._put(act, act.after)

    def is_locked(self, sentence: str) -> bool:
        """True for a sentence that the version before has said: it stays as it was signed."""
        return self._document is not None and sentence in self._document.locked

    def _place(self, section: SectionKind) -> SectionKind:
        """Where something new goes: of an addendum into its own section, wherever it belongs."""
        follows = self._document is not None and bool(self._document.predecessor)
        return SectionKind.ADDENDUM if follows else section

    def _act(self, sentence: str, change: Callable[[Sentence], Sentence]) -> None:
        found = self._find(sentence)
        if found is None or not self.is_open or self._document is None:
            return
        if self.is_unfinished(sentence) or self.is_locked(sentence):
            return
        section, position, before = found
        after = self._now(change(before))
        if after != before:
            self._record(Act(section, position, before, after))
            self._change(self._document.with_sentence(after))

    def _find(self, sentence: str) -> tuple[SectionKind, int, Sentence] | None:
        for section in self._document.sections if self._document else ():
            for position, row in enumerate(section.sentences):
                if row.id == sentence:
                    return section.kind, position, row
        return None

    def _put(self, act: Act, sentence: Sentence | None) -> None:
        document = self._document
        if document is None:
            return
        sentence = self._now(sentence) if sentence is not None else None
        if sentence is None:
            self._change(with_removed(document, act.section, act.after.id))
        elif self._find(act.after.id) is None:
            self._change(with_inserted(document, act.section, sentence, act.position))
        else:
            self._change(document.with_sentence(sentence))

    def _record(self, act: Act) -> None:
        self._done.append(act)
        self._undone.clear()
        self.reader_acted.emit(act)

    def _change(self, document: ReportDocument) -> None:
        if document != self._document:
            self._document = document
            self.document_changed.emit(document)


def _words_of(document: ReportDocument) -> tuple[object, ...]:
    """What the report says: its id, and the words that nobody has rejected."""
    said = [one for one in document.sentences() if one.state is not Decision.REJECTED]
    return document.id, *((one.id, one.text) for one in said)
