"""Volumes cut along the patient's axes: every value where it belongs, and nobody mistaken."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dicom_io.errors import NoVolume
from dicom_io.identity import Identity
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.geometry import CALIBRATED, Edges, edges_of, spacing_of
from dicom_io.image.reformat import (
    NOT_STORED,
    Cut,
    Planes,
    Projection,
    Slab,
    is_computed,
    reformatted,
    slab_depth,
)
from dicom_io.image.render import render, windows_of
from dicom_io.image.space import cut as cut_line
from dicom_io.image.space import plane_of, same_space
from dicom_io.image.stack import stacks_of
from dicom_io.image.volume import Volume, build
from tests.dicom_io.image.slices import AXIAL, header_of, shuffled

Array = NDArray[Any]
SHAPE = (7, 6, 5)  # slices, rows, columns
SIZES = (3.0, 2.0, 1.5)  # mm
SLOPES = np.array([7.0, 11.0, 13.0])  # of the phantom, per mm along x, y, z


def phantom(point: Array) -> Array:
    """A value that tells where in the patient it lies."""
    values: Array = 1000 + np.asarray(point) @ SLOPES
    return values


def slices(
    orientation: Sequence[float] = AXIAL, values: Array | None = None, **attributes: Any
) -> list[ImageFrame]:
    """A block of the phantom, its slices shuffled; `values` (slice, row, column) instead."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    normal = np.cross(row, column)
    start = np.array([-4.0, 9.0, 20.0])
    found = []
    for n in range(SHAPE[0]):
        origin = start + n * SIZES[0] * normal
        places = (
            origin
            + np.arange(SHAPE[1])[:, None, None] * SIZES[1] * column
            + np.arange(SHAPE[2])[None, :, None] * SIZES[2] * row
        )
        pixels = np.rint(phantom(places)) if values is None else values[n]
        header = header_of(
            tuple(origin),
            n + 1,
            orientation,
            **{
                "Rows": SHAPE[1],
                "Columns": SHAPE[2],
                "PixelSpacing": [SIZES[1], SIZES[2]],
                "BitsStored": 12,
                "RescaleSlope": 1,
                "RescaleIntercept": -1024,
                "WindowCenter": 40,
                "WindowWidth": 400,
                **attributes,
            },
        )
        decoded = Decoded(pixels.astype(np.uint16))
        identity = Identity.of(header, 1)
        found.append(
            ImageFrame(identity, header, 0, Path("s.dcm"), lambda index, one=decoded: one)  # type: ignore[misc]
        )
    return shuffled(found)


def volume_of(frames: Sequence[ImageFrame], **more: Any) -> Volume:
    *_, last = build(tuple(frames), lambda: False, **more)
    assert last.volume is not None and last.done == last.total == len(frames)
    return last.volume


def turns() -> Iterator[tuple[float, ...]]:
    """The 24 ways to lay a volume along the patient's axes."""
    axes = np.vstack([np.eye(3), -np.eye(3)])
    for row, column in itertools.product(axes, axes):
        if abs(row @ column) < 0.5:
            yield tuple(float(part) for part in (*row, *column))


def places_on(frame: ImageFrame) -> Array:
    """Where the centre of each pixel lies, by the frame's own header: (rows, columns, 3)."""
    plane = plane_of(frame)
    assert plane is not None
    return np.array(
        [[plane.at(c + 0.5, r + 0.5) for c in range(frame.columns)] for r in range(frame.rows)]
    )


@pytest.mark.parametrize("orientation", list(turns()), ids=str)
def test_every_value_lies_where_its_header_says(orientation: tuple[float, ...]) -> None:
    volume = volume_of(slices(orientation))

    for cut in Cut:
        frames = reformatted(volume, cut)
        for frame in frames:
            expected = np.rint(phantom(places_on(frame)))
            assert (frame.stored() == expected).all()
        total = sum(frame.stored().size for frame in frames)
        assert total == math.prod(SHAPE)  # all of it, nothing twice


@pytest.mark.parametrize("degrees", [3.0, 25.0, -50.0])
def test_an_oblique_volume_is_sampled_where_the_header_says(degrees: float) -> None:
    turn = math.radians(degrees)
    orientation = (1, 0, 0, 0, math.cos(turn), math.sin(turn))
    volume = volume_of(slices(orientation))

    seen = 0
    for cut in Cut:
        for frame in reformatted(volume, cut):
            stored = frame.stored()
            inside = stored != volume.background
            expected = phantom(places_on(frame))
            assert np.abs(stored[inside] - expected[inside]).max(initial=0) <= 1.5
            seen += int(inside.sum())
    assert seen > 1000


def test_the_planes_lie_as_radiologists_look_at_them() -> None:
    volume = volume_of(slices())

    letters = {cut: edges_of(reformatted(volume, cut)[0]) for cut in Cut}

    assert letters[Cut.AXIAL] == Edges("R", "L", "A", "P")
    assert letters[Cut.CORONAL] == Edges("R", "L", "H", "F")
    assert letters[Cut.SAGITTAL] == Edges("A", "P", "H", "F")


def test_planes_are_measured_windowed_and_probed_like_any_image() -> None:
    volume = volume_of(slices())
    frame = reformatted(volume, Cut.CORONAL)[2]

    spacing = spacing_of(frame)

    assert (spacing.between_rows, spacing.between_columns) == (3.0, 1.5)
    assert spacing.calibration == CALIBRATED
    stored = frame.stored()
    window = windows_of(frame, stored)[0]
    assert (window.center, window.width) == (40, 400)
    assert render(frame, stored).shape == (7, 5)
    assert frame.header.RescaleIntercept == -1024 and frame.header.RescaleType == "HU"


def test_planes_are_a_stack_in_order_and_share_the_space_of_their_source() -> None:
    frames = slices()
    volume = volume_of(frames)

    for cut in Cut:
        planes = reformatted(volume, cut)
        (stack,) = stacks_of(shuffled(planes))
        assert stack.frames == planes and stack.is_volume and not stack.warnings
        assert same_space(planes[0], frames[0])
    one, other = plane_of(reformatted(volume, Cut.AXIAL)[3]), plane_of(frames[0])
    sagittal = plane_of(reformatted(volume, Cut.SAGITTAL)[2])
    assert one is not None and other is not None and sagittal is not None
    assert cut_line(one, sagittal) is not None


@pytest.mark.parametrize(
    ("projection", "expected"),
    [(Projection.MAXIMUM, 800), (Projection.MINIMUM, 200), (Projection.MEAN, 500)],
)
def test_a_slab_shows_the_values_one_behind_the_other(
    projection: Projection, expected: int
) -> None:
    values = np.zeros(SHAPE) + 900
    values[2:5] = np.array([200, 500, 800])[:, None, None]
    volume = volume_of(slices(values=values))

    middle = reformatted(volume, Cut.AXIAL, Slab(9.0, projection))[3].stored()  # 3 x 3 mm
    alone = reformatted(volume, Cut.AXIAL)[3].stored()

    assert (middle == expected).all()
    assert (alone == 500).all()


@pytest.mark.parametrize(
    ("thickness", "planes"), [(0, 1), (2, 1), (6, 3), (9, 3), (11.9, 3), (12, 5)]
)
def test_a_slab_holds_the_planes_within_half_its_thickness(thickness: float, planes: int) -> None:
    assert slab_depth(Slab(thickness), 3.0) == planes


def test_a_slab_at_the_edge_holds_what_there_is() -> None:
    values = np.arange(7.0)[:, None, None] + np.zeros(SHAPE)
    frames = reformatted(volume_of(slices(values=values)), Cut.AXIAL, Slab(15.0))

    assert [int(frame.stored()[0, 0]) for frame in frames] == [2, 3, 4, 5, 6, 6, 6]


@pytest.mark.parametrize("projection", list(Projection))
def test_padding_counts_for_nothing_in_a_slab(projection: Projection) -> None:
    values = np.zeros(SHAPE) + 300
    values[3] = 0  # padding, in the middle of the slab
    values[:, 0, 0] = 0  # and a corner where there is nothing else
    volume = volume_of(slices(values=values, PixelPaddingValue=0))

    frame = reformatted(volume, Cut.AXIAL, Slab(9.0, projection))[3]
    stored = frame.stored()

    assert stored[0, 0] == 0 and int(frame.header.PixelPaddingValue) == 0
    assert (stored.ravel()[1:] == 300).all()


def test_derived_frames_say_so_and_bear_no_name_of_the_archive() -> None:
    frames = slices()
    volume = volume_of(frames)
    source = {frame.identity for frame in frames}

    planes = reformatted(volume, Cut.CORONAL)

    for plane in planes:
        assert plane.made_up and "computed from 7 slices" in plane.derivation
        assert plane.identity not in source
        assert plane.identity.series != frames[0].identity.series
        assert plane.identity.instance.startswith("2.25.")
        assert plane.identity.same_study(frames[0].identity)
        assert is_computed(plane.identity)
    assert not any(is_computed(one) for one in source)
    others = ("2.25.7", "2.25.x", "2.25.", "", f"2.25.{2**128}", "1.2.3", f"2.25.{2**127 + 5}")
    named = [dataclasses.replace(planes[0].identity, series=uid) for uid in others]
    assert not any(is_computed(one) for one in named)
    assert list(planes[0].header.ImageType)[0] == "DERIVED"
    assert not any(frame.made_up or frame.derivation for frame in frames)


def test_another_slab_is_another_image_and_the_same_one_the_same() -> None:
    volume = volume_of(slices())
    thick = Slab(9.0)

    one, again = (reformatted(volume, Cut.AXIAL, thick)[0].identity for _ in range(2))

    assert one == again
    assert one != reformatted(volume, Cut.AXIAL)[0].identity
    assert one != reformatted(volume, Cut.AXIAL, Slab(9.0, Projection.MEAN))[0].identity
    assert one != reformatted(volume, Cut.CORONAL, thick)[0].identity


def test_a_slab_lies_where_its_middle_plane_does() -> None:
    planes = Planes(volume_of(slices()), Cut.SAGITTAL)

    thin, thick = planes.frames(), planes.frames(Slab(6.0))

    assert [plane_of(frame) for frame in thin] == [plane_of(frame) for frame in thick]
    assert "6 mm MIP" in thick[0].header.SeriesDescription
    assert "6 mm MIP" not in thin[0].header.SeriesDescription


def test_nothing_is_computed_before_it_is_looked_at() -> None:
    volume = volume_of(slices())
    before = volume.voxels.copy()

    planes = reformatted(volume, Cut.AXIAL)
    volume.voxels[:] = 7

    assert (planes[0].stored() == 7).all() and not (before == 7).all()


def test_a_volume_beyond_the_budget_is_made_of_joined_pixels_and_says_so() -> None:
    frames = slices()
    whole = volume_of(frames)

    small = volume_of(frames, budget=whole.voxels.nbytes // 2)

    assert small.voxels.shape == (7, 3, 2)
    assert small.voxels.nbytes <= whole.voxels.nbytes // 2
    planes = reformatted(small, Cut.AXIAL)
    assert planes[0].notices[:2] == ("MPR axial", NOT_STORED)
    assert "2 × 2 pixels are joined" in planes[0].notices[2]
    for plane in planes:  # the phantom is straight, so that means lie on it
        assert np.abs(plane.stored() - phantom(places_on(plane))).max() <= 1
    with pytest.raises(NoVolume, match="set aside"):
        volume_of(frames, budget=2)


def test_a_build_that_is_given_up_makes_nothing() -> None:
    frames = tuple(slices())
    steps = build(frames, lambda: True)

    assert list(steps) == []


def test_what_is_no_volume_is_refused_with_the_reason() -> None:
    even = slices()
    in_order = stacks_of(even)[0].frames
    gap = [*in_order[:3], *in_order[4:]]
    tilt = math.radians(10)
    cases: list[tuple[Sequence[ImageFrame], str]] = [
        (gap, "missing"),
        (in_order[:2], "2 slices are no volume"),
        ([], "nothing to be cut"),
        ([*even, *slices((0, 1, 0, 0, 0, -1), SeriesInstanceUID="2.25.8")], "2 stacks"),
        (slices(Modality="US"), "this is US"),
        (slices(PixelSpacing=None), "how large the pixels are"),
        (slices(BitsStored=32, BitsAllocated=32), "more than 16 bits"),
    ]
    sheared = slices()
    for frame in sheared:
        frame.header.ImageOrientationPatient = [1, 0, 0, 0, math.cos(tilt), math.sin(tilt)]
    cases.append((sheared, "tilted gantry"))
    scaled = slices()
    scaled[0].header.RescaleSlope = 2
    cases.append((scaled, "slice by slice"))

    for frames, why in cases:
        with pytest.raises(NoVolume, match=why):
            volume_of(frames)


def test_values_keep_their_meaning_in_sixteen_bits() -> None:
    signed = slices(values=np.zeros(SHAPE), PixelRepresentation=1, BitsStored=16)
    full = slices(values=np.zeros(SHAPE) + 65535, BitsStored=16)

    assert volume_of(signed).voxels.dtype == np.int16
    assert volume_of(slices()).voxels.dtype == np.int16
    volume = volume_of(full)
    assert volume.voxels.dtype == np.uint16
    mixed = [*slices(values=np.zeros(SHAPE), BitsStored=12)[:1], *full[1:]]
    assert volume_of(mixed).voxels.dtype == np.uint16 and volume_of(mixed).voxels.max() == 65535
    with pytest.raises(NoVolume, match="signed values, others not"):
        volume_of([*signed[:1], *full[1:]])
    frame = reformatted(volume, Cut.AXIAL)[0]
    assert (frame.stored() == 65535).all() and frame.header.PixelRepresentation == 0


def test_without_a_window_in_the_file_all_planes_get_the_same_one() -> None:
    volume = volume_of(slices(WindowCenter=None, WindowWidth=None))
    frames = reformatted(volume, Cut.SAGITTAL)

    assert len({windows_of(frame, frame.stored())[0] for frame in frames}) == 1


def test_a_real_series_is_cut(shared: Path) -> None:
    folder = shared / "data" / "dicom_mr_series"
    frames = [open_frames(path)[0] for path in sorted(folder.glob("*.dcm"))]
    volume = volume_of(frames)

    planes = reformatted(volume, Cut.SAGITTAL)

    (stack,) = stacks_of(frames)
    assert volume.source is stack.frames[len(stack.frames) // 2]
    middle = planes[len(planes) // 2].stored()
    assert middle.std() > 10
    axial = reformatted(volume, Cut.AXIAL)
    assert len(axial) > 1 and axial[0].stored().ndim == 2
