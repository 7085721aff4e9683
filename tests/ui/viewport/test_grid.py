"""Several panes: one in hand, layouts that keep what is shown, and whose images each shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.study import Study
from tests.ui.films import flat
from tests.ui.hands import CTRL, click, double_click, key
from ui.actions import ActionTable, conflicts
from ui.jobs import Jobs
from ui.viewport.grid import Grid
from ui.viewport.grid_actions import grid_actions
from ui.viewport.layout_picker import LayoutPicker
from ui.viewport.pane_actions import pane_actions
from ui.viewport.viewport import Viewport

KEY = Qt.Key


@pytest.fixture
def grid(jobs: Jobs, qtbot: QtBot) -> Iterator[Grid]:
    """A grid of 1 x 1 in an active window, with its keys."""
    window = QMainWindow()
    grid = Grid(jobs)
    window.setCentralWidget(grid)
    table = ActionTable(window, {"viewport": grid})
    actions = [*pane_actions(grid.active), *grid_actions(grid, lambda: None)]
    assert table.add(actions) == ()
    window.resize(600, 500)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    grid.active().setFocus()
    yield grid  # the generator keeps the window alive: qtbot does not
    window.close()


def four(grid: Grid, qtbot: QtBot) -> tuple[Viewport, ...]:
    """A grid of 2 x 2 that shows four series."""
    grid.set_layout(2, 2)
    panes = grid.panes()
    for number, pane in enumerate(panes, start=1):
        pane.show_series([flat(40 * number, series=number)])
    qtbot.waitUntil(lambda: all(pane.selected_frame() for pane in panes), timeout=5000)
    return panes


def in_hand(grid: Grid) -> int:
    """The number of the pane in hand, as the outline, the pane and its name say it."""
    numbers = {
        next(n for n, pane in enumerate(grid.panes(), 1) if grid.cell(pane).is_outlined()),
        next(n for n, pane in enumerate(grid.panes(), 1) if pane.is_active()),
        next(n for n, pane in enumerate(grid.panes(), 1) if "in hand" in pane.accessibleName()),
        grid.panes().index(grid.active()) + 1,
    }
    assert len(numbers) == 1
    return numbers.pop()


def test_every_layout_from_one_to_nine_panes_stands_and_others_are_refused(grid: Grid) -> None:
    added: list[Viewport] = []
    grid.pane_added.connect(added.append)

    for rows in (1, 2, 3):
        for columns in (1, 2, 3):
            grid.set_layout(rows, columns)
            assert len(grid.panes()) == rows * columns
            assert all(pane.isVisible() for pane in grid.panes())
    assert len(added) == len(set(map(id, added))) == 8
    for rows, columns in ((0, 1), (1, 4)):
        with pytest.raises(ValueError, match="not offered"):
            grid.set_layout(rows, columns)


def test_a_click_takes_a_pane_in_hand_and_tells_what_it_shows(grid: Grid, qtbot: QtBot) -> None:
    panes = four(grid, qtbot)
    told: list[object] = []
    grid.frame_selected.connect(told.append)

    click(panes[2], (50, 50))

    assert in_hand(grid) == 3
    assert told == [panes[2].selected_frame()]


def test_ctrl_and_arrows_walk_over_the_panes_and_stop_at_the_edge(grid: Grid, qtbot: QtBot) -> None:
    four(grid, qtbot)
    seen = [in_hand(grid)]

    for arrow in (KEY.Key_Right, KEY.Key_Right, KEY.Key_Down, KEY.Key_Left, KEY.Key_Up):
        key(grid.active(), arrow, CTRL)
        seen.append(in_hand(grid))
        assert grid.active().hasFocus()

    assert seen == [1, 2, 2, 4, 3, 1]


def test_tab_walks_over_the_panes_in_the_order_of_the_eye(grid: Grid, qtbot: QtBot) -> None:
    four(grid, qtbot)
    seen = []

    for _ in range(3):
        key(grid.active(), KEY.Key_Tab)
        seen.append(in_hand(grid))

    assert seen == [2, 3, 4]


def test_a_smaller_layout_keeps_the_pane_in_hand_and_a_larger_one_brings_the_others_back(
    grid: Grid, qtbot: QtBot
) -> None:
    panes = four(grid, qtbot)
    shown = [pane.selected_frame() for pane in panes]
    click(panes[3], (50, 50))

    key(grid.active(), KEY.Key_1, CTRL)
    assert grid.panes() == (panes[3],)
    assert grid.active() is panes[3] and panes[3].hasFocus()
    key(grid.active(), KEY.Key_4, CTRL)

    assert set(grid.panes()) == set(panes)
    assert [pane.selected_frame() for pane in panes] == shown
    assert grid.active() is panes[3]


def test_a_double_click_lets_one_pane_fill_the_grid_and_brings_the_others_back(
    grid: Grid, qtbot: QtBot
) -> None:
    panes = four(grid, qtbot)
    grid.maximise_requested.connect(grid.maximise)

    double_click(panes[1], (50, 50))
    assert grid.is_maximised()
    assert [pane.isVisible() for pane in panes] == [False, True, False, False]
    key(panes[1], KEY.Key_Right, CTRL)  # at the edge: nothing
    key(panes[1], KEY.Key_Left, CTRL)
    assert [pane.isVisible() for pane in panes] == [True, False, False, False]
    key(panes[0], KEY.Key_M)

    assert not grid.is_maximised()
    assert all(pane.isVisible() for pane in panes)


def test_frames_that_arrive_go_to_every_pane_of_their_series_and_change_no_other(
    grid: Grid, qtbot: QtBot
) -> None:
    panes = four(grid, qtbot)
    panes[3].show_series([flat(40, series=1)])
    qtbot.waitUntil(lambda: panes[3].selected_frame() is not None, timeout=5000)
    before = [pane.selected_frame() for pane in panes]

    grid.add_frames([flat(45, series=1, instance=2), flat(45, series=9), flat(45, study=2)])

    assert [len(pane.frames()) for pane in panes] == [2, 1, 1, 2]
    assert [pane.selected_frame() for pane in panes] == before


def test_a_pane_of_another_study_says_prior_and_the_others_say_current(
    grid: Grid, qtbot: QtBot
) -> None:
    grid.set_layout(1, 2)
    now, before = grid.panes()
    film, old = flat(60, study=1), flat(90, study=2)
    for one, date in ((film, "20240503"), (old, "20210502")):
        one.header.StudyDate = date
    same_person = dataclasses.replace(old.identity, patient_id=film.identity.patient_id)
    old = dataclasses.replace(old, identity=same_person)
    grid.set_reported(film.identity.of_study())

    grid.show_series(now, [film], Study(film.identity.of_study()))
    qtbot.waitUntil(lambda: now.selected_frame() is film, timeout=5000)
    assert not grid.cell(now).heading.isVisible()
    grid.show_series(before, [old], Study(old.identity.of_study()))
    qtbot.waitUntil(lambda: before.selected_frame() is old, timeout=5000)

    assert grid.cell(now).heading.text().startswith("CURRENT, ")
    assert grid.cell(before).heading.text().startswith("PRIOR, ")
    assert "21" in grid.cell(before).heading.text()
    assert grid.cell(before).heading.isVisible()
    before.clear()
    assert not grid.cell(now).heading.isVisible()


def test_another_patients_images_are_refused_with_a_sentence(grid: Grid) -> None:
    film, stranger = flat(60, study=1), flat(90, study=2)
    grid.set_reported(film.identity.of_study())

    grid.show_series(grid.active(), [stranger], None)

    assert grid.active().frames() == ()
    assert "another patient" in grid.active().accessibleDescription()


def test_the_picker_gives_rows_and_columns_by_mouse_and_by_keys(qtbot: QtBot) -> None:
    told: list[tuple[int, int]] = []

    for way in ("mouse", "keys", "Esc"):
        picker = LayoutPicker((1, 1))
        picker.chosen.connect(lambda rows, columns: told.append((rows, columns)))
        picker.open_at(picker.pos())
        if way == "mouse":
            at = picker.square(1, 2).center()
            click(picker, (at.x(), at.y()))
        else:
            for which in (KEY.Key_Down, KEY.Key_Down, KEY.Key_Down, KEY.Key_Right):
                key(picker, which)
            key(picker, KEY.Key_Return if way == "keys" else KEY.Key_Escape)
            picker.close()

    assert told == [(2, 3), (3, 2)]


def test_no_key_of_the_grid_is_claimed_twice(grid: Grid) -> None:
    assert conflicts([*pane_actions(grid.active), *grid_actions(grid, lambda: None)]) == ()
