"""Palettes worked out by hand."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_io.image.palette import apply_palette


class Tables(TypedDict):
    red: bytes
    green: bytes
    blue: bytes


def three(table: bytes) -> Tables:
    return {"red": table, "green": table, "blue": table}


def header(
    descriptor: list[int], *, segmented: bool = False, red: bytes, green: bytes, blue: bytes
) -> Dataset:
    data = {"red": red, "green": green, "blue": blue}
    dataset = Dataset()
    for colour in ("Red", "Green", "Blue"):
        name = f"{colour}PaletteColorLookupTable"
        setattr(dataset, f"{name}Descriptor", descriptor)
        setattr(dataset, f"{'Segmented' if segmented else ''}{name}Data", data[colour.lower()])
    return dataset


def words(*numbers: int, order: str = "<") -> bytes:
    return np.array(numbers, f"{order}u2").tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_entries_keep_their_high_byte(order: str) -> None:
    dataset = header(
        [3, 0, 16],
        red=words(0x0100, 0x7FFF, 0xFF00, order=order),
        green=words(0, 0x0500, 0x06FF, order=order),
        blue=words(0x0900, 0x0800, 0x0700, order=order),
    )

    colours = apply_palette(np.array([[0, 1], [2, 9]]), dataset, little=order == "<")

    assert colours.tolist() == [
        [[1, 0, 9], [127, 5, 8]],
        [[255, 6, 7], [255, 6, 7]],  # beyond the table: its end
    ]


def test_eight_bit_entries_are_packed_two_in_a_word_whatever_the_byte_order() -> None:
    little = header([4, 10, 8], **three(bytes([1, 2, 3, 4])))
    big = header([4, 10, 8], **three(bytes([2, 1, 4, 3])))

    for dataset, order in ((little, True), (big, False)):
        colours = apply_palette(np.array([[0, 10, 11, 12, 13, 99]]), dataset, little=order)
        assert colours[0, :, 0].tolist() == [1, 1, 2, 3, 4, 4]


def test_eight_bit_values_under_a_sixteen_bit_descriptor_are_not_lost() -> None:
    dataset = header([2, 0, 16], **three(words(10, 255)))

    assert apply_palette(np.array([[0, 1]]), dataset)[0, :, 1].tolist() == [10, 255]


def test_a_negative_first_place_written_unsigned_is_understood() -> None:
    dataset = header([4, 65534, 8], **three(bytes([1, 2, 3, 4])))

    colours = apply_palette(np.array([[-2, -1, 0, 1]], np.int16), dataset)

    assert colours[0, :, 0].tolist() == [1, 2, 3, 4]


def test_a_negative_first_place_is_understood_in_a_frame_without_negative_values() -> None:
    dataset = header([4, 65534, 8], **three(bytes([1, 2, 3, 4])))

    signed = apply_palette(np.array([[0, 1]], np.int16), dataset)
    unsigned = apply_palette(np.array([[65534, 65535]], np.uint16), dataset)

    assert signed[0, :, 0].tolist() == [3, 4]
    assert unsigned[0, :, 0].tolist() == [1, 2]


def test_segments_are_expanded() -> None:
    # two entries as they are, four on a line up to 1000 + 4 * 256, then the first segment again
    segments = words(0, 2, 256, 512, 1, 4, 512 + 4 * 256, 2, 1, 0, 0)
    dataset = header([8, 0, 16], segmented=True, red=segments, green=segments, blue=segments)

    colours = apply_palette(np.arange(8).reshape(1, 8), dataset)

    assert colours[0, :, 2].tolist() == [1, 2, 3, 4, 5, 6, 1, 2]


@pytest.mark.parametrize(
    ("descriptor", "data", "segmented"),
    [
        ([4, 0, 16], words(1, 2), False),
        ([4, 0, 12], words(1, 2, 3, 4), False),
        ([4, 0], words(1, 2, 3, 4), False),
        ([4, 0, 16], words(1, 4, 5), True),  # a line from nowhere
        ([4, 0, 16], words(9, 4, 5), True),
        ([4, 0, 16], words(0, 2, 1, 1), True),
        ([4, 0, 16], words(2, 1, 0, 0), True),  # a segment that repeats itself
    ],
)
def test_an_unusable_palette_is_a_problem(
    descriptor: list[int], data: bytes, segmented: bool
) -> None:
    dataset = header(descriptor, segmented=segmented, red=data, green=data, blue=data)

    with pytest.raises(ValueError, match="palette"):
        apply_palette(np.zeros((1, 1), int), dataset)


def test_a_missing_palette_is_a_problem() -> None:
    with pytest.raises(ValueError, match="red palette"):
        apply_palette(np.zeros((1, 1), int), Dataset())
