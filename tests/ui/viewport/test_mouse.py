"""Mouse and keys over the film do what is in radiologists' fingers; a click starts nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Orientation
from dicom_io.report.document import Region
from tests.ui import hands
from tests.ui.films import flat, sample
from ui.actions import conflicts
from ui.viewport.pane_actions import pane_actions
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

Show = Callable[[Sequence[ImageFrame]], Viewport]


@pytest.fixture
def ct(showing: Show) -> Viewport:
    return showing(sample("CT_small.dcm"))


@pytest.fixture
def stack(showing: Show) -> Viewport:
    return showing([flat(5 * number, instance=number) for number in range(1, 31)])


def at(viewport: Viewport, qtbot: QtBot, number: int) -> None:
    """Wait until image `number` (from 1) is on the screen."""
    frame = viewport.frames()[number - 1]
    qtbot.waitUntil(lambda: viewport.selected_frame() is frame, timeout=5000)


def window_of(viewport: Viewport) -> tuple[float, float]:
    window = viewport.current_window()
    assert window is not None
    return window.center, window.width


def test_a_left_drag_to_the_right_widens_the_window(ct: Viewport) -> None:
    center, width = window_of(ct)

    hands.drag(ct, [(100, 100), (120, 100), (160, 100)])

    assert window_of(ct)[1] > width + 100
    assert window_of(ct)[0] == center


def test_a_left_drag_upwards_lowers_the_centre_and_brightens(ct: Viewport) -> None:
    center, width = window_of(ct)
    before = ct.rendered()
    assert before is not None

    hands.drag(ct, [(100, 200), (100, 150), (100, 120)])

    after = ct.rendered()
    assert after is not None
    assert window_of(ct)[0] < center - 50
    assert window_of(ct)[1] == width
    assert after.mean() > before.mean()


def test_the_window_is_told_and_shown_as_it_is_applied(ct: Viewport, qtbot: QtBot) -> None:
    with qtbot.waitSignal(ct.window_changed, timeout=1000) as told:
        hands.drag(ct, [(100, 100), (150, 80)])

    center, width = window_of(ct)
    assert told.args[0] == ct.current_window()
    assert (center, width) == (round(center), round(width))


def test_ctrl_makes_the_window_drag_faster(ct: Viewport) -> None:
    start = window_of(ct)
    hands.drag(ct, [(100, 100), (110, 100)])
    slow = window_of(ct)[1] - start[1]
    ct.reset()

    hands.drag(ct, [(100, 100), (110, 100)], held=hands.CTRL)

    assert window_of(ct)[1] - start[1] > 3 * slow


def test_the_width_never_ends_below_one(ct: Viewport) -> None:
    for _ in range(20):
        hands.drag(ct, [(390, 100), (5, 100)], held=hands.CTRL)

    assert window_of(ct)[1] >= 1
    assert ct.rendered() is not None


def test_a_plain_left_click_changes_nothing_but_the_focus(ct: Viewport) -> None:
    told: list[object] = []
    for signal in (ct.window_changed, ct.view_changed, ct.box_drawn, ct.frame_selected):
        signal.connect(lambda *args: told.append(args))

    hands.click(ct, (100, 100))
    hands.drag(ct, [(100, 100), (102, 102)])

    assert told == []
    assert not QApplication.activePopupWidget()


def test_a_middle_drag_and_shift_with_left_pan(ct: Viewport) -> None:
    x, y = ct.placement().x, ct.placement().y

    hands.drag(ct, [(100, 100), (110, 95), (130, 90)], hands.MIDDLE)
    assert (ct.placement().x, ct.placement().y) == (x + 30, y - 10)
    hands.drag(ct, [(100, 100), (110, 95), (130, 90)], hands.LEFT, hands.SHIFT)
    assert (ct.placement().x, ct.placement().y) == (x + 60, y - 20)


def test_a_right_drag_zooms_about_the_point_it_began_at(ct: Viewport) -> None:
    before, zoom = ct.placement().to_stored(150, 120), ct.zoom_percent()

    hands.drag(ct, [(150, 120), (150, 80), (150, 20)], hands.RIGHT)

    assert ct.zoom_percent() > 1.4 * zoom
    assert ct.placement().to_stored(150, 120) == pytest.approx(before, abs=0.6)
    assert not isinstance(QApplication.activePopupWidget(), QMenu)


def test_a_right_click_opens_the_menu_and_does_not_zoom(ct: Viewport, qtbot: QtBot) -> None:
    zoom = ct.zoom_percent()

    hands.drag(ct, [(150, 120), (152, 122)], hands.RIGHT)

    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert ct.zoom_percent() == zoom
    entries = {entry.text().partition("\t")[0]: entry for entry in menu.actions()}
    entries["CT bone · C 300 · W 1500"].trigger()
    menu.close()
    assert window_of(ct) == (300, 1500)


def test_the_wheel_scrolls_and_shift_makes_it_faster(stack: Viewport, qtbot: QtBot) -> None:
    hands.turn_wheel(stack, -120)
    at(stack, qtbot, 2)
    hands.turn_wheel(stack, -120, hands.SHIFT)
    at(stack, qtbot, 7)
    hands.turn_wheel(stack, 120)
    at(stack, qtbot, 6)
    hands.turn_wheel(stack, -60)
    hands.turn_wheel(stack, -60)
    at(stack, qtbot, 7)


def test_scrolling_ends_at_the_ends(stack: Viewport, qtbot: QtBot) -> None:
    hands.turn_wheel(stack, 120 * 5)
    at(stack, qtbot, 1)
    hands.turn_wheel(stack, -120 * 99)
    at(stack, qtbot, 30)


def test_keys_scroll(stack: Viewport, qtbot: QtBot) -> None:
    keys = Qt.Key
    for which, number in (
        (keys.Key_Down, 2),
        (keys.Key_Right, 3),
        (keys.Key_PageDown, 13),
        (keys.Key_Up, 12),
        (keys.Key_Left, 11),
        (keys.Key_PageUp, 1),
        (keys.Key_End, 30),
        (keys.Key_Home, 1),
    ):
        hands.key(stack, which)
        at(stack, qtbot, number)


def test_digits_choose_the_files_own_windows_first_then_ct_presets(ct: Viewport) -> None:
    hands.key(ct, Qt.Key.Key_2)
    assert window_of(ct) == (-400, 1600)

    hands.key(ct, Qt.Key.Key_1)
    own = ct.window_offers()[0].window
    assert ct.current_window() == own
    assert own.automatic  # this file has no window of its own


@pytest.mark.parametrize("name", ["MR_small.dcm", "RG1_UNCR.dcm"])
def test_nothing_ct_like_is_offered_elsewhere(showing: Show, name: str) -> None:
    viewport = showing(sample(name)[:1])
    center, width = window_of(viewport)

    assert viewport.window_offers()[0].name.startswith("file")
    assert not any("CT" in offer.name for offer in viewport.window_offers())
    hands.key(viewport, Qt.Key.Key_9)
    assert window_of(viewport) == (center, width)


def test_colour_has_no_window_and_a_drag_leaves_it_alone(showing: Show) -> None:
    viewport = showing(sample("US1_UNCR.dcm"))

    hands.drag(viewport, [(100, 100), (200, 50)])
    hands.key(viewport, Qt.Key.Key_1)

    assert viewport.current_window() is None
    assert viewport.window_offers() == ()


def test_keys_for_zoom_fit_overlay_inversion_and_reset(ct: Viewport) -> None:
    keys, zoom = Qt.Key, ct.zoom_percent()

    hands.key(ct, keys.Key_Plus)
    assert ct.zoom_percent() == pytest.approx(1.25 * zoom)
    hands.key(ct, keys.Key_Minus)
    assert ct.zoom_percent() == pytest.approx(zoom)
    hands.key(ct, keys.Key_O)
    assert ct.zoom_percent() == 100
    hands.key(ct, keys.Key_F)
    assert ct.zoom_percent() == pytest.approx(zoom)
    hands.key(ct, keys.Key_I)
    assert ct.corners() == "minimal"
    hands.key(ct, keys.Key_I)
    assert not ct.overlays_shown()
    hands.key(ct, keys.Key_I, hands.SHIFT)
    assert ct.is_inverted()
    assert not ct.overlays_shown()
    hands.key(ct, keys.Key_Space)
    assert not ct.is_inverted()


def test_tools_are_taken_in_hand_by_key_and_the_left_button_obeys(ct: Viewport) -> None:
    window = window_of(ct)

    hands.key(ct, Qt.Key.Key_Z)
    zoom = ct.zoom_percent()
    hands.drag(ct, [(100, 100), (100, 50)])
    assert ct.zoom_percent() > zoom
    hands.key(ct, Qt.Key.Key_T)
    x = ct.placement().x
    hands.drag(ct, [(100, 100), (150, 100)])
    assert ct.placement().x == x + 50
    assert window_of(ct) == window
    hands.key(ct, Qt.Key.Key_W)
    hands.drag(ct, [(100, 100), (150, 100)])
    assert window_of(ct) != window


def test_keys_of_others_are_left_alone(ct: Viewport) -> None:
    actions = pane_actions(lambda: ct)
    ours = {key for action in actions for key in (action.shortcut, *action.more_shortcuts)}

    assert not ours & {"E", "Shift+E", "X", "K", "F8", "F9", "Esc"}
    assert conflicts(actions) == ()
    assert all(action.text and action.shortcut for action in actions)


def test_a_double_click_maximises_and_starts_nothing(ct: Viewport) -> None:
    told: list[str] = []
    ct.maximise_requested.connect(lambda: told.append("maximise"))
    ct.box_drawn.connect(lambda box: told.append("box"))
    window = window_of(ct)

    hands.double_click(ct, (100, 100))
    hands.move(ct, (200, 200), hands.LEFT)

    assert told == ["maximise"]
    assert window_of(ct) == window


def test_a_box_is_told_in_stored_pixels_under_zoom_and_pan(ct: Viewport, qtbot: QtBot) -> None:
    hands.drag(ct, [(200, 150), (200, 90)], hands.RIGHT)
    hands.drag(ct, [(100, 100), (117, 83)], hands.MIDDLE)
    frame = ct.selected_frame()
    assert frame is not None
    place = ct.placement()
    start, end = place.to_pane(90, 80), place.to_pane(40, 30)  # drawn from below, to the left

    ct.arm(Tool.BOX)
    with qtbot.waitSignal(ct.box_drawn, timeout=1000) as told:
        hands.drag(ct, [start, (200, 150), end])

    assert told.args[0] == ct.box() == Region(frame.identity, 40, 30, 90, 80)
    assert ct.tool() is Tool.WINDOW


def test_a_box_ends_at_the_edge_of_the_image(ct: Viewport) -> None:
    ct.arm(Tool.BOX)

    hands.drag(ct, [(0, 0), (200, 150), (399.9, 299.9)])

    box = ct.box()
    assert box is not None
    assert (box.x0, box.y0, box.x1, box.y1) == (0, 0, 128, 128)


def test_a_click_with_the_box_tool_takes_the_box_away(ct: Viewport) -> None:
    told: list[object] = []
    ct.arm(Tool.BOX)
    hands.drag(ct, [(150, 100), (250, 200)])
    ct.box_drawn.connect(told.append)

    ct.arm(Tool.BOX)
    hands.click(ct, (150, 100))

    assert ct.box() is None
    assert told == [None]


def test_stepping_back_undoes_one_thing_at_a_time(ct: Viewport) -> None:
    ct.arm(Tool.BOX)
    hands.drag(ct, [(150, 100), (250, 200)])
    ct.arm(Tool.BOX)
    hands.press(ct, (100, 100), hands.LEFT)
    hands.move(ct, (140, 140), hands.LEFT)

    assert ct.step_back()  # the drag
    assert ct.tool() is Tool.BOX
    assert ct.step_back()  # the tool
    assert ct.tool() is Tool.WINDOW
    assert ct.box() is not None
    assert ct.step_back()  # the box
    assert ct.box() is None
    assert not ct.step_back()


def test_a_box_stays_with_its_frame(stack: Viewport, qtbot: QtBot) -> None:
    stack.arm(Tool.BOX)
    hands.drag(stack, [(150, 100), (250, 200)])
    box = stack.box()
    stack.set_box_label("asked: 384 × 384 of this crop")

    hands.key(stack, Qt.Key.Key_Down)
    at(stack, qtbot, 2)
    stack.grab()
    assert stack.box() is None
    assert stack.painted.box is None
    hands.key(stack, Qt.Key.Key_Up)
    at(stack, qtbot, 1)
    stack.grab()
    assert stack.box() == box
    assert box is not None
    assert stack.painted.box == box.identity


def test_turning_and_flipping_hold_while_scrolling_and_reset_undoes_them(
    stack: Viewport, qtbot: QtBot
) -> None:
    for which, held, expected in (
        (Qt.Key.Key_R, hands.NONE, Orientation(False, 1)),
        (Qt.Key.Key_R, hands.NONE, Orientation(False, 2)),
        (Qt.Key.Key_R, hands.SHIFT, Orientation(False, 1)),
        (Qt.Key.Key_H, hands.NONE, Orientation(True, 3)),
        (Qt.Key.Key_V, hands.NONE, Orientation(False, 3)),
    ):
        hands.key(stack, which, held)
        assert stack.orientation() == expected

    hands.turn_wheel(stack, -120)
    at(stack, qtbot, 2)
    assert stack.orientation() == Orientation(False, 3)
    stack.reset()
    assert stack.orientation() == Orientation()


def test_a_box_drawn_on_a_turned_picture_is_of_the_stored_pixels_and_the_model_gets_these(
    ct: Viewport, qtbot: QtBot
) -> None:
    upright = ct.rendered()
    ct.orient(Orientation(True, 1))
    corners = [ct.placement().to_pane(*point) for point in ((20, 30), (60, 90))]

    ct.arm(Tool.BOX)
    hands.drag(ct, [corners[0], (150, 150), corners[1]])

    box = ct.box()
    assert box is not None
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((20, 30, 60, 90), abs=1)
    assert ct.rendered() is upright
