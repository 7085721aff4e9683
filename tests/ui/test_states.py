"""What a reader leaves on a study is there again: on this workstation, and from the PACS alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.frame import open_frames
from dicom_io.image.presentation import Orientation, Presentation, Shutter
from dicom_io.image.render import Window, render
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.samples import sample_files
from dicom_io.report.header import Software
from dicom_io.report.presentation_state import build_presentation, encoded
from tests.plugin.desk import Desk
from tests.servers import Server
from ui.presentations import visible
from ui.viewport.viewport import Viewport

Open = Callable[..., Desk]
WINDOW = Window(37, 411)
TURNED = Orientation(True, 1)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A CT slice: MONOCHROME2, with a rescale and a spacing."""
    return next(path for path in sample_files() if path.name == "CT_small.dcm")


@pytest.fixture
def identity(film: Path) -> Identity:
    return open_frames(film)[0].identity


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Open]:
    """A function that opens a window on a data root; each is closed again."""
    desks: list[Desk] = []

    def open_desk(home: Path, source: DimseSource) -> Desk:
        while desks:
            desks.pop().close()
        made = Desk(qtbot, home, [source], plugins=())
        desks.append(made)
        return made

    yield open_desk
    for one in desks:
        one.close()


def opened(desk: Desk, study: str) -> Viewport:
    """The study opened from the list, complete, and everything of it looked for."""
    desk.search("")
    desk.open(study)
    window = desk.window
    identity = window.viewport.selected_frame()
    assert identity is not None
    desk.wait(lambda: window.keeping.is_ready(identity.identity.of_study()))
    desk.wait(lambda: window.states._has_offered)
    desk.wait(lambda: window.viewport in window.keeping._on)
    return window.viewport


def rendered(pane: Viewport) -> NDArray[np.uint8]:
    """What the pane shows of its frame."""
    pixels = pane.rendered()
    assert pixels is not None
    return pixels


def marks_on(frame: Identity) -> tuple[Annotation, ...]:
    return (
        Annotation("m1", frame, Kind.LENGTH, ((10.1, 20.2), (50.3, 60.4)), "Größe ≤ 5 mm"),
        Annotation("m2", frame, Kind.ELLIPSE, ((30.3, 30.1), (60.7, 70.9))),
        Annotation("m3", frame, Kind.FREEHAND, ((1.1, 1.2), (30.3, 5.4), (20.1, 33.3))),
    )


def leave(desk: Desk, pane: Viewport) -> None:
    """Mark, window, turn, zoom, and choose a key image."""
    frame = pane.selected_frame()
    assert frame is not None
    for mark in marks_on(frame.identity):
        desk.window.marking.annotations.add(mark)
    desk.window.marking.annotations.toggle_key_image(frame.identity)
    pane.set_window(WINDOW)
    pane.orient(TURNED)
    pane.zoom_by(2.0)
    pane.invert()


def is_stored(desk: Desk, count: int) -> bool:
    items = desk.viewer.session.filing.items()
    return len(items) == count and all(item.is_stored for item in items)


def test_marks_window_and_orientation_come_back_from_the_pacs_alone(
    desk: Open, orthanc: Server, film: Path, identity: Identity, tmp_path: Path
) -> None:
    orthanc.load([film])
    first = desk(tmp_path / "one", orthanc.source)
    pane = opened(first, identity.study)
    leave(first, pane)
    seen, picture = visible(pane.placement()), rendered(pane)
    first.window.table.perform("presentation.save")
    first.wait(lambda: is_stored(first, 2))
    assert not any(item.is_report for item in first.viewer.session.filing.items())

    again = desk(tmp_path / "two", orthanc.source)
    pane = opened(again, identity.study)

    annotations = again.window.marking.annotations
    again.wait(lambda: len(annotations.of_study(identity)) == 3)
    assert annotations.of_study(identity) == marks_on(identity)
    assert annotations.key_images(identity) == (identity,)
    again.wait(lambda: (pane.current_window(), pane.orientation()) == (WINDOW, TURNED))
    assert np.array_equal(rendered(pane), picture)
    assert np.allclose(visible(pane.placement()), seen, atol=1.5)
    assert annotations.may_undo(identity) is False


def test_everything_is_there_again_on_the_same_workstation_without_saving(
    desk: Open, archive: Archive, film: Path, identity: Identity, tmp_path: Path
) -> None:
    archive.add([film])
    source = DimseSource(archive.node)
    first = desk(tmp_path / "home", source)
    pane = opened(first, identity.study)
    leave(first, pane)
    placement = pane.placement()

    again = desk(tmp_path / "home", source)  # closes the first, which writes
    pane = opened(again, identity.study)

    annotations = again.window.marking.annotations
    assert annotations.of_study(identity) == marks_on(identity)
    assert annotations.key_images(identity) == (identity,)
    again.wait(lambda: (pane.current_window(), pane.orientation()) == (WINDOW, TURNED))
    assert pane.is_inverted()
    assert np.allclose(visible(pane.placement()), visible(placement), atol=0.51)


def test_what_was_taken_away_stays_away(
    desk: Open, archive: Archive, film: Path, identity: Identity, tmp_path: Path
) -> None:
    archive.add([film])
    source = DimseSource(archive.node)
    first = desk(tmp_path / "home", source)
    leave(first, opened(first, identity.study))
    second = desk(tmp_path / "home", source)
    pane = opened(second, identity.study)
    for mark in marks_on(identity):
        second.window.marking.annotations.remove(mark.id)
    pane.reset()
    pane.orient(Orientation())

    third = desk(tmp_path / "home", source)
    pane = opened(third, identity.study)

    assert third.window.marking.annotations.of_study(identity) == ()
    assert pane.orientation() == Orientation()
    assert not pane.is_inverted()


def test_saving_twice_without_a_change_stores_nothing_more(
    desk: Open, archive: Archive, film: Path, identity: Identity, tmp_path: Path
) -> None:
    archive.add([film])
    one = desk(tmp_path / "home", DimseSource(archive.node))
    pane = opened(one, identity.study)
    pane.set_window(WINDOW)
    one.window.table.perform("presentation.save")
    one.wait(lambda: is_stored(one, 1))
    (listed,) = one.window.states.found()  # at once, not only when the study is opened again
    assert listed.is_ours and listed.identity.same_study(identity)

    one.window.table.perform("presentation.save")

    assert one.window.report.said() == "Nothing has changed since the presentation was saved."
    assert is_stored(one, 1)


def foreign(film: Path, **more: object) -> Dataset:
    """A state that another program wrote: no mark of ours, a text and a circle."""
    (frame,) = open_frames(film)
    image = frame.identity.of_frame(0)
    seen = Presentation((image,), Window(200, 100), "INVERSE", **more)  # type: ignore[arg-type]
    state = build_presentation(seen, [frame.header], Software.installed())
    del state[0x0071, 0x0010], state[0x0071, 0x1006]
    state.Manufacturer = "Somebody"
    return state


def test_a_state_of_another_maker_is_applied_when_it_is_chosen_and_taken_off_again(
    desk: Open, archive: Archive, film: Path, identity: Identity, tmp_path: Path
) -> None:
    path = tmp_path / "foreign.dcm"
    shutter = Shutter(rectangle=(10, 10, 50, 50))
    path.write_bytes(encoded(foreign(film, orientation=TURNED, shutter=shutter)))
    stray, damaged = foreign(film), tmp_path / "damaged.dcm"
    stray.PatientID = "another"
    stray.save_as(tmp_path / "stray.dcm", enforce_file_format=True)
    damaged.write_bytes(encoded(foreign(film))[:700])
    archive.add([film, path, tmp_path / "stray.dcm"])
    one = desk(tmp_path / "home", DimseSource(archive.node))
    pane = opened(one, identity.study)
    (frame,) = open_frames(film)
    own = render(frame, frame.stored())
    assert np.array_equal(rendered(pane), own)
    one.window.states._objects_arrived((damaged, tmp_path / "stray.dcm"))
    one.wait(lambda: one.window.states._reading_files == 0)
    (state,) = one.window.states.found()  # neither the damaged nor another patient's

    one.window.states.choose([state])

    expected = render(frame, frame.stored(), Window(200, 100), shape="INVERSE")
    assert np.array_equal(rendered(pane), expected)
    assert pane.orientation() == TURNED
    assert one.window.keeping.kept(identity).views == ()  # it is not the reader's own
    one.window.states.choose([])
    assert np.array_equal(rendered(pane), own)
    assert pane.orientation() == Orientation()


def test_a_presentation_table_of_a_state_is_applied(
    desk: Open, archive: Archive, film: Path, identity: Identity, tmp_path: Path
) -> None:
    state = foreign(film)
    del state.PresentationLUTShape
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [256, 0, 8])
    curve = np.rint(255 * (np.arange(256) / 255) ** 2).astype("<u2")
    table.add_new("LUTData", "OW", curve.tobytes())
    state.PresentationLUTSequence = [table]
    path = tmp_path / "table.dcm"
    path.write_bytes(encoded(state))
    archive.add([film, path])
    one = desk(tmp_path / "home", DimseSource(archive.node))
    pane = opened(one, identity.study)

    one.window.states.choose(one.window.states.found())

    (frame,) = open_frames(film)
    plain = render(frame, frame.stored(), Window(200, 100)).astype(float)
    expected = np.rint(255 * (plain / 255) ** 2)
    assert np.abs(rendered(pane) - expected).max() <= 2
    one.window.states.choose([])
    assert np.array_equal(rendered(pane), render(frame, frame.stored()))
