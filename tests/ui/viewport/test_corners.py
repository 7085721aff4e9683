"""Each corner says what a reader of the modality expects, and never more than there is room for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_io.image.acquisition import acquisition_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Orientation
from tests.ui.films import film, sample
from ui.viewport.corners import (
    acquisition_texts,
    identity_texts,
    lying_text,
    named,
    spoken_time,
    thinned,
)
from ui.viewport.overlay import Marks, shortened
from ui.viewport.placement import Placement
from ui.viewport.viewport import Viewport

Show = Callable[[Sequence[ImageFrame]], Viewport]
BLACK = np.zeros((4, 4), np.uint8)


def texts(**header: Any) -> tuple[str, ...]:
    return acquisition_texts(film(BLACK, **header))


def group(**values: object) -> Items:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Items([item])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            {"Modality": "CT", "KVP": 120, "Exposure": 200, "SliceThickness": 1.25,
             "SliceLocation": -12.5},
            ("120 kVp · 200 mAs", "Slice 1.25 mm · at -12.5 mm"),
        ),
        ({"Modality": "CT"}, ("– kVp · – mAs", "Slice – mm · at – mm")),
        (
            {"Modality": "MR", "RepetitionTime": 2500, "EchoTime": 90.5, "FlipAngle": 150,
             "SliceThickness": 4},
            ("TR 2500 ms · TE 90.5 ms · Flip 150°", "Slice 4 mm · at – mm"),
        ),
        (
            {"Modality": "MR", "InversionTime": 150},
            ("TR – ms · TE – ms · TI 150 ms · Flip –°", "Slice – mm · at – mm"),
        ),
        (
            {"Modality": "MG", "ImageLaterality": "R", "ViewPosition": "MLO", "KVP": 28,
             "ExposureInuAs": 84500},
            ("Side right · View MLO", "28 kVp · 84.5 mAs"),
        ),
        (
            {"Modality": "DX", "Laterality": "L", "XRayTubeCurrent": 320, "ExposureTime": 25},
            ("Side left · View –", "– kVp · 8 mAs"),
        ),
        ({"Modality": "US"}, ()),
        ({"Modality": "OT", "ContrastBolusAgent": "Iomeron\n400"}, ("Contrast Iomeron 400",)),
        (
            {"Modality": "OT", "NominalPercentageOfCardiacPhase": 75, "TriggerTime": 612.5},
            ("Phase 75 % · Trigger 612.5 ms",),
        ),
        (
            {"Modality": "OT", "TemporalPositionIdentifier": 3, "NumberOfTemporalPositions": 20},
            ("Time 3 of 20",),
        ),
        ({"Modality": "OT", "AcquisitionTime": "101112.50"}, ("Taken 10:11:12",)),
    ],
)  # fmt: skip
def test_what_is_expected_stands_there_and_a_dash_for_what_is_missing(
    header: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert texts(**header) == expected


def test_a_frames_own_groups_come_first() -> None:
    one = Dataset()
    one.MREchoSequence = group(EffectiveEchoTime=30.0)
    one.PixelMeasuresSequence = group(SliceThickness=2.5)
    one.FrameContentSequence = group(FrameAcquisitionDateTime="20200101093005.2")
    frame = film(
        BLACK,
        Modality="MR",
        EchoTime=99,
        SliceThickness=9,
        PerFrameFunctionalGroupsSequence=Items([one]),
        SharedFunctionalGroupsSequence=group(
            MRTimingAndRelatedParametersSequence=group(RepetitionTime=800.0, FlipAngle=20.0)
        ),
    )

    assert acquisition_texts(frame) == (
        "TR 800 ms · TE 30 ms · Flip 20°",
        "Slice 2.5 mm · at – mm",
        "Taken 09:30:05",
    )


def test_without_a_slice_location_the_position_along_the_normal_stands_there() -> None:
    frame = film(
        BLACK,
        Modality="CT",
        PixelSpacing=[1, 1],
        ImagePositionPatient=[-100, -90, 42.5],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
    )

    assert acquisition_of(frame).location == 42.5


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        ({"LossyImageCompression": "01", "LossyImageCompressionRatio": 12}, "Lossy 12:1"),
        (
            {"LossyImageCompression": "01", "LossyImageCompressionRatio": [12.5, 2]},
            "Lossy 12.5:1, 2:1",
        ),
        ({"LossyImageCompression": "01"}, "Lossy by an unknown ratio"),
    ],
)
def test_lossy_compression_is_marked_and_stays_when_little_is_said(
    showing: Show, header: dict[str, Any], mark: str
) -> None:
    viewport = showing([film(np.zeros((40, 40), np.uint8), **header)])

    marks = viewport._marks
    assert marks is not None
    assert mark in marks.top_right
    assert thinned(marks, "minimal").top_right == (mark,)
    assert mark in shortened(marks.top_right, 2, marks.lossy)


def test_a_lossy_transfer_syntax_is_marked_even_when_the_file_does_not_own_up() -> None:
    assert "Lossy" in acquisition_texts(sample("SC_rgb_jpeg_dcmtk.dcm")[0])[-1]
    assert not any("Lossy" in line for line in texts(Modality="OT"))


@pytest.mark.parametrize("value", ["nan", "inf", "", None])
def test_wrong_numbers_are_dashes(value: object) -> None:
    frame = film(BLACK, Modality="CT")
    with warnings.catch_warnings():  # pydicom complains, and keeps the value
        warnings.simplefilter("ignore")
        frame.header.SliceLocation = frame.header.KVP = value if value else None

    assert texts(Modality="CT") == acquisition_texts(frame)


def test_detail_is_full_minimal_or_none() -> None:
    marks = Marks(
        film(BLACK).identity,
        top_left=("Series 1", "A notice"),
        top_right=("120 kVp", "Lossy 5:1"),
        bottom_left=("Zoom 100 %",),
        letters=("R", "L", "H", "F"),
        column_mm=1,
        lossy="Lossy 5:1",
    )

    assert thinned(marks, "full") == marks
    little = thinned(marks, "minimal")
    assert (little.top_left, little.top_right) == (("Series 1",), ("Lossy 5:1",))
    assert (little.letters, little.bottom_left) == (marks.letters, marks.bottom_left)
    assert thinned(marks, "none") == Marks(marks.identity)


def test_a_small_pane_says_that_lines_are_missing() -> None:
    lines = tuple("abcdefgh")

    assert shortened(lines, 8) == lines
    assert shortened(lines, 3) == ("a", "b", "…")
    assert shortened(lines, 3, "h") == ("a", "…", "h")
    assert shortened(lines, 1, "h") == ("h",)
    assert shortened(lines, 1) == ("a",)


def test_whose_image_it_is_for_a_film_without_a_banner() -> None:
    frame = film(
        BLACK, PatientName="Curie^Marie", PatientID="7", PatientSex="F", InstitutionName="Sorbonne"
    )

    said = identity_texts(frame)

    assert said[:3] == ("Curie, Marie", "ID 7", "born – · sex F")
    assert said[3:5] == ("Acc. –", "Sorbonne")
    marks = Marks(frame.identity, top_left=("Series 1",))
    assert named(marks, frame).top_left == (*said, "Series 1")
    other = film(BLACK, study=2)
    assert named(marks, other) == marks


def test_how_the_picture_lies_is_said() -> None:
    place = Placement(4, 4)

    assert lying_text(place) == ""
    assert lying_text(place.oriented(Orientation(True, 3))) == "Turned 270° · Mirrored"


@pytest.mark.parametrize(
    ("time", "spoken"),
    [("101112.345", "10:11:12"), ("10:11:12", "10:11:12"), ("1011", "10:11"), ("x", ""), ("", "")],
)
def test_times_are_clock_times(time: str, spoken: str) -> None:
    assert spoken_time(time) == spoken
