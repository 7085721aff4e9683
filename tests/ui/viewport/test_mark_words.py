"""What stands beside a mark: numbers with their unit, and how far that is to be trusted (T3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dicom_io.image.annotation import Annotation, Kind, Point, Value
from dicom_io.image.frame import ImageFrame
from dicom_io.image.measure import measured
from tests.ui.films import film
from ui.viewport.mark_words import lines_of, number, text_of

RAMP = np.arange(100 * 100, dtype=np.uint32).reshape(100, 100).astype(np.uint8)


def words(frame: ImageFrame, kind: Kind, *points: Point, text: str = "") -> list[str]:
    mark = Annotation("a", frame.identity, kind, points, text)
    return lines_of(mark, measured(mark, frame, frame.stored()))


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ({"Modality": "CT", "PixelSpacing": [0.7, 0.5]}, "40.0 mm (calibrated)"),
        ({"Modality": "CR", "ImagerPixelSpacing": [0.2, 0.2]}, "16.0 mm (at detector)"),
        (
            {
                "Modality": "MG",
                "ImagerPixelSpacing": [0.15, 0.15],
                "EstimatedRadiographicMagnificationFactor": 1.5,
            },
            "8.0 mm (estimated)",
        ),
        ({"Modality": "OT", "NominalScannedPixelSpacing": [0.1, 0.1]}, "8.0 mm (at scanner)"),
        ({"Modality": "OT"}, "80.0 px"),
    ],
)
def test_a_length_is_shown_with_the_word_for_its_calibration(
    attributes: dict[str, Any], shown: str
) -> None:
    frame = film(RAMP, **attributes)

    assert words(frame, Kind.LENGTH, (10, 5), (90, 5)) == [shown]


def test_a_text_for_the_report_is_one_line() -> None:
    assert text_of([Value("Length", 42.123, "mm", "calibrated")]) == "42.1 mm (calibrated)"
    assert text_of([]) == ""
    axes = [Value("Long axis", 21.46, "mm", "estimated"), Value("Short axis", 9, "mm", "estimated")]
    assert text_of(axes) == "21.5 × 9.0 mm (estimated)"


def test_a_region_says_area_mean_deviation_range_and_count() -> None:
    frame = film(RAMP, Modality="CT", PixelSpacing=[0.5, 0.5], RescaleIntercept=-100,
                 RescaleSlope=1)  # fmt: skip

    assert words(frame, Kind.RECTANGLE, (0, 0), (10, 2), text="liver\nedge") == [
        "liver edge",
        "5.0 mm² (calibrated)",
        "mean -45.5, SD 50.1 HU",
        "from -100 to 9 HU",
        "20 pixels",
    ]


def test_a_region_without_pixels_says_so() -> None:
    assert words(film(RAMP), Kind.ELLIPSE, (5.4, 5), (5.4, 9)) == ["0.0 px²", "no pixel inside"]


def test_a_probe_says_value_unit_and_place() -> None:
    frame = film(RAMP, Modality="CT", RescaleIntercept=-100, RescaleSlope=1)
    padded = film(RAMP, PixelPaddingValue=int(RAMP[3, 2]))

    assert words(frame, Kind.PROBE, (2.9, 3.0)) == ["-54 HU", "column 2, row 3"]
    assert words(padded, Kind.PROBE, (2.9, 3.0)) == ["no value", "column 2, row 3"]


def test_angles_say_when_pixels_are_only_taken_to_be_square() -> None:
    known = film(RAMP, Modality="CT", PixelSpacing=[0.5, 0.5])
    corner: tuple[Point, ...] = ((10, 0), (0, 0), (10, 10))

    assert words(known, Kind.ANGLE, *corner) == ["45.0°"]
    assert words(film(RAMP), Kind.ANGLE, *corner) == ["45.0° (square pixels assumed)"]


def test_a_steep_cobb_angle_names_its_supplement_too() -> None:
    frame = film(RAMP, Modality="CT", PixelSpacing=[0.5, 0.5])
    flat: tuple[Point, ...] = ((0, 50), (50, 50))

    assert words(frame, Kind.COBB, *flat, (0, 0), (50, 0)) == ["Cobb 0.0°"]
    assert words(frame, Kind.COBB, *flat, (0, 0), (10, 30)) == ["Cobb 71.6° (or 108.4°)"]


@pytest.mark.parametrize(
    ("value", "fine", "shown"),
    [(40.24, 12.0, "40.2"), (0.012345, 0.001, "0.0123"), (-0.5, 0.02, "-0.500"), (0, 0, "0.0")],
)
def test_numbers_keep_the_decimals_that_matter(value: float, fine: float, shown: str) -> None:
    assert number(value, fine) == shown


def test_a_unit_of_a_hostile_file_is_one_short_line() -> None:
    shown = text_of([Value("Value", 1.0, "{" + "x\n" * 500 + "}")])

    assert "\n" not in shown and len(shown) < 140
