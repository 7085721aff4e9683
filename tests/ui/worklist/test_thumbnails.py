"""Series as small pictures: made on the disk pool, chosen by click or key."""

from __future__ import annotations

import dataclasses
import threading

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.errors import DamagedFile
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.study import Series
from tests.ui import hands
from tests.ui.films import flat, sample
from ui.jobs import Jobs
from ui.worklist.thumbnails import SIDE, SeriesEntry, Thumbnails


def entry(frames: tuple[ImageFrame, ...], count: int = 0) -> SeriesEntry:
    name = frames[0].identity
    return SeriesEntry(Series(name, 1, "CT", "Chest", "", count), frames)


@pytest.fixture
def grid(jobs: Jobs, qtbot: QtBot) -> Thumbnails:
    made = Thumbnails(jobs)
    qtbot.addWidget(made)
    made.show()
    return made


def grey(grid: Thumbnails, number: int) -> int:
    """The value in the middle of a small picture; -1 while there is none."""
    icon = grid.button(number).icon()
    if icon.isNull():
        return -1
    image = icon.pixmap(SIDE - 4, SIDE - 4).toImage()
    return image.pixelColor(image.rect().center()).lightness()


def test_each_series_gets_its_own_picture(grid: Thumbnails, qtbot: QtBot) -> None:
    entries = [entry((flat(60 * number, study=number),)) for number in (1, 2, 3)]

    grid.set_series(entries)

    qtbot.waitUntil(lambda: [grey(grid, n) for n in range(3)] == [60, 120, 180], timeout=5000)


def test_a_click_or_space_chooses_a_series(grid: Thumbnails, qtbot: QtBot) -> None:
    entries = [entry((flat(60, study=1),)), entry((flat(90, study=2),))]
    grid.set_series(entries)
    told: list[object] = []
    grid.series_chosen.connect(told.append)

    hands.click(grid.button(1), (10, 10))
    hands.key(grid.button(0), Qt.Key.Key_Space)

    assert told == [entries[1], entries[0]]
    assert grid.current() == entries[0].series.identity


def test_counts_and_what_is_still_in_the_pacs_are_said(qtbot: QtBot) -> None:
    frames = sample("emri_small.dcm")

    assert entry(frames).count_text == "10 images"
    assert entry(frames[:1]).count_text == "1 image"
    there = Series(frames[0].identity, 1, "MR", "", "", 120)
    assert SeriesEntry(there).count_text == "120 images in PACS"


def test_late_pictures_of_another_study_are_dropped(grid: Thumbnails, qtbot: QtBot) -> None:
    release, began = threading.Event(), threading.Event()
    slow = flat(200, study=1)
    decode = slow.decode

    def late(index: int) -> Decoded:
        began.set()
        release.wait(10)
        return decode(index)

    grid.set_series([entry((dataclasses.replace(slow, decode=late),))])
    assert began.wait(5)
    grid.set_series([entry((flat(50, study=2),))])
    release.set()

    qtbot.waitUntil(lambda: grey(grid, 0) == 50, timeout=5000)


def test_a_series_that_cannot_be_drawn_says_why(grid: Thumbnails, qtbot: QtBot) -> None:
    frame = flat(10)

    def fail(index: int) -> Decoded:
        raise DamagedFile("film.dcm is damaged: it ends early. Fetch it again.", frame.path)

    grid.set_series([entry((dataclasses.replace(frame, decode=fail),))])

    qtbot.waitUntil(lambda: grid.button(0).text() == "No picture", timeout=5000)
    assert grid.button(0).toolTip().startswith("film.dcm is damaged")


def test_the_mark_stays_while_a_study_grows(grid: Thumbnails, qtbot: QtBot) -> None:
    first = entry((flat(60, series=1),))
    second = entry((flat(90, series=2),))
    grid.set_series([first])
    grid.select(first.series.identity)

    grid.set_series([first, second])

    assert grid.current() == first.series.identity
    assert grid.button(0).isChecked()


def test_key_images_are_counted_at_their_stack_and_stay_counted(grid: Thumbnails) -> None:
    frames = tuple(flat(60, instance=number) for number in (1, 2, 3))
    other = flat(60, series=2)
    grid.set_series([entry(frames), entry((other,))])

    grid.mark_keys({frames[0].identity, frames[2].identity, flat(9, study=7).identity})
    grid.set_series([entry((other,)), entry(frames)])  # more has arrived

    shown = [(tile.keys.text(), not tile.keys.isHidden()) for tile in grid._tiles]
    assert shown == [("", False), ("◆ 2 key images", True)]
    grid.mark_keys(())
    assert all(tile.keys.isHidden() for tile in grid._tiles)
