"""Marking: puts the reader's marks on every pane of the grid, with the keys that draw them."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from dicom_io.identity import Identity
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr
from ui.viewport.annotation_layer import AnnotationLayer
from ui.viewport.annotations import Annotations, Change
from ui.viewport.grid import Grid
from ui.viewport.measuring import Measuring
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

GROUP = "Measure"


class Marking(QObject):
    """Joins the store of marks, the panes and the keys. `say` shows one quiet sentence."""

    def __init__(self, grid: Grid, jobs: Jobs, say: Callable[[str], None]) -> None:
        super().__init__(grid)
        self.annotations = Annotations(self)
        self.measuring = Measuring(jobs, self)
        self._grid = grid
        self._say = say
        self._layers: dict[Viewport, AnnotationLayer] = {}
        self._hand = grid.active()
        for pane in grid.all_panes():
            self.cover(pane)
        grid.pane_added.connect(self.cover)
        grid.active_changed.connect(self._pane_taken)

    def cover(self, pane: Viewport) -> None:
        """Lay the marks over a pane."""
        layer = AnnotationLayer(self.annotations, self.measuring, pane)
        self._layers[pane] = layer
        pane.add_layer(layer)

    def _pane_taken(self, pane: Viewport) -> None:
        """Another pane is in hand: the tool comes along, and what was half drawn is given up."""
        tool, self._hand = self._hand.tool(), pane
        if pane.tool() is not tool:
            pane.arm(tool)
        for other, layer in self._layers.items():
            if other is not pane:
                layer.abandon()
                layer.select("")

    def layer(self, pane: Viewport) -> AnnotationLayer:
        """The marks over a pane. Raises KeyError for a pane of another grid."""
        return self._layers[pane]

    # --- what keys do ---

    def actions(self) -> list[Action]:
        """Everything that can be done with marks, for the action table."""
        return [*self._tools(), *self._steps()]

    def _tools(self) -> list[Action]:
        """What the left button draws."""
        rows = (
            (Tool.LENGTH, tr("Length"), "D"),
            (Tool.BIDIRECTIONAL, tr("Two axes"), "Shift+D"),
            (Tool.ANGLE, tr("Angle"), "A"),
            (Tool.COBB, tr("Cobb angle"), "Shift+A"),
            (Tool.ELLIPSE, tr("Ellipse"), "Q"),
            (Tool.RECTANGLE, tr("Rectangle"), "Shift+Q"),
            (Tool.FREEHAND, tr("Freehand"), "Y"),
            (Tool.PROBE, tr("Probe"), "Shift+P"),
            (Tool.ARROW, tr("Arrow"), "U"),
            (Tool.TEXT, tr("Text"), "Shift+U"),
        )

        def tool(which: Tool, text: str, key: str) -> Action:
            return Action(
                f"tool.{which.name.lower()}",
                text,
                key,
                lambda: self._grid.active().arm(which),
                group=GROUP,
                context="viewport",
                checked=lambda: self._grid.active().tool() is which,
            )

        return [tool(*row) for row in rows]

    def _steps(self) -> list[Action]:
        """What is done with marks that are there."""

        def step(name: str, text: str, keys: tuple[str, ...], run: Callable[[], None]) -> Action:
            return Action(
                name,
                text,
                keys[0],
                run,
                group=GROUP,
                context="viewport",
                more_shortcuts=keys[1:],
                repeats=name in ("mark.undo", "mark.redo"),
            )

        return [
            step("mark.undo", tr("Undo mark"), ("Ctrl+Z",), self.undo),
            step("mark.redo", tr("Redo mark"), ("Ctrl+Shift+Z", "Ctrl+Y"), self.redo),
            step("mark.delete", tr("Delete mark"), ("Del", "Backspace"), self.delete),
            step("mark.next", tr("Next mark"), ("Shift+N",), self.take_next),
            step("mark.words", tr("Words beside the mark"), ("Shift+W",), self.edit_text),
            step("mark.hide", tr("Show or hide marks"), ("Shift+M",), self.show_or_hide),
            Action(
                "image.key",
                tr("Key image"),
                "K",
                self.toggle_key_image,
                group="Image",
                context="viewport",
                checked=self._is_key_image,
            ),
        ]

    def undo(self) -> None:
        """Take back the last step in the study of the pane in hand."""
        self._step(self.annotations.undo, tr("There is no mark to undo in this study."))

    def redo(self) -> None:
        """Do again what was undone last there."""
        self._step(self.annotations.redo, tr("There is no mark to redo in this study."))

    def _step(self, step: Callable[[Identity], Change | None], nothing: str) -> None:
        """A step on another image than the one shown is told, since it is not seen."""
        self._layers[self._grid.active()].abandon()
        frame = self._grid.selected_frame()
        if frame is None:
            return
        change = step(frame.identity)
        if change is None:
            self._say(nothing)
        elif change.identity != frame.identity:
            self._say(tr("A mark on another image of this study was changed."))

    def take_next(self) -> None:
        """Take the next mark of the image in hand, so that no mouse is needed for that."""
        if not self._layers[self._grid.active()].select_next():
            self._say(tr("There is no mark on this image."))

    def delete(self) -> None:
        """Take away the mark in hand, if there is one."""
        self._layers[self._grid.active()].delete_selected()

    def edit_text(self) -> None:
        """Write beside the mark in hand."""
        if not self._layers[self._grid.active()].edit_text():
            self._say(tr("Click a mark first, then write beside it."))

    def show_or_hide(self) -> None:
        """Hide all marks of the grid, or show them again."""
        shown = not self._layers[self._grid.active()].are_shown()
        for layer in self._layers.values():
            layer.show_marks(shown)
        if not shown:
            self._say(tr("All marks are hidden. Shift+M shows them again."))

    def toggle_key_image(self) -> None:
        """Make the image in hand a key image, or no longer one."""
        frame = self._grid.selected_frame()
        if frame is not None and frame.derivation:
            self._say(tr("A computed plane is no image of the study; choose a key image there."))
        elif frame is not None:
            self.annotations.toggle_key_image(frame.identity)

    def _is_key_image(self) -> bool:
        frame = self._grid.selected_frame()
        return frame is not None and self.annotations.is_key_image(frame.identity)
