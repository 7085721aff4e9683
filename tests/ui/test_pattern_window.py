"""The test pattern is shown pixel by pixel, and the screen is not called calibrated."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dicom_io.image.pattern import SIDE, made_pattern
from tests.ui.films import as_array
from ui.pattern_window import PatternView, PatternWindow


@pytest.mark.parametrize("size", [(SIDE, SIDE), (1300, 1101)])
def test_every_pixel_of_the_pattern_is_one_of_the_screen(
    qtbot: QtBot, size: tuple[int, int]
) -> None:
    view = PatternView()
    qtbot.addWidget(view)
    view.resize(*size)

    shown = as_array(view.grab().toImage())

    left, top = round((size[0] - SIDE) / 2), round((size[1] - SIDE) / 2)
    middle = shown[top : top + SIDE, left : left + SIDE]
    assert np.array_equal(middle[..., 0], made_pattern().pixels)
    assert np.array_equal(middle[..., 0], middle[..., 2])


def test_the_window_says_that_the_display_is_not_calibrated(qtbot: QtBot) -> None:
    window = PatternWindow()
    qtbot.addWidget(window)

    assert window.standing.text() == "display not calibrated"
