"""What keys, menu and toolbar do to the pane in hand."""

from __future__ import annotations

from collections.abc import Callable

from ui.actions import Action
from ui.language import tr
from ui.viewport.presets import FIRST_KEYS
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

PAGE = 10  # frames
ZOOM_STEP = 1.25

Active = Callable[[], Viewport]


def pane_actions(active: Active) -> list[Action]:
    """All actions on the pane that `active` gives when one runs.

    E, X, K, F8, F9, Shift+E and Esc are left to others.
    """
    return [
        *tool_actions(active),
        *view_actions(active),
        *frame_actions(active),
        *window_actions(active),
    ]


def tool_actions(active: Active) -> list[Action]:
    """What the left button does."""

    def tool(tool: Tool, text: str, key: str) -> Action:
        return Action(
            f"tool.{tool.name.lower()}",
            text,
            key,
            lambda: active().arm(tool),
            group="Tools",
            context="viewport",
            checked=lambda: active().tool() is tool,
        )

    return [
        tool(Tool.WINDOW, tr("Window/level"), "W"),
        tool(Tool.PAN, tr("Pan"), "T"),
        tool(Tool.ZOOM, tr("Zoom"), "Z"),
        tool(Tool.SCROLL, tr("Scroll"), "S"),
        tool(Tool.MAGNIFY, tr("Magnifying glass"), "G"),
        tool(Tool.BOX, tr("Box"), "B"),
    ]


def view_actions(active: Active) -> list[Action]:
    """How the picture lies and looks."""
    rows = (
        ("fit", tr("Fit to pane"), "F", lambda: active().fit()),
        ("one-to-one", tr("One to one"), "O", lambda: active().one_to_one()),
        ("larger", tr("Zoom in"), "+", lambda: active().zoom_by(ZOOM_STEP)),
        ("smaller", tr("Zoom out"), "-", lambda: active().zoom_by(1 / ZOOM_STEP)),
        ("right", tr("Turn right"), "R", lambda: active().turn(1)),
        ("left", tr("Turn left"), "Shift+R", lambda: active().turn(-1)),
        ("flip-across", tr("Flip left to right"), "H", lambda: active().flip()),
        ("flip-down", tr("Flip upside down"), "V", lambda: active().flip(upside_down=True)),
        ("invert", tr("Invert"), "Shift+I", lambda: active().invert()),
        ("corners", tr("More or less in the corners"), "I", lambda: active().turn_corners()),
        ("reset", tr("Reset view"), "Space", lambda: active().reset()),
        ("maximise", tr("Maximise"), "M", lambda: active().maximise_requested.emit()),
    )
    return [
        Action(
            f"view.{name}",
            text,
            key,
            run,
            group="View",
            context="viewport",
            more_shortcuts=("=",) if key == "+" else (),
            repeats=key in "+-",
        )
        for name, text, key, run in rows
    ]


def frame_actions(active: Active) -> list[Action]:
    """Which image of the series."""
    rows = (
        ("next", tr("Next image"), ("Down", "Right"), lambda: active().scroll_by(1)),
        ("previous", tr("Previous image"), ("Up", "Left"), lambda: active().scroll_by(-1)),
        (
            "forward",
            tr("{count} images on", count=PAGE),
            ("PgDown",),
            lambda: active().scroll_by(PAGE),
        ),
        (
            "back",
            tr("{count} images back", count=PAGE),
            ("PgUp",),
            lambda: active().scroll_by(-PAGE),
        ),
        ("first", tr("First image"), ("Home",), lambda: active().go_to_first()),
        ("last", tr("Last image"), ("End",), lambda: active().go_to_last()),
    )
    return [
        Action(
            f"image.{name}",
            text,
            keys[0],
            run,
            group="Image",
            context="viewport",
            more_shortcuts=keys[1:],
            repeats=True,
        )
        for name, text, keys, run in rows
    ]


def window_actions(active: Active) -> list[Action]:
    """The windows on offer, by digit."""

    def window(number: int) -> Action:
        return Action(
            f"window.{number}",
            tr("Window {number}", number=number),
            str(number),
            lambda: choose(active(), number),
            group="Window",
            context="viewport",
        )

    return [window(number) for number in range(1, FIRST_KEYS + 1)]


def choose(pane: Viewport, number: int) -> None:
    """The window of that digit; nothing when fewer are offered."""
    offered = pane.window_offers()
    if number <= len(offered):
        pane.choose_window(offered[number - 1])
