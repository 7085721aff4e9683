"""Where pixels lie in the patient, where planes cut, which slice is nearest."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from dicom_io.image.space import Plane, Slices, clipped, cut, plane_of, same_space
from tests.dicom_io.image.slices import AXIAL, CORONAL, SAGITTAL, slice_at


def made(position: tuple[float, float, float], orientation: object = AXIAL) -> Plane:
    """10 rows of 2 mm and 20 columns of 1 mm."""
    plane = plane_of(slice_at(position, 1, orientation, Rows=10, Columns=20, PixelSpacing=[2, 1]))
    assert plane is not None
    return plane


def test_the_centre_of_the_first_pixel_is_the_image_position() -> None:
    plane = made((-7, 3, 40))

    assert plane.at(0.5, 0.5) == pytest.approx((-7, 3, 40))
    assert plane.at(1.5, 0.5) == pytest.approx((-6, 3, 40))  # one column of 1 mm to the left
    assert plane.at(0.5, 1.5) == pytest.approx((-7, 5, 40))  # one row of 2 mm to the back
    assert plane.on((-6, 5, 999)) == pytest.approx((1.5, 1.5))
    assert plane.depth((0, 0, 43)) == pytest.approx(3)


def test_there_and_back_is_the_same_point_in_any_plane() -> None:
    chance = np.random.default_rng(5)
    for _ in range(50):
        turned, _ = np.linalg.qr(chance.normal(size=(3, 3)))
        x, y, z = chance.normal(scale=100, size=3).tolist()
        plane = made((x, y, z), tuple(turned[:2].ravel()))
        column, row = chance.uniform(-5, 30, 2).tolist()

        point = plane.at(column, row)

        assert plane.on(point) == pytest.approx((column, row))
        assert plane.depth(point) == pytest.approx(0, abs=1e-9)
        matrix = np.column_stack([np.array(plane.row) * 1, np.array(plane.column) * 2])
        expected = np.array(plane.origin) + matrix @ [column - 0.5, row - 0.5]
        assert point == pytest.approx(tuple(expected))


def test_a_sagittal_slice_cuts_an_axial_one_in_a_column() -> None:
    axial = made((-9.5, -9, 0))  # x from -10 to 10, y from -10 to 10
    sagittal = made((2, -9.5, 9), SAGITTAL)  # y from -10 to 10, z from 10 down to -10

    line = cut(axial, sagittal)

    assert line is not None
    assert sorted(line) == [pytest.approx((12, 0)), pytest.approx((12, 10))]
    other = cut(sagittal, axial)
    assert other is not None
    assert sorted(other) == [pytest.approx((0, 5)), pytest.approx((20, 5))]


def test_a_line_ends_where_either_picture_ends() -> None:
    axial = made((-9.5, -9, 0))
    short = made((2, -4.5, 9), SAGITTAL)  # y from -5 to 15 only

    line = cut(axial, short)

    assert line is not None
    assert sorted(line) == [pytest.approx((12, 2.5)), pytest.approx((12, 10))]


def test_pictures_that_do_not_meet_or_are_parallel_have_no_line() -> None:
    axial = made((-9.5, -9, 0))

    assert cut(axial, made((-9.5, -9, 5))) is None
    assert cut(axial, made((50, -9.5, 9), SAGITTAL)) is None  # beside it
    assert cut(axial, made((2, -9.5, -30), SAGITTAL)) is None  # below it
    nearly = (1, 0, 0, 0, math.cos(0.005), math.sin(0.005))
    assert cut(axial, made((-9.5, -9, 0), nearly)) is None


def test_every_point_of_a_line_lies_in_both_planes() -> None:
    chance = np.random.default_rng(6)
    met = 0
    for _ in range(60):
        planes = []
        for _ in range(2):
            turned, _ = np.linalg.qr(chance.normal(size=(3, 3)))
            x, y, z = chance.normal(scale=6, size=3).tolist()
            planes.append(made((x, y, z), tuple(turned[:2].ravel())))
        one, other = planes
        line = cut(one, other)
        if line is None:
            continue
        met += 1
        for column, row in line:
            point = one.at(column, row)
            assert other.depth(point) == pytest.approx(0, abs=1e-6)
            there = other.on(point)
            for value, size in ((column, 20), (row, 10), (there[0], 20), (there[1], 10)):
                assert -1e-6 <= value <= size + 1e-6
        (column, row), (far, low) = line
        back = cut(other, one)
        assert back is not None
        length = math.dist(one.at(column, row), one.at(far, low))
        assert math.dist(other.at(*back[0]), other.at(*back[1])) == pytest.approx(length)
    assert met > 15


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (((-5, 5), (15, 5)), ((0, 5), (10, 5))),
        (((5, 5), (6, 5)), ((5, 5), (6, 5))),
        (((-5, -5), (15, 15)), ((0, 0), (10, 10))),
        (((-5, 11), (15, 11)), None),
        (((11, 0), (15, 4)), None),
    ],
)
def test_a_line_is_cut_at_the_edges_of_a_box(
    line: tuple[tuple[float, float], tuple[float, float]], seen: object
) -> None:
    assert clipped(line, (0, 0, 10, 10)) == seen


def test_the_nearest_slice_is_found_from_any_point() -> None:
    slices = Slices([slice_at((0, 0, 2.5 * z), z + 1) for z in range(40)])

    assert slices.nearest((300, -40, 26)) == 10
    assert slices.nearest((0, 0, -900)) == 0
    assert slices.nearest((0, 0, 900)) == 39
    assert slices.distance((0, 0, 26)) == pytest.approx(1)
    assert slices.at_depth(31) == 12
    assert slices.spacing == pytest.approx(2.5)


def test_stacks_run_along_one_another_or_look_elsewhere() -> None:
    tilt = math.radians(15)
    tilted = (1, 0, 0, 0, math.cos(tilt), -math.sin(tilt))
    upside_down = (1, 0, 0, 0, -1, 0)
    axial, oblique, coronal, turned = (
        Slices([slice_at((0, 0, float(z)), z + 1, plane) for z in range(3)])
        for plane in (AXIAL, tilted, CORONAL, upside_down)
    )

    assert axial.runs_along(oblique) == 1
    assert axial.runs_along(turned) == -1
    assert axial.runs_along(coronal) == 0
    assert axial.runs_along(Slices([slice_at(None, 1)])) == 0


def test_without_a_place_there_is_no_plane_and_no_nearest_slice() -> None:
    assert plane_of(slice_at(None, 1)) is None
    assert plane_of(slice_at((0, 0, 0), 1, PixelSpacing=None)) is None
    assert plane_of(slice_at((0, 0, 0), 1, PixelSpacing=[0, 1])) is None
    assert Slices([slice_at((0, 0, 0), 1), slice_at(None, 2)]).nearest((0, 0, 0)) is None
    assert Slices([]).nearest((0, 0, 0)) is None


def test_space_is_shared_within_one_patient_s_frame_of_reference_alone() -> None:
    one = slice_at((0, 0, 0), 1)
    other = slice_at((0, 0, 5), 2)
    elsewhere = slice_at((0, 0, 5), 3, FrameOfReferenceUID="2.25.77")
    unnamed = slice_at((0, 0, 5), 4, FrameOfReferenceUID=None)
    stranger = dataclasses.replace(
        other, identity=dataclasses.replace(other.identity, patient_id="Q")
    )

    assert same_space(one, other)
    assert not same_space(one, elsewhere)
    assert not same_space(unnamed, unnamed)
    assert not same_space(one, stranger)
