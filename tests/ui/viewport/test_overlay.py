"""What is written over the picture: true, plain, with its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, Qt
from PyQt6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Orientation
from dicom_io.image.render import Window
from tests.ui.films import as_array, film, sample
from ui.viewport.captions import kind_texts, marks_of, place_text, window_text, with_view
from ui.viewport.overlay import Marks, Overlay, plain, scale_bar
from ui.viewport.placement import Placement
from ui.viewport.presets import BY_HAND, Choice, Offer, as_text, offers, set_by_hand
from ui.viewport.reel import Loaded
from ui.viewport.viewport import Viewport

NOBODY = Identity("", "", "1.2")
Show = Callable[[Sequence[ImageFrame]], Viewport]


def loaded(frame: ImageFrame) -> Loaded:
    return Loaded(frame, frame.decoded())


def test_the_corners_of_a_real_film() -> None:
    film_shown = loaded(sample("RG1_UNCR.dcm")[0])
    offer = Choice().for_frame(film_shown.windows)

    marks = marks_of(film_shown, (1, 1))
    marks = with_view(marks, offer, Placement(1841, 1955, zoom=0.49), inverted=False)

    assert marks.top_left[0] == "Series 1 · Image 1 of 1"
    assert marks.top_right == (
        "Side – · View PA",
        "150 kVp · 2 mAs",
        "Taken 12:51:30",
        "1841 × 1955 · 15 bit",
        "MONOCHROME1",
    )
    assert marks.bottom_left == ("C 15000 · W 30000 (file)", "Zoom 49 %")
    assert marks.letters == ("R", "L", "H", "F")


def test_no_letters_and_no_scale_are_invented() -> None:
    marks = marks_of(loaded(film(np.zeros((4, 4), np.uint8))), (1, 1))

    assert marks.letters == ("", "", "", "")
    assert scale_bar(marks, Placement(4, 4), 100) == (0.0, "no scale: pixel spacing unknown")


AXES = [np.array(axis) for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
ALIGNED = [
    (sign * AXES[one], other_sign * AXES[other])
    for one in range(3)
    for other in range(3)
    if one != other
    for sign in (1, -1)
    for other_sign in (1, -1)
]  # all 24
OBLIQUE = [
    tuple(np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0][:2])
    for seed in range(20)
]


def letters_towards(direction: NDArray[np.float64]) -> str:
    """The standard's words for a direction, worked out without the code under test."""
    ordered = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join(
        ("LPH" if direction[axis] > 0 else "RAF")[axis]
        for axis in ordered
        if abs(direction[axis]) >= 0.1
    )


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_letters_follow_turns_and_flips_as_the_vectors_do(mirrored: bool, quarters: int) -> None:
    place = Placement(4, 4, width=50, height=50).oriented(Orientation(mirrored, quarters))
    origin = np.array(place.to_pane(0, 0))
    across = np.sign(np.array(place.to_pane(1, 0)) - origin)  # where columns go on the screen
    down = np.sign(np.array(place.to_pane(0, 1)) - origin)

    for row, column in (*ALIGNED, *OBLIQUE):
        frame = film(np.zeros((4, 4), np.uint8), ImageOrientationPatient=[*row, *column])
        seen = with_view(marks_of(loaded(frame), (1, 1)), None, place, inverted=False).letters

        for letter, way in zip(seen, ((-1, 0), (1, 0), (0, -1), (0, 1)), strict=True):
            assert letter == letters_towards((across @ way) * row + (down @ way) * column)


def test_unknown_sides_stay_unknown_when_turned() -> None:
    frame = film(np.zeros((4, 4), np.uint8))
    place = Placement(4, 4).oriented(Orientation(True, 1))

    seen = with_view(marks_of(loaded(frame), (1, 1)), None, place, inverted=False)

    assert seen.letters == ("", "", "", "")


def test_the_scale_bar_of_a_turned_picture_measures_rows() -> None:
    frame = film(
        np.zeros((50, 50), np.uint8), Modality="CT", PixelSpacing=[2.0, 0.5]
    )  # rows 2 mm apart, columns 0.5 mm
    marks = marks_of(loaded(frame), (1, 1))
    place = Placement(50, 50, aspect=4.0, zoom=8.0, width=400, height=400)

    for turned in (place, place.oriented(Orientation(False, 1))):
        length, words = scale_bar(marks, turned, 200)
        x, y = turned.to_pane(0, 0)
        end = turned.to_stored(x + length, y)
        begin = turned.to_stored(x, y)
        millimetres = abs(end[0] - begin[0]) * 0.5 + abs(end[1] - begin[1]) * 2.0
        assert words == f"{millimetres / 10:g} cm, calibrated"


def test_the_window_names_its_source() -> None:
    assert window_text(Offer(BY_HAND, Window(40, 400))) == "C 40 · W 400 (by hand)"
    assert window_text(offers([Window(1, 2, explanation="BONE")], "CT")[0]).endswith("(file: BONE)")
    assert window_text(offers([], "CT")[0]) == "C -400 · W 1600 (CT lung)"


def test_inversion_by_hand_is_said() -> None:
    marks = with_view(Marks(NOBODY), None, Placement(4, 4), inverted=True)

    assert marks.bottom_left == ("Inverted by hand", "Zoom 100 %")


@pytest.mark.parametrize(
    ("column_mm", "zoom", "length", "words"),
    [
        (1.5, 1.0, 66.667, "10 cm, at detector"),
        (0.1, 1.0, 100.0, "1 cm, at detector"),
        (0.1, 4.0, 80.0, "2 mm, at detector"),
    ],
)
def test_the_scale_bar_is_a_round_length_of_true_size(
    column_mm: float, zoom: float, length: float, words: str
) -> None:
    marks = Marks(NOBODY, column_mm=column_mm, calibration="at detector")

    long, text = scale_bar(marks, Placement(500, 500, zoom=zoom), 100)

    assert long == pytest.approx(length, abs=0.01)
    assert text == words


def test_text_of_a_file_is_one_plain_line() -> None:
    assert plain("a\r\n\tb\x00<b>c</b>\u202e") == "a b <b>c</b>"
    assert len(plain("x" * 5000)) <= 120


def test_a_series_description_stands_beside_its_number() -> None:
    frame = film(np.zeros((2, 2), np.uint8), SeriesNumber=3, SeriesDescription="AP\n<i>lying</i>")

    assert place_text(frame, (2, 9)) == "Series 3 · Image 2 of 9 · AP <i>lying</i>"
    assert kind_texts(frame) == ("2 × 2 · 8 bit", "MONOCHROME2")


def test_a_hand_on_a_look_up_table_continues_as_a_window() -> None:
    window = set_by_hand(Window(100, 50, automatic=True, explanation="Automatic"), 91.6, 52.4)

    assert (window.center, window.width) == (92, 52)
    assert (window.automatic, window.explanation) == (False, "")


def test_an_automatic_window_taken_in_hand_is_one_that_two_numbers_repeat() -> None:
    wide = Window(-88, 1524, "LINEAR_EXACT", automatic=True)
    fine = Window(0.4, 0.8, "LINEAR_EXACT", automatic=True)

    assert set_by_hand(wide, -100, 0.2) == Window(-100, 1.0)
    assert set_by_hand(fine, 0.4, 0.2) == Window(0.4, 0.2, "LINEAR_EXACT")


def test_numbers_have_as_many_digits_as_the_width_needs() -> None:
    assert as_text(1234.4, 3000) == "1234"
    assert as_text(12.34, 20) == "12.3"
    assert as_text(0.01234, 0.1) == "0.012"


def test_an_automatic_window_does_not_flicker_through_a_series() -> None:
    choice = Choice()
    first, second = Window(10, 20, automatic=True), Window(90, 99, automatic=True)

    assert choice.for_frame([first]).window == first
    assert choice.for_frame([second]).window == first
    choice.take(Offer("x", Window(1, 2)))
    assert choice.for_frame([second]).window == Window(1, 2)


def test_notices_of_the_file_stand_below_the_first_corner(showing: Show, qtbot: QtBot) -> None:
    frame = film(np.zeros((40, 40), np.uint8), WindowWidth=0)

    viewport = showing([frame])
    marks = marks_of(loaded(frame), (1, 1))

    assert any("window" in line.lower() for line in marks.top_left[1:])
    assert viewport.rendered() is not None


@pytest.mark.parametrize("width", [160, 200, 280])
def test_in_a_narrow_pane_the_lower_corners_keep_clear_of_each_other(width: int) -> None:
    words = ("Zoom 100 %", "no scale: pixel spacing unknown")
    image = QImage(width, 120, QImage.Format.Format_RGB32)

    def ink(left: str, right: str) -> NDArray[np.bool_]:
        """Where the words of the lower corners and of the letter between them stand."""
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        marks = Marks(NOBODY, bottom_left=(left,) if left else (), calibration=right)
        Overlay(14).draw(painter, QRectF(0, 0, width, 120), marks, Placement(10, 10))
        painter.end()
        return np.asarray(as_array(image).min(axis=2) < 255)

    left, right = ink(words[0], ""), ink("", words[1])
    assert left.any() and right.any()
    assert not (left & right).any()
    middle = slice(width // 2 - 8, width // 2 + 8)  # for the letter
    assert not left[:, middle].any() and not right[:, middle].any()
