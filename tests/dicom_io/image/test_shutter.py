"""Shutters: which pixels are hidden, by centres, and what never changes for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from dicom_io.image.probe import modality_value
from dicom_io.image.render import render, windows_of
from dicom_io.image.shutter import bitmap_group, hidden, notices_of_shutter, shutter_of

MakeFrames = Callable[..., tuple[ImageFrame, ...]]

RAMP = np.arange(600, dtype=np.uint16).reshape(20, 30)
RECTANGLE = {
    "ShutterLeftVerticalEdge": 4,
    "ShutterRightVerticalEdge": 9,
    "ShutterUpperHorizontalEdge": 2,
    "ShutterLowerHorizontalEdge": 15,
}
CIRCLE = {"CenterOfCircularShutter": [10, 15], "RadiusOfCircularShutter": 5}
TRIANGLE = {"VerticesOfThePolygonalShutter": [1, 1, 1, 21, 11, 1]}


def made(make_frames: MakeFrames, **attributes: Any) -> ImageFrame:
    return make_frames(RAMP, **attributes)[0]


def test_a_rectangle_leaves_the_pixels_on_its_edges_to_be_seen(make_frames: MakeFrames) -> None:
    frame = made(make_frames, ShutterShape="RECTANGULAR", **RECTANGLE)

    shutter = shutter_of(frame)

    assert shutter is not None
    seen = ~hidden(shutter, 20, 30)
    rows, columns = np.nonzero(seen)
    # columns 4 to 9 and rows 2 to 15, counted from 1
    assert (columns.min() + 1, columns.max() + 1, rows.min() + 1, rows.max() + 1) == (4, 9, 2, 15)
    assert seen.sum() == 6 * 14


def test_a_circle_is_round_on_the_screen(make_frames: MakeFrames) -> None:
    shutter = shutter_of(made(make_frames, ShutterShape="CIRCULAR", **CIRCLE))

    assert shutter is not None
    square, tall = ~hidden(shutter, 20, 30), ~hidden(shutter, 20, 30, 2.5)
    rows, columns = np.nonzero(square)
    assert (columns.min() + 1, columns.max() + 1, rows.min() + 1, rows.max() + 1) == (10, 20, 5, 15)
    assert tall.sum() < square.sum()
    tall_rows, tall_columns = np.nonzero(tall)  # 5 columns are as long as 2 rows
    assert (int(np.ptp(tall_rows)), int(np.ptp(tall_columns))) == (4, 10)


def test_a_polygon_is_given_row_first(make_frames: MakeFrames) -> None:
    shutter = shutter_of(made(make_frames, ShutterShape="POLYGONAL", **TRIANGLE))

    assert shutter is not None
    assert shutter.polygon == ((0.5, 0.5), (20.5, 0.5), (0.5, 10.5))
    seen = ~hidden(shutter, 20, 30)
    y, x = np.mgrid[0.5:20, 0.5:30]
    inside = (x - 0.5) / 20 + (y - 0.5) / 10 < 1
    assert np.array_equal(seen[1:, 1:], inside[1:, 1:])


def test_several_shapes_hide_what_any_of_them_hides(make_frames: MakeFrames) -> None:
    both = made(make_frames, ShutterShape=["RECTANGULAR", "CIRCULAR"], **RECTANGLE, **CIRCLE)
    one = made(make_frames, ShutterShape="CIRCULAR", **CIRCLE)
    other = made(make_frames, ShutterShape="RECTANGULAR", **RECTANGLE)

    found = [shutter_of(frame) for frame in (both, one, other)]

    masks = [hidden(shutter, 20, 30) for shutter in found if shutter is not None]
    assert np.array_equal(masks[0], masks[1] | masks[2])


def test_the_grey_of_what_is_hidden_is_the_file_s(make_frames: MakeFrames) -> None:
    grey = made(make_frames, ShutterShape="CIRCULAR", ShutterPresentationValue=32896, **CIRCLE)

    shutter = shutter_of(grey)

    assert shutter is not None and shutter.grey == 32896


def test_a_frame_s_own_shutter_wins(make_frames: MakeFrames) -> None:
    own = Dataset()
    own.ShutterShape = "CIRCULAR"
    own.CenterOfCircularShutter, own.RadiusOfCircularShutter = [3, 4], 2
    group = Dataset()
    group.FrameDisplayShutterSequence = [own]
    frames = make_frames(
        np.stack([RAMP, RAMP]),
        ShutterShape="RECTANGULAR",
        **RECTANGLE,
        PerFrameFunctionalGroupsSequence=[group, Dataset()],
    )

    first, second = (shutter_of(frame) for frame in frames)

    assert first is not None and first.circle == (3.5, 2.5, 2)
    assert second is not None and second.rectangle == (3, 1, 9, 15)


@pytest.mark.parametrize(
    "attributes",
    [
        {"ShutterShape": "RECTANGULAR"},
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [1, 2]},
        {"ShutterShape": "CIRCULAR", **CIRCLE, "RadiusOfCircularShutter": 0},
        {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 2, 2]},
        {"ShutterShape": "RECTANGULAR", **RECTANGLE, "ShutterLeftVerticalEdge": -2_000_000_000},
        {"ShutterShape": "OVAL"},
    ],
)
def test_a_shape_without_sound_measures_is_named_and_hides_nothing(
    make_frames: MakeFrames, attributes: dict[str, Any]
) -> None:
    frame = made(make_frames, **attributes)

    assert shutter_of(frame) is None
    (notice,) = notices_of_shutter(frame)
    assert str(attributes["ShutterShape"]).lower() in notice


def test_a_bitmap_names_the_overlay_that_hides(make_frames: MakeFrames) -> None:
    frame = made(make_frames, ShutterShape="BITMAP", ShutterOverlayGroup=0x6002)

    shutter = shutter_of(frame)

    assert bitmap_group(frame.header) == 0x6002
    assert shutter is not None and not hidden(shutter, 20, 30).any()
    assert bitmap_group(made(make_frames).header) is None


def test_probe_window_and_picture_know_nothing_of_a_shutter(make_frames: MakeFrames) -> None:
    plain = made(make_frames)
    shut = made(make_frames, ShutterShape="CIRCULAR", ShutterPresentationValue=65535, **CIRCLE)

    stored = shut.stored()

    assert np.array_equal(render(shut, stored), render(plain, plain.stored()))
    assert windows_of(shut, stored) == windows_of(plain, stored)
    assert modality_value(shut, stored, 0, 0) == (0.0, "")
