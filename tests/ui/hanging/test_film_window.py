"""A pane in a window of its own: banner, keys and marks go with it, and it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QEvent, QRect, Qt
from PyQt6.QtWidgets import QApplication

from dicom_io.settings import ScreenSettings, Settings
from tests.plugin.desk import Desk
from tests.ui.hands import CTRL, KEYS, click, double_click
from tests.ui.hanging.conftest import MakeDesk
from tests.ui.hanging.shelf import STUDY, write_image
from ui.film_window import FilmWindow, as_text, from_text

KEY = Qt.Key


def two_series(shelf: Path, desk: Desk) -> None:
    """A study with two series side by side, the second in hand."""
    desk.open(f"{STUDY}1")
    desk.go_to_film()
    desk.key(KEY.Key_2, CTRL)
    desk.key(KEY.Key_Right, CTRL)
    desk.click(desk.window.worklist.thumbnails.button(1))
    desk.wait(lambda: desk.window.viewport.selected_frame() is not None)
    desk.go_to_film()


def write_two(shelf: Path) -> None:
    for series in (1, 2):
        for instance in (1, 2, 3):
            write_image(shelf, 1, series, instance, Modality="XA")


def detach(desk: Desk) -> FilmWindow:
    """F12, and wait for the window."""
    desk.key(KEY.Key_F12)
    (film,) = desk.window.films.windows()
    film.activateWindow()
    desk.wait(film.isActiveWindow)
    return film


def test_f12_gives_the_pane_in_hand_a_window_with_a_banner_and_closing_brings_it_back(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_two(shelf)
    desk = make_desk()
    two_series(shelf, desk)
    grid = desk.window.grid
    first, second = grid.panes()
    frame = second.selected_frame()

    film = detach(desk)

    assert second.window() is film and first.window() is desk.window
    assert grid.shape() == (1, 1) and grid.panes() == (first, second)
    assert grid.active() is second and second.selected_frame() is frame
    here = first.selected_frame()
    assert frame is not None and film.banner.identity() == frame.identity
    assert here is not None and desk.window.banner.identity() == here.identity
    film.close()
    assert second.window() is desk.window and second.isVisible()
    assert grid.shape() == (1, 2) and grid.panes() == (first, second)
    assert second.selected_frame() is frame


def test_keys_work_in_the_other_window_as_in_the_first(shelf: Path, make_desk: MakeDesk) -> None:
    write_two(shelf)
    desk = make_desk()
    two_series(shelf, desk)
    film = detach(desk)
    pane = film.cell.pane

    KEYS.keyClick(pane, KEY.Key_Down)
    assert pane.position() == 1
    KEYS.keyClick(pane, KEY.Key_B)
    assert pane.tool().name == "BOX"
    KEYS.keyClick(pane, KEY.Key_Escape)
    assert pane.tool().name == "WINDOW"
    KEYS.keyClick(pane, KEY.Key_F12)
    desk.wait(lambda: not desk.window.films.windows())
    assert pane.window() is desk.window
    desk.wait(pane.hasFocus)  # so the next key still works


def test_identity_is_hidden_and_shown_after_such_a_window_is_gone(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_two(shelf)
    desk = make_desk()
    two_series(shelf, desk)
    detach(desk).close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    for hidden in (True, False):
        desk.window.table.perform("view.identity")
        assert (desk.window.banner.texts()["name"] == "Identity hidden") is hidden


def test_a_double_click_there_fills_that_monitor_and_hides_nothing_here(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_two(shelf)
    desk = make_desk()
    two_series(shelf, desk)
    film = detach(desk)

    double_click(film.cell.pane, (40, 40))
    assert film.isFullScreen()
    assert desk.window.worklist.isVisible()
    double_click(film.cell.pane, (40, 40))
    assert not film.isFullScreen()


def test_the_only_pane_leaves_an_empty_one_behind_and_takes_its_place_again(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_two(shelf)
    desk = make_desk()
    desk.open(f"{STUDY}1")
    desk.go_to_film()
    pane = desk.window.viewport

    film = detach(desk)
    assert len(desk.window.grid.panes()) == 2
    assert desk.window.grid.panes()[0].frames() == ()
    film.close()

    assert desk.window.grid.panes() == (pane,)
    assert desk.window.viewport is pane


def test_a_prior_goes_to_the_empty_window_of_films_and_says_what_it_is(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, Modality="XA", BodyPartExamined="HEART")
    write_image(shelf, 2, Modality="XA", BodyPartExamined="HEART", StudyDate="20200101")
    write_image(shelf, 3, PatientID="P3", Modality="XA")
    desk = make_desk()
    desk.open(f"{STUDY}3")
    desk.go_to_film()
    film = detach(desk)
    desk.window.activateWindow()
    desk.open(f"{STUDY}1")
    assert film.cell.pane.frames() == ()  # nothing of the study before stays on any monitor
    desk.go_to_film()

    desk.key(KEY.Key_X)
    desk.wait(lambda: film.cell.pane.selected_frame() is not None)

    assert desk.window.grid.shape() == (1, 1)
    assert film.cell.heading.text().startswith("PRIOR, ")
    banner = film.banner.identity()
    assert banner is not None and banner.study == f"{STUDY}2"
    current = desk.window.banner.identity()
    assert current is not None and current.study == f"{STUDY}1"


def test_each_banner_names_what_stands_below_it_whichever_window_is_in_hand(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, Modality="XA", BodyPartExamined="HEART")
    write_image(shelf, 2, Modality="XA", BodyPartExamined="HEART", StudyDate="20200101")
    desk = make_desk()
    desk.open(f"{STUDY}1")
    desk.go_to_film()
    desk.key(KEY.Key_X)
    desk.wait(lambda: len([pane for pane in desk.window.grid.panes() if pane.frames()]) == 2)
    desk.key(KEY.Key_Right, CTRL)
    desk.wait(lambda: desk.window.viewport.selected_frame() is not None)
    film = detach(desk)

    def named() -> list[str]:
        banners = [desk.window.banner.identity(), film.banner.identity()]
        return [one.study.removeprefix(STUDY) if one else "" for one in banners]

    assert desk.window.viewport is film.cell.pane
    assert named() == ["1", "2"]
    assert film.cell.heading.text().startswith("PRIOR, ")
    desk.key(KEY.Key_F6)
    click(desk.window.grid.panes()[0], (40, 40))
    assert named() == ["1", "2"]
    film.close()
    desk.window.grid.activate(desk.window.grid.panes()[1])
    banner = desk.window.banner.identity()
    assert banner is not None and banner.study == f"{STUDY}2"


def test_where_the_window_stood_is_remembered(
    shelf: Path, make_desk: MakeDesk, own_home: Path
) -> None:
    write_two(shelf)
    desk = make_desk()
    desk.open(f"{STUDY}1")
    desk.go_to_film()
    film = detach(desk)

    film.setGeometry(30, 40, 500, 400)
    desk.wait(lambda: desk.viewer.host.settings(ScreenSettings).films == "30, 40, 500, 400")
    film.close()
    desk.go_to_film()

    assert Settings.read(own_home / "settings.toml").screens.films == "30, 40, 500, 400"
    assert detach(desk).geometry() == QRect(30, 40, 500, 400)


def test_with_the_main_window_all_others_close(shelf: Path, make_desk: MakeDesk) -> None:
    write_two(shelf)
    desk = make_desk()
    two_series(shelf, desk)
    film = detach(desk)

    desk.window.close()

    desk.wait(lambda: not film.isVisible())
    assert desk.window.films.windows() == ()


@pytest.mark.parametrize("text", ["", "1, 2, 3", "a, b, c, d", "0, 0, 0, 0", "0, 0, 9e9, 1"])
def test_a_place_that_is_none_is_not_used(text: str) -> None:
    assert from_text(text).isEmpty()


def test_a_place_is_written_and_read_again() -> None:
    assert from_text(as_text(QRect(-1920, 0, 1920, 1080))) == QRect(-1920, 0, 1920, 1080)
