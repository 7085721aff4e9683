"""Keeps what is being typed: an open editor's words are in the draft on the disk before Enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QObject

from dicom_io.report.document import Decision, ReportDocument, SectionKind, new_id
from ui.report.ledger import Ledger
from ui.report.merge import with_inserted
from ui.report.report_panel import ReportPanel
from ui.report.typed import as_edit, as_sentence


class TypingKeeper(QObject):
    """Tells `note` the report as it would be if its open editors were given now.

    What was not given with Enter is undecided there: after a crash the reader finds the words
    and decides about them.
    """

    def __init__(
        self, ledger: Ledger, panel: ReportPanel, note: Callable[[ReportDocument], None]
    ) -> None:
        super().__init__(panel)
        self._ledger = ledger
        self._panel = panel
        self._note = note
        self._ids: dict[SectionKind, str] = {}  # of new sentences, while they are typed
        panel.aids.typing.connect(self._keep)
        ledger.document_changed.connect(self._keep)
        ledger.document_opened.connect(self._ids.clear)

    def _keep(self, _: object = None) -> None:
        document = self._ledger.document
        if document is not None and self._ledger.is_open:
            self._note(self._as_typed(document))

    def _as_typed(self, document: ReportDocument) -> ReportDocument:
        for row in self._panel.rows():
            editor, sentence = row.editor(), row.sentence
            is_there = any(one.id == sentence.id for one in document.sentences())
            if editor is None or not is_there or not editor.words().strip():
                continue
            typed = editor.typed()
            if typed.text != sentence.text:
                after = replace(as_edit(sentence, typed), state=Decision.SUGGESTED)
                document = document.with_sentence(after)
        for kind in SectionKind:
            typed = self._panel.field_of(kind.value).typed()
            if not typed.text:
                self._ids.pop(kind, None)
                continue
            identifier = self._ids.setdefault(kind, new_id())
            new = replace(as_sentence(typed), id=identifier, state=Decision.SUGGESTED)
            position = len(document.section(kind).sentences)
            document = with_inserted(document, kind, new, position)
        return document
