"""The window but for its first look: the parts, made in order and joined to each other."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import partial

from pydicom.dataset import Dataset

from dicom_io.audit import AuditLog
from dicom_io.image.kept import Keeper
from dicom_io.report.beside import Beside, beside_of
from dicom_io.report.document import Reader
from dicom_io.report.template.shelf import Shelf
from dicom_io.settings import Settings
from dicom_io.source import Source
from ui.actions import Action, ActionTable
from ui.closing import Closing
from ui.documents import Documents
from ui.exporting import Exporting
from ui.film_window import FilmWindows
from ui.hanging.comparing import Comparing
from ui.hanging.hanging import Hanging
from ui.jobs import Jobs
from ui.keeping import Keeping
from ui.preferences import Preferences
from ui.report.following import Following
from ui.report.handing_out import HandingOut
from ui.report.links import Links
from ui.report.monitor_window import Watching
from ui.report.outbox_badge import OutboxBadge
from ui.report.pages import Pages
from ui.report.report_side import ReportSide
from ui.report.sign_flow import SignFlow
from ui.report.templates import Templates
from ui.report.writing import Writing
from ui.session import Session
from ui.states import States
from ui.toolbar import TopBar
from ui.viewport.banner import Banner
from ui.viewport.cine import Cines
from ui.viewport.grid import Grid
from ui.viewport.grid_actions import grid_actions
from ui.viewport.mark_actions import Marking
from ui.viewport.own_pane import OwnPane
from ui.viewport.pane_actions import pane_actions
from ui.viewport.reformatting import Reformatting
from ui.viewport.together import Together
from ui.window import Window
from ui.worklist.worklist_side import WorklistSide


def furnish(
    window: Window, session: Session, jobs: Jobs, settings: Settings, sources: Sequence[Source]
) -> Iterator[None]:
    """The whole rest, in steps between which the window can attend to its reader."""
    window.session = session
    window.studies.begin(sources, session.on_disk)
    yield from place(window, session, jobs, settings)
    window.join()
    yield
    window.offer((yield from equip(window, session, jobs, settings)))


def place(window: Window, session: Session, jobs: Jobs, settings: Settings) -> Iterator[None]:
    """What a reader sees: worklist, panes, report, and the lines above and below."""
    window.worklist = WorklistSide(jobs, window.studies)
    window.grid = Grid(jobs, font_size=settings.window.font_size)
    reading = session.reading
    window.hanging = Hanging(
        window.grid, window.worklist, reading, jobs, session.root.folder / "hanging", window
    )
    window.hanging.is_linked = lambda: window.together.linking.is_on()
    window.comparing = Comparing(window.grid, window.hanging, session, jobs, window)
    window.cines = Cines(window.grid)
    window.films = FilmWindows(window.grid, window, settings.screens.films, window.keys_of_films)
    window.hanging.clip_hung.connect(window.cines.play_when_ready)
    window.banner = Banner()
    named = OwnPane(window.grid)
    named.study_shown.connect(window.banner.show_study)
    named.frame_selected.connect(window.banner.show_frame)
    yield
    window.report = ReportSide(session.ledger)
    window.badge = OutboxBadge()
    window.status.add_badge(window.badge)
    window.table = ActionTable(window, {"viewport": window.grid, "report": window.report.panel})
    window.top = TopBar(window.table)
    reader = settings.reader
    window.signing = SignFlow(
        session.ledger,
        session.filing,
        window.report.panel,
        reader=Reader(reader.name, reader.organization) if reader.name else None,
        sign=session.sign,
        say=window.report.say,
        parent=window,
    )
    window.closing = Closing(session, close=window.close, say=window.report.say, parent=window)


def equip(
    window: Window, session: Session, jobs: Jobs, settings: Settings
) -> Generator[None, None, list[Action]]:
    """What a reader does there; gives the actions, in the order of the menus."""
    of_panes = pane_actions(window.grid.active)
    window.preferences = Preferences(settings, window.table, window.grid, window)
    of_grid = grid_actions(window.grid, window.pick_layout, window.set_layout)
    of_report = window.report.panel.actions_of_report()
    window.marking = Marking(window.grid, jobs, window.report.say)
    session.beside = partial(_beside, window)
    keeper = Keeper(session.root.presentations)
    window.keeping = Keeping(jobs, keeper, window.marking.annotations, window.grid, window)
    window.keeping.failed.connect(window.show_problem)
    session.add_writer(window.keeping)
    window.states = States(
        session,
        window.keeping,
        window.marking.annotations,
        window.grid,
        jobs,
        say=window.report.say,
        creator=settings.reader.name,
        applies_own=settings.presentations.apply_own,
    )
    yield
    window.exporting = Exporting(session, window.grid, jobs, window.report.say)
    audit = AuditLog(session.root.audit)
    window.documents = Documents(session.reading, jobs, audit, window.report.say, window)
    of_states = [*window.states.actions(), window.exporting.action(), window.documents.action()]
    window.pages = Pages(
        session.reading,
        window.grid,
        window.hanging,
        window.worklist.thumbnails.entries,
        jobs,
        say=window.report.say,
        parent=window,
    )
    window.pages.changed.connect(window.table.refresh)
    window.templates = Templates(
        session.ledger,
        Shelf(session.root.templates),
        partial(_reported_header, window),
        jobs,
        say=window.report.say,
        parent=window,
    )
    of_states.append(window.templates.action())
    header = partial(_reported_header, window)
    links = Links(session, window.report, window.grid, window.marking, window.keeping)
    window.writing = Writing(session, window.report, jobs, header, links)
    of_states += window.writing.actions()
    window.following = Following(session, window.pages, jobs, window.report.say)
    of_states.append(window.following.action())
    of_states.append(window.signing.action())
    watching = Watching(session.root, jobs, window.report.say, window)
    of_states.append(watching.action())
    window.handing = HandingOut(session, window.grid, jobs, window.report.say)
    of_states.append(window.handing.action())
    of_states.append(window.pages.action())
    window.add_step_back(window.pages.step_back)
    of_marks = [*window.marking.actions(), *of_states]
    yield
    window.together = Together(window.grid)
    window.worklist.stacks_changed.connect(window.together.notes.take)
    window.reformatting = Reformatting(window.grid, jobs, window.together)
    window.reformatting.said.connect(window.report.say)
    of_space = [
        *window.together.actions(),
        *window.reformatting.actions(),
        *window.cines.actions(),
        *window.films.actions(),
        *window.hanging.actions(),
        *window.comparing.actions(),
    ]
    return [*of_panes, *of_marks, *of_grid, *of_space, *of_report]


def _reported_header(window: Window) -> Dataset | None:
    frame = window.reported_frame()
    return frame.header if frame is not None else None


def _beside(window: Window) -> Beside:
    """What goes with the report that is signed: measurements and key images of its study."""
    own, kept = window.session.reading.identity, window.marking.annotations
    if own is None:
        return Beside()
    frames = window.session.reading.frames()
    return beside_of(kept.of_study(own), kept.key_images(own), frames)
