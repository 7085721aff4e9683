"""From bytes to modality values, with answers worked out by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.modality import modality_of, padding_range
from dicom_io.image.probe import modality_value
from dicom_io.image.render import Window, render, windows_of

MakeFrames = Callable[..., tuple[ImageFrame, ...]]
MakeDataset = Callable[..., Dataset]

SLOPES = [(1, 0), (1, -1024), (-1, 1000), (0.5, -3.25)]
DEPTHS = [(8, 8), (16, 16), (16, 12), (16, 10), (32, 32)]  # allocated, stored
MATRIX = list(itertools.product(DEPTHS, (False, True), SLOPES))


@pytest.mark.parametrize(("depth", "signed", "rescale"), MATRIX)
def test_forty_files_have_the_values_that_were_put_in(
    make_frames: MakeFrames,
    depth: tuple[int, int],
    signed: bool,
    rescale: tuple[float, float],
) -> None:
    allocated, stored_bits = depth
    low = -(1 << stored_bits - 1) if signed else 0
    high = low + (1 << stored_bits) - 1
    wanted = [low, low + 1, -1 if signed else 1, 0, high - 1, high]
    rubbish = 0 if allocated == stored_bits else 0b101 << stored_bits  # an overlay, say
    raw = [(value & (1 << stored_bits) - 1) | rubbish for value in wanted]
    words = np.array(raw, np.uint64).astype(f"u{allocated // 8}").reshape(2, 3)
    (frame,) = make_frames(
        words,
        BitsStored=stored_bits,
        HighBit=stored_bits - 1,
        PixelRepresentation=int(signed),
        RescaleSlope=rescale[0],
        RescaleIntercept=rescale[1],
    )

    stored = frame.stored()

    assert stored.ravel().tolist() == wanted
    for place, value in enumerate(wanted):
        found = modality_value(frame, stored, place % 3, place // 3)
        assert found == (value * rescale[0] + rescale[1], "")


@pytest.mark.parametrize("signed", [False, True])
def test_bits_that_do_not_end_at_the_lowest_are_shifted_down(
    make_frames: MakeFrames, signed: bool
) -> None:
    wanted = [0, 1, 2047, -2048 if signed else 4095]
    words = np.array([[((value & 0xFFF) << 4) | 0x5 for value in wanted]], np.uint16)
    (frame,) = make_frames(words, BitsStored=12, HighBit=15, PixelRepresentation=int(signed))

    assert frame.stored().tolist() == [wanted]


def test_a_frame_s_own_rescale_wins(make_frames: MakeFrames) -> None:
    def group(slope: float) -> Dataset:
        transformation = Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = slope, 1
        transformation.RescaleType = "MGML"
        item = Dataset()
        item.PixelValueTransformationSequence = [transformation]
        return item

    frames = make_frames(
        np.full((3, 2, 2), 10, np.uint16),
        RescaleSlope=100,
        RescaleIntercept=0,
        SharedFunctionalGroupsSequence=[group(5)],
        PerFrameFunctionalGroupsSequence=[group(2), group(3), Dataset()],
    )

    values = [modality_value(frame, frame.stored(), 0, 0) for frame in frames]

    assert values == [(21, "MGML"), (31, "MGML"), (51, "MGML")]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(("signed", "first", "bits"), [(True, -5, 12), (False, 40000, 16)])
def test_a_modality_table_replaces_the_rescale_whatever_the_byte_order(
    make_dataset: MakeDataset, tmp_path: Path, syntax: UID, signed: bool, first: int, bits: int
) -> None:
    start = first - 2
    values = np.arange(start, start + 12, dtype=np.int16 if signed else np.uint16).reshape(3, 4)
    table = Dataset()
    table.add_new(0x00283002, "SS" if signed else "US", [8, first, bits])
    table.add_new(0x00283006, "US", [10 * n for n in range(8)])
    table.ModalityLUTType = "OD"
    dataset = make_dataset(values, ModalityLUTSequence=[table], RescaleSlope=9, RescaleIntercept=9)
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = values.astype(values.dtype.newbyteorder(">")).tobytes()
        dataset["PixelData"].VR = "OW"
    dataset.save_as(tmp_path / "table.dcm", enforce_file_format=True)

    (frame,) = open_frames(tmp_path / "table.dcm")
    stored = frame.stored()

    modality = modality_of(frame)
    assert modality(stored).ravel().tolist() == [0, 0, 0, 10, 20, 30, 40, 50, 60, 70, 70, 70]
    assert modality.unit == "OD"
    assert modality.notices == ()


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_angiography_is_not_shown_through_the_table_that_leads_back_to_the_beam(
    make_frames: MakeFrames, kind: int
) -> None:
    values = np.arange(4, dtype=np.uint8).reshape(2, 2) * 64
    table = table_item([256, 0, 8], [n * n // 255 for n in range(256)])
    angiography = f"1.2.840.10008.5.1.4.1.1.12.{kind}"
    window = {"WindowCenter": 128, "WindowWidth": 256, "PixelIntensityRelationship": "LOG"}

    (plain,) = make_frames(values, ModalityLUTSequence=[table], **window)
    (frame,) = make_frames(values, SOPClassUID=angiography, ModalityLUTSequence=[table], **window)

    assert render(frame, frame.stored()).ravel().tolist() == [0, 64, 128, 192]
    assert render(plain, plain.stored()).ravel().tolist() == [0, 16, 64, 144]


def test_a_real_file_s_modality_table_gives_what_pydicom_gives() -> None:
    path = Path(str(get_testdata_file("mlut_18.dcm")))
    dataset = dcmread(path)
    (frame,) = open_frames(path)

    ours = modality_of(frame)(frame.stored())

    np.testing.assert_array_equal(ours, apply_modality_lut(dataset.pixel_array, dataset))


def table_item(descriptor: list[int], entries: list[int]) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", descriptor)
    item.add_new(0x00283006, "US", entries)
    return item


@pytest.mark.parametrize(
    ("descriptor", "entries"),
    [([10, 0, 8], [1, 2]), ([2, 0, 40], [1, 2]), ([2, 0], [1, 2]), ([0, 0, 16], [1, 2])],
)
def test_an_unusable_table_is_left_out_with_a_notice(
    make_frames: MakeFrames, descriptor: list[int], entries: list[int]
) -> None:
    item = table_item(descriptor, entries)
    values = np.arange(6, dtype=np.uint16).reshape(2, 3)
    (frame,) = make_frames(values, ModalityLUTSequence=[item], RescaleSlope=2, RescaleIntercept=0)

    modality = modality_of(frame)

    assert len(modality.notices) == 1
    assert modality(frame.stored()).ravel().tolist() == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [("0", "5"), ("nan", "0"), ("1", "inf"), ("1e308", "0"), ("1", "1e308"), ("1e-320", "0")],
)
def test_a_senseless_rescale_shows_stored_values_and_says_so(
    make_frames: MakeFrames, slope: str, intercept: str
) -> None:
    values = np.arange(256, dtype=np.uint16).reshape(16, 16)
    (frame,) = make_frames(values)
    frame.header.RescaleSlope = float(slope)
    frame.header.RescaleIntercept = float(intercept)

    modality = modality_of(frame)
    picture = render(frame, frame.stored())

    assert "makes no sense" in modality.notices[0]
    np.testing.assert_array_equal(modality(values), values)
    assert (picture.min(), picture.max()) == (0, 255)


def test_ct_values_are_hounsfield_units() -> None:
    path = Path(str(get_testdata_file("CT_small.dcm")))
    (frame,) = open_frames(path)
    stored = frame.stored()

    assert modality_value(frame, stored, 60, 50) == (float(stored[50, 60]) - 1024, "HU")


@pytest.mark.parametrize(("column", "row"), [(-1, 0), (0, -1), (128, 0), (0, 128)])
def test_outside_the_image_there_is_no_value(column: int, row: int) -> None:
    (frame,) = open_frames(Path(str(get_testdata_file("CT_small.dcm"))))

    assert modality_value(frame, frame.stored(), column, row) is None


def test_colour_measures_nothing(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(np.zeros((3, 3, 3), np.uint8))

    assert modality_value(frame, frame.stored(), 1, 1) is None


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, None),
        ({"PixelPaddingValue": 5}, (5, 5)),
        ({"PixelPaddingValue": 9, "PixelPaddingRangeLimit": 2}, (2, 9)),
    ],
)
def test_padding_is_a_value_or_a_range_in_either_order(
    make_frames: MakeFrames, attributes: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    (frame,) = make_frames(np.zeros((2, 2), np.uint16), **attributes)

    assert padding_range(frame) == expected


def test_a_negative_slope_turns_the_picture_dark_side_up(make_frames: MakeFrames) -> None:
    values = np.arange(256, dtype=np.uint16).reshape(16, 16)
    (frame,) = make_frames(values, RescaleSlope=-1, RescaleIntercept=255)

    picture = render(frame, frame.stored(), Window(128, 256))

    np.testing.assert_array_equal(picture, 255 - values)
    assert windows_of(frame, frame.stored())[0].width > 0
