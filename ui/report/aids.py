"""What all editors of a report share: macros, spelling, and whose words were copied."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QMimeData, QObject, pyqtSignal
from PyQt6.QtGui import QTextDocument

from dicom_io.report.document import ReportDocument, Sentence
from ui.report.ledger import Ledger
from ui.report.typed import ORIGIN_FORMAT, read_back, written_out


class Aids(QObject):
    """Given to each editor when it is made; whoever offers an aid puts it in here."""

    typing = pyqtSignal()  # words of an open editor have changed
    editor_made = pyqtSignal(object)  # QTextDocument

    def __init__(self, ledger: Ledger, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ledger = ledger
        self._copied: tuple[str, Sentence] | None = None  # the last words, and whose they are
        self.expand: Callable[[str], str | None] = lambda code: None
        self.documents: list[QTextDocument] = []  # of the editors that stay
        self.suggest: Callable[[str], tuple[str, ...]] = lambda word: ()
        self.learn: Callable[[str], None] = lambda word: None
        self.is_wrong: Callable[[str], bool] = lambda word: False

    def note_copy(self, data: QMimeData, source: Sentence | None) -> None:
        """Words go to the clipboard or are dragged: say beside them whose they are."""
        self._copied = None
        if source is not None:
            self._copied = " ".join(data.text().split()), source
            data.setData(ORIGIN_FORMAT, written_out(source, self._report()))

    def source_of(self, data: QMimeData) -> Sentence | None:
        """Whose words these are, also when a program between has dropped what stood beside."""
        if data.hasFormat(ORIGIN_FORMAT):
            return read_back(bytes(data.data(ORIGIN_FORMAT).data()), self._ledger.document)
        if self._copied is not None and self._copied[0] == " ".join(data.text().split()):
            content = written_out(self._copied[1], self._report())
            return read_back(content, self._ledger.document)
        return None

    def _report(self) -> str:
        document: ReportDocument | None = self._ledger.document
        return document.id if document is not None else ""
