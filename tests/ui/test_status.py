"""The bottom line: lasting texts in their places, which give way in a narrow window."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.films import as_array
from ui.status import RESEARCH_ONLY, StatusLine

LONG = "a model with a very long name and every word that could be said of it " * 3


@pytest.fixture
def line(qtbot: QtBot) -> StatusLine:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show()
    return line


def test_places_stand_in_their_order_whenever_they_are_filled(line: StatusLine) -> None:
    for place in ("other", "quality", "model", "server", "pacs"):
        line.show_state(place, place)

    shown = [str(label.property("plain") or "") for label in line.labels()]
    assert [name for name in shown if name] == ["pacs", "server", "model", "quality", "other"]


def test_long_texts_give_way_and_the_warnings_do_not(line: StatusLine) -> None:
    line.show_state("server", "Images leave this computer: gpu.hospital.example", "alarm")
    line.show_state("model", LONG, "quiet", "The model.")
    line.show_state("quality", LONG)

    line.resize(1000, line.height())

    assert line.minimumSizeHint().width() <= 1000
    for label in line.labels():
        if label.property("plain") != LONG:
            assert label.width() >= label.sizeHint().width()
    (model, quality) = [one for one in line.labels() if one.property("plain") == LONG]
    assert model.width() + quality.width() < model.sizeHint().width()
    assert model.toolTip() == f"{LONG}\nThe model."
    assert RESEARCH_ONLY in [label.text() for label in line.labels()]


def test_a_text_that_is_cut_is_still_painted(line: StatusLine) -> None:
    line.show_state("model", LONG)
    line.resize(600, line.height())

    (model,) = [one for one in line.labels() if one.property("plain") == LONG]
    pixels = as_array(model.grab().toImage())

    assert int(np.ptp(pixels[..., 0])) > 40


def test_what_is_taken_away_is_gone(line: StatusLine) -> None:
    line.show_state("model", "base")
    line.show_state("model", "")

    assert line.text("model") == ""
    assert [one for one in line.labels() if one.objectName() == "state-model"][0].isHidden()
