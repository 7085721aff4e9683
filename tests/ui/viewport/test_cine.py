"""Playing a clip: by the clock, without slowing down, and only what is decoded."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from tests.dicom_io.image.test_cine import clip
from tests.ui.films import flat
from tests.ui.hands import SHIFT, key, turn_wheel
from ui.actions import ActionTable
from ui.jobs import Jobs
from ui.viewport.cine import Cine, Cines
from ui.viewport.grid import Grid
from ui.viewport.pane_actions import pane_actions

KEY = Qt.Key
VECTOR = [0, 20, 60, 40]  # ms


class Hand:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Projector:
    """One pane with cine, whose own timer is replaced by the test's hand on the clock."""

    def __init__(self, grid: Grid, cines: Cines, clock: Hand, qtbot: QtBot) -> None:
        self.grid, self.cines, self.clock, self.qtbot = grid, cines, clock, qtbot
        self.pane = grid.active()
        self.cine: Cine = cines.of(self.pane)

    def show(self, frames: object) -> None:
        self.pane.show_series(frames)  # type: ignore[arg-type]  # any frames
        count = len(self.pane.frames())
        ready = self.pane.is_decoded
        self.qtbot.waitUntil(lambda: all(ready(n) for n in range(count)), timeout=5000)
        self.pane.go_to_first()
        self.qtbot.waitUntil(lambda: self.at() == 0, timeout=5000)

    def at(self) -> int:
        frame = self.pane.selected_frame()
        return self.pane.frames().index(frame) if frame is not None else -1

    def later(self, seconds: float) -> int:
        """Turn the clock on; the frame on the screen after the next look."""
        self.clock.now += seconds
        self.cine.look()
        return self.at()


@pytest.fixture
def projector(jobs: Jobs, qtbot: QtBot) -> Iterator[Projector]:
    window, clock = QMainWindow(), Hand()
    grid = Grid(jobs)
    cines = Cines(grid, clock)
    window.setCentralWidget(grid)
    table = ActionTable(window, {"viewport": grid})
    assert table.add([*pane_actions(grid.active), *cines.actions()]) == ()
    window.resize(300, 300)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    grid.active().setFocus()
    yield Projector(grid, cines, clock, qtbot)
    window.close()


def test_a_clip_with_a_vector_of_times_is_shown_by_that_vector(projector: Projector) -> None:
    projector.show(clip(FrameTimeVector=VECTOR))

    key(projector.pane, KEY.Key_C)
    projector.clock.now -= 0.005  # so that no look falls on a border
    seen = [projector.later(0.010) for _ in range(17)]  # the clip lasts 160 ms

    assert seen == [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0]
    assert projector.cine.counts() == (4, 4)


def test_a_late_look_leaves_frames_out_and_says_so(projector: Projector) -> None:
    projector.show(clip(10, CineRate=10))
    key(projector.pane, KEY.Key_C)

    assert projector.later(0.35) == 3  # two were left out; it is not slower for that
    assert projector.later(0.10) == 4

    assert projector.cine.counts() == (2, 4)
    assert "2 of 4 shown" in projector.cine.words()


def test_what_is_not_decoded_is_waited_for_and_the_picture_before_stays(
    projector: Projector,
) -> None:
    gate = threading.Event()
    first, second = flat(50, instance=1), flat(90, instance=2)
    decode = second.decode
    late = dataclasses.replace(second, decode=lambda index: (gate.wait(10), decode(index))[1])
    projector.pane.show_series([first, late])
    projector.qtbot.waitUntil(lambda: projector.at() == 0, timeout=5000)
    projector.cine.play()

    assert projector.later(0.1) == 0
    assert projector.cine.counts() == (0, 1)
    gate.set()
    projector.qtbot.waitUntil(lambda: projector.pane.is_decoded(1), timeout=5000)
    projector.later(2 / 15)
    assert projector.at() == 1
    assert projector.cine.is_playing


@pytest.mark.parametrize("way", ["wheel", "Down", "Esc", "C", "series"])
def test_it_stops_when_the_reader_does_something_else(projector: Projector, way: str) -> None:
    projector.show(clip(10, CineRate=10))
    projector.cine.play()
    projector.later(0.1)

    acts: dict[str, Callable[[], object]] = {
        "wheel": lambda: turn_wheel(projector.pane, -120),
        "Down": lambda: key(projector.pane, KEY.Key_Down),
        "Esc": projector.pane.step_back,
        "C": lambda: key(projector.pane, KEY.Key_C),
        "series": lambda: projector.pane.show_series([flat(90)]),
    }
    acts[way]()
    projector.later(0.1)

    assert not projector.cine.is_playing
    if way in ("wheel", "Down"):
        assert projector.at() == 2  # where the hand went


def test_keys_change_speed_and_way(projector: Projector) -> None:
    projector.show(clip(4, CineRate=10))
    projector.cine.play()

    key(projector.pane, KEY.Key_Period)
    assert "Cine 12.5/s" in projector.cine.words()
    key(projector.pane, KEY.Key_Comma)
    key(projector.pane, KEY.Key_C, SHIFT)
    seen = [projector.later(0.1001) for _ in range(6)]

    assert "to and fro" in projector.cine.words()
    assert seen == [1, 2, 3, 2, 1, 0]


def test_its_words_are_painted_over_its_own_frame_alone(projector: Projector) -> None:
    projector.show(clip(4, CineRate=10))
    before = projector.pane.painted.layers
    projector.cine.play()
    projector.later(0.1)
    projector.pane.grab()

    frame = projector.pane.selected_frame()
    assert before == ()
    assert frame is not None and projector.pane.painted.layers == (frame.identity,)


def test_one_image_is_not_played(projector: Projector) -> None:
    projector.show([flat(50)])

    key(projector.pane, KEY.Key_C)

    assert not projector.cine.is_playing


def test_frames_that_arrive_while_it_plays_take_their_turn(projector: Projector) -> None:
    frames = [flat(40 + 10 * n, instance=n) for n in range(1, 5)]
    projector.show(frames[:2])
    projector.cine.play()

    projector.pane.add_frames(frames[2:])
    ready = projector.pane.is_decoded
    projector.qtbot.waitUntil(lambda: all(ready(n) for n in range(4)), timeout=5000)
    projector.cine.look()
    seen = [projector.later(1.001 / 15) for _ in range(4)]

    assert seen == [1, 2, 3, 0]
