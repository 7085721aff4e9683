"""Letters that do not lie, and spacings that say how far they are to be trusted."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.geometry import (
    AT_DETECTOR,
    AT_SCANNER,
    CALIBRATED,
    ESTIMATED,
    NONE,
    Edges,
    Spacing,
    edges_of,
    pixel_aspect,
    spacing_of,
)

MakeFrames = Callable[..., tuple[ImageFrame, ...]]
Vector = NDArray[np.float64]

BLANK = np.zeros((4, 6), np.uint8)


def rotations() -> list[Vector]:
    """The 24 ways to lay a cube, as (row, column) directions, then 20 oblique ones."""
    found = []
    axes = np.vstack([np.eye(3), -np.eye(3)])
    for row, column in itertools.product(axes, axes):
        if abs(row @ column) < 0.5:
            found.append(np.stack([row, column]))
    rng = np.random.default_rng(11)
    for _ in range(20):
        q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        found.append(q[:2])
    return found


def sides(direction: Vector) -> str:
    """An oracle for the letters: loop over the axes, largest part first."""
    letters = ""
    left = direction.copy()
    for _ in range(3):
        axis = int(np.argmax(np.abs(left)))
        if abs(left[axis]) < 0.1:
            break
        letters += ("RAF" if left[axis] < 0 else "LPH")[axis]
        left[axis] = 0
    return letters


@pytest.mark.parametrize("directions", rotations(), ids=lambda d: np.round(d, 2).tolist().__str__())
def test_letters_follow_the_picture_through_turns_and_flips(
    make_frames: MakeFrames, directions: Vector
) -> None:
    (frame,) = make_frames(BLANK)
    frame.header.ImageOrientationPatient = [f"{c:.12f}" for c in directions.ravel()]

    for quarters, mirrored, upended in itertools.product(range(4), (False, True), (False, True)):
        edges = edges_of(frame).turned(quarters)
        edges = edges.mirrored() if mirrored else edges
        edges = edges.upended() if upended else edges

        # the same, done to a picture whose "pixels" are the directions of right and down
        right, down = directions
        for _ in range(quarters):  # clockwise: what pointed down now points left
            right, down = -down, right
        right = -right if mirrored else right
        down = -down if upended else down
        expected = Edges(sides(-right), sides(right), sides(-down), sides(down))
        assert edges == expected


def test_a_chest_film_has_letters_from_its_patient_orientation(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK, Modality="DX", PatientOrientation=["L", "FR"])

    assert edges_of(frame) == Edges(left="R", right="L", top="HL", bottom="FR")
    assert edges_of(frame).turned(1) == Edges(left="FR", right="HL", top="R", bottom="L")


def test_an_animal_has_the_words_of_its_anatomy(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(
        BLANK, AnatomicalOrientationType="QUADRUPED", PatientOrientation=["CD", "V"]
    )

    assert edges_of(frame) == Edges(left="Cr", right="Cd", top="D", bottom="V")


def test_an_animal_with_a_plane_in_space_has_its_own_words_too(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(
        BLANK,
        AnatomicalOrientationType="QUADRUPED",
        ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
    )

    assert edges_of(frame) == Edges(left="Rt", right="Le", top="Cr", bottom="Cd")


@pytest.mark.parametrize("modality", ["DX", "CR", "MG"])
def test_a_film_s_letters_turn_with_it_and_never_stay(
    make_frames: MakeFrames, modality: str
) -> None:
    (frame,) = make_frames(BLANK, Modality=modality, PatientOrientation=["L", "F"])
    edges = edges_of(frame)

    seen = {quarters: edges.turned(quarters) for quarters in range(4)}

    assert seen[0] == Edges("R", "L", "H", "F")
    assert seen[1] == Edges("F", "H", "R", "L")
    assert seen[2] == Edges("L", "R", "F", "H")
    assert seen[3] == Edges("H", "F", "L", "R")
    assert edges.mirrored() == Edges("L", "R", "H", "F")
    assert edges.upended() == Edges("R", "L", "F", "H")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"Modality": "US"},
        {"Modality": "OT"},
        {"PatientOrientation": ["L"]},
        {"PatientOrientation": ["L", "X"]},
        {"PatientOrientation": ["", ""]},
        {"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [1, 0, 0]},
        {"ImageOrientationPatient": [2, 0, 0, 0, 1, 0]},
    ],
)
def test_without_a_sound_orientation_there_are_no_letters(
    make_frames: MakeFrames, attributes: dict[str, Any]
) -> None:
    (frame,) = make_frames(BLANK, **attributes)

    assert edges_of(frame) == Edges() == edges_of(frame).turned(3).mirrored()


def test_a_frame_s_own_plane_wins(make_frames: MakeFrames) -> None:
    plane, measures, group = Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    measures.PixelSpacing = [0.5, 0.25]
    group.PlaneOrientationSequence, group.PixelMeasuresSequence = [plane], [measures]
    (frame,) = make_frames(
        BLANK,
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        PixelSpacing=[1, 1],
        PerFrameFunctionalGroupsSequence=[group],
    )

    assert edges_of(frame) == Edges("A", "P", "H", "F")
    assert spacing_of(frame) == Spacing(0.5, 0.25, CALIBRATED)


def region(x0: int, x1: int, delta: float, units: int = 3) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMaxX1 = x0, x1
    item.RegionLocationMinY0, item.RegionLocationMaxY1 = 0, 99
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta, 2 * delta
    return item


@pytest.mark.parametrize(
    ("attributes", "across", "down", "word"),
    [  # lengths of 100 pixels, in millimetres
        ({"Modality": "CT", "PixelSpacing": [0.5, 0.5]}, 50, 50, CALIBRATED),
        ({"Modality": "MR", "PixelSpacing": [0.8, 0.2]}, 20, 80, CALIBRATED),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.1]}, 10, 20, AT_DETECTOR),
        (
            {"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2]},
            20,
            20,
            AT_DETECTOR,
        ),
        (
            {
                "Modality": "CR",
                "ImagerPixelSpacing": [0.2, 0.2],
                "PixelSpacing": [0.16, 0.16],
                "PixelSpacingCalibrationType": "FIDUCIAL",
            },
            16,
            16,
            CALIBRATED,
        ),
        (
            {
                "Modality": "MG",
                "ImagerPixelSpacing": [0.15, 0.15],
                "EstimatedRadiographicMagnificationFactor": 1.5,
            },
            10,
            10,
            ESTIMATED,
        ),
        ({"Modality": "CR", "NominalScannedPixelSpacing": [0.1, 0.1]}, 10, 10, AT_SCANNER),
        ({"Modality": "OT"}, 0, 0, NONE),
        ({"Modality": "CT", "PixelSpacing": [0, 0.5]}, 0, 0, NONE),
        (
            {
                "Modality": "DX",
                "ImagerPixelSpacing": [0.2, 0.2],
                "EstimatedRadiographicMagnificationFactor": 0,
            },
            20,
            20,
            AT_DETECTOR,
        ),
    ],
)
def test_a_length_has_a_unit_and_a_word_for_its_trust(
    make_frames: MakeFrames, attributes: dict[str, Any], across: float, down: float, word: str
) -> None:
    (frame,) = make_frames(BLANK, **attributes)

    spacing = spacing_of(frame)

    assert spacing.calibration == word
    assert (100 * spacing.between_columns, 100 * spacing.between_rows) == pytest.approx(
        (across, down)
    )


def test_ultrasound_is_measured_region_by_region(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(
        np.zeros((200, 160), np.uint8),
        Modality="US",
        SequenceOfUltrasoundRegions=[
            region(0, 49, 0.01),
            region(50, 99, 0.02),
            region(100, 149, 1, 4),
        ],
    )

    assert spacing_of(frame, 10, 10) == Spacing(0.2, 0.1, CALIBRATED)
    assert spacing_of(frame, 60, 10) == Spacing(0.4, 0.2, CALIBRATED)
    assert spacing_of(frame, 120, 10).calibration == NONE  # seconds
    assert spacing_of(frame, 10, 200).calibration == NONE  # in no region
    assert spacing_of(frame).calibration == NONE  # they differ


@pytest.mark.parametrize(
    ("attributes", "aspect"),
    [
        ({}, 1),
        ({"Modality": "MR", "PixelSpacing": [0.8, 0.2]}, 4),
        ({"PixelAspectRatio": [4, 3]}, 4 / 3),
        ({"PixelAspectRatio": [0, 3]}, 1),
    ],
)
def test_the_aspect_is_height_over_width(
    make_frames: MakeFrames, attributes: dict[str, Any], aspect: float
) -> None:
    (frame,) = make_frames(BLANK, **attributes)

    assert pixel_aspect(frame) == pytest.approx(aspect)


def test_the_sample_slice_lies_as_radiologists_look_at_it() -> None:
    (frame,) = open_frames(Path(str(get_testdata_file("CT_small.dcm"))))

    assert edges_of(frame) == Edges("R", "L", "A", "P")
    assert spacing_of(frame) == Spacing(0.661468, 0.661468, CALIBRATED)
