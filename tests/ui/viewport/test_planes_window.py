"""Computed planes in the whole window: never evidence, never asked about, never kept as images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.reformat import Cut, is_computed, reformatted
from dicom_io.image.volume import build
from dicom_io.pacs.folder import FolderSource
from model_backend.request import BadRequest
from plugin._seen import look
from tests.plugin.desk import Desk
from tests.ui.hands import click
from tests.ui.hanging.shelf import STUDY, write_image
from ui.viewport.viewport import Viewport

SLICES = 8


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path) -> Iterator[Desk]:
    """The bare viewer on a study with one CT volume of two phases."""
    shelf = tmp_path / "shelf"
    for n in range(2 * SLICES):
        write_image(
            shelf,
            1,
            1,
            n + 1,
            grey=10 * n,
            Modality="CT",
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[0, 0, 2.0 * (n % SLICES)],
            PixelSpacing=[1, 1],
            FrameOfReferenceUID="2.25.100",
            TemporalPositionIdentifier=1 + n // SLICES,
        )
    made = Desk(qtbot, own_home, [FolderSource(shelf)], plugins=())
    made.search("")
    made.open(f"{STUDY}1")
    made.go_to_film()
    yield made
    made.close()


def cut(desk: Desk) -> tuple[Viewport, ...]:
    """P, and wait for the planes."""
    grid = desk.window.grid
    desk.key(Qt.Key.Key_P)
    desk.wait(lambda: desk.window.reformatting.is_on and grid.shape() == (2, 2))
    desk.wait(lambda: all(pane.selected_frame() is not None for pane in grid.panes()))
    return grid.panes()


def test_a_series_of_two_phases_is_two_entries_and_a_pane_shows_one(desk: Desk) -> None:
    entries = desk.window.worklist.thumbnails.entries()

    assert [(one.part, len(one.frames)) for one in entries] == [
        ("phase 1 of 2", SLICES),
        ("phase 2 of 2", SLICES),
    ]
    assert len(desk.window.viewport.frames()) == SLICES


def test_a_computed_plane_is_no_evidence_and_nothing_to_ask_about(desk: Desk) -> None:
    source, axial, coronal, _ = cut(desk)
    told: list[object] = []
    desk.window.frame_selected.connect(told.append)

    click(coronal, (40, 40))
    desk.window.grid.activate(axial)
    axial.go_to(2)
    desk.wait(lambda: axial.selected_frame() is axial.frames()[2])

    assert desk.window.selected_frame() is None and desk.window.selected_box() is None
    assert set(told) == {None}
    assert "computed plane" in desk.window.report.said()
    report = desk.report()
    assert report is not None and report.evidence
    assert not any(is_computed(one) for one in report.evidence)
    desk.window.grid.activate(source)
    assert desk.window.selected_frame() is source.selected_frame()


def test_marks_on_computed_planes_are_not_kept_and_those_on_images_are(desk: Desk) -> None:
    source, _, coronal, _ = cut(desk)
    window = desk.window
    for name, pane in (("own", source), ("plane", coronal)):
        frame = pane.selected_frame()
        assert frame is not None
        window.marking.annotations.add(
            Annotation(name, frame.identity, Kind.LENGTH, ((2.0, 2.0), (7.0, 2.0)))
        )
    own = source.selected_frame()
    assert own is not None

    kept = window.keeping.kept(own.identity)

    assert [one.id for one in kept.annotations] == ["own"]
    assert not any(is_computed(image) for view in kept.views for image in view.images)


def test_the_model_is_never_given_a_computed_plane(desk: Desk) -> None:
    *_, last = build(desk.window.viewport.frames(), lambda: False)
    assert last.volume is not None
    plane = reformatted(last.volume, Cut.CORONAL)[3]

    with pytest.raises(BadRequest, match="computed plane"):
        look(plane)
