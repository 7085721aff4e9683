"""The word for how millimetres are known stands at every length on the screen (trap T3)."""

from __future__ import annotations

from typing import Any

import pytest

from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.geometry import NONE
from dicom_io.image.measure import dimensions
from tests.dicom_io.image.slices import slice_at
from tests.dicom_io.image.test_along import FILES
from ui.viewport.mark_words import lines_of


@pytest.mark.parametrize(
    ("attributes", "across", "down", "unit", "word"),
    [row[1:] for row in FILES],
    ids=[row[0] for row in FILES],
)
def test_a_mark_of_100_pixels_says_its_length_with_the_word(
    attributes: dict[str, Any], across: float, down: float, unit: str, word: str
) -> None:
    frame = slice_at(None, 1, **{"PixelSpacing": None, **attributes})

    for end, expected in (((110.0, 20.0), across), ((10.0, 120.0), down)):
        mark = Annotation("m", frame.identity, Kind.LENGTH, ((10.0, 20.0), end))
        (value,) = dimensions(mark, frame)
        (line,) = lines_of(mark, (value,))

        assert value.value == pytest.approx(expected) and value.unit == unit
        if word == NONE:
            assert "mm" not in line and "px" in line
        else:
            assert "mm" in line and f"({word})" in line
