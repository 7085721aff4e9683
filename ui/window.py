"""The main window: lays out worklist, film and report, and joins what happens to who shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydicom.dataset import Dataset
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QCloseEvent
from PyQt6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QVBoxLayout, QWidget

from dicom_io.audit import AuditLog
from dicom_io.errors import DicomProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.kept import Keeper
from dicom_io.image.window import Window as GreyWindow
from dicom_io.report.beside import Beside, beside_of
from dicom_io.report.document import Reader, Region, ReportDocument
from dicom_io.report.template.shelf import Shelf
from dicom_io.settings import ScreenSettings, Settings
from dicom_io.source import Source
from dicom_io.study import Study
from ui import theme
from ui.actions import Action, ActionTable
from ui.closing import Closing
from ui.documents import Documents
from ui.exporting import Exporting
from ui.film_window import FilmWindows
from ui.hanging.comparing import Comparing
from ui.hanging.hanging import Hanging
from ui.hanging.protocol import Protocol
from ui.jobs import Jobs
from ui.keeping import Keeping
from ui.language import later, tr
from ui.pattern_window import PatternWindow
from ui.preferences import Preferences
from ui.reading import Arrival
from ui.report.following import Following
from ui.report.handing_out import HandingOut
from ui.report.outbox_badge import OutboxBadge
from ui.report.pages import Pages
from ui.report.report_panel import hairline
from ui.report.report_side import ReportSide
from ui.report.sign_flow import SignFlow
from ui.report.templates import Templates
from ui.session import Session, Standing
from ui.states import States
from ui.status import StatusLine
from ui.toolbar import TopBar
from ui.viewport.banner import Banner
from ui.viewport.cine import Cines
from ui.viewport.grid import Grid
from ui.viewport.grid_actions import grid_actions
from ui.viewport.layout_picker import LayoutPicker, layout_text
from ui.viewport.mark_actions import Marking
from ui.viewport.own_pane import OwnPane
from ui.viewport.pane_actions import pane_actions
from ui.viewport.reformatting import Reformatting
from ui.viewport.together import Together
from ui.viewport.viewport import Viewport
from ui.wording import title_of
from ui.worklist.study_rows import Listed
from ui.worklist.worklist_side import WorklistSide

UNEXPECTED = later("Something unforeseen happened; it stands in the log. What is written is kept.")


class Window(QMainWindow):
    """One reader's window on one session. Knows no DICOM rule and no model.

    `frame_selected` and `box_drawn` are those of the pane in hand, and None while it shows another
    study than the one whose report is open: a model is asked about that one alone.
    """

    frame_selected = pyqtSignal(object)  # ImageFrame | None
    box_drawn = pyqtSignal(object)  # Region | None
    setting_changed = pyqtSignal(object)  # a part of the settings, to be written

    def __init__(
        self, session: Session, jobs: Jobs, settings: Settings, sources: Sequence[Source]
    ) -> None:
        super().__init__()
        self.session = session
        self._jobs = jobs
        self._steps_back: list[Callable[[], bool]] = []
        self.setObjectName("window")
        self.setWindowTitle("Wetread")  # and no patient's name: others see titles
        self.worklist = WorklistSide(jobs, sources, session.on_disk)
        self.grid = Grid(jobs, font_size=settings.window.font_size)
        reading = session.reading
        self.hanging = Hanging(
            self.grid, self.worklist, reading, jobs, session.root.folder / "hanging", self
        )
        self.hanging.is_linked = lambda: self.together.linking.is_on()
        self.comparing = Comparing(self.grid, self.hanging, session, jobs, self)
        self.cines = Cines(self.grid)
        self.films = FilmWindows(self.grid, self, settings.screens.films, self._keys_of_films)
        self.films.placed.connect(self._films_placed)
        self.hanging.clip_hung.connect(self.cines.play_when_ready)
        self.banner = Banner()
        named = OwnPane(self.grid)
        named.study_shown.connect(self.banner.show_study)
        named.frame_selected.connect(self.banner.show_frame)
        self.report = ReportSide(session.ledger)
        self.status = StatusLine()
        self.badge = OutboxBadge()
        self.status.add_badge(self.badge)
        self.table = ActionTable(self, {"viewport": self.grid, "report": self.report.panel})
        self.top = TopBar(self.table)
        reader = settings.reader
        self.signing = SignFlow(
            session.ledger,
            session.filing,
            self.report.panel,
            reader=Reader(reader.name, reader.organization) if reader.name else None,
            sign=session.sign,
            say=self.report.say,
            parent=self,
        )
        self._closing = Closing(session, close=self.close, say=self.report.say, parent=self)
        self._lay_out()
        self._connect()
        self.report.panel.tabs_after(self.viewport)
        self._of_panes = pane_actions(self.grid.active)
        self.preferences = Preferences(settings, self.table, self.grid, self)
        of_grid = grid_actions(self.grid, self._pick_layout, self._set_layout)
        of_report = self.report.panel.actions_of_report()
        self.marking = Marking(self.grid, jobs, self.report.say)
        session.beside = self._beside
        keeper = Keeper(session.root.presentations)
        self.keeping = Keeping(jobs, keeper, self.marking.annotations, self.grid, self)
        self.keeping.failed.connect(self.show_problem)
        session.add_writer(self.keeping)
        self.states = States(
            session,
            self.keeping,
            self.marking.annotations,
            self.grid,
            jobs,
            say=self.report.say,
            creator=reader.name,
            applies_own=settings.presentations.apply_own,
        )
        self.exporting = Exporting(session, self.grid, jobs, self.report.say)
        audit = AuditLog(session.root.audit)
        self.documents = Documents(session.reading, jobs, audit, self.report.say, self)
        of_states = [*self.states.actions(), self.exporting.action(), self.documents.action()]
        self.pages = Pages(
            session.reading,
            self.grid,
            self.hanging,
            self.worklist.thumbnails.entries,
            jobs,
            say=self.report.say,
            parent=self,
        )
        self.pages.changed.connect(self.table.refresh)
        self.templates = Templates(
            session.ledger,
            Shelf(session.root.templates),
            self._reported_header,
            jobs,
            say=self.report.say,
            parent=self,
        )
        of_states.append(self.templates.action())
        self.following = Following(session, self.pages, jobs, self.report.say)
        of_states.append(self.following.action())
        self.handing = HandingOut(session, self.grid, jobs, self.report.say)
        of_states.append(self.handing.action())
        of_states.append(self.pages.action())
        self.add_step_back(self.pages.step_back)
        of_marks = [*self.marking.actions(), *of_states]
        self.together = Together(self.grid)
        self.worklist.stacks_changed.connect(self.together.notes.take)
        self.marking.annotations.key_images_changed.connect(self._count_keys)
        self.reformatting = Reformatting(self.grid, jobs, self.together)
        self.reformatting.said.connect(self.report.say)
        self.hanging.hung.connect(self._link)
        of_space = [
            *self.together.actions(),
            *self.reformatting.actions(),
            *self.cines.actions(),
            *self.films.actions(),
            *self.hanging.actions(),
            *self.comparing.actions(),
        ]
        self.add_actions(
            [*self._actions(), *self._of_panes, *of_marks, *of_grid, *of_space, *of_report]
        )
        self.add_actions(self.preferences.actions())
        self.preferences.begin(self.report.say)
        self.banner.obey(self.preferences.habits)
        self.preferences.identity_hidden.connect(self.grid.write_headings)
        self.preferences.identity_hidden.connect(self.worklist.hide_identity)
        self.preferences.identity_hidden.connect(self.pages.dialog.hide_identity)
        self.grid.layout_changed.connect(self._name_layout)
        self._name_layout()

    @property
    def viewport(self) -> Viewport:
        """The pane in hand."""
        return self.grid.active()

    def _connect(self) -> None:
        session, reading = self.session, self.session.reading
        self.worklist.studies.study_chosen.connect(self.open)
        self.worklist.studies.searched.connect(session.note_search)
        self.worklist.series_chosen.connect(self.hanging.choose)
        self.hanging.said.connect(self.report.say)
        self.comparing.said.connect(self.report.say)
        self.grid.active_changed.connect(self._tell_whose)
        self.grid.study_shown.connect(self._tell_whose)
        reading.study_opened.connect(self._study_opened)
        reading.frames_arrived.connect(self._frames_arrived)
        reading.progressed.connect(self._progressed)
        reading.ended.connect(self._loaded)
        reading.failed.connect(self._not_loaded)
        self.grid.frame_shown.connect(self._seen)
        self.grid.frame_selected.connect(self._frame_selected)
        self.grid.box_drawn.connect(self._box_drawn)
        session.ledger.document_changed.connect(self.table.refresh)
        self.grid.maximise_requested.connect(self._maximise)
        session.ledger.document_opened.connect(self._report_opened)
        session.standing_changed.connect(self._show_standing)
        session.marks_changed.connect(self.worklist.studies.show_marks)
        session.waiting_changed.connect(self.badge.show_waiting)
        session.problem.connect(self.show_problem)
        self.badge.retry_asked.connect(session.filing.retry)
        self.report.panel.retry_asked.connect(session.filing.retry)
        self.report.panel.next_asked.connect(self.open_next)
        self._jobs.failed.connect(self.show_problem)

    # --- what a plug-in may see (ui.host.Desk) ---

    def selected_frame(self) -> ImageFrame | None:
        frame = self.viewport.selected_frame()
        if frame is None or frame.derivation:  # a computed plane is nothing to ask about
            return None
        return frame if self._is_reported(frame.identity) else None

    def selected_box(self) -> Region | None:
        return self.viewport.box() if self.selected_frame() is not None else None

    def current_window(self) -> GreyWindow | None:
        return self.viewport.current_window()

    def open_identity(self) -> Identity | None:
        return self.session.reading.identity

    def show_panel(self, widget: QWidget, title: str) -> None:
        self.report.add_panel(widget, title)

    def say(self, text: str, state: str = "quiet") -> None:
        self.report.say(text, state)

    def show_state(self, place: str, text: str, state: str, explanation: str) -> None:
        self.status.show_state(place, text, state, explanation)

    def label_box(self, text: str) -> None:
        self.viewport.set_box_label(text)

    def show_places(self, places: Sequence[tuple[Region, str]]) -> None:
        for pane in self.grid.all_panes():  # each paints those of its own frame alone
            pane.show_places(places)

    def add_step_back(self, step: Callable[[], bool]) -> None:
        self._steps_back.append(step)

    # --- what a person does ---

    def add_actions(self, actions: Sequence[Action]) -> None:
        """Take in actions; a key that two claim is told."""
        for problem in self.table.add(actions):
            self.report.say(problem, "alarm")

    def open(self, listed: Listed) -> None:
        """Open a study of the list; what was typed in the one before is kept."""
        self.report.panel.finish_typing()
        self.report.say("")
        self.session.open(listed)

    def step_back(self) -> None:
        """Esc: step back one thing, and never lose text."""
        steps = (self.viewport.step_back, self._step_back_in_grid, self._stop_loading)
        for step in (*self._steps_back, *steps):
            if step():
                return
        self.viewport.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def open_next(self) -> None:
        """F9: leave this study as it is and open the next one of the list."""
        study = self.session.reading.study
        following = self.worklist.studies.following(study.identity.study if study else "")
        if following is None:
            self.report.say(tr("This is the last study of the list."))
        else:
            self.open(following)

    def show_problem(self, error: Exception) -> None:
        """A known problem is one sentence; anything else is a bug and stands in the log."""
        known = isinstance(error, DicomProblem)
        self.report.say(str(error) if known else tr(UNEXPECTED), "alarm")

    def _actions(self) -> list[Action]:
        fold = self.worklist.setVisible
        return [
            Action("study.search", tr("Search"), "Ctrl+F", self._search, group="Study"),
            Action("study.next", tr("Skip to the next study"), "F9", self.open_next,
                   group="Study"),
            Action("study.close", tr("Close the study"), "Ctrl+W", self._close_study,
                   group="Study"),
            Action("app.quit", tr("Quit"), "Ctrl+Q", self._quit, group="Study"),
            Action("view.film", tr("Go to the film"), "F6", self._go_to_film, group="View"),
            Action("view.sides", tr("Show or hide both sides"), "F11", self._hide_sides,
                   group="View"),
            Action("view.worklist", tr("Show or hide the study list"), "F7",
                   lambda: fold(not self.worklist.isVisible()), group="View"),
            Action("app.menu", tr("Menu"), "Alt+W", self.top.open_menu, group="View"),
            Action("edit.back", tr("Step back"), "Esc", self.step_back, group="View",
                   rebindable=False),
            Action("help.pattern", tr("Test pattern"), "", self._show_pattern, group="Help"),
            Action("outbox.retry", tr("Store waiting reports again"), "", self.session.filing.retry,
                   group="Report"),
        ]  # fmt: skip

    def _search(self) -> None:
        self.worklist.show()
        self.worklist.studies.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.worklist.studies.field.selectAll()

    def _go_to_film(self) -> None:
        self.viewport.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _close_study(self) -> None:
        self.report.panel.finish_typing()
        self.session.close()

    def _quit(self) -> None:
        self.close()

    def _show_pattern(self) -> None:
        PatternWindow(self).open()

    def _step_back_in_grid(self) -> bool:
        """Bring back the panes that one of them has pushed aside."""
        return self.grid.is_maximised() and self.grid.maximise()

    def _stop_loading(self) -> bool:
        stopped = self.session.reading.stop()
        if stopped:
            self.worklist.say(tr("Loading was stopped. Open the study again to fetch the rest."))
        return stopped

    def _maximise(self) -> None:
        """One pane of several fills the grid and gives way again; of one pane, the sides hide."""
        if not self.films.maximise() and not self.grid.maximise():
            self._hide_sides()

    def _hide_sides(self) -> None:
        hide = self.worklist.isVisible() or self.report.isVisible()
        for side in (self.worklist, self.report):
            side.setVisible(not hide)

    def _link(self, protocol: Protocol) -> None:
        """Scroll the panes together, or not, as the protocol says that was applied."""
        if protocol.link != self.together.linking.is_on():
            self.together.linking.toggle()

    def _keys_of_films(self) -> list[QAction]:
        """What keys do in a window of films: all that they do here."""
        return [*self.grid.actions(), *self.actions()]

    def _films_placed(self, place: str) -> None:
        self.setting_changed.emit(ScreenSettings(films=place))

    def _pick_layout(self) -> None:
        picker = LayoutPicker(self.grid.shape(), self)
        picker.chosen.connect(self._set_layout)
        below = self.top.button("layout.pick") or self.grid
        picker.open_at(below.mapToGlobal(below.rect().bottomLeft()))

    def _set_layout(self, rows: int, columns: int) -> None:
        """A layout that the reader chose; none is applied by itself from then on."""
        self.hanging.touch()
        self.grid.set_layout(rows, columns)

    def _tell_whose(self, _: object) -> None:
        """While the pane in hand shows a prior, say what that means for report and model."""
        words = tr(
            "The pane in hand shows a prior. Report and model are about the open study alone; "
            "take one of its panes in hand to go on with it."
        )
        if self.grid.cell(self.viewport).is_foreign():
            self.report.say(words)
        elif self.report.said() == words:
            self.report.say("")

    def _name_layout(self) -> None:
        for pane in self.grid.panes():
            self._seen(pane, pane.selected_frame())
        layout = tr("Panes {layout}", layout=layout_text(self.grid.shape()))
        self.table.entry("layout.pick").setIconText(layout)
        self.table.refresh()
        own = [pane for pane in self.grid.panes() if pane not in self.grid.elsewhere()]
        self.report.panel.tabs_after(own[-1])

    # --- what happens ---

    def _is_reported(self, identity: Identity) -> bool:
        """True for what belongs to the study whose report is open."""
        own = self.session.reading.identity
        return own is not None and identity.same_study(own)

    def _seen(self, pane: Viewport, frame: ImageFrame | None) -> None:
        """What stands on the screen, in whichever pane, becomes evidence of the report."""
        if pane.isVisible():
            self.session.look_at(frame)

    def _frame_selected(self, frame: ImageFrame | None) -> None:
        self.table.refresh()
        self.frame_selected.emit(self.selected_frame() if frame is not None else None)

    def _box_drawn(self, box: Region | None) -> None:
        self.box_drawn.emit(box if self.selected_frame() is not None else None)

    def _reported_header(self) -> Dataset | None:
        """The header of an image of the open study: the one on the screen where it is of it."""
        shown = self.selected_frame()
        frames = self.session.reading.frames()
        return shown.header if shown is not None else frames[0].header if frames else None

    def _beside(self) -> Beside:
        """What goes with the report that is signed: measurements and key images of its study."""
        own, kept = self.session.reading.identity, self.marking.annotations
        if own is None:
            return Beside()
        frames = self.session.reading.frames()
        return beside_of(kept.of_study(own), kept.key_images(own), frames)

    def _count_keys(self) -> None:
        """Say at the pictures of the open study how many key images there are."""
        own = self.session.reading.identity
        keys = self.marking.annotations.key_images(own) if own is not None else ()
        self.worklist.thumbnails.mark_keys(keys)

    def _study_opened(self, study: Study | None) -> None:
        self.worklist.clear_series()
        self.worklist.studies.show_open(study.identity.study if study else "")
        self.hanging.study_opened(study)
        self.report.panel.show_title("")
        self.viewport.setFocus(Qt.FocusReason.OtherFocusReason)

    def _frames_arrived(self, frames: tuple[ImageFrame, ...]) -> None:
        self.worklist.add_frames(frames)
        self.hanging.frames_arrived(frames)
        self._count_keys()

    def _progressed(self, arrival: Arrival) -> None:
        if arrival.problem:
            self.worklist.say(arrival.problem, "alarm")
        elif arrival.remaining > 0:
            total = arrival.completed + arrival.failed + arrival.remaining
            self.worklist.say(
                tr("{count} of {total} objects here", count=arrival.completed, total=total)
            )

    def _loaded(self, last: Arrival) -> None:
        if not self.session.reading.frames():
            self.viewport.show_problem(
                tr("This study holds no image that can be shown. Choose another from the list.")
            )
        if not last.problem:
            self.worklist.say("")
        self.worklist.complete()
        self.hanging.loaded()

    def _not_loaded(self, error: DicomProblem) -> None:
        self.worklist.complete()
        if self.session.reading.frames():
            self.hanging.loaded()
            self.worklist.say(tr("Shown from this disk. {problem}", problem=error))
        else:
            self.worklist.say(str(error), "alarm")
            self.viewport.show_problem(str(error))

    def _report_opened(self, document: ReportDocument | None) -> None:
        frames = self.session.reading.frames()
        self.report.panel.show_title(title_of(frames[0].header) if document and frames else "")

    def _show_standing(self, standing: Standing | None) -> None:
        shown = standing or Standing("", "quiet")
        self.report.panel.show_standing(
            shown.text, shown.state, shown.reason, retry=shown.may_retry
        )

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Close once everything that was typed is on the disk."""
        self.report.panel.finish_typing()
        if event is not None and not self._closing.may_close():
            event.ignore()
            return
        self.films.close_all()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        film = QHBoxLayout()
        film.addWidget(self.grid)
        for layout in (column, film):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        column.addWidget(self.banner)
        column.addLayout(film, 1)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.worklist, middle, self.report):
            self._split.addWidget(part)
        self._split.setHandleWidth(1)
        self._split.setStretchFactor(1, 1)
        self._split.setChildrenCollapsible(False)
        left, right = theme.scaled(theme.LEFT_WIDTH), theme.scaled(theme.RIGHT_WIDTH)
        self._split.setSizes([left, 4 * theme.LEFT_WIDTH, right])
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for part in (self.top, hairline(), self._split, hairline(), self.status):
            rows.addWidget(part, 1 if part is self._split else 0)
        self.setCentralWidget(whole)
