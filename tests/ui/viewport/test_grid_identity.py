"""Trap T6 over many panes: nothing of another study, series or patient is ever painted in one.

Two patients with two studies each; the reader opens one, hangs its series and those of its prior,
changes panes, layouts and windows, plays clips; frames decode late and arrive late, also those of
studies that were left.
"""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.report.document import Region
from dicom_io.study import Study
from tests.ui.films import as_array, film
from ui.jobs import Jobs
from ui.viewport.banner import Banner
from ui.viewport.cine import Cines
from ui.viewport.grid import Grid
from ui.viewport.viewport import Viewport

ACTS = 400
PATIENTS = {"A": (1, 2), "B": (3, 4)}  # studies; of each patient the second is the prior
SERIES, IMAGES = 2, 3
LONGEST = 0.008  # s; decoding takes a random part of it


def grey_of(name: Identity) -> int:
    """The one grey value of a made film."""
    study, series, instance = (int(part) for part in name.instance.split(".")[-3:])
    return 40 + 40 * study + 12 * series + 3 * instance


def made(patient: str, study: int, series: int, instance: int, chance: random.Random) -> ImageFrame:
    """A flat film that takes a random time to decode."""
    name = f"{patient}.{study}.{series}.{instance}"
    grey = grey_of(Identity("", "", "", instance=name))
    one = film(
        np.full((8, 8), grey, np.uint8),
        study=study,
        series=series,
        instance=instance,
        PatientID=patient,
        StudyDate=f"20{20 + study % 2}0101",
    )
    decode = one.decode

    def late(index: int) -> Decoded:
        threading.Event().wait(chance.random() * LONGEST)
        return decode(index)

    return dataclasses.replace(one, decode=late)


class Reader:
    """A window with a grid, and everything that was ever wrong in a paint."""

    def __init__(self, jobs: Jobs, chance: random.Random) -> None:
        self.window = QMainWindow()
        self.grid = Grid(jobs)
        self.cines = Cines(self.grid)
        self.banner = Banner()
        self.banner.follow(self.grid)
        self.window.setCentralWidget(self.grid)
        self.window.resize(420, 340)
        self.chance = chance
        self.films = {
            study: {
                series: [made(who, study, series, n, chance) for n in range(1, IMAGES + 1)]
                for series in range(1, SERIES + 1)
            }
            for who, studies in PATIENTS.items()
            for study in studies
        }
        self.patient = ""
        self.faults: list[str] = []
        self.paints = self.mixed = 0
        self.seen: set[tuple[str, str]] = set()

    def open(self, patient: str) -> None:
        """Another patient's current study is opened."""
        self.patient = patient
        current = self.films[PATIENTS[patient][0]][1]
        self.grid.clear()
        self.grid.set_reported(current[0].identity.of_study())
        self.show(self.grid.active(), PATIENTS[patient][0], 1)

    def show(self, pane: Viewport, study: int, series: int, count: int = IMAGES) -> None:
        frames = self.films[study][series][:count]
        self.grid.show_series(pane, frames, Study(frames[0].identity.of_study()))

    def act(self) -> str:
        """One thing that a reader, the network or the model does."""
        chance, grid = self.chance, self.grid
        pane = chance.choice(grid.panes())
        act = chance.choice(
            ("show", "show", "show", "scroll", "open", "layout", "hand", "late", "box", "cine",
             "maximise", "clear", "stranger")
        )  # fmt: skip
        study = chance.choice(PATIENTS[self.patient])
        if act == "show":
            self.show(pane, study, chance.randint(1, SERIES), chance.randint(1, IMAGES))
        elif act == "scroll":
            pane.scroll_by(chance.choice((-1, 1, 2)))
        elif act == "open" and chance.random() < 0.4:
            self.open(chance.choice(tuple(PATIENTS)))
        elif act == "layout":
            grid.set_layout(chance.choice((1, 2, 2)), chance.choice((1, 2, 2)))
        elif act == "hand":
            grid.activate(pane)
        elif act == "late":  # of any study, also of a patient who was left
            frames = self.films[chance.randint(1, 4)][chance.randint(1, SERIES)]
            grid.add_frames(frames)
        elif act == "box":
            found = self.films[chance.randint(1, 4)][1][0].identity
            own = [frame.identity for frame in pane.frames()]
            pane.set_box(Region(chance.choice([found, *own]), 1, 1, 6, 6))
            pane.show_places([(Region(one, 1, 1, 6, 6), "found") for one in (found, *own)])
        elif act == "cine":
            self.cines.of(pane).toggle()
        elif act == "maximise":
            grid.maximise()
        elif act == "clear":
            pane.clear()
        elif act == "stranger":  # a programming error elsewhere: refused, in words
            other = next(one for one in PATIENTS if one != self.patient)
            self.show(pane, PATIENTS[other][0], 1)
        return act

    def look(self, pane: Viewport) -> None:
        """Compare everything that stands in and around a pane that was just painted."""
        self.paints += 1
        shown, grid = pane.painted.picture, self.grid
        frame, study = pane.selected_frame(), pane.study()
        if shown != (frame.identity if frame else None):
            self.faults.append(f"painted {shown}, selected {frame}")
        if {*pane.painted[1:-1], *pane.painted.layers} - {None, shown}:
            self.faults.append(f"mixed: {pane.painted}")
        if shown is None:
            return
        if shown.patient_id != self.patient:
            self.faults.append(f"painted {shown} while {self.patient} is read")
        if study is None or shown.study != study.identity.study:
            self.faults.append(f"painted {shown} in study {study}")
        words = grid.cell(pane).heading.text()
        is_prior = shown.study.endswith(str(PATIENTS[self.patient][1]))
        if is_prior and not words.startswith("PRIOR"):
            self.faults.append(f"a prior without its mark: {words}")
        if not is_prior and words.startswith("PRIOR"):
            self.faults.append("the current study is marked as a prior")
        self.mixed += words.startswith("CURRENT")
        self.seen.add((shown.study, shown.series))


@pytest.fixture
def reader(jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    reader = Reader(jobs, random.Random(11))
    qtbot.addWidget(reader.window)
    paint = Viewport.paintEvent

    def watched(pane: Viewport, event: QPaintEvent | None) -> None:
        paint(pane, event)
        reader.look(pane)

    monkeypatch.setattr(Viewport, "paintEvent", watched)
    reader.window.show()
    reader.open("A")
    yield reader
    reader.window.close()


def test_every_pane_paints_its_own_series_alone_whatever_comes_when(
    reader: Reader, qtbot: QtBot
) -> None:
    looked_at = 0

    for _ in range(ACTS):
        reader.act()
        qtbot.wait(reader.chance.randint(0, 6))
        reader.grid.grab()
        for pane in reader.grid.panes():
            frame = pane.selected_frame()
            if frame is None or not pane.isVisible():
                continue
            pixels = as_array(pane.grab().toImage())
            height, width = pixels.shape[:2]
            middle = int(pixels[height // 2 - 6, width // 2 + 10, 0])  # where no words stand
            assert middle == grey_of(frame.identity)
            looked_at += 1
        named = reader.banner.identity()
        in_hand = reader.grid.selected_frame()
        if in_hand is not None:
            assert named == in_hand.identity

    assert reader.faults == []
    assert looked_at > ACTS // 2
    assert reader.mixed > 20  # current and prior did stand side by side
    assert len(reader.seen) == 4 * SERIES  # and all series were shown
