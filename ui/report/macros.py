"""Macros: read in the background, expanded while a reader types, changed in a dialogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from pydicom.dataset import Dataset
from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from dicom_io.errors import BadMacro, DicomProblem
from dicom_io.report.macros.expanding import chosen, expanded
from dicom_io.report.macros.macro import Macro
from dicom_io.report.macros.shelf import MacroShelf
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr
from ui.report.aids import Aids
from ui.report.ledger import Ledger
from ui.report.macros_dialog import MacrosDialog

Found = tuple[tuple[Macro, ...], tuple[str, ...]]
Say = Callable[[str, str], None]


class Macros(QObject):
    """Keeps the macros at hand; `header` gives that of an image of the open study."""

    def __init__(
        self,
        ledger: Ledger,
        aids: Aids,
        shelf: MacroShelf,
        header: Callable[[], Dataset | None],
        jobs: Jobs,
        *,
        say: Say,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self._ledger = ledger
        self._shelf = shelf
        self._header = header
        self._jobs = jobs
        self._say = say
        self._macros: tuple[Macro, ...] = ()
        self.is_ready = False
        self.dialog: MacrosDialog | None = None
        aids.expand = self.expand
        self._work(shelf.macros)

    def action(self) -> Action:
        """For the action table."""
        return Action("report.macros", tr("Macros"), "Ctrl+M", self.open, group="Report")

    def macros(self) -> tuple[Macro, ...]:
        """All that could be read."""
        return self._macros

    def expand(self, code: str) -> str | None:
        """The words that a code stands for, None for a code of no macro; one that cannot be
        expanded is told in a sentence."""
        document = self._ledger.document
        language = document.language if document is not None else "en"
        macro = chosen(code, self._macros, language)
        if macro is None:
            return None
        try:
            return expanded(macro, self._macros, self._header(), language)
        except BadMacro as problem:
            self._say(str(problem), "alarm")
            return None

    def open(self) -> None:
        """List them, to add to and to change."""
        self.dialog = MacrosDialog(self._window)
        self.dialog.show_macros(self._macros)
        self.dialog.saved.connect(lambda one: self._work(partial(self._saved, one)))
        self.dialog.removed.connect(lambda one: self._work(partial(self._removed, one)))
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    def _closed(self, _: object) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _work(self, act: Callable[[], Found]) -> None:
        def work(cancelled: Callable[[], bool]) -> Iterator[Found]:
            yield act()

        self._jobs.start(work, on_item=self._take, on_failed=self._failed, pool="disk")

    def _saved(self, macro: Macro) -> Found:
        self._shelf.save(macro)
        return self._shelf.macros()

    def _removed(self, macro: Macro) -> Found:
        self._shelf.remove(macro)
        return self._shelf.macros()

    def _take(self, found: Found) -> None:
        self._macros, problems = found
        self.is_ready = True
        self._tell(problems)
        if self.dialog is not None:
            self.dialog.show_macros(self._macros)

    def _tell(self, problems: Sequence[str]) -> None:
        for problem in problems[:1]:
            self._say(problem, "alarm")

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, DicomProblem):
            self._jobs.failed.emit(error)
        elif self.dialog is not None:
            self.dialog.show_problem(str(error))
        else:
            self._say(str(error), "alarm")
