"""What helps a reader to write: macros, spelling, live links, the clipboard of rows."""

from __future__ import annotations

from collections.abc import Callable

from pydicom.dataset import Dataset

from dicom_io.report.macros.shelf import MacroShelf
from ui.actions import Action
from ui.jobs import Jobs
from ui.report.links import Links
from ui.report.macros import Macros
from ui.report.report_side import ReportSide
from ui.report.row_clipboard import RowClipboard
from ui.report.spelling import Spelling
from ui.report.typing_keeper import TypingKeeper
from ui.session import Session


class Writing:
    """Joins the aids to the editors of the report."""

    def __init__(
        self,
        session: Session,
        side: ReportSide,
        jobs: Jobs,
        header: Callable[[], Dataset | None],
        links: Links,
    ) -> None:
        ledger, panel = session.ledger, side.panel
        shelf = MacroShelf(session.root.macros)
        self.macros = Macros(
            ledger, panel.aids, shelf, header, jobs, say=side.say, parent=side.window() or side
        )
        own = session.root.macros / "words.txt"
        self.spelling = Spelling(ledger, panel.aids, own, jobs, say=side.say)
        self.links = links
        self.keeper = TypingKeeper(ledger, panel, session.autosave.note)
        self.clipboard = RowClipboard(panel, ledger)

    def actions(self) -> list[Action]:
        """For the action table."""
        return [self.macros.action(), self.links.action(), *self.clipboard.actions()]
