"""Lengths, areas, angles and values against what can be worked out by hand (traps T2 and T3)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_io.image.annotation import Annotation, Kind, Point, Value
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.geometry import AT_DETECTOR, CALIBRATED, ESTIMATED, NONE
from dicom_io.image.measure import dimensions, measured, reach, spacing_at, ucum

MakeFrames = Callable[..., tuple[ImageFrame, ...]]

BLANK = np.zeros((220, 240), np.uint8)


def mark(frame: ImageFrame, kind: Kind, *points: Point) -> Annotation:
    return Annotation("a", frame.identity, kind, points)


def values(frame: ImageFrame, kind: Kind, *points: Point) -> dict[str, Value]:
    found = measured(mark(frame, kind, *points), frame, frame.stored())
    return {value.name: value for value in found}


def numbers(frame: ImageFrame, kind: Kind, *points: Point) -> dict[str, float]:
    return {name: value.value for name, value in values(frame, kind, *points).items()}


def region(left: int, right: int, delta: float, units: int = 3) -> Dataset:
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMaxX1 = left, right
    item.RegionLocationMinY0, item.RegionLocationMaxY1 = 0, 219
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units, min(units, 3)
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta, delta
    return item


TWO_REGIONS = {
    "Modality": "US",
    "SequenceOfUltrasoundRegions": Sequence([region(0, 119, 0.02), region(120, 239, 0.05)]),
}
# What a file says, then a horizontal and a vertical line of 100 pixels, unit and word.
FILES: dict[str, tuple[dict[str, Any], tuple[float, float, str, str]]] = {
    "isotropic": (
        {"Modality": "CT", "PixelSpacing": [0.7, 0.7]},
        (70.0, 70.0, "mm", CALIBRATED),
    ),
    "anisotropic": (
        {"Modality": "MR", "PixelSpacing": [0.5, 0.25]},
        (25.0, 50.0, "mm", CALIBRATED),
    ),
    "imager only": (
        {"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.1]},
        (10.0, 20.0, "mm", AT_DETECTOR),
    ),
    "both equal": (
        {"Modality": "CR", "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2]},
        (20.0, 20.0, "mm", AT_DETECTOR),
    ),
    "both different": (
        {
            "Modality": "DX",
            "ImagerPixelSpacing": [0.2, 0.2],
            "PixelSpacing": [0.15, 0.15],
            "PixelSpacingCalibrationType": "FIDUCIAL",
        },
        (15.0, 15.0, "mm", CALIBRATED),
    ),
    "both different, by what is not said": (
        {"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.15]},
        (15.0, 15.0, "mm", ESTIMATED),
    ),
    "magnified": (
        {
            "Modality": "MG",
            "ImagerPixelSpacing": [0.15, 0.15],
            "EstimatedRadiographicMagnificationFactor": 1.5,
        },
        (10.0, 10.0, "mm", ESTIMATED),
    ),
    "none": ({"Modality": "OT"}, (100.0, 100.0, "{pixels}", NONE)),
    "ultrasound": (TWO_REGIONS, (20.0, 20.0, "mm", CALIBRATED)),
}


@pytest.mark.parametrize("name", FILES)
def test_lines_of_a_hundred_pixels_have_the_length_unit_and_word_of_their_file(
    make_frames: MakeFrames, name: str
) -> None:
    attributes, (across, down, unit, word) = FILES[name]
    (frame,) = make_frames(BLANK, **attributes)

    horizontal = values(frame, Kind.LENGTH, (10.25, 7), (110.25, 7))["Length"]
    vertical = values(frame, Kind.LENGTH, (10.5, 110), (10.5, 10))["Length"]

    assert horizontal.value == pytest.approx(across, abs=1e-9)
    assert vertical.value == pytest.approx(down, abs=1e-9)
    assert {(one.unit, one.calibration) for one in (horizontal, vertical)} == {(unit, word)}


def test_each_ultrasound_region_has_its_scale_and_none_holds_from_one_to_the_other(
    make_frames: MakeFrames,
) -> None:
    (frame,) = make_frames(BLANK, **TWO_REGIONS)

    right = values(frame, Kind.LENGTH, (130, 5), (230, 5))["Length"]
    both = values(frame, Kind.LENGTH, (70, 5), (170, 5))["Length"]
    outside = values(frame, Kind.RECTANGLE, (200, 5), (239.9, 5000))["Area"]

    assert right.value == pytest.approx(50)
    assert right.unit == "mm"
    assert (both.value, both.unit, both.calibration) == (100, "{pixels}", NONE)
    assert outside.unit == "{pixels}"


def test_two_regions_of_one_scale_are_two_pictures_still(make_frames: MakeFrames) -> None:
    regions = Sequence([region(0, 119, 0.02), region(120, 239, 0.02)])
    (frame,) = make_frames(BLANK, Modality="US", SequenceOfUltrasoundRegions=regions)

    assert values(frame, Kind.LENGTH, (70, 5), (170, 5))["Length"].unit == "{pixels}"
    assert values(frame, Kind.LENGTH, (10, 5), (110, 5))["Length"].value == pytest.approx(20)


def test_regions_over_each_other_must_agree_whichever_end_comes_first(
    make_frames: MakeFrames,
) -> None:
    regions = Sequence([region(0, 239, 0.02), region(100, 150, 0.05)])
    (frame,) = make_frames(BLANK, Modality="US", SequenceOfUltrasoundRegions=regions)
    ends: tuple[Point, Point] = ((10, 5), (120, 5))

    assert spacing_at(frame, ends) == spacing_at(frame, ends[::-1])
    assert spacing_at(frame, ends).calibration == NONE
    assert spacing_at(frame, ((10, 5), (90, 5))).calibration == CALIBRATED


def test_a_trace_beside_the_picture_has_time_and_depth_and_no_length(
    make_frames: MakeFrames,
) -> None:
    regions = Sequence([region(0, 119, 0.02), region(120, 239, 0.004, units=4)])  # s, cm
    (frame,) = make_frames(BLANK, Modality="US", SequenceOfUltrasoundRegions=regions)

    found = numbers(frame, Kind.LENGTH, (130, 5), (230, 55))
    assert found == {"Time": pytest.approx(0.4), "Distance": pytest.approx(2)}
    assert values(frame, Kind.RECTANGLE, (130, 5), (230, 55))["Area"].unit == "{pixels}"


def test_the_far_edges_of_a_region_belong_to_it(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK, **TWO_REGIONS)

    assert values(frame, Kind.LENGTH, (240, 20), (240, 220))["Length"].unit == "mm"
    assert values(frame, Kind.LENGTH, (240.1, 20), (240, 220))["Length"].unit == "{pixels}"


def test_our_line_agrees_with_the_calipers_of_the_scanner() -> None:
    (frame,) = open_frames(Path(str(get_testdata_file("OBXXXX1A.dcm"))))
    calipers: tuple[Point, Point] = ((460, 291), (499, 302))  # the middles of the two crosses

    found = values(frame, Kind.LENGTH, *calipers)["Length"]

    assert round(found.value / 10, 2) == 1.06  # cm, burnt into the picture
    assert (found.unit, found.calibration) == ("mm", CALIBRATED)


def test_a_picture_made_smaller_than_its_regions_has_no_millimetres() -> None:
    frame = open_frames(Path(str(get_testdata_file("examples_ybr_color.dcm"))))[0]
    (whole,) = frame.header.SequenceOfUltrasoundRegions
    assert whole.RegionLocationMaxX1 > frame.columns  # the regions are those of a larger picture

    assert values(frame, Kind.LENGTH, (100, 60), (150, 60))["Length"].unit == "{pixels}"


def test_a_region_that_claims_nothing_takes_no_scale_away(make_frames: MakeFrames) -> None:
    nothing, scan = region(0, 239, 1.0, units=0), region(0, 200, 0.02)
    nothing.RegionSpatialFormat = nothing.RegionDataType = 0
    (frame,) = make_frames(
        BLANK, Modality="US", SequenceOfUltrasoundRegions=Sequence([nothing, scan])
    )

    assert values(frame, Kind.LENGTH, (70, 5), (170, 5))["Length"].value == pytest.approx(20)
    assert values(frame, Kind.LENGTH, (70, 5), (230, 5))["Length"].unit == "{pixels}"


# --- angles ---


def test_angles_are_taken_in_millimetres_where_pixels_are_no_squares(
    make_frames: MakeFrames,
) -> None:
    (frame,) = make_frames(BLANK, Modality="MR", PixelSpacing=[2.0, 1.0])

    found = values(frame, Kind.ANGLE, (50, 10), (10, 10), (30, 20))["Angle"]

    assert found.value == pytest.approx(45)  # 20 columns are 20 mm, and so are 10 rows
    assert (found.unit, found.calibration) == ("deg", "")


def test_angles_follow_the_pixel_aspect_ratio_and_say_when_nothing_is_known(
    make_frames: MakeFrames,
) -> None:
    points: tuple[Point, ...] = ((50, 10), (10, 10), (30, 20))
    (shaped,) = make_frames(BLANK, PixelAspectRatio=[2, 1])
    (unknown,) = make_frames(BLANK)

    assert values(shaped, Kind.ANGLE, *points)["Angle"].value == pytest.approx(45)
    assert values(shaped, Kind.ANGLE, *points)["Angle"].calibration == ""
    taken = values(unknown, Kind.ANGLE, *points)["Angle"]
    assert taken.value == pytest.approx(math.degrees(math.atan(0.5)))
    assert taken.calibration == NONE


@pytest.mark.parametrize("degrees", [0, 0.001, 30, 90, 135, 179.999, 180])
def test_angles_run_from_0_to_180(make_frames: MakeFrames, degrees: float) -> None:
    (frame,) = make_frames(BLANK, Modality="CT", PixelSpacing=[0.5, 0.5])
    end = (100 + 50 * math.cos(math.radians(degrees)), 100 + 50 * math.sin(math.radians(degrees)))

    found = numbers(frame, Kind.ANGLE, (150, 100), (100, 100), end)

    assert found == {"Angle": pytest.approx(degrees, abs=1e-6)}


@pytest.mark.parametrize(("first", "second"), list(itertools.product((False, True), repeat=2)))
def test_cobb_angles_do_not_ask_which_way_a_line_was_drawn(
    make_frames: MakeFrames, first: bool, second: bool
) -> None:
    (frame,) = make_frames(BLANK, Modality="CT", PixelSpacing=[0.5, 0.5])
    upper: tuple[Point, ...] = ((20, 40), (120, 40 - 100 * math.tan(math.radians(20))))
    lower: tuple[Point, ...] = ((20, 100), (120, 100 + 100 * math.tan(math.radians(35))))

    found = numbers(
        frame, Kind.COBB, *(upper[::-1] if first else upper), *(lower[::-1] if second else lower)
    )

    assert found == {
        "Cobb angle": pytest.approx(55),
        "Supplementary angle": pytest.approx(125),
    }


def test_arms_without_length_make_no_angle(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK)

    assert values(frame, Kind.ANGLE, (10, 10), (10, 10), (30, 20)) == {}
    assert values(frame, Kind.COBB, (10, 10), (10, 10), (30, 20), (40, 20)) == {}


# --- areas ---


def test_areas_are_those_of_the_drawn_shape(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK, Modality="MR", PixelSpacing=[0.5, 0.25])
    corners: tuple[Point, Point] = ((110.5, 20.25), (10.5, 60.25))

    area = values(frame, Kind.RECTANGLE, *corners)["Area"]
    assert area.value == pytest.approx(100 * 0.25 * 40 * 0.5)
    assert (area.unit, area.calibration) == ("mm2", CALIBRATED)
    assert numbers(frame, Kind.ELLIPSE, *corners)["Area"] == pytest.approx(math.pi / 4 * 500)
    triangle: tuple[Point, ...] = ((10, 10), (50, 10), (10, 70))
    assert numbers(frame, Kind.FREEHAND, *triangle)["Area"] == pytest.approx(1200 * 0.125)


def test_a_freehand_circle_comes_near_the_circle(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK)
    turns = np.linspace(0, 2 * math.pi, 720, endpoint=False)
    points = [(100 + 60 * math.cos(t), 100 + 60 * math.sin(t)) for t in turns]

    found = values(frame, Kind.FREEHAND, *points)

    assert found["Area"].value == pytest.approx(math.pi * 3600, rel=1e-4)
    assert (found["Area"].unit, found["Area"].calibration) == ("{pixels}", NONE)


def test_bidirectional_gives_the_longer_axis_first_whatever_was_drawn_first(
    make_frames: MakeFrames,
) -> None:
    (frame,) = make_frames(BLANK, Modality="CT", PixelSpacing=[0.5, 0.5])

    one = numbers(frame, Kind.BIDIRECTIONAL, (0, 10), (80, 10), (40, 0), (40, 30))
    other = numbers(frame, Kind.BIDIRECTIONAL, (40, 0), (40, 30), (0, 10), (80, 10))

    assert one == other == {"Long axis": 40, "Short axis": 15}


# --- the values inside (T2) ---

RAMP = np.arange(40 * 50).reshape(40, 50)


def inside_by_hand(kind: Kind, points: tuple[Point, ...]) -> NDArray[np.bool_]:
    """Pixel for pixel, the plainest way."""
    mask = np.zeros(RAMP.shape, np.bool_)
    (x0, y0), (x1, y1) = points[:2]
    for row, column in itertools.product(range(40), range(50)):
        x, y = column + 0.5, row + 0.5
        if kind is Kind.RECTANGLE:
            inside = min(x0, x1) <= x < max(x0, x1) and min(y0, y1) <= y < max(y0, y1)
        elif kind is Kind.ELLIPSE:
            across, down = abs(x1 - x0) / 2, abs(y1 - y0) / 2
            inside = ((x - (x0 + x1) / 2) / across) ** 2 + ((y - (y0 + y1) / 2) / down) ** 2 <= 1
        else:  # a ray to the right meets the outline an odd number of times
            inside = False
            for (ax, ay), (bx, by) in zip(points, (*points[1:], points[0]), strict=True):
                if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                    inside = not inside
        mask[row, column] = inside
    return mask


SHAPES: dict[str, tuple[Kind, tuple[Point, ...]]] = {
    "rectangle": (Kind.RECTANGLE, ((30.2, 8.7), (3.4, 31.9))),
    "rectangle through centres": (Kind.RECTANGLE, ((4.5, 5.5), (14.5, 25.5))),
    "rectangle beyond the image": (Kind.RECTANGLE, ((-20, -3.2), (12.6, 100))),
    "ellipse": (Kind.ELLIPSE, ((5.3, 4.1), (41.7, 33.3))),
    "freehand": (Kind.FREEHAND, ((4.2, 3.1), (44.9, 9.3), (20.3, 15.2), (38.1, 37.7), (6.6, 30.3))),
}
# stored type, attributes, stored -> modality value
PIXELS: dict[str, tuple[str, dict[str, Any], Callable[[Any], Any]]] = {
    "unsigned": ("u2", {}, lambda v: v * 1.0),
    "signed": ("i2", {"RescaleSlope": 1, "RescaleIntercept": -24}, lambda v: v - 24.0),
    "twelve bits": ("u2", {"BitsStored": 12, "HighBit": 11, "RescaleIntercept": -1024,
                           "RescaleSlope": 1, "Modality": "CT"}, lambda v: v - 1024.0),
    "negative slope": ("u2", {"RescaleSlope": -0.5, "RescaleIntercept": 7.25},
                       lambda v: -0.5 * v + 7.25),
    "small slope": ("u2", {"RescaleSlope": "1.25e-05", "RescaleIntercept": 0},
                    lambda v: 1.25e-5 * v),
    "inverted": ("u2", {"PhotometricInterpretation": "MONOCHROME1"}, lambda v: v * 1.0),
    "floats": ("f4", {}, lambda v: v * 1.0),
}  # fmt: skip


@pytest.mark.parametrize(("shape", "pixels"), list(itertools.product(SHAPES, PIXELS)))
def test_statistics_are_those_of_the_pixels_whose_centres_lie_inside(
    make_frames: MakeFrames, shape: str, pixels: str
) -> None:
    kind, points = SHAPES[shape]
    dtype, attributes, modality = PIXELS[pixels]
    offset = -1000 if dtype == "i2" else 0
    (frame,) = make_frames((RAMP + offset).astype(dtype), **attributes)
    expected = modality((RAMP + offset)[inside_by_hand(kind, points)].astype(np.float64))

    found = numbers(frame, kind, *points)

    assert found["Pixels"] == expected.size
    assert found["Mean"] == pytest.approx(expected.mean(), abs=1e-6)
    assert found["Standard deviation"] == pytest.approx(expected.std(), abs=1e-6)
    assert found["Minimum"] == pytest.approx(expected.min(), abs=1e-9)
    assert found["Maximum"] == pytest.approx(expected.max(), abs=1e-9)


@pytest.mark.parametrize("pixels", PIXELS)
def test_a_probe_gives_the_very_value_of_its_pixel(make_frames: MakeFrames, pixels: str) -> None:
    dtype, attributes, modality = PIXELS[pixels]
    offset = -1000 if dtype == "i2" else 0
    (frame,) = make_frames((RAMP + offset).astype(dtype), **attributes)

    for column, row in ((0, 0), (49, 39), (17, 23)):
        found = numbers(frame, Kind.PROBE, (column + 0.999, row + 0.001))
        assert found == {"Value": modality(float(RAMP[row, column] + offset))}


def test_large_offsets_lose_no_digits_of_the_deviation(make_frames: MakeFrames) -> None:
    ramp = np.tile(np.arange(2, dtype=np.uint16), (1500, 750)) + np.uint16(65000)
    (frame,) = make_frames(ramp, RescaleSlope=1, RescaleIntercept=1e9)

    found = numbers(frame, Kind.RECTANGLE, (0, 0), (1500, 1500))

    assert found["Pixels"] == 1500 * 1500
    assert found["Mean"] == pytest.approx(1e9 + 65000.5, abs=1e-5)
    assert found["Standard deviation"] == pytest.approx(0.5, abs=1e-9)


def test_padding_is_left_out_of_statistics_and_probes(make_frames: MakeFrames) -> None:
    ct = np.full((20, 20), 1064, np.int16)
    ct[:, :7] = -2000
    ct[3, :] = -1990  # within the range of padding
    (frame,) = make_frames(
        ct, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024, PixelPaddingValue=-2000,
        PixelPaddingRangeLimit=-1980,
    )  # fmt: skip

    found = values(frame, Kind.ELLIPSE, (0, 0), (20, 20))

    assert (found["Mean"].value, found["Minimum"].value, found["Maximum"].value) == (40, 40, 40)
    assert found["Mean"].unit == "[hnsf'U]"
    assert values(frame, Kind.PROBE, (2.5, 10)) == {}
    assert values(frame, Kind.PROBE, (12.99, 10))["Value"] == Value("Value", 40, "[hnsf'U]")
    assert values(frame, Kind.RECTANGLE, (0, 0), (5, 20)).keys() == {"Area", "Pixels"}


def test_a_frame_s_own_rescale_counts(make_frames: MakeFrames) -> None:
    def group(slope: float) -> Dataset:
        transformation, item = Dataset(), Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = slope, -10
        transformation.RescaleType = "HU"
        item.PixelValueTransformationSequence = [transformation]
        return item

    stack = np.stack([np.full((8, 8), 30, np.uint16)] * 2)
    frames = make_frames(
        stack, Modality="CT", PerFrameFunctionalGroupsSequence=[group(1), group(2.5)]
    )

    means = [values(frame, Kind.RECTANGLE, (0, 0), (8, 8))["Mean"] for frame in frames]

    assert [(one.value, one.unit) for one in means] == [(20, "[hnsf'U]"), (65, "[hnsf'U]")]


def test_a_modality_table_is_looked_up_before_the_mean_is_taken(make_frames: MakeFrames) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4, 0, 16])
    table.add_new("LUTData", "US", [0, 10, 100, 1000])
    table.ModalityLUTType = "OD"
    values_of = np.tile(np.arange(4, dtype=np.uint16), (4, 1))
    (frame,) = make_frames(
        values_of, BitsStored=12, HighBit=11, ModalityLUTSequence=Sequence([table])
    )

    assert numbers(frame, Kind.RECTANGLE, (0, 0), (4, 4))["Mean"] == 277.5


def test_what_is_no_number_is_left_out(make_frames: MakeFrames) -> None:
    parametric = np.full((6, 6), 2.5, np.float32)
    parametric[0, 0], parametric[0, 1] = np.nan, np.inf
    (frame,) = make_frames(parametric)

    found = numbers(frame, Kind.RECTANGLE, (0, 0), (6, 6))

    assert (found["Pixels"], found["Mean"], found["Maximum"]) == (34, 2.5, 2.5)
    assert values(frame, Kind.PROBE, (0.5, 0.5)) == {}


def test_colour_has_an_area_and_under_a_probe_its_parts(make_frames: MakeFrames) -> None:
    rgb = np.zeros((10, 12, 3), np.uint8)
    rgb[4, 7] = 10, 20, 30
    (frame,) = make_frames(rgb)

    assert numbers(frame, Kind.RECTANGLE, (0, 0), (4, 4)) == {"Area": 16}
    probed = numbers(frame, Kind.PROBE, (7.9, 4.1))
    assert probed == {"Red": 10, "Green": 20, "Blue": 30}


@pytest.mark.parametrize(
    ("said", "unit"),
    [("BQML", "Bq/ml"), ("GML", "g/ml"), ("CNTS", "{counts}"), ("ODD", "{ODD}")],
)
def test_pet_has_the_unit_that_the_file_says(make_frames: MakeFrames, said: str, unit: str) -> None:
    (frame,) = make_frames(
        np.full((8, 8), 4, np.uint16), Modality="PT", Units=said, RescaleSlope=0.5,
        RescaleIntercept=0,
    )  # fmt: skip

    found = values(frame, Kind.RECTANGLE, (0, 0), (8, 8))["Mean"]

    assert (found.value, found.unit) == (2, unit)
    assert (ucum(""), ucum("odd {x}")) == ("1", "{odd x}")


# --- shapes that cross themselves, and bad input ---


def test_a_line_that_crosses_itself_encloses_both_loops(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK)
    eight: tuple[Point, ...] = ((10, 10), (50, 50), (50, 10), (10, 50))

    found = numbers(frame, Kind.FREEHAND, *eight)

    assert found["Area"] == pytest.approx(800)  # two triangles; a shoelace would say 0
    assert found["Pixels"] == pytest.approx(800, abs=45)


def test_an_end_that_runs_past_its_beginning_is_no_hole(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK)
    once: tuple[Point, ...] = ((10, 10), (60, 10), (60, 60), (10, 60))
    overlapping = (*once, (5, 5), (30, 5), (30, 30))

    assert numbers(frame, Kind.FREEHAND, *overlapping)["Pixels"] >= 2500
    assert numbers(frame, Kind.FREEHAND, *overlapping)["Area"] > 2500


@pytest.mark.parametrize("seed", range(5))
def test_areas_of_tangled_lines_agree_with_a_fine_count(make_frames: MakeFrames, seed: int) -> None:
    (frame,) = make_frames(np.zeros((2000, 2000), np.uint8))
    points = np.random.default_rng(seed).uniform(0, 2000, (9, 2))

    found = numbers(frame, Kind.FREEHAND, *((float(x), float(y)) for x, y in points))

    assert found["Area"] == pytest.approx(found["Pixels"], rel=5e-3)


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        (Kind.LENGTH, ((1, 1),)),
        (Kind.LENGTH, ()),
        (Kind.LENGTH, ((1, 1), (math.nan, 2))),
        (Kind.ELLIPSE, ((1, 1), (math.inf, 2))),
        (Kind.RECTANGLE, ((1, 1), (1e300, 2))),
        (Kind.FREEHAND, ((1, 1), (2, 2))),
        (Kind.ARROW, ((1, 1), (2, 2))),
        (Kind.TEXT, ((1, 1),)),
        (Kind.PROBE, ((-0.1, 1),)),
        (Kind.PROBE, ((1, 220),)),
    ],
)
def test_what_is_no_whole_mark_measures_nothing(
    make_frames: MakeFrames, kind: Kind, points: tuple[Point, ...]
) -> None:
    (frame,) = make_frames(BLANK)

    assert measured(mark(frame, kind, *points), frame, frame.stored()) == ()
    assert reach(mark(frame, kind, *points), frame) >= 0


@pytest.mark.parametrize("kind", [Kind.ELLIPSE, Kind.RECTANGLE])
def test_shapes_without_extent_hold_no_pixel(make_frames: MakeFrames, kind: Kind) -> None:
    (frame,) = make_frames(BLANK)

    assert numbers(frame, kind, (5.5, 5.5), (5.5, 9)) == {"Area": 0, "Pixels": 0}
    assert numbers(frame, kind, (500, 500), (600, 600))["Pixels"] == 0
    assert numbers(frame, Kind.FREEHAND, (5, 5), (5, 5), (5, 5)) == {"Area": 0, "Pixels": 0}


def test_a_mark_of_another_frame_is_never_measured(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(BLANK)
    other = replace(mark(frame, Kind.LENGTH, (1, 1), (5, 5)), identity=frame.identity.of_frame(2))

    with pytest.raises(ValueError, match="another frame"):
        dimensions(other, frame)
