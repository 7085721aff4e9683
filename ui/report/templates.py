"""Templates: the one that fits the open study, filled in and put into its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from pydicom.dataset import Dataset
from PyQt6.QtCore import QLocale, QObject
from PyQt6.QtWidgets import QWidget

from dicom_io.report.document import Origin, SectionKind
from dicom_io.report.template.shelf import Shelf, fitting
from dicom_io.report.template.template import Template
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr
from ui.report.ledger import Ledger
from ui.report.template_form import TemplateForm

Say = Callable[[str, str], None]


class Templates(QObject):
    """Opens the form for the report on the desk; what it says belongs to that report alone."""

    def __init__(
        self,
        ledger: Ledger,
        shelf: Shelf,
        header: Callable[[], Dataset | None],
        jobs: Jobs,
        *,
        say: Say,
        parent: QWidget,
    ) -> None:
        """`header` gives that of an image of the open study."""
        super().__init__(parent)
        self._window = parent
        self._ledger = ledger
        self._shelf = shelf
        self._header = header
        self._jobs = jobs
        self._say = say
        self._about = ""  # id of the report that the form is for
        self.form: TemplateForm | None = None
        ledger.document_opened.connect(self._closed)

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "report.template",
            tr("Fill in a template"),
            "Ctrl+T",
            self.open,
            group="Report",
            enabled=lambda: self._ledger.is_open,
        )

    def open(self) -> None:
        """Read the templates, then show the form with the one that fits best."""
        document, header = self._ledger.document, self._header()
        if document is None or not self._ledger.is_open or header is None or self.form is not None:
            return
        self._about = document.id
        found: list[Template] = []
        self._jobs.start(
            self._read,
            on_item=found.append,
            on_done=lambda: self._show(found, header),
            pool="disk",
            urgent=True,
        )

    def _read(self, cancelled: Callable[[], bool]) -> Iterator[Template]:
        yield from self._shelf.templates()

    def _show(self, found: Sequence[Template], header: Dataset) -> None:
        document = self._ledger.document
        if document is None or document.id != self._about or self.form is not None:
            return  # another study was opened since the key was pressed
        # until something is written the report has no language but the reader's
        language = document.language if document.sentences() else QLocale().bcp47Name()
        first = fitting(found, header, language)
        others = [one for one in found if one not in first]
        self.form = TemplateForm([*first, *others], header, self._window)
        self.form.inserted.connect(self._insert)
        self.form.finished.connect(self._closed)
        self.form.open()

    def _insert(self, template: Template, said: Mapping[SectionKind, Sequence[str]]) -> None:
        document = self._ledger.document
        if document is None or document.id != self._about or not self._ledger.is_open:
            return
        if not document.sentences():  # the first words settle in which language it is
            self._ledger.replace(replace(document, language=template.language))
        for kind, texts in said.items():
            for text in texts:
                self._ledger.write(kind, text, Origin.TEMPLATE)
        if not said:
            self._say(tr("Nothing was filled in, so nothing was inserted."), "quiet")

    def _closed(self, _: object = None) -> None:
        form, self.form = self.form, None
        if form is not None:
            form.close()
            form.deleteLater()
