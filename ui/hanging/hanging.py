"""Hanging: what each pane shows, as the reader or a protocol wants it, while images arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from dicom_io.errors import DicomProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.window import Window
from dicom_io.study import Study
from ui.actions import Action
from ui.hanging.choosing import Case, Hung, choose, hang
from ui.hanging.protocol import Protocol, ordered, read_folder
from ui.hanging.saving import file_of, layout_of, saving
from ui.jobs import Jobs
from ui.language import tr
from ui.reading import Reading
from ui.viewport.cell import moment_of
from ui.viewport.grid import Grid
from ui.viewport.presets import Offer
from ui.viewport.viewport import Viewport
from ui.worklist.thumbnails import SeriesEntry
from ui.worklist.worklist_side import WorklistSide

Read = tuple[tuple[Protocol, ...], tuple[DicomProblem, ...]]
BUILT_IN = Path(__file__).resolve().parent / "builtin"


class Hanging(QObject):
    """Puts series into panes.

    Images that arrive change neither the pane in hand nor what a pane shows. A protocol is applied
    when a study is opened and once more when it is complete, but not after the reader has touched
    a pane, chosen a series or another layout.
    """

    said = pyqtSignal(str)  # one sentence to the reader
    hung = pyqtSignal(object)  # Protocol that was applied
    clip_hung = pyqtSignal(object)  # Viewport whose clip is to be played
    prior_wanted = pyqtSignal()  # a protocol has a place for one

    def __init__(
        self,
        grid: Grid,
        worklist: WorklistSide,
        reading: Reading,
        jobs: Jobs,
        own: Path,
        parent: QObject | None = None,
    ) -> None:
        """`own` is the folder of the reader's own protocols."""
        super().__init__(parent)
        self._grid = grid
        self._worklist = worklist
        self._reading = reading
        self._jobs = jobs
        self._own = own
        self._protocols: tuple[Protocol, ...] = ()
        self._applied: Protocol | None = None
        self._prior: tuple[Study | None, tuple[SeriesEntry, ...]] = (None, ())
        self.is_linked: Callable[[], bool] = bool  # do the panes scroll together?
        self._is_touched = False
        self._listed = 0  # series, or stacks of series, when images came last
        self._series: dict[Viewport, str] = {}  # what each pane showed last, by UID
        grid.touched.connect(self.touch)
        grid.dropped.connect(self._drop)
        worklist.stacks_changed.connect(self._put_in_order)
        grid.active_changed.connect(self._mark)
        grid.layout_changed.connect(self._mark)
        grid.frame_shown.connect(self._frame_shown)
        self.read_protocols()

    def actions(self) -> list[Action]:
        """What keys and menu do here."""
        return [
            Action("series.next", tr("Next series"), "Shift+PgDown", lambda: self.step(1),
                   group="Image", context="viewport"),
            Action("series.previous", tr("Previous series"), "Shift+PgUp", lambda: self.step(-1),
                   group="Image", context="viewport"),
            Action("layout.hang", tr("Hang by protocol"), "Ctrl+L", self.hang_again,
                   group="Layout"),
            Action("layout.save", tr("Save my layout"), "Ctrl+Shift+L", self.save_layout,
                   group="Layout"),
        ]  # fmt: skip

    # --- by hand ---

    def touch(self) -> None:
        """The reader is at work: nothing is hung anew by itself from now on."""
        self._is_touched = True

    def choose(self, entry: SeriesEntry) -> None:
        """Show a series in the pane in hand."""
        self.touch()
        self._show(self._grid.active(), entry, self._reading.study)

    def step(self, count: int) -> None:
        """The next series of the study in the pane in hand, or with -1 the one before."""
        self.touch()
        pane = self._grid.active()
        entries = [entry for entry in self._entries_beside(pane) if entry.frames]
        here = next((n for n, entry in enumerate(entries) if shows(pane, entry)), -1)
        there = here + count
        if 0 <= there < len(entries):
            self._show(pane, entries[there], pane.study())
        elif entries:
            self.said.emit(
                tr("This is the last series.") if count > 0 else tr("This is the first series.")
            )

    def _drop(self, pane: Viewport, name: Identity) -> None:
        """A thumbnail was let go over a pane."""
        self.touch()
        for entry in self._worklist.thumbnails.entries():
            if entry.name == name or any(frame.identity == name for frame in entry.frames):
                self._grid.activate(pane)
                self._show(pane, entry, self._reading.study)
                pane.setFocus(Qt.FocusReason.MouseFocusReason)  # keys go where the hand went
                return
        self.said.emit(tr("This series belongs to a study that is not open any more."))

    def hang_again(self) -> None:
        """Apply the protocol that fits best, whatever the reader did before."""
        if not self._apply_best():
            self.said.emit(tr("No layout fits this study; choose one, and save it as your own."))

    def save_layout(self) -> None:
        """Keep the panes as they are, for studies of this kind from now on."""
        case = self._case()
        if not any(entry.frames for entry in case.entries):
            self.said.emit(tr("Open a study first; its layout can then be saved."))
            return
        protocol = layout_of(self._grid, case, link=self.is_linked())
        path = file_of(self._own, protocol)

        def saved(_: Path) -> None:
            self.said.emit(tr("Saved as “{name}”; it comes first from now on.", name=protocol.name))
            self.read_protocols()

        self._jobs.start(
            saving(path, protocol),
            on_item=saved,
            on_failed=self._not_saved,
            pool="disk",
        )

    def _not_saved(self, error: Exception) -> None:
        if isinstance(error, DicomProblem):
            self.said.emit(str(error))
        else:
            self._jobs.failed.emit(error)

    # --- what happens ---

    def study_opened(self, study: Study | None) -> None:
        """Another study, or none: the panes are cleared and there is one of them."""
        self._is_touched, self._applied, self._prior = False, None, (None, ())
        grid = self._grid
        grid.clear()
        grid.set_reported(None)
        first = next(pane for pane in grid.all_panes() if pane not in grid.elsewhere())
        if first in grid.panes():
            grid.activate(first)
        elif grid.active() in grid.elsewhere():
            grid.activate(next(pane for pane in grid.panes() if pane not in grid.elsewhere()))
        grid.set_layout(1, 1)
        grid.active().show_series((), study)

    def frames_arrived(self, frames: tuple[ImageFrame, ...]) -> None:
        """New images of the open study, after the worklist has them."""
        grid = self._grid
        if grid.reported() != self._reading.identity:
            grid.set_reported(self._reading.identity, moment_of(frames[0]))
        is_first = not any(pane.frames() for pane in grid.all_panes())
        if is_first:
            series = frames[0].identity.series
            grid.active().add_frames([one for one in frames if one.identity.series == series])
        listed = self._worklist.thumbnails.entries()
        stacks = Counter(entry.series.identity.series for entry in listed)
        grid.add_frames([one for one in frames if stacks[one.identity.series] <= 1])
        more, self._listed = len(listed) != self._listed, len(listed)
        if not self._is_touched and self._applied is not None:
            if more:  # and not at every image of a series that is known
                self._fill()
        elif is_first and not self._is_touched:
            self._apply_best()

    def loaded(self) -> None:
        """All of the study is here: in order, and hung as a whole."""
        self._put_in_order()
        self._hang_whole()

    def _hang_whole(self) -> None:
        """By protocol, as long as the reader has not begun to work."""
        if not self._is_touched:
            self._apply_best()
            if not self._reading.is_loading:
                self._ask_for_prior()

    def _put_in_order(self, _: object = None) -> None:
        """Every pane keeps to the stack of its image, in the order of the stack."""
        for pane in self._grid.all_panes():
            entry = next((one for one in self._entries_beside(pane) if shows(pane, one)), None)
            if entry is not None and entry.frames != pane.frames():
                pane.put_in_order(entry.frames)

    def prior_arrived(self, study: Study, entries: Sequence[SeriesEntry]) -> bool:
        """A prior is here; True when a protocol has a place for it and took it."""
        self._prior = (study, tuple(entries))
        return not self._is_touched and self._wants_prior() and self._apply_best()

    # --- protocols ---

    def protocols(self) -> tuple[Protocol, ...]:
        """All that are known, the reader's own first."""
        return self._protocols

    def applied(self) -> Protocol | None:
        """The protocol that the open study hangs by."""
        return self._applied

    def read_protocols(self) -> None:
        """Read them again, on the disk pool; what is wrong with a file is said."""

        def read(cancelled: Callable[[], bool]) -> Iterator[Read]:
            for folder, is_own in ((BUILT_IN, False), (self._own, True)):
                yield read_folder(folder, is_own=is_own)

        gathered: list[Protocol] = []

        def take(one: Read) -> None:
            good, bad = one
            gathered.extend(good)
            for problem in bad[:1]:
                self.said.emit(str(problem))

        def ready() -> None:
            self._protocols = ordered(gathered)
            if self._applied is None and self._reading.frames():
                self._hang_whole()

        self._jobs.start(read, on_item=take, on_done=ready, pool="disk")

    def _case(self, prior_waits: bool = False) -> Case:
        return Case(self._worklist.thumbnails.entries(), self._prior[1], prior_waits)

    def _apply_best(self) -> bool:
        """False when no protocol fits."""
        case = self._case()
        protocol = choose(self._protocols, case)
        if protocol is None:
            return False
        self._grid.set_layout(protocol.rows, protocol.columns)
        self._applied = protocol
        self._put(hang(protocol, case), only_empty=False)
        self.hung.emit(protocol)
        return True

    def _fill(self) -> None:
        """A series that has come takes a place that waited for it."""
        waits = any(not pane.frames() for pane in self._grid.panes())
        if self._applied is not None and waits:
            self._put(hang(self._applied, self._case()), only_empty=True)

    def _put(self, hung: Sequence[Hung], *, only_empty: bool) -> None:
        grid = self._grid
        for pane, one in zip(grid.panes(), hung, strict=False):
            if only_empty and pane.frames():
                continue
            study = self._prior[0] if one.place.study == "prior" else self._reading.study
            if one.entry is None:
                if pane.frames():
                    pane.show_series((), study)
                continue
            if not shows(pane, one.entry) or pane.position() != one.index:
                self._show(pane, one.entry, study)
                pane.go_to(one.index)
            if one.place.window and not one.entry.frames[one.index].is_colour:
                name = self._applied.name if self._applied is not None else ""
                center, width = one.place.window
                window = Window(center, width, explanation=name)
                pane.choose_window(Offer(name, window, is_hung=True))
            if one.place.cine and len(pane.frames()) > 1:
                self.clip_hung.emit(pane)
        if not grid.active().frames() and grid.panes()[0].frames():
            grid.activate(grid.panes()[0])

    def _wants_prior(self) -> bool:
        """True when a protocol with a place for a prior would win if there were one."""
        best = choose(self._protocols, self._case(prior_waits=True))
        return best is not None and any(place.study == "prior" for place in best.places)

    def _ask_for_prior(self) -> None:
        if not self._prior[1] and self._wants_prior():
            self.prior_wanted.emit()

    # --- panes ---

    def _entries_beside(self, pane: Viewport) -> tuple[SeriesEntry, ...]:
        """All series of the study that a pane shows."""
        study, (prior, entries) = pane.study(), self._prior
        if study is not None and prior is not None and study.identity.study == prior.identity.study:
            return entries
        return self._worklist.thumbnails.entries()

    def _show(self, pane: Viewport, entry: SeriesEntry, study: Study | None) -> None:
        self._grid.show_series(pane, entry.frames, study)
        self._mark()

    def _frame_shown(self, pane: Viewport, frame: ImageFrame | None) -> None:
        series = frame.identity.series if frame is not None else ""
        if self._series.get(pane) != series:  # and not at every step through it
            self._series[pane] = series
            self._mark()

    def _mark(self, *_: object) -> None:
        """Say at the thumbnails what is on the screen, and mark that of the pane in hand."""
        panes, marks = self._grid.panes(), {}
        for entry in self._worklist.thumbnails.entries():
            numbers = [str(n) for n, pane in enumerate(panes, 1) if shows(pane, entry)]
            if numbers and len(panes) == 1:
                marks[entry.name] = tr("shown")
            elif len(numbers) == 1:
                marks[entry.name] = tr("pane {number}", number=numbers[0])
            elif numbers:
                marks[entry.name] = tr("panes {numbers}", numbers=", ".join(numbers))
            if shows(self._grid.active(), entry):
                self._worklist.thumbnails.select(entry.name)
        self._worklist.thumbnails.mark_shown(marks)


def shows(pane: Viewport, entry: SeriesEntry) -> bool:
    """True when the pane shows that series, or that stack of it."""
    frames = pane.frames()
    if not frames or not entry.frames:
        return False
    at = frames[min(pane.position(), len(frames) - 1)].identity
    first = entry.frames[0].identity
    if (at.study, at.series) != (first.study, first.series):
        return False
    return any(frame.identity == at for frame in entry.frames)
