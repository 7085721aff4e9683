"""Keeping: marks, key images and views are on the disk a moment after each change, and there again
when the study is opened the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.kept import Keeper, Kept
from dicom_io.image.presentation import Presentation
from dicom_io.image.reformat import is_computed
from ui.jobs import Jobs
from ui.presentations import apply, is_untouched, presentation_of, series_of
from ui.viewport.annotations import Annotations, Marked
from ui.viewport.grid import Grid
from ui.viewport.viewport import Viewport

PAUSE = 400  # ms after the last change before it is written


@dataclass
class _Sheet:
    """One study: how its series were left, and what its file said."""

    found: Kept | None = None
    is_ready: bool = False  # its file was looked for
    views: dict[str, Presentation] = field(default_factory=dict)  # by series
    saved: Kept | None = None  # what lies on the disk
    in_archive: tuple[str, str] = ("", "")  # what was given to a PACS: marks and views, key images


class Keeping(QObject):
    """Joins the store of marks, the panes and the files. One file is written at a time.

    `found` tells a study whose file was looked for (Kept, or None without one); `failed` a problem
    of reading or writing, after which everything is still here and is tried again by `flush`.
    """

    found = pyqtSignal(object, object)  # Identity, Kept | None
    failed = pyqtSignal(object)  # Exception
    settled = pyqtSignal()  # nothing is left to write

    def __init__(
        self,
        jobs: Jobs,
        keeper: Keeper,
        annotations: Annotations,
        grid: Grid,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._keeper = keeper
        self._annotations = annotations
        self._grid = grid
        self._sheets: dict[Identity, _Sheet] = {}
        self._on: dict[Viewport, Identity] = {}  # the series whose view a pane has been given
        self._ignored: set[Viewport] = set()  # panes that show what somebody else made of it
        self._unsaved: set[Identity] = set()  # studies that could not be written
        self._writing: Kept | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self.flush)
        annotations.stood_changed.connect(self._pause.start)
        for pane in grid.all_panes():
            self._follow(pane)
        grid.pane_added.connect(self._follow)
        grid.frame_shown.connect(self._shown)

    @property
    def is_settled(self) -> bool:
        """True when nothing is left to write; what could not be written is not waited for."""
        return self._writing is None and not self._waiting()

    @property
    def lacks_room(self) -> bool:
        """True while something could not be written: closing now would lose it."""
        return bool(self._unsaved)

    def kept(self, study: Identity) -> Kept:
        """What would be written of a study now."""
        sheet = self._sheet(study)
        marked = self._annotations.take(study)
        return Kept(
            study.of_study(),
            # what lies on computed planes lasts as long as the session: nobody could find it again
            tuple(one for one in marked.annotations if not is_computed(one.identity)),
            tuple(one for one in marked.key_images if not is_computed(one)),
            tuple(sheet.views.values()),
            *sheet.in_archive,
        )

    def is_ready(self, study: Identity) -> bool:
        """True once the study's file was looked for."""
        return self._sheet(study).is_ready

    def was_kept(self, study: Identity) -> bool:
        """True when a file of the study was found: what is missing in it was taken away."""
        return self._sheet(study).found is not None

    def look_up(self, study: Identity) -> None:
        """Look for the file of a study, once; `found` tells."""
        self._sheet(study)

    def note_archived(self, study: Identity, content: str, key_images: str) -> None:
        """That content was given to an archive; see `Kept.content`."""
        self._sheet(study).in_archive = (content, key_images)
        self._pause.start()

    def ignore(self, pane: Viewport, ignored: bool) -> None:
        """While a pane shows the state of another maker, its view is not the reader's to keep."""
        if ignored:
            self._ignored.add(pane)
        else:
            self._ignored.discard(pane)

    def flush(self) -> None:
        """Write now what waits to be written, and try again what could not be."""
        self._pause.stop()
        self._unsaved.clear()
        self._write_next()

    # --- what is there ---

    def _sheet(self, study: Identity) -> _Sheet:
        """The sheet of a study; its file is looked for when it is new."""
        study = study.of_study()
        if study not in self._sheets:
            self._sheets[study] = _Sheet()
            answers: list[Kept | None] = []
            self._jobs.start(
                partial(_load, self._keeper, study),
                on_item=answers.append,
                on_done=lambda: self._found(study, answers[0]),
                on_failed=partial(self._not_found, study),
                pool="disk",
                urgent=True,
            )
        return self._sheets[study]

    def _found(self, study: Identity, kept: Kept | None) -> None:
        sheet = self._sheets[study]
        sheet.found = sheet.saved = kept
        sheet.is_ready = True
        if kept is not None:
            self._annotations.put(study, Marked(kept.annotations, kept.key_images))
            sheet.in_archive = (kept.in_archive, kept.key_images_in_archive)
            views = {view.images[0].series: view for view in kept.views if view.images}
            sheet.views = views | sheet.views
        self.found.emit(study, kept)
        for pane in self._grid.all_panes():
            self._shown(pane, pane.selected_frame())
        if self._annotations.is_changed(study):
            self._pause.start()

    def _not_found(self, study: Identity, error: Exception) -> None:
        self.failed.emit(error)
        self._found(study, None)

    # --- panes ---

    def _follow(self, pane: Viewport) -> None:
        pane.view_changed.connect(partial(self._changed, pane))

    def _shown(self, pane: Viewport, frame: ImageFrame | None) -> None:
        """A pane shows a frame; one of another series than before gets the view that was kept."""
        if frame is None or frame.derivation:
            self._on.pop(pane, None)
            return
        sheet, series = self._sheet(frame.identity), series_of(frame)
        if not sheet.is_ready or self._on.get(pane) == series:
            return
        self._on.pop(pane, None)
        self._restore(pane, series)
        # Whoever hung the pane may set a window of its own right after; what was kept comes last.
        QTimer.singleShot(0, partial(self._hold, pane, series))

    def _restore(self, pane: Viewport, series: Identity) -> None:
        view = self._sheet(series).views.get(series.series)
        if view is None:
            return
        hung = pane.current_offer()
        if hung is not None and hung.is_hung and len(self._grid.showing(series)) > 1:
            view = replace(view, window=None)  # hung twice for the sake of two windows: keep both
        apply(pane, view)

    def _hold(self, pane: Viewport, series: Identity) -> None:
        frame = pane.selected_frame()
        if frame is not None and series_of(frame) == series and pane not in self._on:
            self._restore(pane, series)
            self._on[pane] = series
            self._changed(pane)  # the reader may have been quicker than the file

    def _changed(self, pane: Viewport) -> None:
        """The reader changed how a series is seen."""
        series = self._on.get(pane)
        view = presentation_of(pane)
        if series is None or view is None or view.images != (series,) or pane in self._ignored:
            return
        views = self._sheet(series).views
        before = views.get(series.series)
        if is_untouched(view):
            if views.pop(series.series, None) is not None:
                self._pause.start()
        elif before is None or replace(before, frame=view.frame) != view:
            views[series.series] = view
            self._pause.start()

    # --- writing ---

    def _waiting(self) -> list[Kept]:
        """What differs from its file, the studies that could not be written left out."""
        waiting = []
        for study, sheet in self._sheets.items():
            kept = self.kept(study) if sheet.is_ready and study not in self._unsaved else None
            if kept is not None and kept != (sheet.saved or Kept(study)):
                waiting.append(kept)
        return waiting

    def _write_next(self) -> None:
        waiting = self._waiting()
        if self._writing is None and waiting:
            self._write(waiting[0])
        elif self._writing is None:
            self.settled.emit()

    def _write(self, kept: Kept) -> None:
        self._writing = kept
        self._jobs.start(
            partial(_save, self._keeper, kept),
            on_done=self._written,
            on_failed=self._not_written,
            pool="disk",
        )

    def _written(self) -> None:
        kept, self._writing = self._writing, None
        if kept is not None:
            self._sheets[kept.study].saved = kept
            self._annotations.note_saved(kept.study, Marked(kept.annotations, kept.key_images))
        self._go_on()

    def _not_written(self, error: Exception) -> None:
        kept, self._writing = self._writing, None
        if kept is not None:
            self._unsaved.add(kept.study)
        self.failed.emit(error)
        self._go_on()

    def _go_on(self) -> None:
        if not self._pause.isActive():
            self._write_next()


def _load(keeper: Keeper, study: Identity, cancelled: Callable[[], bool]) -> Iterator[Kept | None]:
    yield keeper.load(study)


def _save(keeper: Keeper, kept: Kept, cancelled: Callable[[], bool]) -> Iterator[None]:
    keeper.save(kept)
    yield None
