"""Overlay planes of every kind, bit by bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.overlay_planes import overlays_of, read_overlays
from dicom_io.image.probe import modality_value
from dicom_io.image.render import render

MakeFrames = Callable[..., tuple[ImageFrame, ...]]
Bits = NDArray[np.bool_]

RAMP = np.arange(35, dtype=np.uint16).reshape(5, 7)


def some_bits(rows: int, columns: int, seed: int = 1) -> Bits:
    return np.random.default_rng(seed).integers(0, 2, (rows, columns)).astype(np.bool_)


def add_plane(
    header: Dataset, bits: Bits, group: int = 0x6000, *, origin: Any = (1, 1), **more: Any
) -> None:
    """Bits as a file has them; (frames, rows, columns) for several frames."""
    rows, columns = bits.shape[-2:]
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    elements: dict[int, tuple[str, Any]] = {
        0x0010: ("US", rows),
        0x0011: ("US", columns),
        0x0040: ("CS", more.get("kind", "G")),
        0x0050: ("SS", list(origin)),
        0x0100: ("US", 1),
        0x0102: ("US", 0),
        0x3000: ("OW", packed + b"\0" * (len(packed) % 2)),
    }
    if "frames" in more:
        elements[0x0015] = ("IS", more["frames"])
    if "first" in more:
        elements[0x0051] = ("US", more["first"])
    elements |= more.get("elements", {})
    for element, (vr, value) in elements.items():
        header.add_new((group, element), vr, value)


def test_the_bits_are_the_file_s_lowest_first(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(RAMP)
    bits = some_bits(5, 7)
    add_plane(frame.header, bits)

    (plane,) = overlays_of(frame)

    assert np.array_equal(plane.bits, bits)
    assert (plane.column, plane.row, plane.is_roi, plane.caption) == (0, 0, False, "")


def test_sixteen_groups_come_in_their_order(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(RAMP)
    groups = [0x6000 + 2 * n for n in range(16)]
    for group in reversed(groups):
        add_plane(frame.header, some_bits(5, 7, group), group)

    planes = overlays_of(frame)

    assert [plane.group for plane in planes] == groups
    assert all(np.array_equal(plane.bits, some_bits(5, 7, plane.group)) for plane in planes)


@pytest.mark.parametrize(
    ("origin", "place"),
    [((1, 1), (0, 0)), ((3, 2), (1, 2)), ((-1, -2), (-3, -2)), ((5, 7), (6, 4))],
)
def test_the_origin_counts_from_one_row_first_and_may_lie_outside(
    make_frames: MakeFrames, origin: tuple[int, int], place: tuple[int, int]
) -> None:
    (frame,) = make_frames(RAMP)
    bits = np.ones((2, 3), np.bool_)
    add_plane(frame.header, bits, origin=origin)

    (plane,) = overlays_of(frame)

    assert (plane.column, plane.row) == place
    expected = np.zeros((5, 7), np.bool_)
    for row in range(2):
        for column in range(3):
            x, y = place[0] + column, place[1] + row
            if 0 <= x < 7 and 0 <= y < 5:
                expected[y, x] = True
    assert np.array_equal(plane.on_image(5, 7), expected)


def test_a_region_says_what_it_measures(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(RAMP)
    measures = {
        0x1301: ("IS", 12),
        0x1302: ("DS", "40.5"),
        0x1303: ("DS", "3"),
        0x1500: ("LO", "L"),
    }
    add_plane(frame.header, some_bits(5, 7), kind="R", elements=measures)

    (plane,) = overlays_of(frame)

    assert plane.is_roi
    assert plane.caption == "L  12 px  mean 40.5  SD 3"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [0, 0, 0, 0]),  # says nothing of frames: over all of them
        ({"frames": 4}, [0, 1, 2, 3]),
        ({"frames": 2, "first": 2}, [None, 0, 1, None]),
        ({"first": 3}, [None, None, 0, None]),
    ],
)
def test_an_overlay_of_several_frames_begins_at_its_own(
    make_frames: MakeFrames, more: dict[str, int], expected: list[int | None]
) -> None:
    frames = make_frames(np.stack([RAMP] * 4))
    bits = np.stack([some_bits(5, 7, seed) for seed in range(4)])  # 35 bits: not whole bytes
    add_plane(frames[0].header, bits, **more)

    for frame, index in zip(frames, expected, strict=True):
        planes = overlays_of(frame)
        assert [index is not None] == [bool(planes)]
        if index is not None:
            assert np.array_equal(planes[0].bits, bits[index])


@pytest.mark.parametrize("signed", [False, True])
def test_bits_above_those_stored_are_an_overlay_and_no_part_of_the_values(
    make_frames: MakeFrames, signed: bool
) -> None:
    values = np.arange(24, dtype=np.uint16).reshape(4, 6) * 150
    low, high = some_bits(4, 6, 8), some_bits(4, 6, 9)
    words = values | low.astype(np.uint16) << 12 | high.astype(np.uint16) << 15
    (frame,) = make_frames(words, BitsStored=12, HighBit=11, PixelRepresentation=int(signed))
    for group, place in ((0x6000, 12), (0x6004, 15)):
        for element, value in ((0x10, 4), (0x11, 6), (0x100, 16), (0x102, place)):
            frame.header.add_new((group, element), "US", value)

    decoded = frame.decoded()
    first, second = overlays_of(frame, decoded)

    assert np.array_equal(first.bits, low) and np.array_equal(second.bits, high)
    expected = np.where(signed & (values > 2047), values.astype(int) - 4096, values)
    assert np.array_equal(decoded.values, expected)
    assert np.array_equal(overlays_of(frame)[1].bits, high)  # decodes for itself


def test_a_big_endian_file_has_the_same_bits(
    make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    dataset = make_dataset(RAMP.astype(np.uint8))
    bits = some_bits(5, 7)
    add_plane(dataset, bits)
    packed = np.frombuffer(dataset[0x6000, 0x3000].value, "<u2")
    dataset[0x6000, 0x3000].value = packed.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset["PixelData"].VR = "OB"
    dataset.save_as(tmp_path / "big.dcm", enforce_file_format=True)

    (frame,) = open_frames(tmp_path / "big.dcm")

    assert np.array_equal(overlays_of(frame)[0].bits, bits)


@pytest.mark.parametrize(
    ("elements", "why"),
    [
        ({0x3000: ("OW", b"\0\0")}, "too few bits"),
        ({0x0010: ("US", 0)}, "0 rows"),
        ({0x0010: ("US", 65535), 0x0011: ("US", 65535)}, "65535 rows"),
        ({0x0050: ("SS", 1)}, "origin"),
        ({0x0015: ("IS", 9), 0x0051: ("US", 1)}, ""),
    ],
)
def test_a_plane_that_makes_no_sense_is_named_and_left_out(
    make_frames: MakeFrames, elements: dict[int, tuple[str, Any]], why: str
) -> None:
    (frame,) = make_frames(RAMP)
    add_plane(frame.header, some_bits(5, 7), elements=elements)
    add_plane(frame.header, some_bits(5, 7), 0x6002)

    planes, notices = read_overlays(frame)

    assert [plane.group for plane in planes] == ([0x6002] if why else [0x6000, 0x6002])
    assert all("6000" in notice and why in notice for notice in notices)
    assert len(notices) == bool(why)


def test_probe_and_picture_know_nothing_of_overlays(make_frames: MakeFrames) -> None:
    (plain,), (covered,) = make_frames(RAMP), make_frames(RAMP)
    add_plane(covered.header, np.ones((5, 7), np.bool_))

    stored = covered.stored()

    assert np.array_equal(render(covered, stored), render(plain, plain.stored()))
    assert modality_value(covered, stored, 3, 2) == modality_value(plain, plain.stored(), 3, 2)


def test_a_real_file_s_overlay_is_found() -> None:
    (frame,) = open_frames(Path(str(get_testdata_file("MR-SIEMENS-DICOM-WithOverlays.dcm"))))

    planes = overlays_of(frame)

    expected = frame.header[0x6000, 0x3000].value
    assert planes[0].shape == (484, 484)
    assert np.packbits(planes[0].bits, bitorder="little").tobytes() == expected[: 484 * 484 // 8]
    assert planes[0].bits.any()
