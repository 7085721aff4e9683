"""Copy and paste of whole sentences, from row to row."""

from __future__ import annotations

from PyQt6.QtCore import QMimeData
from PyQt6.QtWidgets import QApplication

from dicom_io.report.document import SectionKind
from ui.actions import Action
from ui.language import tr
from ui.report.ledger import Ledger
from ui.report.report_panel import ReportPanel
from ui.report.typed import Typed, pasted


class RowClipboard:
    """Keys for the row that has the focus; inside an editor they are the editor's own."""

    def __init__(self, panel: ReportPanel, ledger: Ledger) -> None:
        self._panel = panel
        self._ledger = ledger

    def actions(self) -> list[Action]:
        """For the action table."""
        return [
            Action("sentence.copy", tr("Copy the sentence"), "Ctrl+C", self.copy, group="Report",
                   context="report"),
            Action("sentence.paste", tr("Paste as a sentence"), "Ctrl+V", self.paste,
                   lambda: self._ledger.is_open, group="Report", context="report"),
        ]  # fmt: skip

    def copy(self) -> None:
        """The current sentence goes to the clipboard with its origin."""
        row, board = self._panel.current_row(), QApplication.clipboard()
        if row is not None and board is not None:
            data = QMimeData()
            data.setText(row.sentence.text)
            self._panel.aids.note_copy(data, row.sentence)
            board.setMimeData(data)

    def paste(self) -> None:
        """What is on the clipboard stands at the end of the current row's section, as whose it
        is."""
        board = QApplication.clipboard()
        data = board.mimeData() if board is not None else None
        if data is None or not data.hasText():
            return
        source = self._panel.aids.source_of(data)
        typed = Typed(pasted(data.text()), sources=(source,) if source is not None else ())
        self._ledger.write_typed(self._section(), typed)

    def _section(self) -> SectionKind:
        document, row = self._ledger.document, self._panel.current_row()
        for section in document.sections if document is not None else ():
            if row is not None and row.sentence in section.sentences:
                return section.kind
        return SectionKind.FINDINGS
