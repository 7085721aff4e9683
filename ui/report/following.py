"""Following: an addendum to the signed report of the open study, whatever it was opened from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from PyQt6.QtCore import QObject

from dicom_io.report import sr
from dicom_io.report.document import ReportDocument, ReportState
from dicom_io.report.pages.page import Page, Standing
from dicom_io.sealing import read_unsealed
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr
from ui.report.pages import Pages
from ui.session import Session

Say = Callable[[str, str], None]
NARRATIVES = ("Basic Text SR", "Enhanced SR", "Comprehensive SR")
OURS = "Wetread"


class Following(QObject):
    """Puts what was signed back on the desk, locked, with a section for what is to be added."""

    def __init__(self, session: Session, pages: Pages, jobs: Jobs, say: Say) -> None:
        super().__init__(pages)
        self._session = session
        self._pages = pages
        self._jobs = jobs
        self._say = say
        pages.changed.connect(self._note)

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "report.addendum",
            tr("Write an addendum"),
            "Ctrl+Shift+A",
            self.begin,
            group="Report",
            enabled=lambda: self._signed() is not None,
        )

    def begin(self) -> None:
        """Read the report that was signed, and open a draft that follows it."""
        path, document = self._signed(), self._session.ledger.document
        if path is None or document is None:
            return
        about = document.id

        def read(cancelled: Callable[[], bool]) -> Iterator[tuple[ReportDocument, str]]:
            dataset = dcmread(BytesIO(read_unsealed(path)))
            yield sr.read(dataset), str(dataset.SOPInstanceUID)

        def take(found: tuple[ReportDocument, str]) -> None:
            now = self._session.ledger.document
            if now is None or now.id != about:
                return  # another study was opened since the key was pressed
            before, uid = found
            if now.state is ReportState.SIGNED:
                before = now  # it remembers questions and regions that an SR of text does not hold
            self._session.ledger.open(before.addendum(uid))
            self._say(tr("What was signed stays as it is. Write what is to be added."), "quiet")

        self._jobs.start(read, on_item=take, pool="disk", urgent=True)

    def _signed(self) -> Path | None:
        """The file of the report that an addendum would follow; None while there is none, and while
        something else has been written about this study."""
        document = self._session.ledger.document
        if document is None:
            return None
        if document.state is ReportState.SIGNED:
            item = self._session.filing.item_of(document.identity)
            if item is not None:
                return item.path
        elif document.sentences():
            return None
        last = next((one for one in self._pages.pages() if _is_last_word(one)), None)
        return self._pages.path_of(last) if last is not None else None

    def _note(self) -> None:
        """Remember where the study's reports lie: a draft may follow one of them."""
        for page in self._pages.pages():
            self._session.reports[page.identity.instance] = self._pages.path_of(page)


def _is_last_word(page: Page) -> bool:
    """True for a verified report of ours that no other one follows."""
    maker = dict(page.facts).get("Manufacturer", "")
    return page.kind in NARRATIVES and page.standing is Standing.VERIFIED and maker == OURS
