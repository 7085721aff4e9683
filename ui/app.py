"""Builds everything, in order, once: the program from its plug-ins, data root and sources."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from PyQt6.QtCore import QObject, Qt, QTimer
from PyQt6.QtWidgets import QApplication

from dicom_io.audit import AuditLog
from dicom_io.errors import DicomProblem
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.connect import NodeSource
from dicom_io.settings import Settings
from dicom_io.source import Query, Source
from dicom_io.storage import DataRoot
from dicom_io.study import Study
from ui import furnishing
from ui.acknowledgement import Acknowledgement
from ui.actions import Action
from ui.host import Host, Plugin, start_plugins
from ui.jobs import Jobs
from ui.language import tr
from ui.session import Session
from ui.viewport.frame_store import FrameStore
from ui.window import Window
from ui.worklist.study_list import StudyList
from ui.worklist.study_rows import Listed

log = logging.getLogger(__name__)

# Of the actions, those at the right of the top line.
AT_RIGHT = ("compare.prior", "image.key", "draft.start", "answer.ask", "help.keys")
ECHO = 60_000  # ms between two looks whether the PACS answers
PATIENCE = 60_000  # ms that a picture of the window may take


@dataclass
class Viewer:
    """Everything that lives as long as the window, and ends with it."""

    window: Window
    host: Host
    session: Session
    jobs: Jobs
    cache: Cache
    plugins: list[object]  # the started modules

    def close(self) -> None:
        """Stop the plug-ins and all work. The window is closed before."""
        for module in self.plugins:
            stop = getattr(module, "stop", None)
            if callable(stop):
                stop()
        self.session.filing.stop()
        self.jobs.close()
        self.cache.close()


def build_window(
    plugins: Sequence[Plugin], root: DataRoot, settings: Settings, sources: Sequence[Source]
) -> Viewer:
    """The window with everything behind it at once, not yet shown. Call on the Qt thread.

    Raises StorageProblem, FormatTooNew or FormatUnreadable when the data root cannot be used.
    """
    jobs = Jobs()
    window = Window(jobs, StudyList(jobs, (), tuple))
    steps = furnish(window, jobs, plugins, root, settings, sources)
    try:
        while True:
            next(steps)
    except StopIteration as done:
        return cast(Viewer, done.value)


def furnish(
    window: Window,
    jobs: Jobs,
    plugins: Sequence[Plugin],
    root: DataRoot,
    settings: Settings,
    sources: Sequence[Source],
) -> Generator[None, None, Viewer]:
    """Put everything behind a window, in steps on the Qt thread. Raises as `build_window` does."""
    if settings.viewer.memory:
        FrameStore.of(jobs).budget = settings.viewer.memory * 2**20
    cache = Cache(root)
    session = Session(jobs, root, cache, sources)
    yield from furnishing.furnish(window, session, jobs, settings, sources)
    host = Host(
        window,
        session.ledger,
        jobs,
        window=window,
        audit=session.trail,
        settings=settings,
        root=root,
    )
    window.frame_selected.connect(host.frame_selected)
    window.box_drawn.connect(host.box_drawn)
    window.preferences.changed.connect(host.change_settings)
    window.setting_changed.connect(host.change_settings)
    session.reading.study_opened.connect(partial(_tell_study, host))
    viewer = Viewer(window, host, session, jobs, cache, [])
    yield
    yield from _start(viewer, plugins)
    check = partial(_open_connections, window, jobs, root)
    window.add_actions(
        [Action("pacs.check", tr("Archives and connection check"), "", check, group="Study")]
    )
    window.studies.check.clicked.connect(lambda: check())
    names = {action.name for action in window.table.actions()}
    window.top.build([name for name in AT_RIGHT if name in names])
    yield
    session.start()
    _watch_sources(window, jobs, sources)
    window.begin()
    return viewer


def show_first(
    viewer: Viewer,
    root: DataRoot,
    sources: Sequence[Source],
    *,
    open_study: str | None = None,
    list_all: bool = False,
    picture: Path | None = None,
) -> None:
    """What a window that is shown begins with, as `ui.opening.run` was asked."""
    if list_all:
        viewer.window.studies.search()
    if picture is not None:
        _Photograph(viewer, picture)
    else:
        Acknowledgement.ask_once(root, viewer.jobs, viewer.window)
    if open_study:
        open_by_uid(viewer, sources, open_study)


def open_by_uid(viewer: Viewer, sources: Sequence[Source], study: str) -> None:
    """Search every source, then this disk, for a study and open it; say so when there is none."""
    found: list[Listed] = []

    def look(cancelled: Callable[[], bool]) -> Iterator[Listed]:
        for source in sources:
            for one in source.find(Query(study=study), cancelled):
                if one.study is not None:
                    yield Listed(one.study, source.name)
        yield from (Listed(one, on_disk=True) for one in viewer.cache.studies() if _is(one, study))

    def opened() -> None:
        if found:
            for one in found:
                viewer.window.studies.rows.add(one)
            viewer.window.open(found[0])
        else:
            viewer.window.report.say(tr("The study asked for was not found."), "alarm")

    viewer.jobs.start(look, on_item=found.append, on_done=opened, pool="network")


def _is(one: Study, study: str) -> bool:
    return one.identity.study == study


def _tell_study(host: Host, study: Study | None) -> None:
    host.study_opened.emit(study.identity if study is not None else None)


def _start(viewer: Viewer, plugins: Sequence[Plugin]) -> Iterator[None]:
    """Start the plug-ins, a step each; one that fails is named to the reader and left out."""
    left_out: dict[str, Exception] = {}
    for plugin, outcome in start_plugins(viewer.host, plugins):
        if isinstance(outcome, Exception):
            log.error("The plug-in %s was left out.", plugin.name, exc_info=outcome)
            left_out[plugin.name] = outcome
        else:
            viewer.window.add_actions(outcome.actions)
            viewer.plugins.append(outcome.module)
        yield
    if left_out:
        names = ", ".join(f"“{name}”" for name in left_out)
        reasons = "\n".join(f"{name}: {error}" for name, error in left_out.items())
        viewer.window.show_state(
            "plugins", tr("plug-in {names} left out", names=names), "alarm", reasons
        )


def _open_connections(window: Window, jobs: Jobs, root: DataRoot) -> None:
    from ui.connection_dialog import ConnectionDialog  # nothing at the start needs it

    dialog = ConnectionDialog(jobs, root, AuditLog(root.audit), window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _watch_sources(window: Window, jobs: Jobs, sources: Sequence[Source]) -> None:
    """Say at the bottom which PACS answers."""
    nodes = [source for source in sources if isinstance(source, NodeSource)]
    if not nodes:
        names = ", ".join(source.name for source in sources) or tr("no PACS set up")
        window.show_state("pacs", names, "quiet", "")
        return
    first = nodes[0]

    def echo(cancelled: Callable[[], bool]) -> Iterator[float]:
        yield first.echo()

    def answered(seconds: float) -> None:
        window.show_state(
            "pacs",
            f"{first.name} · {first.way}",
            "proven",
            tr("It answered in {time} ms.", time=f"{seconds * 1000:.0f}")
            + "\n"
            + tr("Studies come by {way}: {why}.", way=first.way, why=first.why.rstrip(".")),
        )

    def silent(error: Exception) -> None:
        reason = str(error) if isinstance(error, DicomProblem) else ""
        window.show_state("pacs", tr("{name} does not answer", name=first.name), "alarm", reason)

    def look() -> None:
        jobs.start(echo, on_item=answered, on_failed=silent, pool="network")

    again = QTimer(window)
    again.setInterval(ECHO)
    again.timeout.connect(look)
    again.start()
    window.studies.searched.connect(look)
    window.session.reading.failed.connect(look)
    look()


class _Photograph(QObject):
    """Draws the window into a file once the film is shown, and ends the program."""

    def __init__(self, viewer: Viewer, path: Path) -> None:
        super().__init__(viewer.window)
        self._viewer = viewer
        self._path = path
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._give_up)
        self._late.start(PATIENCE)
        self._ready = QTimer(self)
        self._ready.setInterval(100)
        self._ready.timeout.connect(self._look)
        self._ready.start()

    def _look(self) -> None:
        """All that was loading is there: film, thumbnails and report."""
        session = self._viewer.session
        if self._viewer.window.selected_frame() is None or session.reading.is_loading:
            return
        if session.ledger.document is None or not session.is_settled:
            return
        if self._viewer.window.studies.is_searching:
            return
        self._ready.stop()
        saved = self._viewer.window.grab().save(str(self._path), "PNG")
        QApplication.exit(0 if saved else 1)

    def _give_up(self) -> None:
        seconds = PATIENCE // 1000
        print(f"The study was not shown within {seconds} s.", file=sys.stderr)
        QApplication.exit(1)
