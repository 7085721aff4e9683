"""Handing out: the signed report of the open study as PDF, text, FHIR or HL7 file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog

from dicom_io.audit import AuditLog, Event
from dicom_io.errors import DicomProblem
from dicom_io.pacs.outbox import Item
from dicom_io.report.export.forms import PDF, WORDS, form_of, read_letter
from dicom_io.report.export.letter import Letter
from dicom_io.storage import write_safely
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr
from ui.report.pdf import as_pdf
from ui.session import Session
from ui.viewport.grid import Grid

Say = Callable[[str, str], None]


class HandingOut(QObject):
    """Reads the report from where it is safe, and writes it where the reader says."""

    def __init__(self, session: Session, grid: Grid, jobs: Jobs, say: Say) -> None:
        super().__init__(grid)
        self._session = session
        self._grid = grid
        self._jobs = jobs
        self._say = say
        self._audit = AuditLog(session.root.audit)

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "report.export",
            tr("Export the signed report"),
            "",
            self.ask,
            group="Report",
            enabled=lambda: self._item() is not None,
        )

    def ask(self) -> None:
        """Ask for a file; its ending says the form."""
        if self._grid.active().hides_identity():
            self._say(
                tr("A report names its patient. Show identities first, then export."), "quiet"
            )
            return
        names = {
            ".pdf": tr("PDF"), ".txt": tr("Text"), ".json": tr("FHIR DiagnosticReport"),
            ".hl7": tr("HL7 message"),
        }  # fmt: skip
        filters = [f"{words} (*{suffix})" for suffix, words in names.items()]
        chosen, kind = QFileDialog.getSaveFileName(
            self._grid.window(), tr("Export the signed report"), "report.pdf", ";;".join(filters)
        )
        if chosen:
            path = Path(chosen)
            suffix = next((one for one in names if f"*{one}" in kind), ".pdf")
            self.write(path if form_of(path) else path.with_name(path.name + suffix))

    def write(self, path: Path) -> None:
        """Write the report into that file, in the form of its ending."""
        item = self._item()
        if item is None:
            self._say(tr("There is no signed report here. Sign it first."), "quiet")
            return

        def read(cancelled: Callable[[], bool]) -> Iterator[Letter]:
            yield read_letter(item.path)

        def take(letter: Letter) -> None:
            """Type is set on the Qt thread, where the fonts are; then it goes to the disk."""
            form = form_of(path)
            content = as_pdf(letter) if form == PDF else WORDS[form](letter).encode("utf-8")
            self._jobs.start(
                lambda cancelled: self._save(path, content, item),
                on_done=lambda: self._say(tr("Saved {name}.", name=str(path)), "quiet"),
                on_failed=self._failed,
                pool="disk",
            )

        self._jobs.start(read, on_item=take, on_failed=self._failed, pool="disk")

    def _save(self, path: Path, content: bytes, item: Item) -> Iterator[None]:
        write_safely(path, content)
        self._audit.record(Event.EXPORTED, item.identity, kind=f"report as {form_of(path)}")
        yield None

    def _item(self) -> Item | None:
        own = self._session.reading.identity
        return self._session.filing.item_of(own) if own is not None else None

    def _failed(self, error: Exception) -> None:
        if isinstance(error, DicomProblem):
            self._say(str(error), "alarm")
        else:
            self._jobs.failed.emit(error)
