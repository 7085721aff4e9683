"""Marks are drawn, taken, moved, pulled, worded and taken away with the mouse, on real panes."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QMouseEvent
from PyQt6.QtWidgets import QApplication, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Orientation
from tests.ui import hands
from tests.ui.films import as_array, film, flat, sample
from ui.actions import ActionTable, conflicts
from ui.jobs import Jobs
from ui.viewport.annotations import Annotations
from ui.viewport.grid import Grid
from ui.viewport.grid_actions import grid_actions
from ui.viewport.mark_actions import Marking
from ui.viewport.pane_actions import pane_actions
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

KEYS = Qt.Key
ONES: tuple[tuple[Tool, Qt.Key, bool], ...] = (
    (Tool.LENGTH, KEYS.Key_D, False),
    (Tool.BIDIRECTIONAL, KEYS.Key_D, True),
    (Tool.ANGLE, KEYS.Key_A, False),
    (Tool.COBB, KEYS.Key_A, True),
    (Tool.ELLIPSE, KEYS.Key_Q, False),
    (Tool.RECTANGLE, KEYS.Key_Q, True),
    (Tool.FREEHAND, KEYS.Key_Y, False),
    (Tool.PROBE, KEYS.Key_P, True),
    (Tool.ARROW, KEYS.Key_U, False),
    (Tool.TEXT, KEYS.Key_U, True),
)


@dataclass
class Bench:
    """A grid with marks, in a window that has the focus."""

    grid: Grid
    marking: Marking
    said: list[str]

    @property
    def pane(self) -> Viewport:
        return self.grid.active()

    @property
    def store(self) -> Annotations:
        return self.marking.annotations

    def marks(self) -> tuple[Annotation, ...]:
        frame = self.pane.selected_frame()
        assert frame is not None
        return self.store.of(frame.identity)

    def only(self) -> Annotation:
        (mark,) = self.marks()
        return mark

    def stored(self, *points: Point) -> tuple[Point, ...]:
        """Points of the pane as points of the image."""
        return tuple(self.pane.placement().to_stored(*point) for point in points)

    def at(self, *points: Point) -> list[Point]:
        """Points of the image as points of the pane."""
        return [self.pane.placement().to_pane(*point) for point in points]

    def hover(self, at: Point) -> None:
        """Move the mouse with no button down."""
        here = QPointF(*at)
        none = Qt.MouseButton.NoButton
        event = QMouseEvent(
            QEvent.Type.MouseMove, here, self.pane.mapToGlobal(here), none, none, hands.NONE
        )
        QApplication.sendEvent(self.pane, event)

    def draw(self, tool: Tool, *way: Point) -> None:
        """One drag with a tool."""
        self.pane.arm(tool)
        hands.drag(self.pane, way)

    def editor(self) -> QLineEdit:
        field = self.pane.findChild(QLineEdit, "mark-editor")
        assert isinstance(field, QLineEdit)
        return field


@pytest.fixture
def bench(jobs: Jobs, qtbot: QtBot) -> Iterator[Bench]:
    window = QMainWindow()
    grid = Grid(jobs)
    window.setCentralWidget(grid)
    said: list[str] = []
    marking = Marking(grid, jobs, said.append)
    table = ActionTable(window, {"viewport": grid})
    assert table.add([*pane_actions(grid.active), *marking.actions()]) == ()
    window.resize(640, 520)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    grid.active().setFocus()
    yield Bench(grid, marking, said)
    window.close()


@pytest.fixture
def show(bench: Bench, qtbot: QtBot) -> Callable[[Sequence[ImageFrame]], Bench]:
    def shown(frames: Sequence[ImageFrame]) -> Bench:
        bench.pane.show_series(frames)
        qtbot.waitUntil(lambda: bench.pane.selected_frame() is frames[0], timeout=5000)
        return bench

    return shown


@pytest.fixture
def ct(show: Callable[[Sequence[ImageFrame]], Bench]) -> Bench:
    return show(sample("CT_small.dcm"))


@pytest.fixture
def stack(show: Callable[[Sequence[ImageFrame]], Bench]) -> Bench:
    return show([flat(40 * number, side=64, instance=number) for number in range(1, 4)])


def near(found: Sequence[Point], wanted: Sequence[Point]) -> bool:
    return len(found) == len(wanted) and all(
        math.dist(one, other) < 0.02 for one, other in zip(found, wanted, strict=True)
    )


# --- drawing ---


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        (Tool.LENGTH, Kind.LENGTH),
        (Tool.ARROW, Kind.ARROW),
        (Tool.ELLIPSE, Kind.ELLIPSE),
        (Tool.RECTANGLE, Kind.RECTANGLE),
    ],
)
def test_a_drag_sets_both_points_and_so_do_two_clicks(ct: Bench, tool: Tool, kind: Kind) -> None:
    ct.draw(tool, (200, 150), (210, 160), (330, 260))
    dragged = ct.only()
    ct.store.remove(dragged.id)

    hands.click(ct.pane, (200, 150))
    ct.hover((280, 200))
    hands.click(ct.pane, (330, 260))

    clicked = ct.only()
    assert dragged.kind is clicked.kind is kind
    assert near(dragged.points, ct.stored((200, 150), (330, 260)))
    assert near(clicked.points, dragged.points)
    assert clicked.id != dragged.id
    assert ct.pane.tool() is tool  # it stays in the hand


def test_the_second_click_may_be_quick(ct: Bench) -> None:
    ct.pane.arm(Tool.LENGTH)
    told: list[None] = []
    ct.pane.maximise_requested.connect(lambda: told.append(None))

    hands.click(ct.pane, (200, 150))
    hands._send(ct.pane, QEvent.Type.MouseButtonDblClick, (260, 150), hands.LEFT, hands.LEFT,
                hands.NONE)  # fmt: skip
    hands.release(ct.pane, (260, 150), hands.LEFT)

    assert near(ct.only().points, ct.stored((200, 150), (260, 150)))
    assert told == []


def test_an_angle_is_a_drag_and_a_click_or_three_clicks(ct: Bench) -> None:
    ct.draw(Tool.ANGLE, (200, 150), (220, 170), (250, 250))
    ct.hover((300, 200))
    assert ct.marks() == ()
    hands.click(ct.pane, (340, 160))
    first = ct.only()
    ct.store.remove(first.id)
    for point in ((200, 150), (250, 250), (340, 160)):
        hands.click(ct.pane, point)
        ct.hover((point[0] + 20, point[1]))

    assert near(first.points, ct.stored((200, 150), (250, 250), (340, 160)))
    assert near(ct.only().points, first.points)


def test_a_cobb_angle_is_two_drags(ct: Bench) -> None:
    ct.draw(Tool.COBB, (200, 150), (240, 155), (300, 170))
    hands.drag(ct.pane, [(200, 300), (240, 300), (300, 280)])

    assert near(ct.only().points, ct.stored((200, 150), (300, 170), (200, 300), (300, 280)))


def test_the_short_axis_is_proposed_at_a_right_angle_in_the_patient(
    show: Callable[[Sequence[ImageFrame]], Bench],
) -> None:
    bench = show([film(np.zeros((50, 100), np.uint8), Modality="MR", PixelSpacing=[2.0, 1.0])])

    bench.draw(Tool.BIDIRECTIONAL, (200, 150), (240, 180), (360, 300))

    (a, b, c, d) = ((x, 2 * y) for x, y in bench.only().points)  # mm
    long, short = (b[0] - a[0], b[1] - a[1]), (d[0] - c[0], d[1] - c[1])
    assert long[0] * short[0] + long[1] * short[1] == pytest.approx(0, abs=1e-6)
    assert math.hypot(*short) == pytest.approx(math.hypot(*long) / 2)
    assert ((c[0] + d[0]) / 2, (c[1] + d[1]) / 2) == pytest.approx(
        ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    )


def test_a_freehand_line_follows_the_hand_and_closes(ct: Bench) -> None:
    turns = np.linspace(0, 2 * math.pi, 90)
    way = [(300 + 80 * math.cos(t), 250 + 80 * math.sin(t)) for t in turns]

    ct.draw(Tool.FREEHAND, *way)

    mark = ct.only()
    radii = [math.dist(point, (300, 250)) for point in ct.at(*mark.points)]
    assert 12 < len(mark.points) < 90  # thinned, and round still
    assert radii == pytest.approx([80] * len(radii), abs=0.5)


def test_a_probe_and_a_text_are_one_click(ct: Bench) -> None:
    ct.draw(Tool.PROBE, (300, 200))
    probe = ct.only()
    ct.draw(Tool.TEXT, (200, 300))
    assert len(ct.marks()) == 1  # nothing is there before it is written
    assert ct.editor().isVisible() and ct.editor().hasFocus()
    hands.KEYS.keyClicks(ct.editor(), "Nodule? A 3 mm")
    hands.key(ct.editor(), KEYS.Key_Return)

    text = ct.marks()[1]
    assert near(probe.points, ct.stored((300, 200)))
    assert (text.kind, text.text) == (Kind.TEXT, "Nodule? A 3 mm")
    assert not ct.editor().isVisible()
    assert ct.pane.hasFocus()


@pytest.mark.parametrize("tool", [tool for tool, _, _ in ONES if tool not in (Tool.PROBE,)])
def test_a_click_or_a_double_click_alone_draws_nothing(ct: Bench, tool: Tool) -> None:
    ct.pane.arm(tool)

    hands.click(ct.pane, (200, 150))
    hands.key(QApplication.focusWidget() or ct.pane, KEYS.Key_Return)
    ct.marking.layer(ct.pane).abandon()
    hands.double_click(ct.pane, (200, 150))
    ct.marking.layer(ct.pane).abandon()
    ct.draw(tool, (200, 150), (201, 151))

    assert ct.marks() == ()


def test_points_stay_in_the_image(show: Callable[[Sequence[ImageFrame]], Bench]) -> None:
    bench = show([film(np.zeros((20, 80), np.uint8))])

    bench.draw(Tool.RECTANGLE, (10, 5), (100, 100), (639, 515))

    assert near(bench.only().points, ((bench.stored((10, 5))[0][0], 0.0), (79.875, 20.0)))


def test_half_a_mark_survives_pan_and_zoom_but_no_other_frame(stack: Bench, qtbot: QtBot) -> None:
    stack.pane.arm(Tool.LENGTH)
    (begin,) = stack.stored((200, 150))
    hands.click(stack.pane, (200, 150))
    hands.drag(stack.pane, [(300, 300), (320, 320), (340, 330)], hands.MIDDLE)
    hands.click(stack.pane, (300, 300))
    assert near(stack.only().points[:1], [begin])

    hands.click(stack.pane, (250, 350))
    hands.turn_wheel(stack.pane, -120)
    second = stack.pane.frames()[1]
    qtbot.waitUntil(lambda: stack.pane.selected_frame() is second, timeout=5000)
    stack.hover((300, 200))
    hands.drag(stack.pane, [(300, 200), (305, 205), (380, 210)])

    assert near(stack.only().points, stack.stored((300, 200), (380, 210)))


def test_scrolling_with_the_button_down_ends_the_drag_and_draws_nothing(
    stack: Bench, qtbot: QtBot
) -> None:
    stack.pane.arm(Tool.ELLIPSE)
    hands.press(stack.pane, (200, 150), hands.LEFT)
    hands.move(stack.pane, (300, 250), hands.LEFT)
    hands.turn_wheel(stack.pane, -120)
    second = stack.pane.frames()[1]
    qtbot.waitUntil(lambda: stack.pane.selected_frame() is second, timeout=5000)
    hands.move(stack.pane, (320, 270), hands.LEFT)
    hands.release(stack.pane, (320, 270), hands.LEFT)

    assert stack.store.of_study(second.identity) == ()


def test_marks_lie_on_a_turned_and_mirrored_picture_where_they_were_drawn(ct: Bench) -> None:
    for orientation in (Orientation(False, 1), Orientation(True, 0), Orientation(True, 3)):
        ct.pane.orient(orientation)
        ct.draw(Tool.LENGTH, (220, 150), (240, 160), (330, 300))
        mark = ct.marks()[-1]
        assert near(mark.points, ct.stored((220, 150), (330, 300)))
        ct.pane.arm(Tool.WINDOW)
        hands.drag(ct.pane, [(330, 300), (340, 310), (350, 320)])
        assert near(ct.at(*ct.marks()[-1].points), [(220, 150), (350, 320)])
        ct.store.remove(mark.id)


# --- taking, moving, pulling, taking away ---


def test_a_handle_is_pulled_at_any_zoom_within_the_same_reach(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    ct.pane.arm(Tool.WINDOW)
    for zoom in (1.0, 3.0, 0.3):
        ct.pane.zoom_by(zoom)
        end = ct.at(ct.only().points[1])[0]
        hands.drag(ct.pane, [(end[0] + 6, end[1]), (end[0] + 20, end[1]), (end[0] + 30, end[1])])
        assert near(ct.at(ct.only().points[1]), [(end[0] + 30, end[1])])


@pytest.mark.parametrize("handle", range(4))
def test_a_corner_is_pulled_and_the_one_across_stays(ct: Bench, handle: int) -> None:
    ct.draw(Tool.ELLIPSE, (200, 150), (220, 160), (330, 260))
    ct.pane.arm(Tool.WINDOW)
    corners = [(200.0, 150.0), (330.0, 150.0), (330.0, 260.0), (200.0, 260.0)]
    x, y = corners[handle]

    hands.drag(ct.pane, [(x, y), (x + 10, y + 10), (x + 17, y + 11)])

    assert near(ct.at(*ct.only().points), [(x + 17, y + 11), corners[(handle + 2) % 4]])


def test_a_mark_is_moved_by_its_line_and_stops_at_the_edge(ct: Bench) -> None:
    ct.draw(Tool.RECTANGLE, (200, 150), (220, 160), (330, 260))
    before = ct.only()
    ct.pane.arm(Tool.WINDOW)

    hands.drag(ct.pane, [(265, 150), (285, 170), (295, 180)])
    moved = ct.only()
    hands.drag(ct.pane, [(295, 180), (295, 100), (295, -900)])

    assert moved.id == before.id
    assert near(ct.at(*moved.points), [(230, 180), (360, 290)])
    assert ct.only().points[0][1] == 0
    assert ct.only().points[1][1] == pytest.approx(before.points[1][1] - before.points[0][1])


def test_inside_a_shape_the_hand_at_rest_changes_the_window(ct: Bench) -> None:
    ct.draw(Tool.ELLIPSE, (200, 150), (220, 160), (400, 350))
    ct.pane.arm(Tool.WINDOW)
    before, window = ct.only(), ct.pane.current_window()

    hands.drag(ct.pane, [(300, 250), (330, 250), (360, 250)])

    assert ct.only() == before
    assert ct.pane.current_window() != window
    assert ct.marking.layer(ct.pane).selected() is None


def test_an_end_of_the_short_axis_keeps_the_right_angle(ct: Bench) -> None:
    ct.draw(Tool.BIDIRECTIONAL, (200, 250), (240, 250), (400, 250))
    ct.pane.arm(Tool.WINDOW)
    ends = ct.at(*ct.only().points)
    (x, y) = ends[2]

    hands.drag(ct.pane, [(x, y), (x + 10, y - 10), (x + 30, y + 25)])

    after = ct.at(*ct.only().points)
    assert near(after[:2], ends[:2])
    assert near(after[2:3], [(x + 30, y + 25)])
    assert near(after[3:], [(x + 30, ends[3][1])])


def test_delete_takes_away_what_is_in_hand_and_undo_brings_it_back(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    mark = ct.only()

    hands.key(ct.pane, KEYS.Key_Delete)
    assert ct.marks() == ()
    hands.key(ct.pane, KEYS.Key_Delete)
    hands.key(ct.pane, KEYS.Key_Z, hands.CTRL)
    assert ct.marks() == (mark,)
    hands.key(ct.pane, KEYS.Key_Y, hands.CTRL)
    assert ct.marks() == ()
    hands.key(ct.pane, KEYS.Key_Z, hands.CTRL)
    hands.key(ct.pane, KEYS.Key_Z, hands.CTRL)
    assert ct.marks() == ()
    hands.key(ct.pane, KEYS.Key_Z, hands.CTRL | hands.SHIFT)
    assert ct.marks() == (mark,)


def test_one_drag_is_one_step(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    before = ct.only()
    ct.pane.arm(Tool.WINDOW)
    hands.drag(ct.pane, [(330, 260), *((330 + n, 260) for n in range(5, 50, 5))])

    hands.key(ct.pane, KEYS.Key_Z, hands.CTRL)

    assert ct.only() == before


def test_a_step_on_an_image_that_is_not_seen_is_told(stack: Bench, qtbot: QtBot) -> None:
    stack.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    hands.turn_wheel(stack.pane, -120)
    second = stack.pane.frames()[1]
    qtbot.waitUntil(lambda: stack.pane.selected_frame() is second, timeout=5000)

    hands.key(stack.pane, KEYS.Key_Z, hands.CTRL)
    hands.key(stack.pane, KEYS.Key_Z, hands.CTRL)

    assert stack.store.of_study(second.identity) == ()
    assert [line.split()[-1] for line in stack.said] == ["changed.", "study."]


def test_escape_steps_back_one_thing_at_a_time(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    hands.click(ct.pane, (100, 100))
    ct.hover((120, 120))

    assert ct.pane.step_back()  # the half drawn one
    hands.click(ct.pane, (330, 260))  # a handle takes the mark in hand again
    assert ct.marking.layer(ct.pane).selected() == ct.only()
    assert ct.pane.step_back()  # lets go
    assert ct.marking.layer(ct.pane).selected() is None
    assert ct.pane.tool() is Tool.LENGTH
    assert ct.pane.step_back()  # the tool
    assert ct.pane.tool() is Tool.WINDOW
    assert not ct.pane.step_back()
    assert len(ct.marks()) == 1


def test_escape_in_the_middle_of_a_pull_leaves_the_mark_as_it_was(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    before = ct.only()
    hands.press(ct.pane, (330, 260), hands.LEFT)
    hands.move(ct.pane, (380, 300), hands.LEFT)

    assert ct.pane.step_back()
    hands.move(ct.pane, (390, 310), hands.LEFT)
    hands.release(ct.pane, (390, 310), hands.LEFT)

    assert ct.only() == before
    assert not ct.store.is_changed(before.identity) or ct.store.undo(before.identity) is not None
    assert ct.marks() == ()


# --- words ---


def test_words_are_written_beside_a_mark_and_kept_whatever_comes_next(
    stack: Bench, qtbot: QtBot
) -> None:
    stack.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    mark = stack.only()
    hands.key(stack.pane, KEYS.Key_W, hands.SHIFT)
    hands.KEYS.keyClicks(stack.editor(), "Aorta K 5")  # letters that are keys elsewhere

    stack.pane.scroll_by(1)
    second = stack.pane.frames()[1]
    qtbot.waitUntil(lambda: stack.pane.selected_frame() is second, timeout=5000)

    kept = stack.store.get(mark.id)
    assert kept is not None and kept.text == "Aorta K 5"
    assert stack.store.of(second.identity) == ()
    assert stack.store.key_images(second.identity) == ()
    assert not stack.editor().isVisible()


def test_escape_leaves_the_words_as_they_were_and_a_double_click_opens_them(ct: Bench) -> None:
    ct.draw(Tool.ARROW, (200, 150), (220, 160), (330, 260))
    ct.pane.arm(Tool.WINDOW)
    hands.double_click(ct.pane, (265, 205))
    hands.KEYS.keyClicks(ct.editor(), "cyst")
    hands.key(ct.editor(), KEYS.Key_Return)
    hands.double_click(ct.pane, (265, 205))
    hands.KEYS.keyClicks(ct.editor(), "something else")

    assert ct.pane.step_back()

    assert ct.only().text == "cyst"
    assert not ct.editor().isVisible()


def test_a_text_without_words_is_gone(ct: Bench) -> None:
    ct.draw(Tool.TEXT, (200, 300))
    hands.KEYS.keyClicks(ct.editor(), "x")
    hands.key(ct.editor(), KEYS.Key_Return)
    ct.marking.layer(ct.pane).edit_text()
    ct.editor().clear()
    hands.click(ct.pane, (500, 100))

    assert ct.marks() == ()


def test_a_label_is_dragged_away_and_stays_there_in_the_image(ct: Bench, qtbot: QtBot) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    ct.pane.arm(Tool.WINDOW)
    ct.pane.grab()
    layer = ct.marking.layer(ct.pane)
    label = layer._labels[ct.only().id].place
    start = label.center()

    hands.drag(ct.pane, [(start.x(), start.y()), (start.x(), start.y() + 30),
                         (start.x() + 20, start.y() + 90)])  # fmt: skip

    assert ct.only().label_at is not None
    ct.pane.grab()
    moved = layer._labels[ct.only().id].place
    assert (moved.x(), moved.y()) == pytest.approx((label.x() + 20, label.y() + 90), abs=0.01)
    ct.pane.zoom_by(1.5)
    ct.pane.grab()
    corner = layer._labels[ct.only().id].place.topLeft()
    assert near([(corner.x(), corner.y())], ct.at(ct.only().label_at or (0, 0)))


@pytest.mark.parametrize("tool", [Tool.ELLIPSE, Tool.RECTANGLE, Tool.LENGTH])
@pytest.mark.parametrize(
    "way", [((60, 40), (580, 480)), ((2, 2), (638, 518)), ((300, 240), (330, 260))]
)
def test_a_label_never_covers_the_middle_of_its_mark_and_stays_in_the_pane(
    ct: Bench, tool: Tool, way: tuple[Point, Point]
) -> None:
    ct.draw(tool, way[0], (way[0][0] + 10, way[0][1] + 10), way[1])

    ct.pane.grab()

    label = ct.marking.layer(ct.pane)._labels[ct.only().id].place
    (x0, y0), (x1, y1) = ct.at(*ct.only().points)
    assert not label.contains(QPointF((x0 + x1) / 2, (y0 + y1) / 2))
    assert ct.pane.rect().toRectF().contains(label)


# --- what is seen ---


def test_a_mark_is_painted_over_its_own_frame_alone(stack: Bench, qtbot: QtBot) -> None:
    stack.draw(Tool.RECTANGLE, (200, 150), (220, 160), (330, 260))
    frames = stack.pane.frames()
    stack.pane.arm(Tool.WINDOW)
    with_mark = as_array(stack.pane.grab().toImage())
    assert stack.pane.painted.layers == (frames[0].identity,)
    assert with_mark[150, 265].tolist() != with_mark[170, 265].tolist()

    stack.pane.scroll_by(1)
    qtbot.waitUntil(lambda: stack.pane.selected_frame() is frames[1], timeout=5000)
    without = as_array(stack.pane.grab().toImage())
    assert not stack.pane.painted.layers
    assert without[150, 265].tolist() == without[170, 265].tolist()


def test_values_are_shown_while_the_hand_still_draws(ct: Bench) -> None:
    layer = ct.marking.layer(ct.pane)
    hands.key(ct.pane, KEYS.Key_D)
    hands.press(ct.pane, (200, 150), hands.LEFT)
    hands.move(ct.pane, (250, 150), hands.LEFT)
    view = ct.pane.view()
    assert view is not None

    (half,) = layer._marks(view)
    words = layer._look(half, view).words

    length = 50 / ct.pane.placement().across * 0.661468
    assert words == (f"{length:.1f} mm (calibrated)",)


def test_a_large_region_is_worked_out_off_the_qt_thread(
    show: Callable[[Sequence[ImageFrame]], Bench], qtbot: QtBot
) -> None:
    ramp = np.tile(np.arange(600, dtype=np.uint32) % 251, (600, 1)).astype(np.uint8)
    bench = show([film(ramp)])

    bench.draw(Tool.RECTANGLE, (5, 5), (300, 300), (639, 519))
    mark, view = bench.only(), bench.pane.view()
    assert view is not None
    first = bench.marking.measuring.of(mark, view.frame, view.stored)
    with qtbot.waitSignal(bench.marking.measuring.changed, timeout=5000):
        pass
    then = bench.marking.measuring.of(mark, view.frame, view.stored)

    assert not first.is_complete and [value.name for value in first.values] == ["Area"]
    assert then.is_complete
    mean = next(value.value for value in then.values if value.name == "Mean")
    assert mean == pytest.approx(float(ramp.mean()), abs=0.01)


def test_the_value_under_the_mouse_stands_in_the_corner_until_it_leaves(ct: Bench) -> None:
    layer = ct.marking.layer(ct.pane)
    view = ct.pane.view()
    assert view is not None
    (column, row) = (int(value) for value in ct.stored((300, 200))[0])
    value = int(view.stored[row, column]) - 1024

    ct.hover((300, 200))
    assert layer._corner(view) == [f"column {column}, row {row}   {value} HU"]
    ct.hover((2, 2))  # beside the film
    assert layer._corner(view) == []
    ct.hover((300, 200))
    QApplication.sendEvent(ct.pane, QEvent(QEvent.Type.Leave))
    assert layer._corner(view) == []


@pytest.mark.parametrize("way", ["drag", "turn", "zoom"])
def test_a_value_goes_when_something_else_comes_under_the_mouse(ct: Bench, way: str) -> None:
    layer = ct.marking.layer(ct.pane)
    view = ct.pane.view()
    assert view is not None
    ct.pane.arm(Tool.WINDOW)
    ct.hover((300, 200))
    assert layer._corner(view)

    if way == "drag":
        hands.drag(ct.pane, [(300, 200), (340, 240), (380, 260)])
    elif way == "turn":
        ct.pane.turn(1)
    else:
        ct.pane.zoom_by(2)

    assert layer._corner(view) == []
    ct.hover((301, 201))
    assert layer._corner(view)


def test_marks_can_be_hidden_and_are_not_felt_then(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))
    ct.pane.arm(Tool.WINDOW)
    hands.key(ct.pane, KEYS.Key_M, hands.SHIFT)
    before = ct.only()

    hands.drag(ct.pane, [(330, 260), (350, 270), (360, 280)])
    ct.pane.grab()
    assert ct.only() == before
    assert ct.pane.painted.layers == ()
    assert "hidden" in ct.said[-1]

    hands.key(ct.pane, KEYS.Key_M, hands.SHIFT)
    ct.pane.grab()
    assert len(ct.pane.painted.layers) == 1


# --- keys, tools and key images ---


def test_every_tool_has_its_key_and_no_key_two_owners(bench: Bench) -> None:
    actions = [*pane_actions(bench.grid.active), *grid_actions(bench.grid, lambda: None),
               *bench.marking.actions()]  # fmt: skip
    assert conflicts(actions) == ()

    for tool, which, shift in ONES:
        hands.key(bench.pane, which, hands.SHIFT if shift else hands.NONE)
        assert bench.pane.tool() is tool


def test_w_puts_the_tool_away(ct: Bench) -> None:
    hands.key(ct.pane, KEYS.Key_D)
    hands.key(ct.pane, KEYS.Key_W)
    window = ct.pane.current_window()

    hands.drag(ct.pane, [(200, 150), (230, 150), (260, 150)])

    assert ct.marks() == ()
    assert ct.pane.current_window() != window


def test_the_tool_comes_along_to_another_pane_and_half_a_mark_does_not(
    bench: Bench, qtbot: QtBot
) -> None:
    bench.grid.set_layout(1, 2)
    one, other = bench.grid.panes()
    for pane, frame in ((one, flat(50, side=64)), (other, flat(90, side=64, instance=2))):
        pane.show_series([frame])
    qtbot.waitUntil(lambda: None not in [pane.selected_frame() for pane in (one, other)])
    bench.grid.activate(one)
    hands.key(one, KEYS.Key_D)
    hands.click(one, (100, 200))

    hands.drag(other, [(100, 200), (120, 200), (180, 200)])
    hands.drag(one, [(150, 250), (160, 250), (200, 250)])

    first, second = (pane.selected_frame() for pane in (one, other))
    assert first is not None and second is not None
    assert [len(bench.store.of(frame.identity)) for frame in (first, second)] == [1, 1]
    assert near(bench.only().points, bench.stored((150, 250), (200, 250)))


def test_k_makes_a_key_image_of_this_frame_and_says_so(stack: Bench) -> None:
    layer, frames = stack.marking.layer(stack.pane), stack.pane.frames()
    view = stack.pane.view()
    assert view is not None

    hands.key(stack.pane, KEYS.Key_K)
    assert stack.store.key_images(frames[0].identity) == (frames[0].identity,)
    assert layer._corner(view)[-1].endswith("Key image")
    stack.pane.grab()
    assert stack.pane.painted.layers == (frames[0].identity,)

    hands.key(stack.pane, KEYS.Key_K)
    assert stack.store.key_images(frames[0].identity) == ()
    hands.key(stack.pane, KEYS.Key_Z, hands.CTRL)
    assert stack.store.is_key_image(frames[0].identity)


def test_labels_of_other_marks_stay_while_one_is_drawn(ct: Bench) -> None:
    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 200))
    first = ct.only()
    layer = ct.marking.layer(ct.pane)
    ct.pane.grab()
    before = layer._labels[first.id].place
    x, y = before.center().x(), before.center().y()

    ct.draw(Tool.RECTANGLE, (x - 40, y + 40), (x, y), (x + 60, y - 40))  # right over the label

    ct.pane.grab()
    assert layer._labels[first.id].place == before
    assert not layer._labels[ct.marks()[1].id].place.intersects(before)


def test_labels_find_room_beside_each_other(ct: Bench) -> None:
    for row in range(5):
        ct.draw(Tool.LENGTH, (200, 200 + 12 * row), (220, 200), (330, 200 + 12 * row))

    ct.pane.grab()

    places = [label.place for label in ct.marking.layer(ct.pane)._labels.values()]
    assert len(places) == 5
    shared = [one.intersected(other) for one, other in itertools.combinations(places, 2)]
    assert sum(part.width() * part.height() for part in shared if not part.isEmpty()) == 0


def test_a_computed_plane_is_no_key_image(
    show: Callable[[Sequence[ImageFrame]], Bench],
) -> None:
    plane = dataclasses.replace(flat(60, side=16), derivation="across the series")
    bench = show([plane])

    hands.key(bench.pane, KEYS.Key_K)

    assert bench.store.key_images(plane.identity) == ()
    assert "computed" in bench.said[-1]


def test_a_press_that_was_never_let_go_does_no_harm(ct: Bench) -> None:
    ct.pane.arm(Tool.ELLIPSE)
    hands.click(ct.pane, (200, 150))
    hands.press(ct.pane, (300, 200), hands.LEFT)
    hands.press(ct.pane, (310, 260), hands.LEFT)  # the first release went to another window
    hands.release(ct.pane, (330, 260), hands.LEFT)

    assert near(ct.only().points, ct.stored((200, 150), (330, 260)))


def test_whoever_draws_sees_the_marks_again(ct: Bench) -> None:
    hands.key(ct.pane, KEYS.Key_M, hands.SHIFT)

    ct.draw(Tool.LENGTH, (200, 150), (220, 160), (330, 260))

    ct.pane.grab()
    assert len(ct.pane.painted.layers) == 1
    assert ct.marking.layer(ct.pane).are_shown()


def test_marks_are_taken_in_hand_by_key_one_after_the_other(ct: Bench) -> None:
    for row in range(3):
        ct.draw(Tool.LENGTH, (200, 150 + 60 * row), (220, 160), (330, 150 + 60 * row))
    names = [mark.id for mark in ct.marks()]
    layer = ct.marking.layer(ct.pane)
    layer.select("")

    taken = []
    for _ in range(4):
        hands.key(ct.pane, KEYS.Key_N, hands.SHIFT)
        mark = layer.selected()
        taken.append(mark.id if mark is not None else "")
    hands.key(ct.pane, KEYS.Key_Delete)

    assert taken == [*names, names[0]]
    assert [mark.id for mark in ct.marks()] == names[1:]


@pytest.mark.parametrize("tool", [Tool.ARROW, Tool.LENGTH, Tool.ANGLE])
def test_the_frame_of_focus_covers_no_film_however_a_mark_was_painted(
    show: Callable[[Sequence[ImageFrame]], Bench], tool: Tool
) -> None:
    bench = show([flat(200, side=64)])
    before = as_array(bench.pane.grab().toImage())[100, 320]
    bench.draw(tool, (200, 300), (240, 340))
    assert bench.pane.hasFocus()
    drawn = as_array(bench.pane.grab().toImage())[100, 320]
    bench.marking.layer(bench.pane).select("")
    at_rest = as_array(bench.pane.grab().toImage())[100, 320]
    assert before.tolist() == drawn.tolist() == at_rest.tolist()
    assert before[0] > 100  # the film and not the ground behind it
