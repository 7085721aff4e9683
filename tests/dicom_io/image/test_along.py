"""A line of 100 pixels has the right value, unit and word (trap T3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from pydicom.dataset import Dataset

from dicom_io.image.along import MM, PIXELS, along, axes_at
from dicom_io.image.annotation import Value
from dicom_io.image.geometry import (
    AT_DETECTOR,
    AT_SCANNER,
    CALIBRATED,
    ESTIMATED,
    NONE,
    spacing_of,
)
from dicom_io.image.regions import Axis
from tests.dicom_io.image.slices import frames_of, header_of, slice_at


def part(x0: int, x1: int, across: tuple[int, float], down: tuple[int, float]) -> Dataset:
    """A region of an ultrasound picture; each axis as (unit's code, delta)."""
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMaxX1 = x0, x1
    item.RegionLocationMinY0, item.RegionLocationMaxY1 = 0, 399
    item.PhysicalUnitsXDirection, item.PhysicalDeltaX = across
    item.PhysicalUnitsYDirection, item.PhysicalDeltaY = down
    return item


def told(values: Sequence[Value]) -> list[tuple[str, float, str, str]]:
    return [(one.name, round(one.value, 9), one.unit, one.calibration) for one in values]


def lines(attributes: dict[str, Any]) -> list[Value]:
    """What 100 pixels measure to the right and down."""
    frame = slice_at(None, 1, **{"PixelSpacing": None, **attributes})
    (across,) = along(frame, (10, 20), (110, 20))
    (down,) = along(frame, (10, 20), (10, 120))
    return [across, down]


# The eight files of T3, then what else a PACS sends. Spacings are row first: down, then across.
FILES: Sequence[tuple[str, dict[str, Any], float, float, str, str]] = [
    ("isotropic", {"PixelSpacing": [0.5, 0.5]}, 50, 50, MM, CALIBRATED),
    ("anisotropic", {"Modality": "MR", "PixelSpacing": [0.8, 0.2]}, 20, 80, MM, CALIBRATED),
    (
        "imager only",
        {"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.1]},
        10,
        20,
        MM,
        AT_DETECTOR,
    ),
    (
        "both equal",
        {"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2]},
        20,
        20,
        MM,
        AT_DETECTOR,
    ),
    (
        "both different, calibrated by a fiducial",
        {
            "Modality": "CR",
            "ImagerPixelSpacing": [0.2, 0.2],
            "PixelSpacing": [0.16, 0.16],
            "PixelSpacingCalibrationType": "FIDUCIAL",
            "PixelSpacingCalibrationDescription": "25 mm ball",
        },
        16,
        16,
        MM,
        CALIBRATED,
    ),
    (
        "magnification 1.5",
        {
            "Modality": "MG",
            "ImagerPixelSpacing": [0.15, 0.15],
            "EstimatedRadiographicMagnificationFactor": 1.5,
        },
        10,
        10,
        MM,
        ESTIMATED,
    ),
    ("none", {"Modality": "OT"}, 100, 100, PIXELS, NONE),
    (
        "two regions of ultrasound",
        {
            "Modality": "US",
            "Rows": 400,
            "Columns": 400,
            "SequenceOfUltrasoundRegions": [
                part(0, 199, (3, 0.01), (3, 0.02)),
                part(200, 399, (3, 0.05), (3, 0.05)),
            ],
        },
        10,
        20,
        MM,
        CALIBRATED,
    ),
    (
        "both different, nobody says why",
        {"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.16, 0.16]},
        16,
        16,
        MM,
        ESTIMATED,
    ),
    (
        "both equal, and a magnification",
        {
            "Modality": "MG",
            "ImagerPixelSpacing": [0.15, 0.15],
            "PixelSpacing": [0.15, 0.15],
            "EstimatedRadiographicMagnificationFactor": 1.5,
        },
        10,
        10,
        MM,
        ESTIMATED,
    ),
    (
        "corrected once is not corrected twice",
        {
            "Modality": "MG",
            "ImagerPixelSpacing": [0.15, 0.15],
            "PixelSpacing": [0.1, 0.1],
            "EstimatedRadiographicMagnificationFactor": 1.5,
        },
        10,
        10,
        MM,
        ESTIMATED,
    ),
    (
        "a magnification of nothing",
        {
            "Modality": "DX",
            "ImagerPixelSpacing": [0.2, 0.2],
            "EstimatedRadiographicMagnificationFactor": 0,
        },
        20,
        20,
        MM,
        AT_DETECTOR,
    ),
    ("film", {"Modality": "CR", "NominalScannedPixelSpacing": [0.1, 0.1]}, 10, 10, MM, AT_SCANNER),
    (
        "the detector's spacing beside an unusual modality",
        {"Modality": "OT", "ImagerPixelSpacing": [0.2, 0.2]},
        20,
        20,
        MM,
        AT_DETECTOR,
    ),
    (
        "a scout view",
        {"PixelSpacing": [0.5, 0.5], "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
        50,
        50,
        MM,
        ESTIMATED,
    ),
    ("no number", {"PixelSpacing": [0, 0.5]}, 100, 100, PIXELS, NONE),
]


@pytest.mark.parametrize(
    ("attributes", "across", "down", "unit", "word"),
    [row[1:] for row in FILES],
    ids=[row[0] for row in FILES],
)
def test_a_line_of_100_pixels(
    attributes: dict[str, Any], across: float, down: float, unit: str, word: str
) -> None:
    values = lines(attributes)

    assert [value.value for value in values] == pytest.approx([across, down])
    assert {(value.unit, value.calibration) for value in values} == {(unit, word)}


def test_regions_of_ultrasound_differ_and_a_line_between_them_has_no_length() -> None:
    regions = [part(0, 199, (3, 0.01), (3, 0.02)), part(200, 399, (3, 0.05), (3, 0.05))]
    frame = slice_at(
        None, 1, Modality="US", Rows=400, Columns=400, SequenceOfUltrasoundRegions=regions
    )

    (second,) = along(frame, (250, 20), (350, 20))
    (between,) = along(frame, (150, 20), (250, 20))

    assert (round(second.value, 9), second.unit) == (50, MM)
    assert (between.value, between.unit, between.calibration) == (100, PIXELS, NONE)


def test_an_m_mode_trace_measures_time_across_and_depth_down() -> None:
    regions = [part(0, 199, (3, 0.01), (3, 0.01)), part(200, 399, (4, 0.005), (3, 0.02))]
    frame = slice_at(
        None, 1, Modality="US", Rows=400, Columns=400, SequenceOfUltrasoundRegions=regions
    )

    assert told(along(frame, (210, 20), (310, 70))) == [
        ("Time", 0.5, "s", CALIBRATED),
        ("Distance", 10, MM, CALIBRATED),
    ]


def test_a_doppler_trace_measures_time_across_and_speed_down() -> None:
    regions = [part(0, 399, (4, 0.01), (7, -0.5))]  # speed grows upwards
    frame = slice_at(
        None, 1, Modality="US", Rows=400, Columns=400, SequenceOfUltrasoundRegions=regions
    )

    assert told(along(frame, (0, 0), (100, 200))) == [
        ("Time", 1, "s", CALIBRATED),
        ("Velocity", 100, "cm/s", CALIBRATED),
    ]
    assert spacing_of(frame, 10, 10).calibration == NONE


def test_where_regions_overlap_the_one_of_high_priority_counts() -> None:
    below, above = part(0, 399, (3, 0.01), (3, 0.01)), part(100, 199, (3, 0.05), (3, 0.05))
    below.RegionFlags, above.RegionFlags = 1, 0
    frame = slice_at(
        None, 1, Modality="US", Rows=400, Columns=400, SequenceOfUltrasoundRegions=[below, above]
    )

    assert spacing_of(frame, 150, 10).between_columns == pytest.approx(0.5)
    assert spacing_of(frame, 50, 10).between_columns == pytest.approx(0.1)


def test_regions_that_contradict_one_another_measure_nothing() -> None:
    regions = [part(0, 399, (3, 0.01), (3, 0.01)), part(100, 199, (3, 0.05), (3, 0.05))]
    frame = slice_at(
        None, 1, Modality="US", Rows=400, Columns=400, SequenceOfUltrasoundRegions=regions
    )

    assert spacing_of(frame, 150, 10).calibration == NONE
    assert axes_at(frame, (150, 10)) is None
    assert axes_at(frame, (50, 10)) == (Axis(0.1, MM),) * 2


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        (
            {
                "Modality": "DX",
                "PixelSpacing": [0.1, 0.1],
                "PixelSpacingCalibrationType": "FIDUCIAL",
                "PixelSpacingCalibrationDescription": "25 mm ball",
            },
            "by a fiducial: 25 mm ball",
        ),
        (
            {
                "Modality": "DX",
                "PixelSpacing": [0.1, 0.1],
                "PixelSpacingCalibrationType": "GEOMETRY",
            },
            "by the geometry of the device",
        ),
        (
            {
                "Modality": "MG",
                "PixelSpacing": None,
                "ImagerPixelSpacing": [0.15, 0.15],
                "EstimatedRadiographicMagnificationFactor": 1.5,
            },
            "divided by a magnification of 1.5",
        ),
    ],
)
def test_how_a_spacing_was_found_can_be_read(attributes: dict[str, Any], said: str) -> None:
    assert spacing_of(slice_at(None, 1, **attributes)).description == said


def test_enhanced_images_have_their_pixels_measured_frame_by_frame() -> None:
    groups = []
    for size in (0.5, 0.25):
        group, measures = Dataset(), Dataset()
        measures.PixelSpacing = [size, size]
        group.PixelMeasuresSequence = [measures]
        groups.append(group)
    header = header_of(None, 1, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=groups)
    one, other = frames_of(header)

    assert along(one, (0, 0), (100, 0))[0].value == pytest.approx(50)
    assert along(other, (0, 0), (100, 0))[0].value == pytest.approx(25)


def test_enhanced_angiography_is_scaled_for_the_middle_of_its_beam() -> None:
    group, beam, pixels = Dataset(), Dataset(), Dataset()
    beam.ObjectPixelSpacingInCenterOfBeam = [0.2, 0.2]
    pixels.ImagerPixelSpacing = [0.3, 0.3]
    group.ProjectionPixelCalibrationSequence = [beam]
    group.FramePixelDataPropertiesSequence = [pixels]
    frame = slice_at(
        None, 1, Modality="XA", PixelSpacing=None, PerFrameFunctionalGroupsSequence=[group]
    )

    spacing = spacing_of(frame)

    assert (spacing.between_columns, spacing.calibration) == (0.2, ESTIMATED)


def test_slices_of_tomosynthesis_are_no_shadows() -> None:
    group, measures = Dataset(), Dataset()
    measures.PixelSpacing = [0.1, 0.1]
    group.PixelMeasuresSequence = [measures]
    frame = slice_at(
        None,
        1,
        Modality="MG",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.13.1.3",
        SharedFunctionalGroupsSequence=[group],
    )

    assert spacing_of(frame).calibration == CALIBRATED
