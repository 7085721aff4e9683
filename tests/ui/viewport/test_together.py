"""Panes that scroll together, say by what, and show where they cut one another."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window
from dicom_io.image.space import plane_of
from dicom_io.image.stack import stacks_of
from tests.dicom_io.image.slices import AXIAL, CORONAL, SAGITTAL
from tests.ui.films import film
from tests.ui.hands import click, key, turn_wheel
from ui.actions import ActionTable
from ui.jobs import Jobs
from ui.viewport.grid import Grid
from ui.viewport.linking import Kind, Link
from ui.viewport.pane_actions import pane_actions
from ui.viewport.together import Together
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

SIDE = 16
SPACE, OTHER_SPACE = "2.25.100", "2.25.200"


def stack(
    series: int,
    depths: Sequence[float],
    orientation: Sequence[float] = AXIAL,
    space: str = SPACE,
    study: int = 1,
) -> list[ImageFrame]:
    """16 x 16 pixels of 1 mm; the middle of each slice lies on one line along the normal."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    normal = np.cross(row, column)
    half = (SIDE - 1) / 2
    return [
        film(
            np.full((SIDE, SIDE), 40 + n, np.uint8),
            study=study,
            series=series,
            instance=n + 1,
            ImageOrientationPatient=list(orientation),
            ImagePositionPatient=(depth * normal - half * (row + column)).tolist(),
            PixelSpacing=[1, 1],
            FrameOfReferenceUID=space,
            InstanceNumber=n + 1,
        )
        for n, depth in enumerate(depths)
    ]


def bare(series: int, count: int) -> list[ImageFrame]:
    """Frames that do not say where they lie."""
    return [
        film(np.full((SIDE, SIDE), 40 + n, np.uint8), series=series, instance=n + 1)
        for n in range(count)
    ]


class Bench:
    """Two to four panes side by side, with their keys."""

    def __init__(self, grid: Grid, together: Together, qtbot: QtBot) -> None:
        self.grid, self.together, self._qtbot = grid, together, qtbot

    def show(self, *stacks: Sequence[ImageFrame]) -> tuple[Viewport, ...]:
        self.grid.set_layout(1 if len(stacks) < 3 else 2, 1 if len(stacks) == 1 else 2)
        panes = self.grid.panes()
        for pane, frames in zip(panes, stacks, strict=False):
            pane.show_series(frames)
        self.settle(panes[: len(stacks)])
        return panes

    def settle(self, panes: Sequence[Viewport]) -> None:
        """Until every pane shows the frame that it is at."""

        def are_there() -> bool:
            return all(
                pane.selected_frame() is pane.frames()[pane.position()]
                for pane in panes
                if pane.frames()
            )

        self._qtbot.waitUntil(are_there, timeout=5000)

    def kinds(self) -> list[Kind | None]:
        links = [self.together.linking.link(pane) for pane in self.grid.panes()]
        return [link.kind if link is not None else None for link in links]


@pytest.fixture
def bench(jobs: Jobs, qtbot: QtBot) -> Iterator[Bench]:
    window = QMainWindow()
    grid = Grid(jobs)
    window.setCentralWidget(grid)
    together = Together(grid)
    table = ActionTable(window, {"viewport": grid})
    assert table.add([*pane_actions(grid.active), *together.actions()]) == ()
    window.resize(640, 600)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    grid.active().setFocus()
    yield Bench(grid, together, qtbot)
    window.close()


def test_in_one_frame_of_reference_the_nearest_slice_follows(bench: Bench) -> None:
    thin = stack(1, [2.0 * n for n in range(30)])
    thick = stack(2, [5.0 * n for n in range(12)])
    one, other, *_ = bench.show(thin, thick)

    key(one, Qt.Key.Key_L)
    one.go_to(13)  # 26 mm
    bench.settle([one, other])

    assert other.position() == 5
    assert bench.kinds()[:2] == [None, Kind.POSITION]


def test_whichever_pane_is_scrolled_leads(bench: Bench) -> None:
    one, other, *_ = bench.show(
        stack(1, [2.0 * n for n in range(30)]), stack(2, [5.0 * n for n in range(12)])
    )
    bench.together.linking.toggle()

    turn_wheel(other, -120)  # over a pane that is not in hand
    turn_wheel(other, -120)
    bench.settle([one, other])

    assert other.position() == 2
    assert one.position() == 5


def test_a_stack_that_runs_the_other_way_follows_to_the_same_place(bench: Bench) -> None:
    upside_down = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    one, other, *_ = bench.show(
        stack(1, [2.0 * n for n in range(20)]),
        stack(2, [-40.0 + 2.0 * n for n in range(20)], upside_down),
    )
    bench.together.linking.toggle()

    one.go_to(8)
    bench.settle([one, other])

    frame = other.selected_frame()
    assert frame is not None
    assert frame.header.ImagePositionPatient[2] == pytest.approx(16)


def test_another_plane_stays_where_it_is_and_says_so(bench: Bench) -> None:
    one, other, *_ = bench.show(stack(1, range(20)), stack(2, range(20), SAGITTAL))
    bench.together.linking.toggle()

    one.go_to(9)
    bench.settle([one, other])

    assert other.position() == 0
    assert bench.kinds()[:2] == [None, Kind.OTHER_PLANE]


def test_beyond_the_end_of_its_stack_a_pane_says_how_far(bench: Bench) -> None:
    one, other, *_ = bench.show(
        stack(1, [10.0 * n for n in range(20)]), stack(2, [2.0 * n for n in range(10)])
    )
    bench.together.linking.toggle()

    one.go_to(10)  # 100 mm, and the other ends at 18
    bench.settle([one, other])

    assert other.position() == 9
    link = bench.together.linking.link(other)
    assert link == Link(Kind.POSITION, 82.0)
    assert "82 mm" in link.words()


def test_another_frame_of_reference_keeps_the_offset_that_the_reader_set(bench: Bench) -> None:
    one, other, *_ = bench.show(
        stack(1, [2.0 * n for n in range(40)]),
        stack(2, [500 + 4.0 * n for n in range(40)], space=OTHER_SPACE, study=1),
    )
    other.go_to(10)  # by hand: this shows what the first slice of the other one shows
    bench.settle([one, other])
    bench.together.linking.toggle()
    assert other.position() == 10

    one.go_to(12)  # 24 mm on
    bench.settle([one, other])

    assert other.position() == 16
    assert bench.kinds()[:2] == [None, Kind.OFFSET]


def test_a_series_that_came_after_linking_is_not_linked_until_the_reader_links_again(
    bench: Bench,
) -> None:
    one, other, *_ = bench.show(stack(1, range(20)), stack(2, range(20), space=OTHER_SPACE))
    bench.together.linking.toggle()
    other.show_series(stack(3, range(20), space="2.25.300"))
    bench.settle([one, other])

    one.go_to(7)
    bench.settle([one, other])

    assert other.position() == 0
    assert bench.kinds()[:2] == [None, Kind.OTHER_SPACE]
    bench.together.linking.toggle()  # links anew, since one pane is not linked
    one.go_to(9)
    bench.settle([one, other])
    assert other.position() == 2
    assert bench.kinds()[:2] == [None, Kind.OFFSET]
    bench.together.linking.toggle()
    assert not bench.together.linking.is_on()


def test_a_series_shown_anew_goes_to_where_the_others_are(bench: Bench) -> None:
    one, other, *_ = bench.show(stack(1, range(20)), stack(2, range(20)))
    bench.together.linking.toggle()
    one.go_to(13)
    bench.settle([one, other])

    bench.grid.activate(other)  # as a thumbnail that is let go over it does
    other.show_series(stack(3, range(0, 40, 2)))
    bench.settle([one, other])

    assert one.position() == 13
    assert other.position() in (6, 7)
    one.go_to(4)
    bench.settle([one, other])
    assert other.position() == 2


def test_another_patient_is_never_linked(bench: Bench) -> None:
    one, other, *_ = bench.show(stack(1, range(20)), stack(1, range(20), study=2))
    bench.together.linking.toggle()

    one.go_to(7)
    bench.settle([one, other])

    assert other.position() == 0
    assert bench.kinds()[:2] == [None, Kind.OTHER_SPACE]


def test_without_positions_images_are_counted_and_it_says_so(bench: Bench) -> None:
    one, other, *_ = bench.show(bare(1, 10), bare(2, 6))
    other.go_to(2)
    bench.settle([one, other])
    bench.together.linking.toggle()

    one.go_to(2)
    bench.settle([one, other])
    assert other.position() == 4

    one.go_to(9)
    bench.settle([one, other])
    assert other.position() == 5
    assert bench.kinds()[:2] == [None, Kind.IMAGE]


def test_the_words_are_painted_over_the_frame_they_belong_to(bench: Bench) -> None:
    one, other, *_ = bench.show(stack(1, range(20)), stack(2, range(20), SAGITTAL))
    bench.together.lines.toggle()
    other.grab()
    assert not other.painted.layers

    bench.together.linking.toggle()
    other.grab()

    frame = other.selected_frame()
    assert frame is not None
    assert list(other.painted.layers) == [frame.identity]


def test_letting_go_leaves_every_pane_to_itself(bench: Bench) -> None:
    one, other, *_ = bench.show(stack(1, range(20)), stack(2, range(20)))
    key(one, Qt.Key.Key_L)
    key(one, Qt.Key.Key_L)

    one.go_to(7)
    bench.settle([one, other])

    assert other.position() == 0
    assert bench.kinds()[:2] == [None, None]


def test_reference_lines_stand_where_the_slice_in_hand_cuts_the_others(bench: Bench) -> None:
    """The sagittal stack runs to the left or right of the middle; an axial slice is a row of it."""
    axial, sagittal = stack(1, range(-8, 8)), stack(2, range(-8, 8), SAGITTAL)
    one, other, *_ = bench.show(axial, sagittal)
    one.go_to(11)  # z = 3
    bench.settle([one, other])

    frame = other.selected_frame()
    assert frame is not None
    line = bench.together.lines.line_on(other, frame)

    assert line is not None
    plane = plane_of(frame)
    assert plane is not None
    for column, row in line:
        assert plane.at(column, row)[2] == pytest.approx(3)
    assert sorted(round(column, 6) for column, _ in line) == [0, SIDE]
    assert bench.together.lines.line_on(one, axial[11]) is None


def test_reference_lines_go_when_they_are_turned_off_and_never_cross_patients(
    bench: Bench,
) -> None:
    one, other, third, fourth = bench.show(
        stack(1, range(-8, 8)),
        stack(2, range(-8, 8), CORONAL),
        stack(3, range(-8, 8), SAGITTAL, space=OTHER_SPACE),
        stack(1, range(-8, 8), SAGITTAL, study=2),
    )
    frames = [pane.selected_frame() for pane in (other, third, fourth)]
    lines = bench.together.lines
    shown = [
        frame is not None and lines.line_on(pane, frame) is not None
        for pane, frame in zip((other, third, fourth), frames, strict=True)
    ]
    assert shown == [True, False, False]

    key(one, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)

    assert frames[0] is not None and lines.line_on(other, frames[0]) is None


def test_the_crosshair_sends_every_pane_to_its_point(bench: Bench) -> None:
    one, other, third, fourth = bench.show(
        stack(1, range(-8, 8)),
        stack(2, range(-8, 8), CORONAL),
        stack(3, range(-8, 8), SAGITTAL),
        stack(4, range(-8, 8), space=OTHER_SPACE),
    )
    one.go_to(8)  # z = 0
    bench.settle([one])
    key(one, Qt.Key.Key_J)
    assert one.tool() is Tool.CROSSHAIR

    at = one.placement().to_pane(8 + 3, 8 + 5)  # x = 3, y = 5
    click(one, at)
    bench.settle([other, third, fourth])

    assert bench.together.crosshair.point() == pytest.approx((3, 5, 0), abs=0.2)
    for pane, axis, value in ((other, 1, 5), (third, 0, 3)):
        frame = pane.selected_frame()
        assert frame is not None
        plane = plane_of(frame)
        assert plane is not None
        assert plane.origin[axis] == pytest.approx(value)
        found = bench.together.crosshair.place_on(pane, frame)
        assert found is not None and found[1]
        assert plane.at(*found[0]) == pytest.approx((3, 5, 0), abs=0.5)
    assert fourth.position() == 0
    frame = fourth.selected_frame()
    assert frame is not None and bench.together.crosshair.place_on(fourth, frame) is None
    key(one, Qt.Key.Key_Escape)


def test_the_tool_goes_along_to_the_pane_that_is_taken_in_hand(bench: Bench) -> None:
    one, other, *_ = bench.show(stack(1, range(4)), stack(2, range(4), CORONAL))
    key(one, Qt.Key.Key_J)

    click(other, other.placement().to_pane(4, 4))
    bench.settle([one, other])

    assert other.tool() is Tool.CROSSHAIR
    assert bench.together.crosshair.point() is not None


def test_esc_takes_the_crosshair_away_before_its_tool(bench: Bench) -> None:
    (one, *_) = bench.show(stack(1, range(4)))
    key(one, Qt.Key.Key_J)
    click(one, one.placement().to_pane(4, 4))
    assert bench.together.crosshair.point() is not None

    assert one.step_back()
    assert bench.together.crosshair.point() is None and one.tool() is Tool.CROSSHAIR
    assert one.step_back()
    assert one.tool() is Tool.WINDOW


def test_an_image_without_a_place_says_so_to_the_crosshair(bench: Bench) -> None:
    (one, *_) = bench.show(bare(1, 2))
    key(one, Qt.Key.Key_J)

    click(one, one.placement().to_pane(4, 4))
    one.grab()

    frame = one.selected_frame()
    assert bench.together.crosshair.point() is None
    assert frame is not None and frame.identity in one.painted.layers


def test_linked_zoom_shows_as_many_millimetres_about_the_same_point(bench: Bench) -> None:
    fine = stack(2, range(4))
    for frame in fine:
        frame.header.PixelSpacing = [0.5, 0.5]
    one, other, *_ = bench.show(stack(1, range(4)), fine)
    key(one, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)

    one.place(one.placement().zoomed(3.0, 60, 80))

    here, there = one.placement(), other.placement()
    assert here.across / 1.0 == pytest.approx(there.across / 0.5)
    frames = one.selected_frame(), other.selected_frame()
    assert frames[0] is not None and frames[1] is not None
    planes = plane_of(frames[0]), plane_of(frames[1])
    assert planes[0] is not None and planes[1] is not None
    middle = here.to_stored(here.width / 2, here.height / 2)
    seen = there.to_stored(there.width / 2, there.height / 2)
    assert planes[1].at(*seen) == pytest.approx(planes[0].at(*middle), abs=0.1)

    one.fit()
    assert other.placement().fits


def test_linked_windows_follow_within_a_modality_and_never_another_patient(bench: Bench) -> None:
    one, other, third, _ = bench.show(
        stack(1, range(4)), stack(2, range(4), space=OTHER_SPACE), stack(1, range(4), study=2)
    )
    bench.together.view.toggle()

    one.set_window(Window(40, 80))

    assert other.current_window() == Window(40, 80)
    assert third.current_window() == Window(128, 256)
    bench.together.view.toggle()
    one.set_window(Window(50, 90))
    assert other.current_window() == Window(40, 80)


def test_nothing_of_a_closed_study_is_held(bench: Bench) -> None:
    frames = stack(1, range(4))
    (one, *_) = bench.show(frames)
    gone = [weakref.ref(frame) for frame in frames]
    bench.together.linking.toggle()
    key(one, Qt.Key.Key_J)
    click(one, one.placement().to_pane(4, 4))
    bench.together.notes.take(stacks_of(frames))

    bench.grid.clear()
    frames.clear()
    gc.collect()

    assert bench.together.crosshair.point() is None
    assert not any(frame() is not None for frame in gone)
