"""A series in a pane: which frames it has, which one the reader is at, and that one decoded.

What is on the screen is always one decoded frame: `selected_frame` changes when its picture does,
so nobody can ask about an image that is not seen.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QWidget

from dicom_io.errors import DicomProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window
from dicom_io.study import Study
from ui.jobs import Jobs
from ui.language import tr
from ui.viewport.reel import Loaded, Reel
from ui.viewport.slide_tiles import SlideTiles

log = logging.getLogger(__name__)

PATIENCE = 300  # ms before a word about loading appears


class SeriesPane(QWidget):
    """Knows its series. All pixels are decoded on the disk pool of `jobs`."""

    frame_selected = pyqtSignal(object)  # ImageFrame, or None when nothing is shown any more
    window_changed = pyqtSignal(object)  # Window, or None for colour and for nothing
    study_shown = pyqtSignal(object)  # Study or None

    def __init__(self, jobs: Jobs, budget: int | None = None, parent: QWidget | None = None):
        super().__init__(parent)
        self._jobs = jobs
        self._reel = Reel(jobs, budget, self)
        self._expected: Identity | None = None  # the study or series that frames may come from
        self._study: Study | None = None
        self._target = 0
        self._loaded: Loaded | None = None
        self._tiles: SlideTiles | None = None  # of the slide on the screen
        self._problem = ""
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(PATIENCE)
        self._reel.loaded.connect(self._take)
        self._reel.failed.connect(self._take_failure)
        self._waiting.timeout.connect(self.update)

    # --- what is drawn, which `SeenPane` and `Pane` know ---

    def current_window(self) -> Window | None:
        """The window in use; None for colour and while there is no frame."""
        raise NotImplementedError

    def _begin_anew(self) -> None:
        """Nothing that was set for the series before holds any more."""
        raise NotImplementedError

    def _leave_frame(self) -> None:
        """Nothing of the frame before may be drawn any more."""
        raise NotImplementedError

    def _see(self, loaded: Loaded) -> None:
        """This frame is to be drawn from now on."""
        raise NotImplementedError

    def _note(self) -> None:
        """The place in the series, or how many there are, is another."""
        raise NotImplementedError

    # --- what is shown ---

    def show_series(self, frames: Sequence[ImageFrame], study: Study | None = None) -> None:
        """Show another series from its first frame; nothing of the one before stays.

        More frames may follow through `add_frames`. Frames of more than one study, or of another
        study than `study`, are not shown: a sentence stands in their place.
        """
        self.clear()
        whole = study.identity if study is not None else None
        for frame in frames:
            whole = whole or frame.identity
            if frame.identity.study != whole.study:
                log.error("Frames of another study were given; none is shown.")
                self.show_problem(
                    tr(
                        "These images do not belong to the study that was opened, so they are not "
                        "shown. Open the study again from the list."
                    )
                )
                return
        self._study = study
        self.study_shown.emit(study)
        self._expected = frames[0].identity if frames else whole
        self._reel.open(frames)
        self._go_to(0)

    def add_frames(self, frames: Sequence[ImageFrame]) -> None:
        """More frames of the series shown. Those of another one came too late and are dropped."""
        mine = [frame for frame in frames if self._expects(frame)]
        if len(mine) < len(frames):
            log.info("%s frames came for a series that is not shown.", len(frames) - len(mine))
        if not mine:
            return
        self._expected = mine[0].identity
        self._reel.add(mine)
        if self._loaded is None and not self._problem:
            self._go_to(self._target)
        self._note()
        self.update()

    def put_in_order(self, frames: Sequence[ImageFrame]) -> None:
        """Show these frames of the series and no others, in this order; the image on the screen,
        its window, zoom and box stay."""
        mine = [frame for frame in frames if self._expects(frame)]
        if not mine or not self._reel.frames:
            self.add_frames(frames)
            return
        aim = self._reel.frames[self._target]
        if aim.pyramid is not None and mine[0].pyramid is not None and mine[0] is not aim:
            self._reel.open(mine)  # the slide has more levels than before
            self._go_to(0)
            return
        self._reel.put_in_order(mine)
        self._target = [frame.identity for frame in self._reel.frames].index(aim.identity)
        self._note()
        self.update()

    def exchange(self, frames: Sequence[ImageFrame]) -> None:
        """The same places seen otherwise, as planes of another thickness: as many frames of the
        series shown. Place in the series, window and zoom stay."""
        if len(frames) != len(self._reel.frames) or not all(map(self._expects, frames)):
            return
        at = self._target
        self._reel.open(frames)
        self._go_to(at)
        self._note()

    def _expects(self, frame: ImageFrame) -> bool:
        """True for a frame of the series shown, or of its study while no series is known yet."""
        expected, name = self._expected, frame.identity
        if expected is None:
            return False
        return name.study == expected.study and expected.series in ("", name.series)

    def show_problem(self, sentence: str) -> None:
        """A sentence instead of a picture, until another series is shown."""
        self._reel.close()
        self._expected = None
        self._forget_picture()
        self._problem = sentence
        self.setAccessibleDescription(sentence)
        self.update()

    def clear(self) -> None:
        """Nothing is shown: no picture, no overlay, no box; window, zoom and inversion reset."""
        self._reel.close()
        self._expected, self._problem = None, ""
        self._target = 0
        self._begin_anew()
        self._forget_picture()
        if self._study is not None:
            self._study = None
            self.study_shown.emit(None)
        self.update()

    def _forget_picture(self) -> None:
        """Take the picture and its overlay off the screen."""
        had_frame = self._loaded is not None
        self._lay_tiles(None)
        self._loaded = None
        self._leave_frame()
        self._waiting.stop()
        self.setAccessibleDescription("")
        if had_frame:
            self.frame_selected.emit(None)
            self.window_changed.emit(None)

    def frames(self) -> tuple[ImageFrame, ...]:
        """All frames of the series, decoded or not."""
        return self._reel.frames

    def study(self) -> Study | None:
        """The study that was given with the series."""
        return self._study

    def selected_frame(self) -> ImageFrame | None:
        """The frame on the screen; None while there is none."""
        return self._loaded.frame if self._loaded is not None else None

    def shows_slide(self) -> bool:
        """True while the picture on the screen is a slide, read tile by tile."""
        return self._tiles is not None

    def _lay_tiles(self, frame: ImageFrame | None) -> None:
        """Have the tiles of this frame at hand if it is a slide, and of no other."""
        if self._tiles is not None and self._tiles.frame is not frame:
            self._tiles.close()
            self._tiles.deleteLater()
            self._tiles = None
        if self._tiles is None and frame is not None and frame.pyramid is not None:
            self._tiles = SlideTiles(frame, frame.pyramid, self._jobs, self)
            self._tiles.changed.connect(self.update)

    # --- frames ---

    def scroll_by(self, count: int) -> None:
        """Go on by so many frames, not beyond the ends."""
        self._go_to(self._target + count)

    def go_to(self, index: int) -> None:
        """To that frame of the series, from 0; not beyond the ends."""
        self._go_to(index)

    def position(self) -> int:
        """Which frame of the series the reader is at, from 0; it may still be on its way."""
        return self._target

    def is_decoded(self, index: int) -> bool:
        """True when that frame can be shown at once; it is decoded soon when it cannot."""
        frames = self._reel.frames
        if not 0 <= index < len(frames):
            return False
        if self._reel.get(frames[index]) is not None:
            return True
        self._reel.want(index)
        return False

    def go_to_first(self) -> None:
        """To the first frame of the series."""
        self._go_to(0)

    def go_to_last(self) -> None:
        """To the last frame that is there so far."""
        self._go_to(len(self._reel.frames) - 1)

    def _go_to(self, index: int) -> None:
        frames = self._reel.frames
        if not frames:
            return
        self._target = min(max(index, 0), len(frames) - 1)
        frame = frames[self._target]
        self._reel.want(self._target)
        ready, problem = self._reel.get(frame), self._reel.problem(frame)
        if ready is not None:
            self._take(ready)
        elif problem is not None:
            self._take_failure(frame, problem)
        elif not self._waiting.isActive():
            self._waiting.start()

    def _is_wanted(self, frame: ImageFrame) -> bool:
        """True for the frame that the reader is at; all others come too early or too late."""
        frames = self._reel.frames
        return bool(frames) and frames[self._target].identity == frame.identity

    def _take(self, loaded: Loaded) -> None:
        """A frame is decoded; show it if it is the one wanted."""
        if not self._is_wanted(loaded.frame):
            return
        before, window = self.selected_frame(), self.current_window()
        frame = loaded.frame
        self._waiting.stop()
        self._problem = ""
        self._loaded = loaded
        self._lay_tiles(frame)
        self._see(loaded)
        if before is None or before.identity != frame.identity:
            self.frame_selected.emit(frame)
        if window != self.current_window():
            self.window_changed.emit(self.current_window())

    def _take_failure(self, frame: ImageFrame, error: Exception) -> None:
        """The frame wanted cannot be decoded: say so in its place."""
        if not self._is_wanted(frame):
            return
        self._forget_picture()
        if isinstance(error, DicomProblem):
            self._problem = str(error)
        else:
            log.error("A frame could not be drawn.", exc_info=error)
            self._problem = tr("This image cannot be shown. What went wrong stands in the log.")
        self.setAccessibleDescription(self._problem)
        self.update()
