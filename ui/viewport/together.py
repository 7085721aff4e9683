"""Together: what joins the panes of a grid in space, with its keys."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from ui.actions import Action
from ui.language import tr
from ui.viewport.crosshair import Crosshair
from ui.viewport.grid import Grid
from ui.viewport.linked_view import LinkedView
from ui.viewport.linking import Linking
from ui.viewport.reference_lines import ReferenceLines
from ui.viewport.stack_notes import StackNotes
from ui.viewport.tools import Tool

GROUP = "View"


class Together(QObject):
    """Linked scrolling, reference lines, crosshair and the warnings of stacks, for one grid."""

    def __init__(self, grid: Grid) -> None:
        super().__init__(grid)
        self._grid = grid
        self.notes = StackNotes(grid)
        self.linking = Linking(grid)
        self.view = LinkedView(grid)
        self.lines = ReferenceLines(grid)
        self.crosshair = Crosshair(grid, self.linking)

    def actions(self) -> list[Action]:
        """What the reader can do with them, for the action table."""
        return [
            Action(
                "together.link",
                tr("Link scrolling"),
                "L",
                self.linking.toggle,
                group=GROUP,
                context="viewport",
                checked=self.linking.is_on,
            ),
            Action(
                "together.view",
                tr("Link zoom and window"),
                "Ctrl+J",
                self.view.toggle,
                group=GROUP,
                context="viewport",
                checked=self.view.is_on,
            ),
            Action(
                "together.lines",
                tr("Reference lines"),
                "Shift+L",
                self.lines.toggle,
                group=GROUP,
                context="viewport",
                checked=self.lines.is_on,
            ),
            Action(
                "tool.crosshair",
                tr("Crosshair"),
                "J",
                lambda: self._grid.active().arm(Tool.CROSSHAIR),
                group="Tools",
                context="viewport",
                checked=lambda: self._grid.active().tool() is Tool.CROSSHAIR,
            ),
        ]
