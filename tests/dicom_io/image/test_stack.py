"""Frames in the order in which they lie in the patient (trap T4): 60 shuffled slices each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.geometry import CALIBRATED, spacing_of
from dicom_io.image.stack import Stack, plane_name, stacks_of
from tests.dicom_io.image.slices import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    frames_of,
    header_of,
    shuffled,
    slice_at,
)

COUNT = 60


def numbers(stack: Stack) -> list[int]:
    """What the slices were made as: the last part of their UIDs."""
    return [int(frame.identity.instance.split(".")[-1]) for frame in stack.frames]


def only(frames: Sequence[ImageFrame]) -> Stack:
    (stack,) = stacks_of(shuffled(frames))
    return stack


def parts(frames: Sequence[ImageFrame]) -> dict[str, Stack]:
    """The stacks by name; names must differ."""
    stacks = stacks_of(shuffled(frames))
    found = {stack.name: stack for stack in stacks}
    assert len(found) == len(stacks)
    assert sum(len(stack.frames) for stack in stacks) == len(frames)
    return found


def assert_in_order(stack: Stack) -> None:
    """By an oracle of our own: positions on the normal never fall."""
    depths = []
    for frame in stack.frames:
        cosines = np.array(frame.header.ImageOrientationPatient, float)
        normal = np.cross(cosines[:3], cosines[3:])
        depths.append(float(np.array(frame.header.ImagePositionPatient, float) @ normal))
    assert depths == sorted(depths)
    assert stack.positions == pytest.approx(depths)


def test_numbers_that_run_backwards_do_not_turn_the_patient_over() -> None:
    frames = [slice_at((0, 0, 2.0 * z), z + 1, InstanceNumber=COUNT - z) for z in range(COUNT)]

    stack = only(frames)

    assert numbers(stack) == list(range(1, COUNT + 1))
    assert_in_order(stack)
    assert (stack.name, stack.warnings, stack.is_volume) == ("", (), True)
    assert stack.spacing == pytest.approx(2)


def test_equal_numbers_do_not_matter() -> None:
    stack = only([slice_at((0, 0, 2.0 * z), z + 1, InstanceNumber=1) for z in range(COUNT)])

    assert numbers(stack) == list(range(1, COUNT + 1))
    assert stack.is_volume and not stack.warnings


def test_interleaved_numbers_do_not_matter() -> None:
    """Odd slices were taken first, as MR does."""
    order = [*range(0, COUNT, 2), *range(1, COUNT, 2)]
    frames = [
        slice_at((0, 3.0 * y, 0), y + 1, CORONAL, InstanceNumber=order.index(y) + 1)
        for y in range(COUNT)
    ]

    stack = only(frames)

    assert_in_order(stack)
    assert stack.is_volume


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("TemporalPositionIdentifier", (1, 2, 3)),
        ("TriggerTime", (0.0, 300.0, 600.0)),
        ("AcquisitionNumber", (4, 5, 6)),
        ("FrameReferenceTime", (1000.0, 2000.0, 3000.0)),
        ("AcquisitionTime", ("101500.000", "101530.5", "101600")),
    ],
)
def test_phases_at_one_place_become_stacks(attribute: str, values: tuple[str | float, ...]) -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), 20 * phase + z + 1, **{attribute: value})
        for phase, value in enumerate(values)
        for z in range(COUNT // 3)
    ]

    stacks = stacks_of(shuffled(frames))

    assert [stack.name for stack in stacks] == ["phase 1 of 3", "phase 2 of 3", "phase 3 of 3"]
    for phase, stack in enumerate(stacks):
        assert numbers(stack) == list(range(20 * phase + 1, 20 * phase + 21))
        assert stack.is_volume and not stack.warnings


def test_trigger_times_of_uneven_heart_beats_part_phases_by_their_rank() -> None:
    frames = [
        slice_at((0, 0, 8.0 * z), 10 * z + phase + 1, Modality="MR", TriggerTime=phase * (80 + z))
        for z in range(10)
        for phase in range(6)
    ]

    stacks = stacks_of(shuffled(frames))

    assert [stack.name for stack in stacks] == [f"phase {n} of 6" for n in range(1, 7)]
    for phase, stack in enumerate(stacks):
        assert numbers(stack) == [10 * z + phase + 1 for z in range(10)]


def test_a_phase_that_lacks_a_slice_keeps_the_others_in_theirs() -> None:
    frames = [
        slice_at((0, 0, 8.0 * z), 10 * z + phase + 1, TriggerTime=100.0 * phase + z)
        for z in range(20)
        for phase in range(3)
        if (z, phase) != (7, 1)
    ]

    stacks = stacks_of(shuffled(frames))

    assert [len(stack.frames) for stack in stacks] == [20, 19, 20]
    assert numbers(stacks[1]) == [10 * z + 2 for z in range(20) if z != 7]
    assert [bool(stack.warnings) for stack in stacks] == [False, True, False]
    assert "gap between images 7 and 8 (16.0 mm)" in stacks[1].warnings[0]


@pytest.mark.parametrize(
    ("attribute", "values", "names"),
    [
        ("EchoNumbers", (1, 2), ["echo 1", "echo 2"]),
        ("DiffusionBValue", (0.0, 1000.0), ["b 0", "b 1000"]),
        ("EchoTime", (12.5, 90.0), ["echo time 12.5 ms", "echo time 90 ms"]),
        (
            "ImageType",
            (["DERIVED", "PRIMARY", "WATER"], ["DERIVED", "PRIMARY", "IN_PHASE"]),
            ["in phase", "water"],
        ),
        ("ConvolutionKernel", ("B30", "B70"), ["kernel 1", "kernel 2"]),
        ("DiffusionGradientOrientation", ([1, 0, 0], [0, 1, 0]), None),
    ],
)
def test_contrasts_at_one_place_become_stacks(
    attribute: str, values: tuple[object, ...], names: list[str] | None
) -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), 2 * z + part + 1, Modality="MR", **{attribute: value})
        for z in range(COUNT // 2)
        for part, value in enumerate(values)
    ]

    found = parts(frames)

    assert names is None or list(found) == names
    assert len(found) == 2 and all(len(stack.frames) == 30 for stack in found.values())
    for stack in found.values():
        assert_in_order(stack)
        assert stack.is_volume
        assert len({str(frame.header.get(attribute)) for frame in stack.frames}) == 1


def test_directions_of_diffusion_stand_below_their_b_value() -> None:
    rows = [(0.0, [0.0, 0.0, 1.0]), (900.0, [1.0, 0.0, 0.0]), (900.0, [0.0, 1.0, 0.0])]
    frames = [
        slice_at(
            (0, 0, 4.0 * z),
            3 * z + n + 1,
            DiffusionBValue=b,
            DiffusionGradientOrientation=direction,
        )
        for z in range(20)
        for n, (b, direction) in enumerate(rows)
    ]

    assert list(parts(frames)) == ["b 0", "b 900, direction 1 of 2", "b 900, direction 2 of 2"]


def test_phases_that_nothing_tells_apart_are_parted_by_number_and_said_to_be() -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), 30 * phase + z + 1) for phase in range(2) for z in range(30)
    ]

    stacks = stacks_of(shuffled(frames))

    assert [numbers(stack) for stack in stacks] == [list(range(1, 31)), list(range(31, 61))]
    assert all("parted by image number" in stack.warnings[0] for stack in stacks)


def test_numbers_of_acquisitions_along_one_volume_do_not_part_it() -> None:
    """Each table position of a scanner may be an acquisition, each slice have a trigger time."""
    frames = [
        slice_at((0, 0, 5.0 * z), z + 1, AcquisitionNumber=z // 4, TriggerTime=10.0 * z)
        for z in range(COUNT)
    ]

    assert only(frames).is_volume


@pytest.mark.parametrize("missing", [{30}, {30, 31}, {10, 40}])
def test_missing_slices_are_told_and_make_no_volume(missing: set[int]) -> None:
    frames = [slice_at((0, 0, 5.0 * z), z + 1) for z in range(COUNT) if z not in missing]

    stack = only(frames)

    assert_in_order(stack)
    (warning,) = stack.warnings
    noun = "1 image seems" if len(missing) == 1 else "2 images seem"
    assert warning.startswith(noun)
    first = min(missing)
    gap = 15 if missing == {30, 31} else 10
    assert f"between images {first} and {first + 1} ({gap:.1f} mm)" in warning
    assert not stack.is_volume and stack.why_no_volume == warning


@pytest.mark.parametrize(("step", "warned"), [(7.4, "unevenly"), (7.6, "gap")])
def test_a_step_of_more_than_one_and_a_half_times_the_others_is_a_gap(
    step: float, warned: str
) -> None:
    depths = [5.0 * z + (step - 5 if z > 29 else 0) for z in range(COUNT)]

    stack = only([slice_at((0, 0, depth), n + 1) for n, depth in enumerate(depths)])

    assert len(stack.warnings) == 1 and warned in stack.warnings[0]
    assert not stack.is_volume


def test_a_double_is_told_and_no_phase() -> None:
    frames = [slice_at((0, 0, 5.0 * z), z + 1) for z in range(COUNT)]
    frames.append(slice_at((0, 0, 100.0), 99))

    stack = only(frames)

    assert numbers(stack)[20:22] == [21, 99]
    assert stack.warnings == (
        "Images 21 and 22 lie at the same place; one of them may be a double.",
    )
    assert not stack.is_volume


def test_the_same_identifier_twice_is_left_out_and_told() -> None:
    frames = [slice_at((0, 0, 5.0 * z), z + 1) for z in range(COUNT)]

    stack = only([*frames, slice_at((0, 0, 900.0), 7)])

    assert len(stack.frames) == COUNT
    assert stack.warnings[-1].endswith("bear the identifier of another image: 1.")


@pytest.mark.parametrize("angle", [5.0, 20.0])
def test_a_tilted_gantry_is_told_with_its_angle_and_makes_no_volume(angle: float) -> None:
    tilt = math.radians(angle)
    tilted = (1, 0, 0, 0, math.cos(tilt), -math.sin(tilt))
    frames = [slice_at((0, 0, 5.0 * z), z + 1, tilted) for z in range(COUNT)]

    stack = only(frames)

    assert_in_order(stack)
    assert stack.warnings == (f"The slices are sheared by {angle:.1f}°, as with a tilted gantry.",)
    assert not stack.is_volume


def test_oblique_slices_that_lie_straight_are_a_volume() -> None:
    tilt = math.radians(20)
    tilted = (1, 0, 0, 0, math.cos(tilt), -math.sin(tilt))
    normal = np.cross(tilted[:3], tilted[3:])

    stack = only([slice_at(tuple(3.0 * z * normal), z + 1, tilted) for z in range(COUNT)])

    assert stack.is_volume and not stack.warnings


def test_slices_that_were_moved_beside_one_another_are_no_volume() -> None:
    frames = [slice_at((2.0 * (z == 30), 0, 5.0 * z), z + 1) for z in range(COUNT)]

    stack = only(frames)

    assert stack.warnings == ("The slices do not lie straight above one another.",)
    assert not stack.is_volume


def test_each_direction_is_a_stack() -> None:
    rows = ((AXIAL, 2), (CORONAL, 1), (SAGITTAL, 0))
    frames = [
        slice_at(np.eye(3)[axis] * 5.0 * n, 20 * part + n + 1, plane)
        for part, (plane, axis) in enumerate(rows)
        for n in range(20)
    ]

    found = parts(frames)

    assert list(found) == ["axial", "coronal", "sagittal"]
    for stack in found.values():
        assert_in_order(stack)
        assert len(stack.frames) == 20


def test_directions_within_a_thousandth_are_one() -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), z + 1, (1, 4e-4 * (z % 2), 0, -4e-4 * (z % 2), 1, 0))
        for z in range(COUNT)
    ]

    assert len(only(frames).frames) == COUNT


def test_slices_about_an_axis_stay_one_stack_and_no_volume() -> None:
    frames = []
    for n in range(COUNT):
        turn = math.pi * n / COUNT
        plane = (math.cos(turn), math.sin(turn), 0, 0, 0, -1)
        frames.append(slice_at((-50 * math.cos(turn), -50 * math.sin(turn), 0), n + 1, plane))

    stack = only(frames)

    assert numbers(stack) == list(range(1, COUNT + 1))
    assert "not parallel" in stack.warnings[0] and not stack.is_volume


def test_a_localizer_stands_apart_and_last() -> None:
    frames = [slice_at((0, 0, 5.0 * z), z + 2) for z in range(COUNT - 1)]
    kind = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    frames.append(slice_at((0, 0, 0), 1, CORONAL, ImageType=kind))

    found = parts(frames)

    assert list(found) == ["", "localizer"]
    assert numbers(found["localizer"]) == [1]


def test_mixed_sizes_are_parted_and_told() -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), z + 1, Rows=4 if z < 40 else 6, Columns=4 if z < 40 else 8)
        for z in range(COUNT)
    ]

    found = parts(frames)

    assert {name: len(stack.frames) for name, stack in found.items()} == {"4 × 4": 40, "8 × 6": 20}
    assert all("differ in size" in stack.warnings[0] for stack in found.values())


def test_another_frame_of_reference_is_another_stack() -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), z + 1, FrameOfReferenceUID=f"2.25.{9 + z // 30}")
        for z in range(COUNT)
    ]

    assert [len(stack.frames) for stack in parts(frames).values()] == [30, 30]


def test_pixels_of_two_sizes_are_no_volume() -> None:
    frames = [
        slice_at((0, 0, 5.0 * z), z + 1, PixelSpacing=[1, 1] if z else [0.9, 0.9])
        for z in range(COUNT)
    ]

    stack = only(frames)

    assert not stack.is_volume and "differ in size" in stack.warnings[0]


@pytest.mark.parametrize(
    ("attributes", "by"),
    [
        (lambda n: {"InstanceNumber": n}, "image number"),
        (lambda n: {"InstanceNumber": 1, "SliceLocation": float(n)}, "slice location"),
        (lambda n: {"InstanceNumber": 1, "AcquisitionTime": f"1010{n:02d}"}, "acquisition time"),
    ],
)
def test_without_positions_what_else_there_is_orders_and_is_named(
    attributes: Callable[[int], dict[str, object]], by: str
) -> None:
    frames = [slice_at(None, n, **attributes(n)) for n in range(COUNT)]

    stack = only(frames)

    assert numbers(stack) == list(range(COUNT))
    assert f"ordered by {by}" in stack.warnings[0]
    assert not stack.positions and not stack.is_volume


def test_nothing_at_all_to_go_by_still_gives_one_order_and_says_so() -> None:
    frames = [slice_at(None, n, InstanceNumber=None) for n in range(COUNT)]

    one, other = stacks_of(shuffled(frames, 1))[0], stacks_of(shuffled(frames, 2))[0]

    assert one.frames == other.frames
    assert "ordered by identifier" in one.warnings[0]


def test_films_have_no_positions_and_no_word_about_it() -> None:
    frames = [slice_at(None, n, Modality="DX") for n in range(4)]

    assert only(frames).warnings == ()


def test_slices_without_a_position_stand_apart_from_the_others() -> None:
    frames = [slice_at((0, 0, 5.0 * z), z + 1) for z in range(COUNT - 2)]
    frames += [slice_at(None, 90), slice_at((0, float("inf"), 0), 91)]

    found = parts(frames)

    assert list(found) == ["", "without a position"]
    assert numbers(found["without a position"]) == [90, 91]


def test_all_frames_at_one_place_are_a_cine_in_their_order() -> None:
    frames = [slice_at((0, 0, 0), n + 1, TriggerTime=10.0 * n) for n in range(COUNT)]

    stack = only(frames)

    assert numbers(stack) == list(range(1, COUNT + 1))
    assert not stack.is_volume and "same place" in stack.why_no_volume


def test_clips_of_ultrasound_are_stacks_by_themselves() -> None:
    clips = [header_of(None, n, Modality="US", NumberOfFrames=5) for n in (1, 2)]
    frames = [frame for clip in clips for frame in frames_of(clip)]
    frames.append(slice_at(None, 3, Modality="US"))

    found = parts(frames)

    assert {name: len(stack.frames) for name, stack in found.items()} == {
        "clip 1 of 2": 5,
        "clip 2 of 2": 5,
        "": 1,
    }
    assert [frame.index for frame in found["clip 1 of 2"].frames] == list(range(5))


def enhanced(rows: Sequence[dict[str, object]], pointers: Sequence[str] = ()) -> Dataset:
    """A multi-frame header whose frames say for themselves where they lie."""
    header = header_of(None, 1, Modality="MR", NumberOfFrames=len(rows), PixelSpacing=None)
    header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4.1"
    shared, plane, measures = Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = list(SAGITTAL)
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], 1
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [plane], [measures]
    header.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for row in rows:
        group, position, content = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = row["position"]
        group.PlanePositionSequence = [position]
        for keyword, value in row.items():
            if keyword != "position":
                setattr(content, keyword, value)
        group.FrameContentSequence = [content]
        groups.append(group)
    header.PerFrameFunctionalGroupsSequence = groups
    dimensions = []
    for word in pointers:
        item = Dataset()
        item.DimensionIndexPointer = Tag(word)
        dimensions.append(item)
    header.DimensionIndexSequence = dimensions
    return header


def test_frames_of_an_enhanced_image_lie_where_their_groups_say() -> None:
    rows = [
        {"position": [3.0 * ((7 * n) % 60), 0, 0], "InStackPositionNumber": n + 1}
        for n in range(60)
    ]

    stack = only(frames_of(enhanced(rows)))

    assert [frame.index for frame in stack.frames] == sorted(
        range(60),
        key=lambda n: -rows[n]["position"][0],  # type: ignore[index]
    )  # the normal of these rows and columns points to the right
    assert stack.is_volume and stack.spacing == pytest.approx(3)


@pytest.mark.parametrize(
    "content",
    [
        lambda phase: {"TemporalPositionIndex": phase + 1},
        lambda phase: {"DimensionIndexValues": [1, phase + 1]},
        lambda phase: {"StackID": f"S{phase}"},
    ],
)
def test_frames_of_an_enhanced_image_are_parted_by_index_and_stack(
    content: Callable[[int], dict[str, object]],
) -> None:
    rows = [
        {"position": [2.0 * n, 0, 0], **content(phase)} for phase in range(3) for n in range(20)
    ]

    found = parts(frames_of(enhanced(rows, ["StackID", "InversionTimes"])))

    assert len(found) == 3 and all(len(one.frames) == 20 for one in found.values())
    starts = sorted(min(frame.index for frame in one.frames) for one in found.values())
    assert starts == [0, 20, 40]


def test_groups_that_hold_something_else_than_items_are_passed_over() -> None:
    header = enhanced([{"position": [3.0 * n, 0, 0]} for n in range(3)])
    group = header.PerFrameFunctionalGroupsSequence[1]
    del group.PlanePositionSequence
    group.add_new("PlanePositionSequence", "LO", "left of here")
    group.add_new("PixelMeasuresSequence", "DS", 4)
    header.add_new("DimensionIndexSequence", "LO", "none")

    frames = frames_of(header)
    stacks = stacks_of(frames)

    assert sorted(len(stack.frames) for stack in stacks) == [1, 2]
    assert spacing_of(frames[1]).calibration == CALIBRATED  # the shared one


def test_nuclear_medicine_is_parted_by_its_vectors_and_never_taken_for_a_volume() -> None:
    """Which way its slices go from the first stands nowhere in the file."""
    header = header_of(None, 1, Modality="NM", NumberOfFrames=60)
    header.EnergyWindowVector = [1] * 30 + [2] * 30
    header.SliceVector = [*range(30, 0, -1), *range(1, 31)]
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 0], list(AXIAL)
    header.DetectorInformationSequence = [detector]

    stacks = stacks_of(shuffled(frames_of(header)))

    by_window = {stack.name: stack for stack in stacks}
    second = next(one for name, one in by_window.items() if "energy window 2" in name)
    assert [frame.index for frame in second.frames] == list(range(30, 60))
    first = next(one for name, one in by_window.items() if "energy window 1" in name)
    assert [frame.index for frame in first.frames] == list(range(29, -1, -1))
    assert not any(stack.is_volume for stack in stacks)


def test_two_thousand_slices_are_read_once() -> None:
    """Headers are not looked at again when a slice more arrives."""
    frames = [slice_at((0, 0, 1.0 * z), z + 1) for z in range(200)]
    first = stacks_of(frames)[0].positions
    for frame in frames:
        frame.header.ImagePositionPatient = [0.0, 0.0, 0.0]

    assert stacks_of(frames)[0].positions == first


def test_a_real_series_is_one_volume(shared: Path) -> None:
    folder = shared / "data" / "dicom_mr_series"
    frames = [open_frames(path)[0] for path in sorted(folder.glob("*.dcm"))]

    stack = only(frames)

    assert_in_order(stack)
    assert len(stack.frames) == len(frames) and stack.is_volume and not stack.warnings


def test_no_frames_are_no_stacks() -> None:
    assert stacks_of(()) == ()


@pytest.mark.parametrize(
    ("normal", "name"),
    [
        ((0, 0, 1), "axial"),
        ((0, -1, 0), "coronal"),
        ((1, 0, 0), "sagittal"),
        ((0, 0.7, 0.7), "oblique"),
    ],
)
def test_planes_have_the_names_that_radiologists_use(
    normal: tuple[float, float, float], name: str
) -> None:
    assert plane_name(normal) == name


def test_whatever_the_headers_say_no_frame_is_lost_and_nothing_breaks() -> None:
    """Bad input: every frame is in exactly one stack, whatever was written where numbers belong."""
    chance = np.random.default_rng(3)
    odd: dict[str, list[object]] = {
        "ImagePositionPatient": [[0, 0, 5], [0, 0, 5], [1, 2], [float("nan")] * 3, [1e300] * 3, ""],
        "ImageOrientationPatient": [list(AXIAL), [0] * 6, [1, 0, 0, 1, 0, 0], [2e9] * 6, ""],
        "PixelSpacing": [[1, 1], [0, 0], [-1, 1], [1], ""],
        "InstanceNumber": [1, 7, "", None],
        "TriggerTime": [0, 33.5, "", None],
        "TemporalPositionIdentifier": [1, 2, "", None],
        "ImageType": [["ORIGINAL"], ["A", "B", "LOCALIZER"], "", None],
        "AcquisitionTime": ["101112", "noon", "", None],
        "FrameOfReferenceUID": ["2.25.1", "", None],
        "Rows": [4, 8],
    }
    for _ in range(40):
        frames = []
        for n in range(25):
            values = {word: found[chance.integers(len(found))] for word, found in odd.items()}
            kept = {word: value for word, value in values.items() if value != "noon"}
            frames.append(slice_at((0, 0, 0), n, **kept))
        stacks = stacks_of(frames)
        seen = [frame for stack in stacks for frame in stack.frames]
        assert sorted(map(id, seen)) == sorted(map(id, frames))
        for stack in stacks:
            assert stack.is_volume == (not stack.why_no_volume)
