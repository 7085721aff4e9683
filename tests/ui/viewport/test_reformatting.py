"""The planes of a volume on the screen: made off the Qt thread, joined in space, with a slab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from dicom_io.image.reformat import Projection, Slab
from dicom_io.image.space import plane_of
from tests.dicom_io.image.slices import AXIAL
from tests.ui.films import film
from tests.ui.hands import CTRL, SHIFT, click, key, turn_wheel
from ui.actions import ActionTable
from ui.jobs import Jobs
from ui.viewport.corners import acquisition_texts
from ui.viewport.grid import Grid
from ui.viewport.pane_actions import pane_actions
from ui.viewport.reformatting import Reformatting
from ui.viewport.together import Together
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

SIDE, COUNT = 12, 10


def volume(skip: int = -1, series: int = 1, study: int = 1) -> list[ImageFrame]:
    """Ten slices of 2 mm with 12 x 12 pixels of 1 mm; the grey tells the slice."""
    return [
        film(
            np.full((SIDE, SIDE), 20 * n, np.uint8),
            study=study,
            series=series,
            instance=n + 1,
            Modality="CT",
            ImageOrientationPatient=list(AXIAL),
            ImagePositionPatient=[0, 0, 2 * n],
            PixelSpacing=[1, 1],
            FrameOfReferenceUID="2.25.100",
            InstanceNumber=n + 1,
        )
        for n in range(COUNT)
        if n != skip
    ]


class Desk:
    """A grid with its keys, and what was said to the reader."""

    def __init__(self, grid: Grid, jobs: Jobs, qtbot: QtBot) -> None:
        self.grid, self.qtbot = grid, qtbot
        self.together = Together(grid)
        self.reformatting = Reformatting(grid, jobs, self.together)
        self.said: list[str] = []
        self.reformatting.said.connect(self.said.append)

    def show(self, frames: Sequence[ImageFrame]) -> Viewport:
        pane = self.grid.active()
        pane.show_series(frames)
        self.settle()
        return pane

    def cut(self) -> tuple[Viewport, ...]:
        key(self.grid.active(), Qt.Key.Key_P)
        self.qtbot.waitUntil(lambda: self.grid.shape() == (2, 2), timeout=5000)
        self.settle()
        return self.grid.panes()

    def settle(self) -> None:
        def are_there() -> bool:
            return all(
                pane.selected_frame() is pane.frames()[pane.position()]
                for pane in self.grid.panes()
                if pane.frames()
            )

        self.qtbot.waitUntil(are_there, timeout=5000)


@pytest.fixture
def desk(jobs: Jobs, qtbot: QtBot) -> Iterator[Desk]:
    window = QMainWindow()
    grid = Grid(jobs)
    window.setCentralWidget(grid)
    made = Desk(grid, jobs, qtbot)
    table = ActionTable(window, {"viewport": grid})
    actions = [
        *pane_actions(grid.active),
        *made.together.actions(),
        *made.reformatting.actions(),
    ]
    assert table.add(actions) == ()
    grid.layout_changed.connect(table.refresh)  # as the window does
    window.resize(640, 600)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    grid.active().setFocus()
    yield made
    window.close()


def shown(pane: Viewport) -> ImageFrame:
    frame = pane.selected_frame()
    assert frame is not None
    return frame


def test_the_three_planes_stand_beside_the_volume_at_its_middle(desk: Desk) -> None:
    source = desk.show(volume())

    first, axial, coronal, sagittal = desk.cut()

    assert first is source and not shown(source).derivation
    names = [str(shown(pane).header.SeriesDescription) for pane in (axial, coronal, sagittal)]
    assert names == ["MPR axial", "MPR coronal", "MPR sagittal"]
    assert all(shown(pane).derivation for pane in (axial, coronal, sagittal))
    assert axial.accessibleDescription().startswith("MPR axial · Image ")
    (line_of_place,) = acquisition_texts(shown(axial))  # nobody took it: no kVp, no TR
    assert line_of_place.startswith("At ") and line_of_place.endswith(" mm")
    point = desk.together.crosshair.point()
    assert point is not None
    for pane in (axial, coronal, sagittal):
        plane = plane_of(shown(pane))
        assert plane is not None and abs(plane.depth(point)) <= 1.01
    line = desk.together.lines.line_on(coronal, shown(coronal))
    assert line is not None  # the slice in hand cuts it
    assert source.tool() is Tool.CROSSHAIR


def test_the_crosshair_leads_from_a_plane_to_the_slices(desk: Desk) -> None:
    source = desk.show(volume())
    _, axial, coronal, sagittal = desk.cut()

    at = coronal.placement().to_pane(9.5, 2.5)  # x = 9, z = 18 - 2 * 2 = 14
    click(coronal, at)
    desk.settle()

    assert shown(source).header.ImagePositionPatient[2] == 14
    assert plane_of(shown(axial)).origin[2] == pytest.approx(14)  # type: ignore[union-attr]
    assert plane_of(shown(sagittal)).origin[0] == pytest.approx(9)  # type: ignore[union-attr]


def test_a_slab_changes_by_keys_and_by_ctrl_shift_and_wheel_and_place_stays(desk: Desk) -> None:
    desk.show(volume())
    _, axial, coronal, _ = desk.cut()
    axial.go_to(4)
    desk.settle()
    before = axial.placement()

    key(axial, Qt.Key.Key_Up, CTRL | SHIFT)
    turn_wheel(coronal, 360, CTRL | SHIFT)
    desk.settle()

    assert desk.reformatting.slab == Slab(5.0)
    assert axial.position() == 4 and axial.placement() == before
    assert "5 mm MIP" in str(shown(axial).header.SeriesDescription)
    values = axial.view()
    assert values is not None and (values.stored == 100).all()  # of 60, 80, 100

    key(axial, Qt.Key.Key_M, CTRL | SHIFT)
    desk.settle()
    values = axial.view()
    assert desk.reformatting.slab.projection is Projection.MEAN
    assert values is not None and (values.stored == 80).all()

    turn_wheel(coronal, -1200, CTRL | SHIFT)
    desk.settle()
    assert desk.reformatting.slab.words() == ""


def test_the_same_key_brings_the_former_layout_back(desk: Desk) -> None:
    source = desk.show(volume())
    _, *planes = desk.cut()
    source.setFocus()

    key(source, Qt.Key.Key_P)
    desk.settle()

    assert desk.grid.shape() == (1, 1) and desk.grid.panes() == (source,)
    assert not any(pane.frames() for pane in planes)
    assert not desk.reformatting.is_on
    assert source.tool() is Tool.WINDOW and desk.together.crosshair.point() is None


def test_what_is_no_volume_is_refused_in_a_sentence(desk: Desk, qtbot: QtBot) -> None:
    desk.show(volume(skip=4))

    key(desk.grid.active(), Qt.Key.Key_P)

    qtbot.waitUntil(lambda: "missing" in desk.said[-1], timeout=5000)
    assert desk.said[-1].startswith("No other planes of these images.")
    assert desk.grid.shape() == (1, 1) and not desk.reformatting.is_on


def test_planes_of_planes_are_not_made(desk: Desk) -> None:
    desk.show(volume())
    _, axial, *_ = desk.cut()
    desk.grid.activate(axial)

    desk.reformatting.start()

    assert "computed already" in desk.said[-1]


def test_a_volume_that_comes_too_late_is_dropped(desk: Desk, qtbot: QtBot) -> None:
    """The reader has opened another patient before the planes were ready."""
    pane = desk.show(volume())
    desk.reformatting.start()
    pane.show_series(volume(study=2))
    desk.settle()

    qtbot.waitUntil(lambda: desk.said[-1] == "", timeout=5000)

    assert desk.grid.shape() == (1, 1)
    assert shown(pane).identity.patient_id == "P2"


def test_when_the_planes_are_gone_so_is_the_volume(desk: Desk) -> None:
    desk.show(volume())
    desk.cut()

    desk.grid.clear()

    assert not desk.reformatting.is_on
    assert desk.grid.active().tool() is Tool.WINDOW
