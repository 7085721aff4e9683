"""Gestures and what they do, in the words of the window."""

from __future__ import annotations

from ui.language import tr
from ui.viewport.gestures import FAST_SCROLL, HAND, NOTHING, SCROLL, WHEEL, ZOOM
from ui.viewport.tools import Tool


def gesture_text(gesture: str) -> str:
    """ "Shift+left" as "Shift + left drag"."""
    *held, button = gesture.split("+")
    words = {
        "left": tr("left drag"),
        "middle": tr("middle drag"),
        "right": tr("right drag"),
        "back": tr("back button drag"),
        "forward": tr("forward button drag"),
        WHEEL: tr("wheel"),
    }[button]
    keys = {"Ctrl": tr("Ctrl"), "Alt": tr("Alt"), "Shift": tr("Shift")}
    return " + ".join((*(keys[one] for one in held), words))


def act_text(act: str, at_rest: Tool = Tool.WINDOW) -> str:
    """What a drag or the wheel does, as a list to choose from says it."""
    if act == HAND:
        return tr("The tool in hand, at rest {tool}", tool=tool_text(at_rest))
    if act == NOTHING:
        return tr("Nothing")
    if act == FAST_SCROLL:
        return tr("Scroll, five images at a time")
    return tool_text(Tool[act.upper()]).capitalize() if act not in (SCROLL, ZOOM) else _wheel(act)


def _wheel(act: str) -> str:
    return tr("Scroll through the series") if act == SCROLL else tr("Zoom")


def tool_text(tool: Tool) -> str:
    """A tool in the words of the window."""
    return {
        Tool.WINDOW: tr("window/level"),
        Tool.PAN: tr("pan"),
        Tool.ZOOM: tr("zoom"),
        Tool.SCROLL: tr("scroll"),
        Tool.MAGNIFY: tr("magnifying glass"),
        Tool.BOX: tr("box for a question"),
        Tool.PROBE: tr("probe"),
        Tool.LENGTH: tr("length"),
        Tool.BIDIRECTIONAL: tr("bidirectional"),
        Tool.ANGLE: tr("angle"),
        Tool.COBB: tr("Cobb angle"),
        Tool.ELLIPSE: tr("ellipse"),
        Tool.RECTANGLE: tr("rectangle"),
        Tool.FREEHAND: tr("freehand region"),
        Tool.ARROW: tr("arrow"),
        Tool.TEXT: tr("text"),
        Tool.CROSSHAIR: tr("crosshair"),
    }[tool]
