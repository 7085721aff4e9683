"""A series on the screen: decoded elsewhere, painted as rendered, frame by frame."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QRect
from pytestqt.qtbot import QtBot

from dicom_io.errors import DamagedFile
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Window, render
from dicom_io.study import Study
from tests.ui.films import as_array, film, flat, sample
from ui.jobs import Jobs
from ui.viewport.reel import Loaded, Reel
from ui.viewport.viewport import Viewport

Show = Callable[[Sequence[ImageFrame]], Viewport]
SAMPLES = ["CT_small.dcm", "MR_small.dcm", "RG1_UNCR.dcm", "emri_small.dcm", "US1_UNCR.dcm"]


def grabbed(viewport: Viewport) -> NDArray[np.uint8]:
    """What is on the screen, RGB."""
    return as_array(viewport.grab().toImage())


def shown_by(viewport: Viewport) -> NDArray[np.uint8]:
    """The rendered picture, which must be there."""
    pixels = viewport.rendered()
    assert pixels is not None
    return pixels


@pytest.mark.parametrize("name", SAMPLES)
def test_rendered_is_what_the_one_renderer_gives(showing: Show, name: str) -> None:
    frame = sample(name)[0]

    viewport = showing([frame])

    expected = render(frame, frame.stored(), viewport.current_window())
    assert np.array_equal(shown_by(viewport), expected)


@pytest.mark.parametrize("name", ["CT_small.dcm", "RG1_UNCR.dcm", "US1_UNCR.dcm"])
def test_what_is_painted_at_one_to_one_is_the_rendered_picture(showing: Show, name: str) -> None:
    frame = sample(name)[0]
    viewport = showing([frame])
    viewport.toggle_overlays()
    viewport.clearFocus()

    viewport.one_to_one()
    seen = grabbed(viewport)

    picture = render(frame, frame.stored())
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    place = viewport.placement()
    x, y = round(place.x * place.ratio), round(place.y * place.ratio)
    rows, columns = seen.shape[:2]
    top, left = max(0, y), max(0, x)
    bottom, right = min(rows, y + picture.shape[0]), min(columns, x + picture.shape[1])
    part = picture[top - y : bottom - y, left - x : right - x]
    assert part.size > 10_000
    assert np.array_equal(seen[top:bottom, left:right], part)


def test_pixels_are_never_decoded_on_the_qt_thread(showing: Show) -> None:
    seen: list[int] = []
    frame = flat(10)
    decode = frame.decode

    def watched(index: int) -> Decoded:
        seen.append(threading.get_ident())
        return decode(index)

    viewport = showing([dataclasses.replace(frame, decode=watched)])
    viewport.set_window(Window(100, 50))
    viewport.grab()

    assert seen
    assert threading.get_ident() not in seen


def test_the_first_image_is_shown_while_the_others_still_load(
    viewport: Viewport, qtbot: QtBot
) -> None:
    release = threading.Event()
    first, second = flat(10, instance=1), flat(20, instance=2)
    decode = second.decode

    def late(index: int) -> Decoded:
        release.wait(10)
        return decode(index)

    frames = [first, dataclasses.replace(second, decode=late)]
    viewport.show_series(frames)
    qtbot.waitUntil(lambda: viewport.selected_frame() is frames[0], timeout=5000)
    viewport.scroll_by(1)
    assert viewport.selected_frame() is frames[0]  # what is seen is what is selected
    release.set()
    qtbot.waitUntil(lambda: viewport.selected_frame() is frames[1], timeout=5000)


def test_waiting_is_told_only_when_it_takes_long(viewport: Viewport, qtbot: QtBot) -> None:
    release = threading.Event()
    frame = flat(10)
    decode = frame.decode

    def late(index: int) -> Decoded:
        release.wait(10)
        return decode(index)

    viewport.show_series([dataclasses.replace(frame, decode=late)])
    assert grabbed(viewport)[5:-5, 5:-5].max() == 0
    qtbot.waitUntil(lambda: bool(grabbed(viewport)[5:-5, 5:-5].max() > 100), timeout=5000)
    release.set()
    qtbot.waitUntil(lambda: viewport.selected_frame() is not None, timeout=5000)


def test_neighbours_are_decoded_ahead_within_the_budget(jobs: Jobs, qtbot: QtBot) -> None:
    frames = [flat(number, side=100, instance=number) for number in range(1, 21)]
    reel = Reel(jobs, budget=5 * 100 * 100)
    there: list[ImageFrame] = []
    reel.loaded.connect(lambda loaded: there.append(loaded.frame))

    reel.open(frames)
    reel.want(10)
    qtbot.waitUntil(lambda: len(there) >= 5, timeout=5000)
    reel.want(11)
    qtbot.waitUntil(lambda: reel.get(frames[12]) is not None, timeout=5000)

    assert there[0] in (frames[0], frames[10])  # the first was wanted before
    assert reel.decoded_bytes <= 5 * 100 * 100
    assert reel.get(frames[11]) is not None


def test_a_frame_larger_than_the_budget_is_shown_all_the_same(jobs: Jobs, qtbot: QtBot) -> None:
    reel = Reel(jobs, budget=10)
    there: list[Loaded] = []
    reel.loaded.connect(there.append)

    reel.open([flat(1, instance=1), flat(2, instance=2)])

    qtbot.waitUntil(lambda: len(there) == 1, timeout=5000)
    assert reel.get(there[0].frame) is not None


def test_frames_that_arrive_later_join_the_series(showing: Show, qtbot: QtBot) -> None:
    first, second = flat(10, instance=1), flat(20, instance=2)
    viewport = showing([first])

    viewport.add_frames([first, second])
    viewport.scroll_by(1)

    qtbot.waitUntil(lambda: viewport.selected_frame() is second, timeout=5000)
    assert viewport.frames() == (first, second)


def test_sorting_a_series_leaves_what_is_seen_in_place(showing: Show, qtbot: QtBot) -> None:
    frames = [flat(10 * number, instance=number) for number in (1, 2, 3)]
    viewport = showing([frames[2], frames[0]])
    viewport.set_window(Window(50, 60))
    viewport.zoom_by(2)
    zoom, told = viewport.zoom_percent(), list[object]()
    viewport.frame_selected.connect(told.append)

    viewport.put_in_order(frames)

    assert viewport.frames() == tuple(frames)
    assert viewport.selected_frame() is frames[2]
    assert (viewport.zoom_percent(), viewport.current_window()) == (zoom, Window(50, 60))
    assert viewport.accessibleDescription().endswith("Image 3 of 3")
    assert told == []
    viewport.scroll_by(-1)
    qtbot.waitUntil(lambda: viewport.selected_frame() is frames[1], timeout=5000)


def test_a_study_opened_empty_takes_its_frames_as_they_come(
    viewport: Viewport, qtbot: QtBot
) -> None:
    frame = flat(10)
    study = Study(frame.identity.of_study(), "Film^1")

    viewport.show_series([], study)
    viewport.add_frames([flat(1, study=2)])
    viewport.add_frames([frame])

    qtbot.waitUntil(lambda: viewport.selected_frame() is frame, timeout=5000)
    assert viewport.frames() == (frame,)


def test_frames_of_another_series_come_too_late(showing: Show) -> None:
    frame = flat(10)
    viewport = showing([frame])

    viewport.add_frames([flat(20, series=2), flat(30, study=2)])

    assert viewport.frames() == (frame,)


def test_frames_of_another_study_than_the_one_opened_are_not_shown(viewport: Viewport) -> None:
    told: list[object] = []
    viewport.study_shown.connect(told.append)
    study = Study(flat(1, study=2).identity.of_study(), "Film^2")

    viewport.show_series([flat(10, study=1)], study)

    assert viewport.frames() == ()
    assert viewport.study() is None
    assert "do not belong" in viewport.accessibleDescription()
    assert study not in told


def test_a_damaged_frame_says_so_and_the_next_is_shown(showing: Show, qtbot: QtBot) -> None:
    first, broken, last = (flat(10 * n, instance=n) for n in (1, 2, 3))

    def fail(index: int) -> Decoded:
        raise DamagedFile("film-2.dcm is damaged: it ends early. Fetch it again.", broken.path)

    told: list[object] = []
    viewport = showing([first, dataclasses.replace(broken, decode=fail), last])
    viewport.frame_selected.connect(told.append)
    viewport.scroll_by(1)
    qtbot.waitUntil(lambda: viewport.selected_frame() is None, timeout=5000)

    assert viewport.accessibleDescription().startswith("film-2.dcm is damaged")
    assert viewport.rendered() is None
    viewport.scroll_by(1)
    qtbot.waitUntil(lambda: viewport.selected_frame() is last, timeout=5000)
    assert told == [None, last]


def test_clearing_takes_everything_off_the_screen(showing: Show) -> None:
    viewport = showing([sample("CT_small.dcm")[0]])
    viewport.clearFocus()
    told: list[object] = []
    viewport.frame_selected.connect(told.append)

    viewport.clear()

    assert told == [None]
    assert viewport.current_window() is None
    assert viewport.rendered() is None
    assert grabbed(viewport).max() == 0


def test_a_window_set_by_hand_holds_for_the_whole_series(showing: Show, qtbot: QtBot) -> None:
    frames = [
        film(np.full((8, 8), 9, np.uint8), instance=number, WindowCenter=10 * number)
        for number in (1, 2, 3)
    ]
    viewport = showing(frames)
    told: list[object] = []
    viewport.window_changed.connect(told.append)

    viewport.scroll_by(1)
    qtbot.waitUntil(lambda: viewport.selected_frame() is frames[1], timeout=5000)
    assert viewport.current_window() == Window(20, 256)
    viewport.set_window(Window(77, 99))
    viewport.scroll_by(1)
    qtbot.waitUntil(lambda: viewport.selected_frame() is frames[2], timeout=5000)

    assert viewport.current_window() == Window(77, 99)
    assert told == [Window(20, 256), Window(77, 99)]


def test_inverting_is_undone_by_reset(showing: Show) -> None:
    frame = sample("CT_small.dcm")[0]
    viewport = showing([frame])

    viewport.invert()
    inverted = shown_by(viewport)
    viewport.reset()

    expected = render(frame, frame.stored(), viewport.current_window(), invert=True)
    assert np.array_equal(inverted, expected)
    assert np.array_equal(shown_by(viewport), render(frame, frame.stored()))


def test_the_overlay_can_be_read_over_white(showing: Show) -> None:
    viewport = showing([film(np.full((300, 400), 255, np.uint8))])
    viewport.clearFocus()

    corner = viewport.grab(QRect(QPoint(8, 10), QPoint(120, 26))).toImage()

    greys = [corner.pixelColor(x, y).lightness() for x in range(112) for y in range(16)]
    assert min(greys) < 100  # the shade
    assert sum(grey > 180 for grey in greys) > 50  # the letters
