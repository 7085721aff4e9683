"""Opening: the window stands and can be used before the rest of the program has been imported.

First the study list, from the index of this disk alone, with its field. The rest is imported on a
pool thread while the window attends to its reader, and then put behind it step by step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication

from dicom_io.appearance import appearance_of
from dicom_io.errors import DicomProblem
from dicom_io.pacs.index import Index
from dicom_io.source import Source
from dicom_io.storage import DataRoot
from dicom_io.study import Study
from ui.application import application
from ui.jobs import Jobs
from ui.window import Window
from ui.worklist.study_list import StudyList

if TYPE_CHECKING:
    import logging

    from dicom_io.settings import Settings
    from ui.app import Viewer
    from ui.host import Plugin

SIZE = (1920, 1080)
LATE = 300  # ms that the first look may take before all else is loaded beside it
# The application and its window until the process ends. Let go when `run` returns, they would be
# destroyed in any order, the application before its widgets, which now and then ended in a
# segmentation fault; for the same reason the front doors end the process at once.
_kept: list[object] = []


@dataclass(frozen=True)
class Surroundings:
    """What the window works with. The last three are called on a pool thread, since they import a
    great deal, and may raise what the program ends with."""

    root: DataRoot
    settings: Callable[[], Settings]
    plugins: Callable[[], Sequence[Plugin]]
    sources: Callable[[], Sequence[Source]]


def run(
    surroundings: Surroundings,
    *,
    open_study: str | None = None,
    list_all: bool = False,
    picture: Path | None = None,
    watch: Callable[[Opening], None] | None = None,
) -> int:
    """Show the window until it is closed; returns the program's exit code.

    `open_study` is a StudyInstanceUID to search for and open at once, `list_all` fills the study
    list as an empty search does. With `picture` the window is drawn into that PNG file as soon as
    the study's film is shown, and then closed: 0 when it was written, 1 when the film did not come.
    `watch` is given the opening before anything is shown. Raises StorageProblem, FormatTooNew,
    FormatUnreadable, or what the surroundings raise.
    """
    look = appearance_of(surroundings.root.settings)
    app = application(look.font_size, look=look.theme, tongue=look.language)
    opening = Opening(
        surroundings, {"open_study": open_study, "list_all": list_all, "picture": picture}
    )
    _kept[:] = app, opening
    hook = sys.excepthook
    sys.excepthook = opening.unforeseen
    try:
        if watch is not None:
            watch(opening)
        opening.show(maximised=picture is None)
        code = app.exec()
    finally:
        sys.excepthook = hook
        opening.close()
    if opening.failure is not None:
        raise opening.failure
    return code


class Opening(QObject):
    """The way of one window from its first look to all that it can do."""

    painted = pyqtSignal()  # the first look is on the screen
    furnished = pyqtSignal()

    def __init__(self, surroundings: Surroundings, wishes: dict[str, Any]) -> None:
        super().__init__()
        self._surroundings = surroundings
        self._wishes = wishes
        self._jobs = Jobs()
        self._awaited = {"paint", "list"}  # before the rest is loaded, which would hold them up
        self._record: logging.Handler | None = None
        self._steps: Iterator[None] = iter(())
        self._next = QTimer(self)
        self._next.timeout.connect(self._step)
        self._late = QTimer(self)  # the studies of this disk come first, unless there are many
        self._late.setSingleShot(True)
        self._late.timeout.connect(partial(self._load_after, "paint", "list"))
        self.viewer: Viewer | None = None
        self.failure: Exception | None = None
        studies = StudyList(self._jobs, (), partial(on_disk, surroundings.root))
        self.window = Window(self._jobs, studies)
        self.window.closed.connect(self._end)
        self.window.resize(*SIZE)
        self.window.first_look.painted.connect(self.painted)
        self.painted.connect(partial(self._load_after, "paint"))
        studies.listed.connect(partial(self._load_after, "list"))
        studies.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._wake = QTimer(self)  # or Python would not see a Ctrl+C of the terminal
        self._wake.timeout.connect(_nothing)
        self._wake.start(500)

    def show(self, *, maximised: bool) -> None:
        """Show the first look, and go on from there."""
        if maximised:
            self.window.showMaximized()
        else:
            self.window.show()
        self._late.start(LATE)

    def close(self) -> None:
        """The window was closed: end all work."""
        self._next.stop()
        if self.viewer is not None:
            self.viewer.close()
        else:
            self._jobs.close()
        if self._record is not None:
            from ui import log as log_file

            log_file.take_down(self._record)

    def _end(self) -> None:
        """The window was closed; a question that stood before it is not left alone."""
        QTimer.singleShot(0, partial(QApplication.exit, 0))

    def _load_after(self, *done: str) -> None:
        """Load the rest once the first look is painted and lists this disk, or that took long."""
        if not self._awaited:
            return
        self._awaited.difference_update(done)
        if self._awaited:
            return
        self._late.stop()
        QTimer.singleShot(0, self._load)  # after all else that waited for the first look

    def _load(self) -> None:
        self._jobs.start(self._bring, on_item=self._furnish, on_failed=self._fail, pool="disk")

    def _bring(self, cancelled: Callable[[], bool]) -> Iterator[Any]:
        """Import the rest; for a pool thread."""
        from ui import log as log_file

        around = self._surroundings
        self._record = log_file.set_up(around.root.folder / "log" / "wetread.log")
        from ui import app

        yield app, around.settings(), around.plugins(), around.sources()

    def _furnish(self, brought: Any) -> None:
        self._steps = self._put_behind(*brought)
        self._next.start(0)

    def _put_behind(
        self, app: Any, settings: Settings, plugins: Sequence[Plugin], sources: Sequence[Source]
    ) -> Iterator[None]:
        """All that was imported, behind the window, in steps; `app` is the module."""
        root = self._surroundings.root
        self.viewer = yield from app.furnish(
            self.window, self._jobs, plugins, root, settings, sources
        )
        app.show_first(self.viewer, root, sources, **self._wishes)

    def _step(self) -> None:
        """One step, between which the window attends to its reader."""
        try:
            next(self._steps)
        except StopIteration:
            self._next.stop()
            self.furnished.emit()
        except DicomProblem as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """The rest does not come: end the program with that."""
        self._next.stop()
        self.failure = error
        self.window.close()

    def unforeseen(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A bug in a slot: into the log with its traceback, and the reader is told."""
        import logging

        log = logging.getLogger(__name__)
        log.critical("Nobody foresaw this.", exc_info=(kind, error, trace))
        if not isinstance(error, Exception):
            self.window.close()  # Ctrl+C in the terminal
        elif self.window.is_furnished:
            self.window.show_problem(error)
        else:
            self._fail(error)


def on_disk(root: DataRoot) -> Sequence[Study]:
    """The studies of this disk, from the index alone; for a pool thread."""
    if not root.index.exists():
        return ()
    with closing(Index(root.index)) as index:
        return index.studies()


def _nothing() -> None:
    """Runs in Python, which then looks for signals."""
