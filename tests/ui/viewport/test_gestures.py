"""Buttons and wheel follow a table: profiles, changes by the reader, and wrong ones told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMenu

from dicom_io.hands import MouseSettings
from dicom_io.image.frame import ImageFrame
from tests.ui import hands
from tests.ui.films import sample
from ui.profile import Profile, profiles
from ui.viewport.gestures import DRAG_ACTS, GESTURES, WHEEL_ACTS, Mouse, mouse_of
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

Show = Callable[[Sequence[ImageFrame]], Viewport]
ALT = Qt.KeyboardModifier.AltModifier


def mouse(profile: str = "wetread", **gestures: str) -> Mouse:
    given, faults = mouse_of(MouseSettings(profile, bindings=tuple(gestures.items())))
    assert faults == ()
    return given


@pytest.fixture
def ct(showing: Show) -> Viewport:
    return showing(sample("CT_small.dcm"))


def window_of(viewport: Viewport) -> tuple[float, float]:
    window = viewport.current_window()
    assert window is not None
    return window.center, window.width


@pytest.mark.parametrize("profile", profiles(), ids=lambda one: one.name)
def test_every_profile_names_gestures_and_acts_that_there_are(profile: Profile) -> None:
    assert profile.at_rest.upper() in Tool.__members__
    for gesture, act in profile.mouse.items():
        assert gesture in GESTURES
        assert act in (WHEEL_ACTS if gesture.endswith("wheel") else DRAG_ACTS)


@pytest.mark.parametrize(
    ("profile", "button", "held", "tool"),
    [
        ("wetread", hands.LEFT, hands.NONE, Tool.WINDOW),
        ("wetread", hands.LEFT, hands.SHIFT, Tool.PAN),
        ("wetread", hands.LEFT, hands.CTRL, Tool.WINDOW),
        ("wetread", hands.MIDDLE, hands.NONE, Tool.PAN),
        ("wetread", hands.RIGHT, hands.NONE, Tool.ZOOM),
        ("wetread", Qt.MouseButton.BackButton, hands.NONE, None),
        ("ohif", hands.LEFT, hands.NONE, Tool.WINDOW),
        ("ohif", hands.RIGHT, hands.NONE, Tool.ZOOM),
        ("weasis", hands.LEFT, hands.NONE, Tool.WINDOW),
        ("weasis", hands.LEFT, hands.SHIFT, Tool.WINDOW),
        ("weasis", hands.RIGHT, hands.NONE, None),
        ("left-scroll", hands.LEFT, hands.NONE, Tool.SCROLL),
        ("left-scroll", hands.RIGHT, hands.NONE, Tool.WINDOW),
        ("left-scroll", hands.RIGHT, hands.SHIFT, Tool.ZOOM),
    ],
)
def test_the_buttons_of_each_profile(
    profile: str, button: Qt.MouseButton, held: Qt.KeyboardModifier, tool: Tool | None
) -> None:
    table = mouse(profile)

    stroke = table.stroke(button, held, table.at_rest)

    assert (stroke.tool if stroke is not None else None) is tool


def test_a_gesture_with_ctrl_of_its_own_is_not_a_faster_one() -> None:
    table = mouse(**{"Ctrl+left": "zoom", "Ctrl+Alt+Shift+middle": "length"})

    plain = table.stroke(hands.LEFT, hands.NONE, Tool.WINDOW)
    own = table.stroke(hands.LEFT, hands.CTRL, Tool.WINDOW)
    all_three = table.stroke(hands.MIDDLE, hands.CTRL | ALT | hands.SHIFT, Tool.WINDOW)

    assert plain is not None and plain.ctrl_hurries
    assert own is not None and (own.tool, own.ctrl_hurries) == (Tool.ZOOM, False)
    assert all_three is not None and all_three.tool is Tool.LENGTH


def test_the_wheel_has_a_table_too() -> None:
    table = mouse(**{"Ctrl+wheel": "none", "Alt+wheel": "zoom"})

    assert [table.turn(held).act for held in (hands.NONE, hands.CTRL, ALT)] == [
        *("scroll", "none", "zoom")
    ]
    assert table.turn(hands.SHIFT).is_fast
    assert not table.turn(hands.NONE).is_fast


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (MouseSettings("osirix"), "no mouse profile 'osirix'"),
        (MouseSettings(bindings=(("left", "ask"),)), "bind 'left' to 'ask'"),
        (MouseSettings(bindings=(("Super+left", "pan"),)), "bind 'Super+left' to 'pan'"),
        (MouseSettings(bindings=(("wheel", "window"),)), "bind 'wheel' to 'window'"),
    ],
)
def test_a_wrong_binding_is_one_sentence_and_the_profile_stands(
    settings: MouseSettings, words: str
) -> None:
    table, faults = mouse_of(settings)

    assert len(faults) == 1
    assert words in faults[0]
    assert table == mouse()


def test_another_table_holds_from_the_next_press(ct: Viewport) -> None:
    before = window_of(ct)
    ct.use_mouse(mouse("left-scroll"))
    assert ct.tool() is Tool.SCROLL

    hands.drag(ct, [(100, 100), (150, 100)])
    assert window_of(ct) == before
    hands.drag(ct, [(100, 100), (150, 100)], hands.RIGHT)
    assert window_of(ct)[1] > before[1]


def test_the_hand_goes_back_to_the_profiles_own_tool_after_a_box(ct: Viewport) -> None:
    ct.use_mouse(mouse("left-scroll"))
    ct.arm(Tool.BOX)

    hands.drag(ct, [(160, 110), (200, 150), (220, 180)])

    assert ct.box() is not None
    assert ct.tool() is Tool.SCROLL


@pytest.mark.parametrize("profile", ["wetread", "weasis", "left-scroll"])
def test_a_right_click_is_the_menu_whatever_a_right_drag_does(ct: Viewport, profile: str) -> None:
    ct.use_mouse(mouse(profile))
    before = (window_of(ct), ct.placement())

    hands.drag(ct, [(150, 120), (152, 121)], hands.RIGHT)

    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert (window_of(ct), ct.placement()) == before
    menu.close()


@pytest.mark.parametrize(("way", "grows"), [((60, 0), (True, False)), ((0, -60), (False, False))])
def test_the_directions_of_a_window_drag_can_be_reversed(
    ct: Viewport, way: tuple[int, int], grows: tuple[bool, bool]
) -> None:
    start = window_of(ct)
    end = (100 + way[0], 150 + way[1])

    hands.drag(ct, [(100, 150), end])
    usual = window_of(ct)
    ct.reset()
    ct.use_mouse(mouse_of(MouseSettings(reverse_window=True))[0])
    hands.drag(ct, [(100, 150), end])

    reverse = window_of(ct)
    if way[0]:
        assert reverse[1] < start[1] < usual[1]
    else:
        assert usual[0] < start[0] < reverse[0]
    assert ct.tool() is Tool.WINDOW


def test_the_glass_shows_the_picture_larger_while_it_is_held(ct: Viewport) -> None:
    ct.use_mouse(mouse(**{"Alt+left": "magnify"}))
    upright, before = ct.placement(), ct.grab().toImage()

    hands.press(ct, (200, 150), hands.LEFT, ALT)
    held = ct.grab().toImage()
    hands.release(ct, (200, 150), hands.LEFT, ALT)
    after = ct.grab().toImage()

    assert held != before
    assert held.pixelColor(5, 150) == before.pixelColor(5, 150)
    assert after == before
    assert ct.placement() == upright
