"""The main window: worklist, film and report in one, joined to whoever shows what happens.

It comes in two parts, so that it stands at once: what a reader needs to begin (the study list and
its field) when it is made, everything else by `ui/furnishing.py`. Until then nothing here may need
numpy, pydicom or anything else that takes long to import.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QCloseEvent
from PyQt6.QtWidgets import QMainWindow, QWidget

from dicom_io.errors import DicomProblem
from ui.first_look import FirstLook
from ui.jobs import Jobs
from ui.language import later, tr
from ui.status import StatusLine
from ui.worklist.study_list import StudyList

if TYPE_CHECKING:
    from dicom_io.identity import Identity
    from dicom_io.image.frame import ImageFrame
    from dicom_io.image.window import Window as GreyWindow
    from dicom_io.report.document import Region, ReportDocument
    from dicom_io.study import Study
    from ui.actions import Action, ActionTable
    from ui.closing import Closing
    from ui.documents import Documents
    from ui.exporting import Exporting
    from ui.film_window import FilmWindows
    from ui.hanging.comparing import Comparing
    from ui.hanging.hanging import Hanging
    from ui.hanging.protocol import Protocol
    from ui.keeping import Keeping
    from ui.preferences import Preferences
    from ui.reading import Arrival
    from ui.report.following import Following
    from ui.report.handing_out import HandingOut
    from ui.report.outbox_badge import OutboxBadge
    from ui.report.pages import Pages
    from ui.report.report_side import ReportSide
    from ui.report.sign_flow import SignFlow
    from ui.report.templates import Templates
    from ui.report.writing import Writing
    from ui.session import Session, Standing
    from ui.states import States
    from ui.toolbar import TopBar
    from ui.viewport.banner import Banner
    from ui.viewport.cine import Cines
    from ui.viewport.grid import Grid
    from ui.viewport.mark_actions import Marking
    from ui.viewport.reformatting import Reformatting
    from ui.viewport.together import Together
    from ui.viewport.viewport import Viewport
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
    closed = pyqtSignal()

    if TYPE_CHECKING:  # what furnishing puts in
        session: Session
        worklist: WorklistSide
        grid: Grid
        hanging: Hanging
        comparing: Comparing
        cines: Cines
        films: FilmWindows
        banner: Banner
        report: ReportSide
        badge: OutboxBadge
        table: ActionTable
        top: TopBar
        signing: SignFlow
        closing: Closing
        preferences: Preferences
        marking: Marking
        keeping: Keeping
        states: States
        exporting: Exporting
        documents: Documents
        pages: Pages
        templates: Templates
        writing: Writing
        following: Following
        handing: HandingOut
        together: Together
        reformatting: Reformatting

    def __init__(self, jobs: Jobs, studies: StudyList) -> None:
        """The first look: `studies` in its place, the rest of the room empty."""
        super().__init__()
        self._jobs = jobs
        self._steps_back: list[Callable[[], bool]] = []
        self.is_furnished = False
        self.setObjectName("window")
        self.setWindowTitle("Wetread")  # and no patient's name: others see titles
        self.studies = studies
        self.status = StatusLine()
        self._early: Listed | None = None  # chosen before there was a place to show it
        self.first_look = FirstLook(studies, self.status)
        self.setCentralWidget(self.first_look)
        studies.study_chosen.connect(self.open)

    def join(self) -> None:
        """The parts are made: put each in its place, and join them to what happens."""
        self.first_look.give_way(self.top, self.worklist, self.banner, self.grid, self.report)
        self._connect()
        self.report.panel.tabs_after(self.viewport)

    def offer(self, of_parts: Sequence[Action]) -> None:
        """What can be done, by menu and key: with the window itself, and with its parts."""
        self.hanging.hung.connect(self._link)
        self.marking.annotations.key_images_changed.connect(self._count_keys)
        self.add_actions([*self._actions(), *of_parts, *self.preferences.actions()])
        self.preferences.begin(self.report.say)
        self.banner.obey(self.preferences.habits)
        for hide in (
            self.grid.write_headings,
            self.worklist.hide_identity,
            self.pages.dialog.hide_identity,
        ):
            self.preferences.identity_hidden.connect(hide)
        self.grid.layout_changed.connect(self._name_layout)
        self._name_layout()

    def begin(self) -> None:
        """All is in its place: what the reader chose meanwhile is opened now."""
        self.is_furnished = True
        early, self._early = self._early, None
        if early is not None:
            self.open(early)

    @property
    def viewport(self) -> Viewport:
        """The pane in hand."""
        return self.grid.active()

    def _connect(self) -> None:
        session, reading = self.session, self.session.reading
        self.studies.searched.connect(session.note_search)
        self.worklist.series_chosen.connect(self.hanging.choose)
        self.hanging.said.connect(self.report.say)
        self.films.placed.connect(self._films_placed)
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
        session.marks_changed.connect(self.studies.show_marks)
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
        if not self.is_furnished:
            self._early = listed
            return
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
        following = self.studies.following(study.identity.study if study else "")
        if following is None:
            self.report.say(tr("This is the last study of the list."))
        else:
            self.open(following)

    def show_problem(self, error: Exception) -> None:
        """A known problem is one sentence; anything else is a bug and stands in the log."""
        known = isinstance(error, DicomProblem)
        self.report.say(str(error) if known else tr(UNEXPECTED), "alarm")

    def _actions(self) -> list[Action]:
        from ui.actions import Action

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
        self.studies.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.studies.field.selectAll()

    def _go_to_film(self) -> None:
        self.viewport.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _close_study(self) -> None:
        self.report.panel.finish_typing()
        self.session.close()

    def _quit(self) -> None:
        self.close()

    def _show_pattern(self) -> None:
        from ui.pattern_window import PatternWindow

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

    def keys_of_films(self) -> list[QAction]:
        """What keys do in a window of films: all that they do here."""
        return [*self.grid.actions(), *self.actions()]

    def _films_placed(self, place: str) -> None:
        from dicom_io.settings import ScreenSettings

        self.setting_changed.emit(ScreenSettings(films=place))

    def pick_layout(self) -> None:
        """Have the reader choose a layout, below the button that names the one in use."""
        from ui.viewport.layout_picker import LayoutPicker

        picker = LayoutPicker(self.grid.shape(), self)
        picker.chosen.connect(self.set_layout)
        below = self.top.button("layout.pick") or self.grid
        picker.open_at(below.mapToGlobal(below.rect().bottomLeft()))

    def set_layout(self, rows: int, columns: int) -> None:
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
        from ui.viewport.layout_picker import layout_text

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

    def reported_frame(self) -> ImageFrame | None:
        """An image of the open study: the one on the screen where it is of it."""
        shown, frames = self.selected_frame(), self.session.reading.frames()
        return shown if shown is not None else frames[0] if frames else None

    def _count_keys(self) -> None:
        """Say at the pictures of the open study how many key images there are."""
        own = self.session.reading.identity
        keys = self.marking.annotations.key_images(own) if own is not None else ()
        self.worklist.thumbnails.mark_keys(keys)

    def _study_opened(self, study: Study | None) -> None:
        self.worklist.clear_series()
        self.studies.show_open(study.identity.study if study else "")
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
        from ui.wording import title_of

        frames = self.session.reading.frames()
        self.report.panel.show_title(title_of(frames[0].header) if document and frames else "")

    def _show_standing(self, standing: Standing | None) -> None:
        if standing is None:
            self.report.panel.show_standing("", "quiet", "", retry=False)
        else:
            self.report.panel.show_standing(
                standing.text, standing.state, standing.reason, retry=standing.may_retry
            )

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Close once everything that was typed is on the disk."""
        if self.is_furnished:
            self.report.panel.finish_typing()
            if event is not None and not self.closing.may_close():
                event.ignore()
                return
            self.films.close_all()
        super().closeEvent(event)
        self.closed.emit()
