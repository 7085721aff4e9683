"""Search for studies and choose one: a field, a list, and one sentence about how it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from PyQt6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListView,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dicom_io.errors import DicomProblem
from dicom_io.source import Found, Query, Source
from dicom_io.study import Study
from ui import theme
from ui.jobs import Job, Jobs
from ui.language import later, tr
from ui.worklist.study_rows import (
    Listed,
    Mark,
    StudyDelegate,
    StudyRows,
    searched_for,
    text_of,
)

PAUSE = 350  # ms without a key before a search starts by itself
GATHER = 30  # ms in which rows that arrive are gathered
STROKE = 1000  # rows that are shown at one stroke, so that the Qt thread is not held
FLASH = 300  # ms; work that is shorter shows no progress
START = later("Type a name, an ID or an accession number, and press Enter.")


class StudyList(QWidget):
    """Searches every source at once and the studies of this disk beside them.

    `study_chosen` carries the Listed row that was double-clicked or given Enter.
    """

    study_chosen = pyqtSignal(object)  # Listed
    listed = pyqtSignal()  # the studies of this disk are there
    searched = pyqtSignal(int)  # a search of the sources has ended; studies in the list

    def __init__(
        self,
        jobs: Jobs,
        sources: Sequence[Source],
        on_disk: Callable[[], Sequence[Study]],
        parent: QWidget | None = None,
    ) -> None:
        """`on_disk` lists the fetched studies; it is called on a pool thread. Both may be others
        from `begin` on."""
        super().__init__(parent)
        self._jobs = jobs
        self._sources = list(sources)
        self._on_disk = on_disk
        self._searches: list[Job] = []
        self._running = 0
        self._problems: list[str] = []
        self._asked = False  # a search was made, so that "nothing" means something
        self.field = QLineEdit()
        self.list = QListView()
        self.rows = StudyRows(self)
        self._message = QLabel(tr(START))
        self._all = QPushButton(tr("List all studies"))
        self.check = QPushButton(tr("Check the connection"))  # offered where a search failed
        self.check.hide()
        self._progress = QProgressBar()
        self._pause = _timer(self, PAUSE, self.search)
        self._arrived: list[Listed] = []  # not shown yet
        self._gather = _timer(self, GATHER, self._show_arrived)
        self._flash = _timer(self, FLASH, self._progress.show)
        self._lay_out()
        self._all.clicked.connect(self.search)
        self.field.textEdited.connect(self._typed)
        self.field.returnPressed.connect(self.search)
        self.field.installEventFilter(self)
        self.list.installEventFilter(self)
        self.list.doubleClicked.connect(self._choose_index)
        self._list_disk(Query())

    def begin(self, sources: Sequence[Source], on_disk: Callable[[], Sequence[Study]]) -> None:
        """Search these from now on; what was asked for before is asked of them too."""
        self._sources = list(sources)
        self._on_disk = on_disk
        if self._asked and not self._pause.isActive():
            self.search()

    def search(self) -> None:
        """Search for what stands in the field; an earlier search is given up."""
        self._pause.stop()
        self.stop()
        query = Query(text=self.field.text().strip())
        self._asked = True
        self._problems.clear()
        self._arrived.clear()
        self.rows.clear()
        self._running = len(self._sources)
        self._flash.start()
        self._list_disk(query)
        for source in self._sources:
            job = self._jobs.start(
                partial(_find, source, query),
                on_item=partial(self._found, source.name),
                on_done=self._one_ended,
                on_failed=self._failed,
                pool="network",
            )
            self._searches.append(job)
        self._show_message()

    def stop(self) -> None:
        """Give up the search under way; what was found stays."""
        for job in self._searches:
            job.cancel()
        self._searches.clear()
        self._running = 0
        self._end_progress()

    @property
    def is_searching(self) -> bool:
        return self._running > 0

    @property
    def message(self) -> str:
        """The sentence on the screen, "" while the list speaks for itself."""
        return self._message.text().replace("\u200b", "") if self._message.isVisibleTo(self) else ""

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """What became of the reports, by StudyInstanceUID."""
        self.rows.show_marks(marks)

    def show_open(self, study: str) -> None:
        """Mark the study on the screen, "" for none."""
        self.rows.show_open(study)
        place = self.rows.row_of(study)
        if place >= 0:
            self.list.setCurrentIndex(self.rows.index(place))

    def following(self, study: str) -> Listed | None:
        """The row after that study's, None after the last."""
        return self.rows.following(study)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Down leads from the field into the list, Enter in the list opens the study."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if watched is self.field and event.key() == Qt.Key.Key_Down:
                self._enter_list()
                return True
            if watched is self.list and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose_index(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _typed(self) -> None:
        """What is listed already is filtered at once; the sources are asked after a pause."""
        self._pause.start()
        current = self.rows.listed(self.list.currentIndex().row())
        self.rows.filter(self.field.text())
        if current is not None:
            place = self.rows.row_of(current.study.identity.study)
            self.list.setCurrentIndex(self.rows.index(place) if place >= 0 else QModelIndex())
        if self.rows.rowCount():
            self._show_message()

    def _enter_list(self) -> None:
        if self.rows.rowCount():
            self.list.setFocus(Qt.FocusReason.TabFocusReason)
            if not self.list.currentIndex().isValid():
                self.list.setCurrentIndex(self.rows.index(0))

    def _choose_index(self, index: QModelIndex) -> None:
        listed = self.rows.listed(index.row())
        if listed is not None:
            self.study_chosen.emit(listed)

    def _list_disk(self, query: Query) -> None:
        job = self._jobs.start(
            lambda cancelled: iter(_matching(self._on_disk(), query.text)),
            on_item=self._found_on_disk,
            on_done=self._disk_ended,
            on_failed=self._disk_failed,
            pool="disk",
        )
        self._searches.append(job)

    def _found(self, source: str, found: Found) -> None:
        if found.study is not None:
            self._take(Listed(found.study, source))
        if found.incomplete:
            self._problems.append(found.incomplete)
            self._show_message()

    def _found_on_disk(self, study: Study) -> None:
        self._take(Listed(study, on_disk=True))

    def _take(self, row: Listed) -> None:
        """Keep a row back for a moment: a thousand that come together are shown at one stroke."""
        self._arrived.append(row)
        if len(self._arrived) >= STROKE:
            self._show_arrived()
        elif not self._gather.isActive():
            self._gather.start()

    def _show_arrived(self) -> None:
        self._gather.stop()
        self.rows.add_all(self._arrived)
        self._arrived.clear()
        self._show_message()

    def _one_ended(self) -> None:
        self._running = max(0, self._running - 1)
        self._show_arrived()
        if not self._running:
            self._end_progress()
            self.searched.emit(self.rows.count())
        self._show_message()

    def _failed(self, error: Exception) -> None:
        self._note(error)
        self._one_ended()

    def _disk_ended(self) -> None:
        self._show_arrived()
        self.listed.emit()

    def _disk_failed(self, error: Exception) -> None:
        self._note(error)
        self._show_message()
        self.listed.emit()

    def _note(self, error: Exception) -> None:
        """A known problem becomes a sentence here; anything else is told where bugs are told."""
        if isinstance(error, DicomProblem):
            self._problems.append(str(error))
        else:
            self._jobs.failed.emit(error)

    def _end_progress(self) -> None:
        self._flash.stop()
        self._progress.hide()

    def _show_message(self) -> None:
        """One sentence: a problem first, then what the search is doing or did not find."""
        if self._problems:
            text, role = " ".join(self._problems), "alarm"
        elif self._running:
            names = ", ".join(source.name for source in self._sources)
            text, role = (
                ("" if self.rows.rowCount() else tr("Searching {names} …", names=names)),
                "quiet",
            )
        elif self.rows.rowCount():
            text, role = "", "quiet"
        elif self._asked:
            wanted = self.field.text().strip()
            none = tr("There are no studies here yet.")
            found_none = tr(
                "No study matches “{words}”. Check the spelling, or search by ID.", words=wanted
            )
            text, role = (found_none if wanted else none), "quiet"
        else:
            text, role = tr(START), "quiet"
        self._message.setProperty("role", role)
        self._message.setText(text.replace("@", "@\u200b"))  # where a long address may break
        self._message.setVisible(bool(text))
        self._all.setVisible(text == tr(START))
        self.check.setVisible(bool(self._problems))
        style = self._message.style()
        if style is not None:
            style.unpolish(self._message)
            style.polish(self._message)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        edge = theme.SPACES[2]
        column.setContentsMargins(edge, edge, edge, 0)
        column.setSpacing(theme.SPACES[1])
        self.field.setPlaceholderText(tr("Name, ID or accession"))
        self.field.setClearButtonEnabled(True)
        self.field.setObjectName("study-search")
        self.field.setToolTip(tr("Search the PACS and this disk (Ctrl+F)"))
        self.list.setModel(self.rows)
        self.list.setItemDelegate(StudyDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        for part in (self._message, self._all):  # until it is known what is on this disk
            part.hide()
        self._message.setWordWrap(True)
        self._message.setProperty("role", "quiet")
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.hide()
        column.addWidget(self.field)
        column.addWidget(self._progress)
        column.addWidget(self._message)
        column.addWidget(self._all, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.check, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.list, 1)


def _find(source: Source, query: Query, cancelled: Callable[[], bool]) -> Iterator[Found]:
    return source.find(query, cancelled)


def _matching(studies: Sequence[Study], text: str) -> list[Study]:
    """The studies whose name, ID or accession holds the text, as the sources match it."""
    wanted = searched_for(text)
    return [study for study in studies if wanted in text_of(study)]


def _timer(parent: QObject, pause: int, act: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(pause)
    timer.timeout.connect(act)
    return timer
