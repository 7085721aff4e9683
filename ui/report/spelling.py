"""Spelling: wrong words are underlined while a reader types; looked up off the Qt thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PyQt6 import sip
from PyQt6.QtCore import QObject
from PyQt6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from dicom_io.errors import DicomProblem, NoSpelling
from dicom_io.report.macros.expanding import PLACE
from ui import theme
from ui.jobs import Jobs
from ui.report.aids import Aids
from ui.report.ledger import Ledger
from ui.report.speller import WORD, Speller

BATCH = 2000  # words that are looked up in one go
LONGEST = 20_000  # characters; a longer text is not marked, so that typing never waits


class Spelling(QObject):
    """Knows which words are wrong in the language of the open report."""

    def __init__(
        self, ledger: Ledger, aids: Aids, own: Path, jobs: Jobs, *, say: Callable[[str, str], None]
    ) -> None:
        super().__init__(aids)
        self._ledger = ledger
        self._own = own
        self._jobs = jobs
        self._say = say
        self._language = ""
        self._known: dict[str, bool] = {}  # True: spelt right
        self._wanted: dict[str, None] = {}
        self._marks: list[SpellingMarks] = []
        self._speller: Speller | None = None
        self._is_running = False
        self._told: set[str] = set()
        self.is_missing = False
        ledger.document_changed.connect(self._follow_language)
        for document in aids.documents:
            self.watch(document)
        aids.editor_made.connect(self.watch)
        aids.is_wrong = self.is_wrong
        aids.suggest = self.suggest
        aids.learn = self.learn

    def watch(self, document: QTextDocument) -> None:
        """Underline what is wrong in this document while it lives."""
        # those whose document is gone are let go of here: to be told of their end by Qt, while
        # Python clears away a whole window, has ended in a segmentation fault
        self._marks = [one for one in self._marks if not sip.isdeleted(one)]
        self._marks.append(SpellingMarks(document, self))

    def is_wrong(self, word: str) -> bool:
        """True for a word that was looked up and is in no dictionary."""
        return self._known.get(word) is False

    def suggest(self, word: str) -> tuple[str, ...]:
        """Other spellings of one word."""
        return self._speller.suggest(word) if self._speller is not None else ()

    def learn(self, word: str) -> None:
        """Take a word into the reader's own dictionary."""
        speller = self._speller
        if speller is None:
            return

        def work(cancelled: Callable[[], bool]) -> Iterator[None]:
            speller.learn(word)
            yield None

        self._known[word] = True
        self._show()
        self._jobs.start(work, on_failed=self._failed, pool="disk")

    def want(self, word: str) -> None:
        """Look the word up; the marks are renewed when it is known."""
        if not self.is_missing:
            self._wanted[word] = None
            self._next()

    def _follow_language(self, _: object = None) -> None:
        document = self._ledger.document
        language = document.language if document is not None else self._language
        if language != self._language:
            self._language, self._speller, self.is_missing = language, None, False
            self._known.clear()
            self._wanted.clear()
            self._show()

    def _next(self) -> None:
        if self._is_running or not self._wanted or not self._language:
            return
        self._is_running = True
        words, language, speller = list(self._wanted)[:BATCH], self._language, self._speller
        for word in words:
            del self._wanted[word]
        own = self._own

        def work(cancelled: Callable[[], bool]) -> Iterator[tuple[Speller, dict[str, bool]]]:
            found = speller or Speller(language, own)
            yield found, {word: found.is_right(word) for word in words}

        def take(found: tuple[Speller, dict[str, bool]]) -> None:
            if language == self._language:
                self._speller = found[0]
                self._known |= found[1]
                if not self._wanted:
                    self._show()

        self._jobs.start(
            work, on_item=take, on_done=self._ended, on_failed=self._failed, pool="disk"
        )

    def _ended(self) -> None:
        self._is_running = False
        self._next()

    def _failed(self, error: Exception) -> None:
        """Without a dictionary everything else works; that is said once."""
        if isinstance(error, NoSpelling):
            self.is_missing = True
            self._wanted.clear()
        if str(error) not in self._told:
            self._told.add(str(error))
            if isinstance(error, DicomProblem):
                self._say(str(error), "quiet")
            else:
                self._jobs.failed.emit(error)
        self._ended()

    def _show(self) -> None:
        for marks in self._marks:
            if not sip.isdeleted(marks):
                marks.rehighlight()

    def known(self, word: str) -> bool | None:
        """True: right, False: wrong, None: not looked up yet."""
        return self._known.get(word)


class SpellingMarks(QSyntaxHighlighter):
    """Underlines the wrong words of one document; asks for those that are not known yet."""

    def __init__(self, document: QTextDocument, spelling: Spelling) -> None:
        super().__init__(document)
        self._spelling = spelling
        self._form = QTextCharFormat()
        self._form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SpellCheckUnderline)
        self._form.setUnderlineColor(QColor(theme.ALARM))

    def highlightBlock(self, text: str | None) -> None:
        if len(text or "") > LONGEST:
            return
        places = [(one.start(), one.end()) for one in PLACE.finditer(text or "")]
        for found in WORD.finditer(text or ""):
            if any(start < found.start() < end for start, end in places):
                continue
            is_right = self._spelling.known(found[0])
            if is_right is None:
                self._spelling.want(found[0])
            elif not is_right:
                self.setFormat(found.start(), len(found[0]), self._form)
