"""Cine: plays the series of a pane by the clock, and says honestly how many frames were shown."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QObject, QPointF, QRectF, Qt, QTimer
from PyQt6.QtGui import QColor, QFontMetricsF, QPainter

from dicom_io.identity import Identity
from dicom_io.image.cine import Pace, Timeline, faster, pace_of
from dicom_io.image.frame import ImageFrame
from ui import theme
from ui.actions import Action
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.layer import Layer, View
from ui.viewport.overlay import EDGE, GAP
from ui.viewport.pane import Pane

TICK = 4  # ms between two looks at the clock; the clock alone says what is due
STEP = 1.25  # of the speed keys

Clock = Callable[[], float]


class Cine(Layer):
    """Plays one pane. Which frame is due follows from the clock and never from counted ticks, so a
    late tick leaves frames out and slows nothing down. Only frames that are decoded are shown;
    the one before stays until then. Scrolling by hand, another series or Esc stops it.
    """

    def __init__(self, pane: Pane, clock: Clock = time.perf_counter) -> None:
        super().__init__(pane)
        self._pane = pane
        self._clock = clock
        self._pace: Pace | None = None
        self._timeline = Timeline((1.0,))
        self._count = 0  # frames of the series when the timeline was made
        self._began = 0.0  # by the clock, when frame 0 of the timeline was due
        self._step = 0
        self._due = self._shown = 0
        self._at: Identity | None = None  # what was shown last
        self._moves = False
        self._speed = 1.0
        self._sweeps: bool | None = None  # None: as the file asks
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self.look)
        pane.frame_selected.connect(self._frame_selected)

    # --- hands ---

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def play(self) -> bool:
        """Go on from the frame on the screen; False when there is nothing to play."""
        frame = self._pane.selected_frame()
        if frame is None or len(self._pane.frames()) < 2:
            return False
        self._due = self._shown = 0
        self._at = frame.identity
        self._set_out()
        self._timer.start()
        self.changed.emit()
        return True

    def stop(self) -> bool:
        """Stand still on the frame shown; False when nothing was playing."""
        was_playing = self.is_playing
        self._timer.stop()
        if was_playing:
            self.changed.emit()
        return was_playing

    def toggle(self) -> None:
        """C: play, or stop."""
        if not self.stop():
            self.play()

    def change_speed(self, factor: float) -> None:
        """So many times as fast from here on."""
        self._speed *= factor
        self._set_out()

    def toggle_sweep(self) -> None:
        """To and fro instead of round and round, or back."""
        self._sweeps = not self.sweeps
        self._set_out()

    @property
    def sweeps(self) -> bool:
        if self._sweeps is not None:
            return self._sweeps
        return self._pace.sweeps if self._pace is not None else False

    def words(self) -> str:
        """What stands in the pane while it plays."""
        if self._pace is None:
            return ""
        way = tr("to and fro") if self.sweeps else tr("round")
        rate = f"{self._pace.rate:.3g}"
        return tr(
            "Cine {rate}/s {way} · {shown} of {due} shown",
            rate=rate,
            way=way,
            shown=self._shown,
            due=self._due,
        )

    def counts(self) -> tuple[int, int]:
        """Frames shown, and frames that were due, since it began to play."""
        return self._shown, self._due

    # --- the clock ---

    def _set_out(self) -> None:
        """Make the timeline anew so that the frame on the screen is due now."""
        frames = self._pane.frames()
        if not frames:
            return
        stored = pace_of(frames)
        self._pace = faster(stored, self._speed)
        self._count = len(frames)
        self._timeline = Timeline(self._pace.durations, sweeps=self.sweeps)
        moment = self._timeline.moment_of(min(self._pane.position(), len(frames) - 1))
        self._began = self._clock() - moment
        self._step = self._timeline.step_at(moment)

    def look(self) -> None:
        """What is due by now? Show it if it is decoded; else what stands there stays."""
        pane = self._pane
        if not self.is_playing:
            return
        frames, position = pane.frames(), pane.position()
        if not pane.isVisible() or not frames or frames[position].identity != self._at:
            self.stop()  # the reader is elsewhere
            return
        if len(frames) != self._count or self._timeline.frame_of(self._step) >= len(frames):
            self._set_out()
        step = self._timeline.step_at(self._clock() - self._began)
        if step <= self._step:
            return
        self._due += step - self._step
        self._step = step
        index = self._timeline.frame_of(step)
        if pane.is_decoded(index):
            self._moves = True
            self._at = frames[index].identity
            pane.go_to(index)
            self._moves = False
            self._shown += 1
        self.changed.emit()

    def _frame_selected(self, frame: ImageFrame | None) -> None:
        if not self._moves and (frame is None or frame.identity != self._at):
            self.stop()
        if frame is None:  # another series: its own speed again
            self._speed, self._sweeps, self._pace = 1.0, None, None

    # --- layer ---

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        if not self.is_playing:
            return None
        text = self.words()
        metrics = QFontMetricsF(view.font)
        size = QRectF(0, 0, metrics.horizontalAdvance(text), metrics.height())
        size.moveCenter(QPointF(view.pane.center().x(), 0))
        line = metrics.height() + GAP  # below it stand the letter and how the pane is linked
        size.moveBottom(view.pane.bottom() - EDGE - 2 * line)
        painter.setFont(view.font)
        painter.fillRect(size.adjusted(-GAP, 0, GAP, 0), QColor(theme.SHADE))
        painter.setPen(QColor(theme.FILM_TEXT))
        painter.drawText(QPointF(size.left(), size.top() + metrics.ascent()), text)
        return view.frame.identity

    def step_back(self) -> bool:
        return self.stop()


class Cines(QObject):
    """One `Cine` for each pane of a grid."""

    def __init__(self, grid: Grid, clock: Clock = time.perf_counter) -> None:
        super().__init__(grid)
        self._grid = grid
        self._clock = clock
        self._of: dict[Pane, Cine] = {}
        grid.pane_added.connect(self._add)
        for pane in grid.all_panes():
            self._add(pane)

    def of(self, pane: Pane) -> Cine:
        """The one of that pane. Raises KeyError for a pane of another grid."""
        return self._of[pane]

    def active(self) -> Cine:
        """The one of the pane in hand."""
        return self._of[self._grid.active()]

    def play_when_ready(self, pane: Pane) -> None:
        """Play as soon as the first frame is on the screen; once."""

        def begin(frame: ImageFrame | None) -> None:
            pane.frame_selected.disconnect(begin)
            if frame is not None:
                self._of[pane].play()

        if not self._of[pane].play():
            pane.frame_selected.connect(begin)

    def actions(self) -> list[Action]:
        """Play, speed and way, on the pane in hand."""
        rows = (
            ("toggle", tr("Cine"), "C", lambda: self.active().toggle()),
            ("faster", tr("Cine faster"), ".", lambda: self.active().change_speed(STEP)),
            ("slower", tr("Cine slower"), ",", lambda: self.active().change_speed(1 / STEP)),
            ("sweep", tr("Cine to and fro"), "Shift+C", lambda: self.active().toggle_sweep()),
        )
        return [
            Action(
                f"cine.{name}",
                text,
                key,
                run,
                group="Image",
                context="viewport",
                checked=(lambda: self.active().is_playing) if name == "toggle" else None,
                repeats=name in ("faster", "slower"),
            )
            for name, text, key, run in rows
        ]

    def _add(self, pane: Pane) -> None:
        self._of[pane] = Cine(pane, self._clock)
        pane.add_layer(self._of[pane])
