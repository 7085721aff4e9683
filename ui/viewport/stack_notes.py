"""Stack notes: every pane shows one whole stack, and says what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QPainter

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.stack import Stack
from ui import theme
from ui.viewport.grid import Grid
from ui.viewport.layer import Layer, View
from ui.viewport.over_film import STACK_LINE, draw_sentence
from ui.viewport.viewport import Viewport

Name = tuple[Identity, Identity, int]


class StackNotes(QObject):
    """Keeps the panes in stacks while frames arrive; knows each stack's name and warnings."""

    changed = pyqtSignal()

    def __init__(self, grid: Grid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._told: dict[Name, tuple[str, tuple[str, ...]]] = {}  # name and warnings
        for pane in grid.all_panes():
            self._cover(pane)
        grid.pane_added.connect(self._cover)

    def take(self, stacks: Sequence[Stack]) -> None:
        """Stacks that are new or have grown: a pane that is at one of their images shows the whole
        of that stack and nothing else."""
        grown = {stack.frames[0].identity.series for stack in stacks}
        self._told = {n: told for n, told in self._told.items() if n[0].series not in grown}
        for stack in stacks:
            self._told[_name(stack.frames)] = (stack.name, stack.warnings)
        for pane in self._grid.all_panes():
            frames = pane.frames()
            if frames:
                at = frames[pane.position()].identity
                whole = next((one.frames for one in stacks if _holds(one, at)), frames)
                if whole != frames:
                    pane.put_in_order(whole)
        self.changed.emit()

    def warnings(self, frames: Sequence[ImageFrame]) -> tuple[str, ...]:
        """What is wrong with the stack of exactly these frames, a sentence each."""
        return self._told.get(_name(frames), ("", ()))[1] if frames else ()

    def name(self, frames: Sequence[ImageFrame]) -> str:
        """What tells the stack of exactly these frames from the series' others."""
        return self._told.get(_name(frames), ("", ()))[0] if frames else ""

    def _cover(self, pane: Viewport) -> None:
        layer = NoteLayer(self, pane)
        self.changed.connect(layer.changed)
        pane.add_layer(layer)


def _name(frames: Sequence[ImageFrame]) -> Name:
    return frames[0].identity, frames[-1].identity, len(frames)


def _holds(stack: Stack, image: Identity) -> bool:
    if stack.frames[0].identity.series != image.series:
        return False
    return any(frame.identity == image for frame in stack.frames)


class NoteLayer(Layer):
    """Which stack of its series a pane shows, and the first warning about it."""

    def __init__(self, notes: StackNotes, pane: Viewport) -> None:
        super().__init__(pane)
        self._notes = notes
        self._pane = pane

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        frames = self._pane.frames()
        name, told = self._notes.name(frames), self._notes.warnings(frames)
        if not name and not told:
            return None
        words = " · ".join(part for part in (name, *told[:1]) if part)
        colour = theme.ALARM if told else theme.FILM_TEXT
        draw_sentence(painter, view.pane, view.font, words, STACK_LINE, colour=colour)
        return view.frame.identity
