"""What keys, menu and toolbar do to the grid of panes."""

from __future__ import annotations

from collections.abc import Callable

from ui.actions import Action
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.layout_picker import layout_text

# The key says how many panes there will be.
SHAPES = (
    ((1, 1), "Ctrl+1"),
    ((1, 2), "Ctrl+2"),
    ((1, 3), "Ctrl+3"),
    ((2, 1), ""),
    ((2, 2), "Ctrl+4"),
    ((2, 3), "Ctrl+6"),
    ((3, 1), ""),
    ((3, 2), ""),
    ((3, 3), "Ctrl+9"),
)


def grid_actions(
    grid: Grid, pick: Callable[[], None], choose: Callable[[int, int], None] | None = None
) -> list[Action]:
    """Layouts, and which pane is in hand; `pick` opens the layout picker, `choose` takes a layout
    (the grid's own way when it is None).
    """
    take = choose or grid.set_layout
    actions = [Action("layout.pick", tr("Choose a layout"), "F4", pick, group="Layout")]
    for shape, key in SHAPES:

        def lay_out(shape: tuple[int, int] = shape) -> None:
            take(*shape)

        def is_laid_out(shape: tuple[int, int] = shape) -> bool:
            return grid.shape() == shape

        name = f"layout.{shape[0]}x{shape[1]}"
        text = tr("Panes {layout}", layout=layout_text(shape))
        actions.append(Action(name, text, key, lay_out, group="Layout", checked=is_laid_out))
    ways = (
        ("right", tr("Pane to the right"), "Ctrl+Right", 0, 1),
        ("left", tr("Pane to the left"), "Ctrl+Left", 0, -1),
        ("down", tr("Pane below"), "Ctrl+Down", 1, 0),
        ("up", tr("Pane above"), "Ctrl+Up", -1, 0),
    )
    for way, text, key, rows, columns in ways:

        def go(rows: int = rows, columns: int = columns) -> None:
            grid.go(rows, columns)

        actions.append(
            Action(f"pane.{way}", text, key, go, group="Layout", context="viewport", repeats=True)
        )
    return actions
