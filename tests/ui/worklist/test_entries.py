"""Stacks of a series as entries of their own, with their warnings once all is here."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PyQt6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from dicom_io.image.stack import Stack
from tests.dicom_io.image.slices import shuffled, slice_at
from ui.jobs import Jobs
from ui.viewport.grid import Grid
from ui.viewport.stack_notes import StackNotes
from ui.worklist.entries import Shelf, entries_of, in_order
from ui.worklist.study_list import StudyList
from ui.worklist.worklist_side import WorklistSide


def phases(count: int = 2, slices: int = 4) -> list[ImageFrame]:
    return [
        slice_at((0, 0, 5.0 * z), slices * phase + z + 1, TemporalPositionIdentifier=phase + 1)
        for phase in range(count)
        for z in range(slices)
    ]


@pytest.fixture
def side(jobs: Jobs, qtbot: QtBot) -> WorklistSide:
    made = WorklistSide(jobs, StudyList(jobs, (), tuple))
    made.take_in_studies()
    qtbot.addWidget(made)
    return made


def entries(side: WorklistSide) -> list[tuple[str, int, int]]:
    """Part, images and warnings of each."""
    return [(one.part, len(one.frames), len(one.warnings)) for one in side.thumbnails.entries()]


def test_each_phase_is_an_entry(side: WorklistSide) -> None:
    side.add_frames(shuffled(phases()))

    assert entries(side) == [("phase 1 of 2", 4, 0), ("phase 2 of 2", 4, 0)]
    name = side.thumbnails.button(1).accessibleName()
    assert "phase 2 of 2" in name and "4 images" in name
    assert any(label.text() == "phase 2 of 2" for label in side.findChildren(QLabel))


def test_what_is_missing_is_said_when_nothing_more_comes(side: WorklistSide) -> None:
    frames = [slice_at((0, 0, 5.0 * z), z + 1) for z in range(8) if z != 3]
    side.add_frames(frames)
    assert entries(side) == [("", 7, 0)]

    side.complete()

    assert entries(side) == [("", 7, 1)]
    (entry,) = side.thumbnails.entries()
    assert "1 image seems to be missing" in entry.warnings[0]
    assert entry.warnings[0] in side.thumbnails.button(0).accessibleName()
    (mark,) = [label for label in side.findChildren(QLabel) if label.property("role") == "alarm"]
    assert mark.text() and mark.toolTip() == entry.warnings[0]


def test_a_study_that_is_opened_afterwards_is_not_complete(side: WorklistSide) -> None:
    side.complete()
    side.clear_series()

    side.add_frames([slice_at((0, 0, 5.0 * z), z + 1) for z in (0, 1, 2, 5, 6, 7)])

    assert entries(side) == [("", 6, 0)]


def test_stacks_that_grow_are_told_and_no_others(side: WorklistSide, qtbot: QtBot) -> None:
    first = phases()
    side.add_frames(first)
    side.add_frames([slice_at((0, 0, 0), 90, SeriesInstanceUID="2.25.7")])
    told: list[Sequence[Stack]] = []
    side.stacks_changed.connect(told.append)

    with qtbot.waitSignal(side.stacks_changed, timeout=5000):
        side.add_frames([slice_at((0, 0, 20.0), 77, TemporalPositionIdentifier=2)])

    (stacks,) = told
    assert [len(stack.frames) for stack in stacks] == [4, 5]


def test_the_marked_entry_follows_the_image_that_is_shown(side: WorklistSide) -> None:
    frames = phases()
    side.add_frames(frames)

    side.select(frames[6].identity)
    assert side.thumbnails.button(1).isChecked()
    side.select(side.thumbnails.entries()[0].series.identity)  # the series alone: it is marked
    assert side.thumbnails.button(1).isChecked()
    side.add_frames([slice_at((0, 0, 0), 90, SeriesInstanceUID="2.25.7", SeriesNumber=-4)])

    assert side.thumbnails.button(2).isChecked()  # the same stack, now the third entry


def test_a_pane_shows_one_stack_whole_and_nothing_else(jobs: Jobs, qtbot: QtBot) -> None:
    frames = phases()
    grid = Grid(jobs)
    qtbot.addWidget(grid)
    notes = StackNotes(grid)
    pane = grid.active()
    pane.show_series(frames[:2])  # the first of it are here
    pane.add_frames(shuffled(frames[2:]))  # both phases
    qtbot.waitUntil(lambda: pane.selected_frame() is not None, timeout=5000)
    shelf = Shelf()
    shelf.add(frames)

    notes.take(shelf.settle())

    assert [frame.identity.instance for frame in pane.frames()] == [
        frame.identity.instance for frame in frames[:4]
    ]
    assert pane.selected_frame() is frames[0]
    assert notes.name(pane.frames()) == "phase 1 of 2" and not notes.warnings(pane.frames())
    grid.grab()
    assert frames[0].identity in pane.painted.layers


def test_a_pane_says_what_is_wrong_with_its_stack(jobs: Jobs, qtbot: QtBot) -> None:
    grid = Grid(jobs)
    qtbot.addWidget(grid)
    notes = StackNotes(grid)
    shelf = Shelf()
    shelf.add([slice_at((0, 0, 5.0 * z), z + 1) for z in range(8) if z != 3])
    stacks = shelf.settle()
    pane = grid.active()
    pane.show_series(stacks[0].frames)
    qtbot.waitUntil(lambda: pane.selected_frame() is not None, timeout=5000)

    notes.take(stacks)
    grid.grab()

    assert notes.warnings(pane.frames()) == stacks[0].warnings
    assert stacks[0].frames[0].identity in pane.painted.layers


def test_order_is_by_place_stack_after_stack() -> None:
    frames = phases()

    assert list(in_order(shuffled(frames))) == frames
    shelf = Shelf()
    shelf.add(shuffled(frames))
    assert list(shelf.series("2.25.2")) == frames
    assert [entry.part for entry in entries_of(shelf.settle())] == ["phase 1 of 2", "phase 2 of 2"]
