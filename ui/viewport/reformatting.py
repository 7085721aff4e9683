"""Reformatting: the volume in hand beside its axial, coronal and sagittal planes, with a slab."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QWheelEvent

from dicom_io.errors import DicomProblem
from dicom_io.image.frame import ImageFrame
from dicom_io.image.reformat import Cut, Planes, Projection, Slab
from dicom_io.image.volume import Progress
from ui.actions import Action
from ui.jobs import Job, Jobs
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.presets import Offer
from ui.viewport.reformat_job import Made, made_of
from ui.viewport.together import Together
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

GROUP = "Layout"
THICKEST = 100.0  # mm
STEPS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0, 80.0, THICKEST)
WHEEL_STEP = 120  # eighths of a degree: one notch
SLAB_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@dataclass(eq=False)
class _Shown:
    """What is on the screen while planes are."""

    source: Viewport
    panes: dict[Cut, Viewport]
    planes: dict[Cut, Planes]
    shape: tuple[int, int]  # of the grid before
    before: tuple[Viewport, ...]


class Reformatting(QObject):
    """One volume at a time. `said` carries a sentence for the reader."""

    said = pyqtSignal(str)

    def __init__(self, grid: Grid, jobs: Jobs, together: Together) -> None:
        super().__init__(grid)
        self._grid = grid
        self._jobs = jobs
        self._together = together
        self._job: Job | None = None
        self._shown: _Shown | None = None
        self._slab = Slab()
        self._wheel = 0
        grid.frame_shown.connect(self._frame_shown)
        grid.active_changed.connect(self._taken_in_hand)

    # --- what the reader does ---

    @property
    def is_on(self) -> bool:
        """True while planes are shown or being made."""
        return self._shown is not None or (self._job is not None and self._job.is_running)

    @property
    def slab(self) -> Slab:
        return self._slab

    def toggle(self) -> None:
        """Cut the volume in hand, or bring the former layout back."""
        if not self.stop():
            self.start()

    def start(self) -> None:
        """Make a volume of what the pane in hand shows, and show its planes."""
        pane = self._grid.active()
        frames = pane.frames()
        if frames and frames[0].derivation:
            self.said.emit(tr("These planes are computed already; go to the series they are of."))
            return
        self.said.emit(tr("Making a volume of {count} slices.", count=len(frames)))
        self._job = self._jobs.start(
            partial(made_of, frames),
            on_item=partial(self._arrived, pane, frames),
            on_done=self._ended,
            on_failed=self._failed,
            pool="disk",
        )

    def stop(self) -> bool:
        """Bring the former layout back; False when no planes were shown or being made."""
        was_on = self.is_on
        if self._job is not None:
            self._job.cancel()
            self._job = None
        shown, self._shown = self._shown, None
        self._slab = Slab()
        if shown is None:
            if was_on:
                self.said.emit("")
            return was_on
        for pane in shown.panes.values():
            pane.removeEventFilter(self)
            if _is_derived(pane):
                pane.clear()
        if shown.source in self._grid.panes() and shown.source in shown.before:
            self._grid.activate(shown.source)
            self._grid.set_layout(*shown.shape, shown.before)
        self._together.crosshair.take_away()
        if self._grid.active().tool() is Tool.CROSSHAIR:
            self._grid.active().arm(Tool.WINDOW)
        return True

    def thicker(self, steps: int) -> None:
        """Planes of another thickness: so many steps of the list on, or back."""
        nearest = min(range(len(STEPS)), key=lambda n: abs(STEPS[n] - self._slab.thickness))
        place = min(max(nearest + steps, 0), len(STEPS) - 1)
        self._take(replace(self._slab, thickness=STEPS[place]))

    def next_projection(self) -> None:
        """Maximum, mean, minimum, and round again."""
        kinds = list(Projection)
        after = kinds[(kinds.index(self._slab.projection) + 1) % len(kinds)]
        self._take(replace(self._slab, projection=after))

    def _take(self, slab: Slab) -> None:
        shown = self._shown
        if shown is None or slab == self._slab:
            return
        self._slab = slab
        for cut, pane in shown.panes.items():
            if _is_derived(pane):
                pane.exchange(shown.planes[cut].frames(slab))
        words = slab.words()
        self.said.emit(tr("Slab {words}.", words=words) if words else tr("Single slices."))

    def actions(self) -> list[Action]:
        """For the action table."""
        rows = (
            ("mpr.thicker", tr("Thicker slab"), "Ctrl+Shift+Up", partial(self.thicker, 1)),
            ("mpr.thinner", tr("Thinner slab"), "Ctrl+Shift+Down", partial(self.thicker, -1)),
            ("mpr.projection", tr("MIP, mean or MinIP"), "Ctrl+Shift+M", self.next_projection),
        )
        return [
            Action(
                "mpr.show",
                tr("Axial, coronal, sagittal (MPR)"),
                "P",
                self.toggle,
                group=GROUP,
                context="viewport",
                checked=lambda: self.is_on,
            ),
            *(
                Action(
                    name,
                    text,
                    key,
                    run,
                    group=GROUP,
                    context="viewport",
                    enabled=lambda: self._shown is not None,
                )
                for name, text, key, run in rows
            ),
        ]

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ctrl, Shift and the wheel over a plane change the slab."""
        if not isinstance(event, QWheelEvent) or event.modifiers() & SLAB_KEYS != SLAB_KEYS:
            return False
        turned = event.angleDelta()
        self._wheel += turned.y() or turned.x()
        steps = int(self._wheel / WHEEL_STEP)
        self._wheel -= steps * WHEEL_STEP
        if steps:
            self.thicker(steps)
        event.accept()
        return True

    # --- what happens ---

    def _arrived(
        self, pane: Viewport, frames: tuple[ImageFrame, ...], item: Progress | Made
    ) -> None:
        """A step of the work; with the last one the planes are ready."""
        if isinstance(item, Progress):
            words = tr(
                "Making a volume: {done} of {total} slices.", done=item.done, total=item.total
            )
            self.said.emit(words)
            return
        if pane.frames() != frames or pane not in self._grid.panes():
            self.said.emit("")  # the reader has gone on to something else
            return
        self.said.emit(item.notice)
        self._show(pane, item)

    def _ended(self) -> None:
        self._job = None  # and with it the frames that it was given

    def _failed(self, error: Exception) -> None:
        self._job = None
        if isinstance(error, DicomProblem):
            self.said.emit(str(error))
        else:
            self._jobs.failed.emit(error)

    def _show(self, source: Viewport, made: Made) -> None:
        grid = self._grid
        shape, before = grid.shape(), grid.panes()
        frame, study, window = source.selected_frame(), source.study(), source.current_window()
        panes: dict[Cut, Viewport] = {}
        for cut, planes in made.planes.items():
            pane = panes[cut] = grid.spare()
            grid.show_series(pane, planes.frames(), study)
            pane.go_to(len(pane.frames()) // 2)
            if window is not None and window not in made.windows:
                pane.choose_window(Offer(tr("as in the series"), window))
            pane.installEventFilter(self)
        self._shown = _Shown(source, panes, made.planes, shape, before)
        grid.activate(source)
        grid.set_layout(2, 2, (source, *panes.values()))
        source.arm(Tool.CROSSHAIR)
        if frame is not None:
            self._together.crosshair.put(source, frame, frame.columns / 2, frame.rows / 2)

    def _taken_in_hand(self, pane: Viewport) -> None:
        """Say what a plane in hand means for report and model."""
        if _is_derived(pane):
            self.said.emit(
                tr("A computed plane. Report and model go by the images of the study alone.")
            )

    def _frame_shown(self, pane: Viewport, _: ImageFrame | None) -> None:
        """The volume is let go of when no plane of it is shown any more."""
        shown = self._shown
        if shown is None or pane not in shown.panes.values():
            return
        if not any(_is_derived(one) for one in shown.panes.values()):
            for one in shown.panes.values():
                one.removeEventFilter(self)
            self._shown, self._slab = None, Slab()
            if self._grid.active().tool() is Tool.CROSSHAIR:
                self._grid.active().arm(Tool.WINDOW)


def _is_derived(pane: Viewport) -> bool:
    frames = pane.frames()
    return bool(frames) and bool(frames[0].derivation)
