"""A slide in a pane: what belongs there is painted, nothing else, and never by waiting for it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from bench.made_slide import Plan, colours, write_slide
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.pyramid import Bytes
from dicom_io.image.slide import Slide, slides_of
from dicom_io.study import Study
from plugin._seen import look
from tests.ui.films import as_array, flat
from tests.ui.hands import LEFT, drag, press, turn_wheel
from tests.ui.viewport.test_identity import Watched
from ui.jobs import Jobs
from ui.viewport.frame_store import FrameStore
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

CLOSE = 12  # levels: JPEG, halving and the painter's interpolation of a slow wave
PLAN = Plan(columns=4096, rows=3072, levels=4)
Show = Callable[[Sequence[ImageFrame]], Viewport]


def slide_in(folder: Path, plan: Plan = PLAN) -> ImageFrame:
    """A made slide."""
    paths = write_slide(folder, plan)
    (slide,) = slides_of(frame for path in paths for frame in open_frames(path))
    return slide


@pytest.fixture
def slide(tmp_path: Path) -> Iterator[ImageFrame]:
    yield slide_in(tmp_path)


def shown_at(viewport: Viewport, x: int, y: int) -> Bytes:
    """The colour on the screen at a point of the pane."""
    colour: Bytes = as_array(viewport.grab().toImage())[y, x]
    return colour


def colour_at(viewport: Viewport, x: int, y: int, plan: Plan = PLAN) -> Bytes:
    """The colour that belongs there, by the formula the slide was drawn by."""
    column, row = viewport.placement().to_stored(x + 0.5, y + 0.5)
    return colours(plan, np.array(column - 0.5), np.array(row - 0.5))


def is_right(viewport: Viewport, points: Sequence[tuple[int, int]], plan: Plan = PLAN) -> bool:
    return all(
        np.abs(shown_at(viewport, *at).astype(int) - colour_at(viewport, *at, plan)).max() <= CLOSE
        for at in points
    )


POINTS = ((120, 90), (200, 150), (250, 200), (150, 180))


def test_a_slide_is_painted_right_at_every_zoom_and_turn(
    slide: ImageFrame, showing: Show, qtbot: QtBot
) -> None:
    viewport = showing([slide])

    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)
    for factor in (1.7, 2.0, 3.1, 1.9):
        viewport.zoom_by(factor)
        qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)
    viewport.turn(1)
    viewport.flip()
    viewport.one_to_one()
    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)
    assert viewport.painted.picture == slide.identity


def test_the_wheel_zooms_about_the_pointer_and_a_drag_pans(
    slide: ImageFrame, showing: Show, qtbot: QtBot
) -> None:
    viewport = showing([slide])
    middle = viewport.rect().center()
    under = viewport.placement().to_stored(middle.x(), middle.y())
    before = viewport.zoom_percent()

    turn_wheel(viewport, 480)

    assert viewport.zoom_percent() == pytest.approx(2 * before)
    assert viewport.placement().to_stored(middle.x(), middle.y()) == pytest.approx(under, abs=40)
    x, y = viewport.placement().x, viewport.placement().y
    drag(viewport, [(200, 150), (185, 145), (170, 140)])
    assert (viewport.placement().x, viewport.placement().y) == (x - 30, y - 10)
    zoomed = viewport.zoom_percent()
    turn_wheel(viewport, 120, Qt.KeyboardModifier.ControlModifier)
    assert viewport.zoom_percent() == zoomed, "Ctrl and the wheel do what the wheel does elsewhere"
    for _ in range(40):
        turn_wheel(viewport, -480)
    whole = viewport.placement().fitted()
    assert viewport.placement().zoom == pytest.approx(min(whole.zoom, 0.02)), "out to all of it"


def test_a_film_after_a_slide_scrolls_and_windows_again(
    slide: ImageFrame, showing: Show, qtbot: QtBot
) -> None:
    viewport = showing([slide])
    showing([flat(50), flat(90, instance=2)])

    turn_wheel(viewport, -120)

    assert not viewport.shows_slide() and viewport.position() == 1
    assert viewport.zoom_percent() == viewport.placement().fitted().zoom * 100


def test_a_box_lies_in_the_total_pixel_matrix_and_a_model_sees_those_pixels(
    slide: ImageFrame, showing: Show, qtbot: QtBot
) -> None:
    viewport = showing([slide])
    viewport.zoom_by(4)
    viewport.arm(Tool.BOX)
    one = viewport.placement().to_stored(100, 80)
    other = viewport.placement().to_stored(220, 180)

    drag(viewport, [(100, 80), (160, 130), (220, 180)])

    box = viewport.box()
    assert box is not None and box.identity == slide.identity and box.identity.frame == 0
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx((*one, *other), abs=1)
    seen = look(slide, None, (box.x0, box.y0, box.x1, box.y1))
    affine, (height, width) = seen.image.to_stored, seen.pixels.shape[:2]
    assert max(height, width) <= 2048 and seen.is_crop and seen.region is not None
    for x, y in ((0, 0), (width - 1, height - 1), (width // 2, 3)):
        column, row = affine(x + 0.5, y + 0.5)
        wanted = colours(PLAN, np.array(column - 0.5), np.array(row - 0.5)).astype(int)
        assert np.abs(seen.pixels[y, x] - wanted).max() <= CLOSE


def test_tiles_are_read_by_pool_threads_and_a_coarser_level_stands_in_for_them(
    slide: ImageFrame, showing: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, readers = threading.Event(), set()
    region = Slide.region

    def late(self: Slide, level: int, *where: int) -> Bytes:
        readers.add(threading.get_ident())
        if level < 2:
            assert release.wait(20)
        return region(self, level, *where)

    monkeypatch.setattr(Slide, "region", late)
    viewport = showing([slide])
    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)

    viewport.one_to_one()

    assert is_right(viewport, POINTS), "at once, out of the coarser level: nothing flashes"
    release.set()
    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)
    assert threading.get_ident() not in readers


def test_tiles_share_the_memory_budget_of_all_frames(
    slide: ImageFrame, jobs: Jobs, showing: Show, qtbot: QtBot
) -> None:
    store = FrameStore.of(jobs)
    store.budget = 24 * 256 * 256 * 3
    viewport = showing([slide])
    viewport.one_to_one()
    for _ in range(12):
        viewport.place(viewport.placement().panned(-140, -90))
        qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)

        assert store.decoded_bytes <= store.budget

    viewport.clear()
    assert store.decoded_bytes == 0


def test_no_tile_of_one_slide_is_ever_painted_in_another(
    tmp_path: Path, jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    region = Slide.region

    def late(self: Slide, *where: int) -> Bytes:
        threading.Event().wait(chance.random() * 0.006)
        return region(self, *where)

    plans = [Plan(2048, 1536, 2, study=n, tint=50 * n) for n in (1, 2, 3)]
    slides = [slide_in(tmp_path / str(plan.study), plan) for plan in plans]
    monkeypatch.setattr(Slide, "region", late)
    viewport = Watched(jobs)
    qtbot.addWidget(viewport)
    viewport.resize(300, 240)
    viewport.show()
    painted = 0
    for _ in range(60):
        number = chance.randrange(len(slides))
        one = slides[number]
        viewport.show_series([one], Study(one.identity.of_study()))
        qtbot.wait(chance.randint(0, 25))
        viewport.zoom_by(chance.choice((1.0, 3.0, 6.0)))
        qtbot.wait(chance.randint(0, 10))
        shown = shown_at(viewport, 160, 150).astype(int)
        if shown.max() > 0 and viewport.selected_frame() is one:
            painted += 1
            wanted = colour_at(viewport, 160, 150, plans[number]).astype(int)
            assert abs(shown[2] - wanted[2]) < 40, "the blue of another slide"
    assert viewport.faults == [] and painted > 10


def test_a_slide_that_cannot_be_read_says_so_and_the_next_one_comes(
    tmp_path: Path, viewport: Viewport, showing: Show, qtbot: QtBot
) -> None:
    slide = slide_in(tmp_path)
    for path in tmp_path.glob("*.dcm"):
        path.write_bytes(path.read_bytes()[:700])

    viewport.show_series([slide])

    qtbot.waitUntil(lambda: "slide" in viewport.accessibleDescription(), timeout=5000)
    assert viewport.selected_frame() is None
    showing([flat(50)])


def test_levels_that_arrive_later_make_the_slide_larger(
    tmp_path: Path, showing: Show, qtbot: QtBot
) -> None:
    paths = write_slide(tmp_path, PLAN)
    frames = [list(open_frames(path)) for path in paths]
    (small,) = slides_of(frames[2])
    (large,) = slides_of(frame for level in frames for frame in level)
    viewport = showing([small])

    viewport.put_in_order([large])

    qtbot.waitUntil(lambda: viewport.selected_frame() is large, timeout=5000)
    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)


def test_the_overview_shows_where_one_is_and_goes_with_the_corners(
    slide: ImageFrame, showing: Show, qtbot: QtBot
) -> None:
    viewport = showing([slide])
    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)
    viewport.one_to_one()
    qtbot.waitUntil(lambda: is_right(viewport, POINTS), timeout=5000)
    corner = (slice(180, 240), slice(330, 384))

    with_overview = as_array(viewport.grab().toImage())[corner]
    viewport.toggle_overlays()
    without = as_array(viewport.grab().toImage())[corner]

    assert np.ptp(without.astype(int), axis=(0, 1)).max() < 40, "one slow wave"
    assert np.ptp(with_overview.astype(int), axis=(0, 1)).max() > 150, "the whole slide"


def test_a_press_on_a_slide_starts_no_window(slide: ImageFrame, showing: Show) -> None:
    viewport = showing([slide])

    press(viewport, (100, 100), LEFT)

    assert viewport.current_window() is None
