"""What belongs to one film is never painted on another, however late it comes (trap T6)."""

from __future__ import annotations

import dataclasses
import random
import threading

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtGui import QPaintEvent
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.report.document import Region
from dicom_io.study import Study
from tests.ui.films import as_array, flat
from ui.jobs import Jobs
from ui.viewport.banner import Banner
from ui.viewport.viewport import Viewport

SWITCHES = 300
STUDIES = 6
FRAMES = 3
LONGEST = 0.012  # s; decoding takes a random part of it


def delayed(frame: ImageFrame, chance: random.Random) -> ImageFrame:
    """The same frame, which takes a random time to decode."""
    decode = frame.decode

    def late(index: int) -> Decoded:
        threading.Event().wait(chance.random() * LONGEST)
        return decode(index)

    return dataclasses.replace(frame, decode=late)


def grey_of(name: Identity) -> int:
    """The one grey value of a made film."""
    study, _, instance = name.instance.split(".")[-3:]
    return 40 + 30 * int(study) + 4 * int(instance)


class Watched(Viewport):
    """A viewport that notes, at every paint, whose things were painted."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(jobs)
        self.paints = 0
        self.boxes = 0
        self.places_painted = 0
        self.faults: list[str] = []

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        self.paints += 1
        self.boxes += self.painted.box is not None
        self.places_painted += self.painted.places is not None
        shown = self.painted.picture
        selected = self.selected_frame()
        study = self.study()
        if shown != (selected.identity if selected else None):
            self.faults.append(f"painted {shown}, selected {selected}")
        if {*self.painted[1:-1], *self.painted.layers} - {None, shown}:
            self.faults.append(f"mixed: {self.painted}")
        if shown is not None and (study is None or not shown.same_study(study.identity)):
            self.faults.append(f"painted {shown} in study {study}")


def middle(pixels: NDArray[np.uint8]) -> int:
    """The grey value in the middle of the pane, where no words stand."""
    height, width = pixels.shape[:2]
    return int(pixels[height // 2 + 20, width // 2 + 20, 0])


def test_no_late_picture_overlay_or_box_is_painted_over_another_study(
    jobs: Jobs, qtbot: QtBot
) -> None:
    chance = random.Random(7)
    viewport = Watched(jobs)
    banner = Banner()
    banner.follow(viewport)
    qtbot.addWidget(viewport)
    qtbot.addWidget(banner)
    viewport.resize(240, 200)
    viewport.show()
    films = {
        number: [
            delayed(flat(40 + 30 * number + 4 * instance, study=number, instance=instance), chance)
            for instance in range(1, FRAMES + 1)
        ]
        for number in range(1, STUDIES + 1)
    }
    seen: set[str] = set()

    for _ in range(SWITCHES):
        number = chance.randint(1, STUDIES)
        frames = films[number]
        study = Study(frames[0].identity.of_study(), f"Film^{number}")
        act = chance.choice(["show", "show", "scroll", "box", "places", "late frames", "clear"])
        if act == "show" or viewport.study() is None:
            viewport.show_series(frames[:2], study)
        elif act == "scroll":
            viewport.scroll_by(chance.choice([-1, 1, 2]))
        elif act == "box":  # a question's box, perhaps of a study that was left
            asked = chance.choice([*frames, *viewport.frames()]).identity
            viewport.set_box(Region(asked, 1, 1, 6, 6))
        elif act == "places":  # what a model found, perhaps in a study that was left
            found = [one.identity for one in (*viewport.frames(), chance.choice(frames))]
            viewport.show_places([(Region(one, 1, 1, 6, 6), "found") for one in found])
        elif act == "late frames":
            viewport.add_frames(frames)
        else:
            viewport.clear()
        qtbot.wait(chance.randint(0, int(1500 * LONGEST)))
        pixels = as_array(viewport.grab().toImage())
        frame = viewport.selected_frame()
        if frame is not None:
            seen.add(frame.identity.study)
            assert middle(pixels) == grey_of(frame.identity)
            assert banner.identity() == frame.identity
            assert banner.texts()["id"] == f"ID {frame.identity.patient_id}"

    assert viewport.faults == []
    assert viewport.paints >= SWITCHES
    assert viewport.boxes > 0 and viewport.places_painted > 0
    assert len(seen) == STUDIES  # it did show them all, so the comparisons were real


@pytest.mark.parametrize("moment", ["show", "clear", "problem"])
def test_a_result_under_way_is_dropped_when_its_series_is_left(
    viewport: Viewport, qtbot: QtBot, moment: str
) -> None:
    release, began = threading.Event(), threading.Event()
    slow, other = flat(200, study=1), flat(50, study=2)
    decode = slow.decode

    def late(index: int) -> Decoded:
        began.set()
        release.wait(10)
        return decode(index)

    told: list[object] = []
    viewport.frame_selected.connect(told.append)
    viewport.show_series([dataclasses.replace(slow, decode=late)])
    assert began.wait(5)
    if moment == "show":
        viewport.show_series([other])
    elif moment == "clear":
        viewport.clear()
    else:
        viewport.show_problem("The archive does not answer.")
    release.set()
    viewport.clearFocus()

    if moment == "show":
        qtbot.waitUntil(lambda: viewport.selected_frame() is other, timeout=5000)
    qtbot.wait(50)
    assert told == ([other] if moment == "show" else [])
    assert middle(as_array(viewport.grab().toImage())) in (50, 0)


def test_what_a_model_found_is_gone_once_another_series_is_shown(
    viewport: Viewport, qtbot: QtBot
) -> None:
    one, other = flat(50, study=1), flat(50, study=2)
    viewport.show_series([one])
    qtbot.waitUntil(lambda: viewport.selected_frame() is one, timeout=5000)
    viewport.show_places([(Region(one.identity, 1, 1, 6, 6), "heart")])
    assert [label for _, label in viewport.places()] == ["heart"]

    viewport.show_series([other])
    qtbot.waitUntil(lambda: viewport.selected_frame() is other, timeout=5000)
    assert viewport.places() == ()
    viewport.show_series([one])
    qtbot.waitUntil(lambda: viewport.selected_frame() is one, timeout=5000)
    assert viewport.places() == ()
