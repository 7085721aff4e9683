"""Signing step by step: what is missing, who signs, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from dicom_io.errors import DicomProblem
from dicom_io.report.document import Decision, Reader, ReportDocument
from dicom_io.report.finish import Credential
from ui.actions import Action
from ui.language import tr
from ui.report.doubts import doubt_of
from ui.report.filing import Filed, Filing
from ui.report.ledger import Ledger
from ui.report.report_panel import ReportPanel
from ui.report.sign_dialog import SignDialog


class SignFlow(QObject):
    """Opens the dialogue when the report may be signed, and says why when it may not."""

    def __init__(
        self,
        ledger: Ledger,
        filing: Filing,
        panel: ReportPanel,
        *,
        reader: Reader | None,
        sign: Callable[[Credential, bool], None],
        say: Callable[[str, str], None],
        parent: QWidget,
    ) -> None:
        """`sign` signs (True: only releases) the open report, `say` shows a sentence in a role."""
        super().__init__(parent)
        self._ledger = ledger
        self._filing = filing
        self._panel = panel
        self._reader = reader
        self._sign = sign
        self._say = say
        self._window = parent
        self._document: ReportDocument | None = None  # the one that the dialogue is about
        self.dialog: SignDialog | None = None
        self._doubted = ("", "")  # the report and the sentence that was asked about
        self._told = False  # why it cannot be signed stands on the screen
        self._preliminary = False
        panel.sign_asked.connect(self.begin)
        ledger.reader_acted.connect(self._take_back)
        filing.readers_known.connect(self._ask)
        filing.filed.connect(self._filed)
        filing.released.connect(self._released)
        filing.refused.connect(self._refused)

    def action(self) -> Action:
        """For the action table: release as preliminary."""
        return Action(
            "report.release",
            tr("Release as preliminary"),
            "Ctrl+F8",
            self.release,
            group="Report",
            enabled=lambda: self._ledger.is_open,
        )

    def release(self) -> None:
        """The reader wants others to see the report before it is signed."""
        self._begin(preliminary=True)

    def begin(self) -> None:
        """The reader wants to sign."""
        self._begin(preliminary=False)

    def _begin(self, preliminary: bool) -> None:
        self._panel.finish_typing()
        document = self._ledger.document
        if document is None or not self._ledger.is_open or self.dialog is not None:
            return
        problem = why_not_yet(document)
        self._say(problem, "alarm")
        self._told = bool(problem)
        if problem:
            self._panel.go_to_undecided()
            return
        doubt = doubt_of(document)
        if doubt and self._doubted != (document.id, doubt):
            self._doubted, self._told = (document.id, doubt), True
            self._say(doubt, "alarm")
            return
        self._document, self._preliminary = document, preliminary
        self._filing.ask_readers()

    def _take_back(self) -> None:
        """The reader is doing something about it."""
        if self._told:
            self._told = False
            self._say("", "quiet")

    def _ask(self, readers: tuple[Reader, ...]) -> None:
        enrolled = {reader.name: reader.organization for reader in readers}
        if self.dialog is not None:
            self.dialog.show_enrolled(enrolled)
            return
        document, self._document = self._document, None
        if document is None or document != self._ledger.document:
            return  # another study was opened, or something arrived, since the key was pressed
        known = self._reader or (readers[-1] if readers else None)
        if known is not None and known.name in enrolled:
            known = Reader(known.name, enrolled[known.name])
        self.dialog = SignDialog(known, enrolled, self._window, preliminary=self._preliminary)
        self.dialog.signature_given.connect(self._give)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _give(self, credential: Credential) -> None:
        self._reader = credential.reader
        self._sign(credential, self._preliminary)

    def _filed(self, filed: Filed) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self._say("", "quiet")

    def _released(self, filed: Filed) -> None:
        if self.dialog is not None:
            self.dialog.accept()
        self._say(tr("Released as preliminary. The draft stays open until it is signed."), "quiet")

    def _refused(self, error: Exception) -> None:
        sentence = (
            str(error)
            if isinstance(error, DicomProblem)
            else tr(
                "The report could not be signed. What went wrong stands in the log; the draft "
                "is as it was."
            )
        )
        if self.dialog is not None:
            self.dialog.show_problem(sentence)
            self._filing.ask_readers()  # the name may have been enrolled before it went wrong
        else:
            self._say(sentence, "alarm")

    def _closed(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()


def why_not_yet(document: ReportDocument) -> str:
    """Why the report cannot be signed as it is, in a sentence; "" when it can."""
    left = len(document.undecided())
    if left == 1:
        return tr("1 sentence is left to decide. Accept, edit or reject it, then sign.")
    if left:
        return tr(
            "{count} sentences are left to decide. Accept, edit or reject each, then sign.",
            count=left,
        )
    if not any(s.state is Decision.ACCEPTED for s in document.added()):
        if document.predecessor:
            return tr("The addendum says nothing yet. Write or accept a sentence, then sign.")
        return tr("The report says nothing yet. Write or accept a sentence, then sign.")
    return ""
