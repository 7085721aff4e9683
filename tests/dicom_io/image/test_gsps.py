"""Presentation states of other makers: what is said is applied, and what is wrong is told."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.applying import greys_of
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.gsps import (
    COLOR,
    XA_XRF,
    corners_of,
    is_presentation_state,
    orientation_of,
    read_state,
    rotation_of,
)
from dicom_io.image.gsps_graphics import rgb_of_lab
from dicom_io.image.presentation import Graphic, Orientation, Presentation, Shape, Shutter, Sizing
from dicom_io.image.render import Window
from dicom_io.report.header import Software
from dicom_io.report.presentation_state import build_presentation, encoded


@pytest.fixture(scope="module")
def frame() -> ImageFrame:
    path = get_testdata_file("CT_small.dcm")
    assert isinstance(path, str)
    return open_frames(Path(path))[0]


@pytest.fixture
def state(frame: ImageFrame) -> Dataset:
    """A state with one of everything, as another maker would write it."""
    image = frame.identity.of_frame(0)
    graphics = (
        Graphic(Shape.POINT, ((64.0, 64.0),), (image,)),
        Graphic(Shape.POLYLINE, ((1.0, 2.0), (30.0, 40.0), (50.0, 2.0)), (image,)),
        Graphic(Shape.INTERPOLATED, ((1.0, 2.0), (30.0, 40.0), (50.0, 2.0)), (image,)),
        Graphic(Shape.CIRCLE, ((40.0, 40.0), (60.0, 40.0)), (image,)),
        Graphic(Shape.ELLIPSE, ((1.0, 5.0), (9.0, 5.0), (5.0, 2.0), (5.0, 8.0)), (image,)),
        Graphic(Shape.TEXT, ((5.0, 5.0), (60.0, 12.0)), (image,), text="Note", anchor=(4.0, 4.0)),
    )
    mark = Annotation("m", frame.identity, Kind.LENGTH, ((1.0, 2.0), (30.0, 40.0)), "words")
    seen = Presentation(
        (image,),
        Window(40, 400),
        "INVERSE",
        Orientation(True, 1),
        (10, 20, 100, 110),
        Shutter((1, 2, 100, 110), (50, 60, 20), ((1, 1), (50, 1), (30, 40))),
        annotations=(mark,),
        graphics=graphics,
    )
    made = build_presentation(seen, [frame.header], Software.installed())
    return pydicom.dcmread(BytesIO(encoded(made)))


# C.10.6: the image is turned clockwise first and flipped left to right then.
CORNERS = np.array([["a", "b"], ["c", "d"]])


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("flipped", [False, True])
def test_turning_and_then_flipping_is_told_as_mirroring_and_then_turning(
    degrees: int, flipped: bool
) -> None:
    expected = np.rot90(CORNERS, -degrees // 90)
    expected = expected[:, ::-1] if flipped else expected

    ours = orientation_of(degrees, flipped)

    seen = CORNERS[:, ::-1] if ours.mirrored else CORNERS
    assert np.array_equal(np.rot90(seen, -ours.quarters), expected)
    assert rotation_of(ours) == (degrees, flipped)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("flipped", [False, True])
def test_the_corners_of_an_area_are_those_that_are_seen(degrees: int, flipped: bool) -> None:
    """C.10.4: top left and bottom right after the image was turned, counted before."""
    pixels = np.array([[(c, r) for c in range(1, 6)] for r in range(1, 4)], "i,i")
    seen = np.rot90(pixels, -degrees // 90)
    seen = seen[:, ::-1] if flipped else seen

    first, last = corners_of((0, 0, 5, 3), orientation_of(degrees, flipped))

    assert (first, last) == (tuple(seen[0, 0]), tuple(seen[-1, -1]))


def test_everything_sound_is_read_without_a_notice(state: Dataset) -> None:
    found = read_state(state)

    (part,) = found.parts
    assert found.notices == ()
    assert (part.shape, part.window) == ("INVERSE", Window(40, 400))
    assert [one.shape for one in part.graphics] == list(Shape)
    assert part.shutter is not None and part.shutter.rectangle == (1, 2, 100, 110)


def test_layers_are_drawn_in_their_order(state: Dataset) -> None:
    top, bottom = Dataset(), Dataset()
    top.GraphicLayer, top.GraphicLayerOrder = "TOP", 9
    bottom.GraphicLayer, bottom.GraphicLayerOrder = "BOTTOM", 2
    bottom.GraphicLayerRecommendedDisplayGrayscaleValue = 65535
    state.GraphicLayerSequence = [top, bottom]
    for item in state.GraphicAnnotationSequence:
        item.GraphicLayer = "TOP"
    state.GraphicAnnotationSequence[-1].GraphicLayer = "BOTTOM"

    graphics = read_state(state).parts[0].graphics

    assert graphics[0].layer == "BOTTOM" and graphics[0].text == "Note"
    assert graphics[0].colour == (255, 255, 255)
    assert {one.layer for one in graphics[1:]} == {"TOP"}


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [
        ((65535, 32896, 32896), (255, 255, 255)),
        ((0, 32896, 32896), (0, 0, 0)),
        # L*a*b* (D50) of sRGB's red, as its definition gives it: 54.29, 80.81, 69.89
        ((35580, 53662, 50855), (255, 0, 0)),
    ],
)
def test_a_layers_colour_is_that_of_its_cielab_value(
    lab: tuple[float, float, float], rgb: tuple[int, int, int]
) -> None:
    assert np.abs(np.array(rgb_of_lab(*lab)) - rgb).max() <= 3


def compound(kind: str, points: list[float], **more: Any) -> Dataset:
    item = Dataset()
    item.CompoundGraphicType, item.CompoundGraphicInstanceID = kind, 7
    item.CompoundGraphicUnits, item.GraphicDimensions = "PIXEL", 2
    item.NumberOfGraphicPoints = len(points) // 2
    item.GraphicData = points
    for keyword, value in more.items():
        setattr(item, keyword, value)
    return item


@pytest.mark.parametrize(
    ("kind", "points", "lines"),
    [
        ("MULTILINE", [0, 0, 1, 1, 2, 2, 3, 3], 2),
        ("ARROW", [0, 0, 10, 10], 2),
        ("RECTANGLE", [0, 0, 10, 10], 1),
        ("ELLIPSE", [0, 5, 10, 5, 5, 0, 5, 10], 1),
        ("CROSSHAIR", [5, 5], 1),
    ],
)
def test_compound_graphics_are_drawn_where_no_plain_ones_stand_for_them(
    kind: str, points: list[float], lines: int, state: Dataset
) -> None:
    item = state.GraphicAnnotationSequence[1]
    del item.GraphicObjectSequence
    item.CompoundGraphicSequence = [compound(kind, points)]

    before = len(read_state(state).parts[0].graphics)
    plain = Dataset()
    plain.GraphicAnnotationUnits, plain.GraphicType = "PIXEL", "POLYLINE"
    plain.GraphicDimensions, plain.GraphicData = 2, [0.0, 0.0, 5.0, 5.0]
    plain.CompoundGraphicInstanceID = 7
    item.GraphicObjectSequence = [plain]
    after = read_state(state)

    assert before == 5 + lines
    assert len(after.parts[0].graphics) == 5 + 1
    assert after.notices == ()


def test_a_ruler_is_drawn_as_a_line_and_said(state: Dataset) -> None:
    item = state.GraphicAnnotationSequence[1]
    item.CompoundGraphicSequence = [compound("RULER", [0, 0, 10, 10])]

    assert "A ruler is drawn as a plain line." in read_state(state).notices


BROKEN: list[tuple[str, Any, str]] = [
    ("ImageRotation", 45, "not turned"),
    ("ImageHorizontalFlip", "X", "not turned"),
    ("PresentationLUTShape", "ODD", "image's own is used"),
    ("SoftcopyVOILUTSequence.WindowWidth", 0, "is not used"),
    ("SoftcopyVOILUTSequence.WindowWidth", None, "no centre or no width"),
    ("SoftcopyVOILUTSequence.VOILUTFunction", "CUBIC", "not known"),
    ("SoftcopyVOILUTSequence.WindowCenter", [40, 50], "the first is used"),
    ("RescaleSlope", 0, "makes no sense"),
    ("DisplayedAreaSelectionSequence.DisplayedAreaTopLeftHandCorner", None, "whole image is shown"),
    ("DisplayedAreaSelectionSequence.PresentationSizeMode", "HUGE", "the area is fitted"),
    ("DisplayedAreaSelectionSequence.PresentationSizeMode", "MAGNIFY", "the area is fitted"),
    ("ReferencedSeriesSequence", [], "applied to none"),
    ("GraphicLayerSequence", [], "does not define"),
    ("GraphicAnnotationSequence.1.GraphicObjectSequence.GraphicData", [1.0], "left out"),
    ("GraphicAnnotationSequence.1.GraphicObjectSequence.GraphicType", "CUBE", "not known"),
    ("GraphicAnnotationSequence.1.GraphicObjectSequence.GraphicDimensions", 3, "dimensions"),
    ("GraphicAnnotationSequence.1.GraphicObjectSequence.GraphicAnnotationUnits", "MM", "units"),
    ("GraphicAnnotationSequence.-1.TextObjectSequence.UnformattedTextValue", "", "empty"),
    ("ShutterShape", ["BITMAP"], "bitmap"),
    ("RadiusOfCircularShutter", None, "not applied"),
]


@pytest.mark.parametrize(("place", "value", "told"), BROKEN)
def test_each_broken_thing_is_told_and_the_rest_is_applied(
    place: str, value: Any, told: str, state: Dataset
) -> None:
    target: Any = state
    *path, keyword = place.split(".")
    for step in path:
        target = target[int(step)] if step.lstrip("-").isdigit() else getattr(target, step)
        if not isinstance(target, Dataset) and step not in ("GraphicAnnotationSequence",):
            target = target[0]
    if value is None:
        del target[keyword]
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            setattr(target, keyword, value)

    found = read_state(state)

    assert any(told in notice for notice in found.notices), found.notices
    assert all(notice.endswith(".") for notice in found.notices)
    if keyword not in ("ReferencedSeriesSequence",):
        assert found.parts[0].graphics
        assert found.annotations() or "layer" in told or keyword == "ReferencedSeriesSequence"


def elements_of(dataset: Dataset) -> Iterator[tuple[Dataset, DataElement]]:
    for element in list(dataset):
        yield dataset, element
        if element.VR == "SQ":
            for item in element.value:
                yield from elements_of(item)


def test_no_missing_or_senseless_element_is_more_than_a_notice(
    state: Dataset, frame: ImageFrame
) -> None:
    assert len(list(elements_of(state))) > 150
    senseless: dict[str, Sequence[Any]] = {
        "DS": [["1e999", "x"], "NaN"],
        "IS": ["x"],
        "FL": [[float("nan")] * 3, [1e30, -1e30]],
        "FD": [[float("inf")]],
        "US": [65535, 0],
        "UL": [4294967295],
        "SL": [[-(2**31), 2**31 - 1]],
        "SQ": [[], [Dataset()]],
        "CS": ["", "\u00e4"],
        "UI": ["", "1"],
        "LO": ["", "x" * 300],
        "UT": [""],
        "ST": [""],
    }
    known: set[str] = set()
    for place, (_, sound) in enumerate(list(elements_of(state))):
        values = () if sound.keyword in known else senseless.get(sound.VR, ())
        for value in (*values, *(() if sound.keyword in known else (None,))):
            known.add(sound.keyword)
            broken = copy.deepcopy(state)
            owner, element = list(elements_of(broken))[place]
            if element.keyword == "SOPClassUID" and owner is broken:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if value is None:
                    del owner[element.tag]
                else:
                    try:
                        owner[element.tag].value = value
                    except (ValueError, TypeError, OverflowError):
                        continue  # not even pydicom holds it
                found = read_state(broken)
                part = found.of_frame(frame.identity)
                if part is not None:
                    greys_of(part, frame)


def test_a_number_in_the_file_that_is_none_is_told_and_the_rest_is_applied(state: Dataset) -> None:
    content = encoded(state)
    assert content.count(b"\x28\x00\x50\x10DS\x04\x0040.0") == 1  # WindowCenter
    broken = content.replace(b"\x28\x00\x50\x10DS\x04\x0040.0", b"\x28\x00\x50\x10DS\x04\x00x?.0")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = read_state(pydicom.dcmread(BytesIO(broken)))

    assert any("no centre or no width" in notice for notice in found.notices)
    assert found.parts[0].graphics and found.annotations()


def test_a_color_state_has_no_greys(state: Dataset, frame: ImageFrame) -> None:
    state.SOPClassUID = COLOR
    state.ICCProfile = b"\0" * 4

    found = read_state(state)

    assert found.parts[0].shape == ""
    assert any("colour profile" in notice for notice in found.notices)


def test_an_xa_state_is_read_and_its_mask_is_said_not_to_be(state: Dataset) -> None:
    state.SOPClassUID = XA_XRF
    state.MaskSubtractionSequence = [Dataset()]
    state.MaskSubtractionSequence[0].MaskOperation = "AVG_SUB"

    found = read_state(state)

    assert is_presentation_state(state)
    assert found.parts[0].window == Window(40, 400)
    assert any("without" in notice for notice in found.notices)


def test_another_object_is_refused(frame: ImageFrame) -> None:
    assert not is_presentation_state(frame.header)
    with pytest.raises(ValueError, match="no presentation state"):
        read_state(frame.header)


def test_a_state_says_nothing_of_other_images(state: Dataset) -> None:
    found = read_state(state)

    assert found.of_frame(Identity("", "", "2.25.1", "2.25.2", "2.25.3", 1)) is None


def test_magnification_is_read(state: Dataset) -> None:
    item = state.DisplayedAreaSelectionSequence[0]
    item.PresentationSizeMode, item.PresentationPixelMagnificationRatio = "MAGNIFY", 2.5

    part = read_state(state).parts[0]

    assert (part.sizing, part.magnification) == (Sizing.MAGNIFY, 2.5)
