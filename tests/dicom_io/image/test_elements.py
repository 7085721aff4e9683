"""The quick reader of headers: the same as pydicom's, silent, and nothing for what is odd."""

from __future__ import annotations

import struct
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_io.image.elements import LARGE_PRIVATE, Odd, read_elements
from dicom_io.image.frame import open_frames
from dicom_io.image.notices import gathered

MakeDataset = Callable[..., Dataset]
TEXTS = (".txt", ".gz", ".icc", ".dump", ".py", ".json", ".csv", ".md")


def quickly(path: Path) -> tuple[Dataset, int] | None:
    """The data set, silently, and where the pixels begin; None for an odd file."""
    with path.open("rb", buffering=0) as file:
        try:
            found = read_elements(file)
        except Odd:
            return None
    with gathered():
        for level, tag in found.odd:
            level[tag]  # what must be converted under watch
    return found.dataset, found.pixels


def differences(mine: Dataset, theirs: Dataset) -> list[str]:
    """Public elements that are not the same; reading mine must not warn."""
    wrong = []
    for tag in {*mine.keys(), *theirs.keys()}:
        if tag >> 16 & 1 or tag >> 16 >= 0x7FE0:
            continue
        if tag not in mine or tag not in theirs:
            wrong.append(f"{tag} is in one only")
            continue
        one = mine[tag]
        with gathered():
            other = theirs[tag]
        if one.VR != other.VR:
            wrong.append(f"{tag}: {one.VR} for {other.VR}")
        elif one.VR == "SQ" and mine.get_item(tag).VR == "SQ":
            with gathered():
                pairs = list(zip(one.value, other.value, strict=True))
            wrong += [text for pair in pairs for text in differences(*pair)]
        elif one.value != other.value:
            wrong.append(f"{tag}: another value")
    return wrong


def test_every_sample_file_reads_as_pydicom_reads_it() -> None:
    paths = [Path(str(name)) for name in get_testdata_files()]
    read = 0

    for path in paths:
        if path.is_dir() or path.suffix in TEXTS or path.name.startswith("rtdose_rle"):
            continue  # those two hold sequences of unknown kind, which the header settles
        found = quickly(path)
        if found is not None:
            with gathered():
                theirs = dcmread(path, stop_before_pixels=True)
            assert differences(found[0], theirs) == [], path.name
            read += 1

    assert read > 100


def test_a_later_access_is_silent(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(np.zeros((4, 4), np.uint8), WindowCenter="1.5", PatientAge="042Y")
    path = tmp_path / "fair.dcm"
    dataset.save_as(path, enforce_file_format=True)

    found = quickly(path)

    assert found is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [element.value for element in found[0]][-1] is not None
    assert found[0].WindowCenter == 1.5


@pytest.mark.parametrize("bad", [b"1.02.3.4", b"x" * 66])
def test_a_value_that_breaks_the_rules_becomes_a_notice(
    make_dataset: MakeDataset, tmp_path: Path, bad: bytes
) -> None:
    path = tmp_path / "odd.dcm"
    make_dataset(np.zeros((4, 4), np.uint8)).save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    vr = b"UI" if bad.startswith(b"1") else b"LO"
    element = b"\x20\0\x52\0" + vr + struct.pack("<H", len(bad)) + bad
    at = content.index(b"\x28\0\x02\0US")
    path.write_bytes(content[:at] + element + content[at:])

    (frame,) = open_frames(path)

    assert frame.notices == ("The header has values that break the rules of DICOM.",)


def test_a_header_longer_than_the_first_read_is_read_on(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    dataset = make_dataset(np.arange(16, dtype=np.uint8).reshape(4, 4))
    dataset.ImageComments = "x" * 10_000
    item = Dataset()
    item.TextValue = "y" * 40_000
    dataset.ContentSequence = Sequence([item, item])
    dataset.PatientComments = "z" * 9_000
    path = tmp_path / "long.dcm"
    dataset.save_as(path, enforce_file_format=True)

    found = quickly(path)
    (frame,) = open_frames(path)

    assert found is not None
    assert found[0].ContentSequence[1].TextValue == "y" * 40_000
    np.testing.assert_array_equal(frame.stored(), np.arange(16).reshape(4, 4))


def test_thousands_of_private_elements_cost_no_memory(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    dataset = make_dataset(np.arange(16, dtype=np.uint8).reshape(4, 4))
    for group in range(0x0029, 0x0049, 2):
        block = dataset.private_block(group, "OURS", create=True)
        for number in range(200):
            block.add_new(number, "OB", bytes(LARGE_PRIVATE * (1 + number % 2) + number % 2))
    path = tmp_path / "private.dcm"
    dataset.save_as(path, enforce_file_format=True)

    (frame,) = open_frames(path)

    kept = [frame.header.get_item(tag) for tag in frame.header.keys() if tag >> 16 & 1]
    assert len(kept) > 1600
    assert max(len(raw.value or b"") for raw in kept) <= LARGE_PRIVATE
    assert frame.notices == ()
    np.testing.assert_array_equal(frame.stored(), np.arange(16).reshape(4, 4))


def test_headers_are_read_while_another_thread_gathers_warnings(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    path = tmp_path / "fair.dcm"
    make_dataset(np.zeros((4, 4), np.uint8)).save_as(path, enforce_file_format=True)
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with gathered():
            held.set()
            go.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    done: list[int] = []
    reader = threading.Thread(target=lambda: done.append(open_frames(path)[0].stored().size))
    reader.start()
    reader.join(10)
    finished = not reader.is_alive()
    go.set()
    other.join(10)
    reader.join(10)

    assert finished  # neither header nor pixels waited for the other thread
    assert done == [16]
