"""Decoding ahead: side by side, the nearest first, one budget for all panes, no leaks."""

from __future__ import annotations

import dataclasses
import gc
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from dicom_io.hands import ViewerSettings
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.render import Renderer
from dicom_io.settings import Settings
from dicom_io.storage import DataRoot
from tests.ui.films import film, flat
from ui.app import build_window
from ui.jobs import THREADS, Jobs
from ui.viewport.frame_store import LEAST_BUDGET, FrameStore, default_budget, machine_memory
from ui.viewport.reel import Loaded, Reel
from ui.viewport.viewport import Viewport

SIDE = 50
SIZE = SIDE * SIDE  # bytes of one frame


def films(count: int, series: int = 1) -> list[ImageFrame]:
    return [flat(n % 200, side=SIDE, series=series, instance=n) for n in range(1, count + 1)]


class Gate:
    """Frames whose decoding waits until it is let through, and is counted."""

    def __init__(self, frames: Sequence[ImageFrame]) -> None:
        self.open = threading.Event()
        self.started: list[int] = []  # indices in the series, in the order of their start
        self.frames = [self._watched(place, frame) for place, frame in enumerate(frames)]

    def _watched(self, place: int, frame: ImageFrame) -> ImageFrame:
        decode = frame.decode

        def late(index: int) -> Decoded:
            self.started.append(place)
            self.open.wait(10)
            return decode(index)

        return dataclasses.replace(frame, decode=late)


def shown(reel: Reel, qtbot: QtBot, frames: Sequence[ImageFrame]) -> None:
    qtbot.waitUntil(lambda: all(reel.get(frame) is not None for frame in frames), timeout=5000)


def renderer_of(reel: Reel, frame: ImageFrame) -> Renderer:
    loaded = reel.get(frame)
    assert loaded is not None
    return loaded.renderer


def test_as_many_frames_are_decoded_at_once_as_there_are_threads(jobs: Jobs, qtbot: QtBot) -> None:
    gate = Gate(films(12))
    reel = Reel(jobs)

    reel.open(gate.frames)

    qtbot.waitUntil(lambda: len(gate.started) == THREADS["decode"], timeout=5000)
    gate.open.set()
    shown(reel, qtbot, gate.frames)
    assert sorted(gate.started) == list(range(12))  # each once


def test_the_frame_wanted_goes_before_those_decoded_ahead(jobs: Jobs, qtbot: QtBot) -> None:
    gate = Gate(films(300))
    reel = Reel(jobs)
    reel.open(gate.frames)
    qtbot.waitUntil(lambda: len(gate.started) == THREADS["decode"], timeout=5000)
    before = len(gate.started)

    reel.want(200)
    gate.open.set()

    shown(reel, qtbot, gate.frames[195:206])
    assert gate.started[before] == 200
    assert 2 * THREADS["decode"] not in gate.started[: before + 10]  # the way before is given up


def test_decoding_follows_the_direction_of_scrolling(jobs: Jobs, qtbot: QtBot) -> None:
    gate = Gate(films(100))
    gate.open.set()
    reel = Reel(jobs, budget=9 * SIZE)
    reel.open(gate.frames)
    reel.want(60)
    shown(reel, qtbot, [gate.frames[60]])

    reel.want(59)

    shown(reel, qtbot, gate.frames[55:60])
    assert reel.get(gate.frames[66]) is None
    assert reel.decoded_bytes <= 9 * SIZE


def test_one_budget_holds_for_all_panes(jobs: Jobs, qtbot: QtBot) -> None:
    store = FrameStore(jobs, 12 * SIZE)
    reels = [Reel(jobs, store=store) for _ in range(3)]
    series = [films(40, series=n) for n in (1, 2, 3)]

    sizes: list[int] = []

    for reel, frames in zip(reels, series, strict=True):
        reel.loaded.connect(lambda loaded: sizes.append(store.decoded_bytes))
        reel.open(frames)
        reel.want(20)
        shown(reel, qtbot, frames[20:22])

    for reel, frames in zip(reels, series, strict=True):
        assert reel.get(frames[20]) is not None  # nobody's own image is let go of
    assert max(sizes) <= 12 * SIZE


def test_two_panes_of_one_series_share_its_frames(jobs: Jobs, qtbot: QtBot) -> None:
    gate = Gate(films(6))
    first, second = Reel(jobs), Reel(jobs)

    first.open(gate.frames)
    second.open(gate.frames)
    gate.open.set()
    shown(first, qtbot, gate.frames)
    shown(second, qtbot, gate.frames)

    assert sorted(gate.started) == list(range(6))
    assert first.decoded_bytes == 6 * SIZE
    one, other = (renderer_of(reel, gate.frames[3]) for reel in (first, second))
    assert one.stored is other.stored


def test_frames_of_one_identity_but_another_file_are_not_mixed_up(jobs: Jobs, qtbot: QtBot) -> None:
    mine, theirs = flat(10, side=SIDE), flat(20, side=SIDE)
    assert mine.identity == theirs.identity
    first, second = Reel(jobs), Reel(jobs)

    first.open([mine])
    second.open([theirs])
    shown(first, qtbot, [mine])
    shown(second, qtbot, [theirs])

    one, other = renderer_of(first, mine), renderer_of(second, theirs)
    assert (one.stored[0, 0], other.stored[0, 0]) == (10, 20)


def test_nothing_is_left_of_fifty_series_that_were_opened_and_closed(
    jobs: Jobs, qtbot: QtBot
) -> None:
    reel = Reel(jobs)
    arrays: list[weakref.ref[object]] = []

    for _ in range(50):
        frames = films(5)
        reel.open(frames)
        shown(reel, qtbot, frames)
        arrays += [weakref.ref(renderer_of(reel, frame)) for frame in frames]
        reel.close()
        assert reel.decoded_bytes == 0

    del frames
    gc.collect()
    assert len(arrays) == 250
    assert not any(one() is not None for one in arrays)


def test_what_arrives_after_closing_is_kept_nowhere(jobs: Jobs, qtbot: QtBot) -> None:
    gate = Gate(films(5))
    reel = Reel(jobs)
    told: list[Loaded] = []
    reel.loaded.connect(told.append)
    reel.open(gate.frames)
    qtbot.waitUntil(lambda: bool(gate.started), timeout=5000)

    reel.close()
    gate.open.set()
    other = films(2, series=2)
    reel.open(other)
    shown(reel, qtbot, other)

    assert {loaded.frame.identity.series for loaded in told} == {other[0].identity.series}
    assert reel.decoded_bytes == 2 * SIZE


def test_what_is_odd_in_the_pixels_is_told_with_the_picture(jobs: Jobs, qtbot: QtBot) -> None:
    frame = flat(10)
    decode = frame.decode

    def odd(index: int) -> Decoded:
        return dataclasses.replace(decode(index), notices=("The pixels are odd.",))

    told = dataclasses.replace(frame, decode=odd)
    reel = Reel(jobs)
    reel.open([told])
    shown(reel, qtbot, [told])

    loaded = reel.get(told)
    assert loaded is not None
    assert loaded.notices[-1] == "The pixels are odd."


def test_a_smaller_budget_holds_at_once(jobs: Jobs, qtbot: QtBot) -> None:
    frames = films(30)
    reel = Reel(jobs)
    store = FrameStore.of(jobs)
    reel.open(frames)
    shown(reel, qtbot, frames)

    store.budget = 10 * SIZE

    assert store.decoded_bytes <= 10 * SIZE
    assert reel.get(frames[0]) is not None


def test_the_budget_is_a_share_of_the_machine_s_memory() -> None:
    assert machine_memory() > 2**28
    assert LEAST_BUDGET <= default_budget() < max(machine_memory(), LEAST_BUDGET + 1)


def test_the_budget_of_the_settings_holds_for_the_window(tmp_path: Path, qtbot: QtBot) -> None:
    settings = Settings(viewer=ViewerSettings(memory=700))

    viewer = build_window([], DataRoot.choose(str(tmp_path)), settings, [])

    try:
        assert FrameStore.of(viewer.jobs).budget == 700 * 2**20
    finally:
        viewer.close()
    assert "memory must be 0" in ViewerSettings(memory=-1).fault()


def shows(pane: Viewport, frame: ImageFrame) -> bool:
    return pane.selected_frame() is frame


def test_images_of_other_sizes_in_one_series_keep_their_own(
    jobs: Jobs, qtbot: QtBot, showing: Callable[[Sequence[ImageFrame]], Viewport]
) -> None:
    shapes = [(40, 60), (60, 40), (200, 10)]
    frames = [film(np.full(s, 50 + n, np.uint8), instance=n) for n, s in enumerate(shapes, 1)]
    pane = showing(frames)

    for place, shape in enumerate(shapes):
        frame = frames[place]
        pane.go_to(place)
        qtbot.waitUntil(partial(shows, pane, frame), timeout=5000)
        pane.repaint()
        view = pane.view()

        assert view is not None
        assert view.stored.shape == shape
        assert (view.placement.rows, view.placement.columns) == shape
        assert pane.painted.picture == frame.identity
