"""Gestures: which button or wheel, with which keys held, does what; a table, not code.

A gesture is written "Shift+left": Ctrl, Alt and Shift in this order, then left, middle, right,
back, forward or wheel. A gesture with Ctrl that the table does not name is the one without it,
faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from PyQt6.QtCore import Qt

from dicom_io.hands import MouseSettings
from ui.language import tr
from ui.profile import DEFAULT, profile_of
from ui.viewport.tools import Tool

HAND = "hand"  # the tool in hand
NOTHING = "none"
SCROLL, FAST_SCROLL, ZOOM = "scroll", "fast scroll", "zoom"
WHEEL = "wheel"
WHEEL_ACTS = (SCROLL, FAST_SCROLL, ZOOM, NOTHING)
DRAG_ACTS = (HAND, *(tool.name.lower() for tool in Tool), NOTHING)

# Over a slide: what has no meaning there gives way to what a reader does there all day. The wheel
# zooms where it scrolls otherwise, and the other way round; a drag that windows or scrolls pans.
OVER_SLIDE = {SCROLL: ZOOM, FAST_SCROLL: ZOOM, ZOOM: SCROLL}
SLIDE_TOOLS = {Tool.WINDOW: Tool.PAN, Tool.SCROLL: Tool.PAN}

_BUTTONS = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.MiddleButton: "middle",
    Qt.MouseButton.RightButton: "right",
    Qt.MouseButton.BackButton: "back",
    Qt.MouseButton.ForwardButton: "forward",
}
_HELD = {
    "Ctrl": Qt.KeyboardModifier.ControlModifier,
    "Alt": Qt.KeyboardModifier.AltModifier,
    "Shift": Qt.KeyboardModifier.ShiftModifier,
}
GESTURES = tuple(
    "+".join((*(name for name, held in zip(_HELD, keys, strict=True) if held), button))
    for button in (*_BUTTONS.values(), WHEEL)
    for keys in product((False, True), repeat=len(_HELD))
)


@dataclass(frozen=True)
class Stroke:
    """What a press begins: the tool, and whether Ctrl is still free to make it faster."""

    tool: Tool
    ctrl_hurries: bool


@dataclass(frozen=True)
class Turn:
    """What turning the wheel does."""

    act: str  # of WHEEL_ACTS
    is_fast: bool


@dataclass(frozen=True)
class Mouse:
    """The table in use."""

    bindings: Mapping[str, str]
    at_rest: Tool = Tool.WINDOW  # the tool that the left hand goes back to
    reverses_window: bool = False

    def stroke(
        self,
        button: Qt.MouseButton,
        held: Qt.KeyboardModifier,
        in_hand: Tool,
        *,
        over_slide: bool = False,
    ) -> Stroke | None:
        """What this press begins; None for nothing."""
        gesture = _BUTTONS.get(button)
        act, used = self._look_up(gesture, held) if gesture else (NOTHING, "")
        if act == NOTHING:
            return None
        tool = in_hand if act == HAND else Tool[act.upper()]
        if over_slide:
            tool = SLIDE_TOOLS.get(tool, tool)
        return Stroke(tool, "Ctrl" not in used)

    def turn(self, held: Qt.KeyboardModifier, *, over_slide: bool = False) -> Turn:
        """What the wheel does with these keys held."""
        act, used = self._look_up(WHEEL, held)
        if over_slide:
            act = OVER_SLIDE.get(act, act)
        ctrl = bool(held & Qt.KeyboardModifier.ControlModifier)
        fast = act == FAST_SCROLL or (ctrl and "Ctrl" not in used)
        return Turn(SCROLL if act == FAST_SCROLL else act, fast)

    def _look_up(self, button: str, held: Qt.KeyboardModifier) -> tuple[str, str]:
        """What is bound to the gesture, and the gesture that the table names for it.

        Without an entry of its own a gesture is the one with fewer keys held: first without Ctrl,
        then without any.
        """
        names = [name for name, key in _HELD.items() if held & key]
        without = [name for name in names if name != "Ctrl"]
        for keys in (names, without, ["Ctrl"] if "Ctrl" in names else [], []):
            gesture = "+".join((*keys, button))
            if gesture in self.bindings:
                return self.bindings[gesture], gesture
        return NOTHING, button


def mouse_of(settings: MouseSettings) -> tuple[Mouse, tuple[str, ...]]:
    """The table that the settings describe, and a sentence for each entry that is not used."""
    faults = []
    profile = profile_of(settings.profile)
    if profile is None:
        faults.append(
            tr(
                "There is no mouse profile {name}; the one called {other} is used.",
                name=repr(settings.profile[:40]),
                other=DEFAULT,
            )
        )
        profile = profile_of(DEFAULT)
        assert profile is not None
    bindings = dict(profile.mouse)
    for gesture, act in settings.bindings:
        allowed = WHEEL_ACTS if gesture.endswith(WHEEL) else DRAG_ACTS
        if gesture in GESTURES and act in allowed:
            bindings[gesture] = act
        else:
            faults.append(
                tr(
                    "The settings bind {gesture} to {act}, which is nothing that a mouse does here;"
                    " the profile's binding stays.",
                    gesture=repr(gesture[:40]),
                    act=repr(act[:40]),
                )
            )
    return Mouse(bindings, Tool[profile.at_rest.upper()], settings.reverse_window), tuple(faults)
