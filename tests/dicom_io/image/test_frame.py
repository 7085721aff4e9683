"""Opening files: what a frame is, what is refused and how."""

from __future__ import annotations

import os
import struct
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from dicom_io.errors import DamagedFile, FileProblem, NoPixels, NotDicom, UnsafeImage
from dicom_io.image.frame import ImageFrame, frames_of_dataset, open_frames
from dicom_io.image.render import notices_of, render

MakeFrames = Callable[..., tuple[ImageFrame, ...]]
MakeDataset = Callable[..., Dataset]


def sample(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


def test_frames_count_from_one_and_share_a_header_without_pixels(make_frames: MakeFrames) -> None:
    values = np.arange(3 * 6, dtype=np.uint16).reshape(3, 2, 3)

    frames = make_frames(values)

    assert [frame.identity.frame for frame in frames] == [1, 2, 3]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].header is frames[2].header
    assert "PixelData" not in frames[0].header
    assert {(f.rows, f.columns, f.number_of_frames) for f in frames} == {(2, 3, 3)}
    for frame, expected in zip(frames, values, strict=True):
        np.testing.assert_array_equal(frame.stored(), expected)


def test_a_single_frame_is_frame_one() -> None:
    (frame,) = open_frames(sample("CT_small.dcm"))

    assert (frame.identity.frame, frame.modality, frame.photometric) == (1, "CT", "MONOCHROME2")
    assert frame.identity.patient_id == "1CT1"
    assert not frame.made_up


def test_a_frame_does_not_print_its_patient() -> None:
    (frame,) = open_frames(sample("CT_small.dcm"))

    assert "CompressedSamples" not in repr(frame)


def test_a_cut_file_shows_the_frames_that_are_whole(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = np.arange(3 * 64, dtype=np.uint16).reshape(3, 8, 8)
    path = tmp_path / "cut.dcm"
    make_dataset(values).save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes()[:-2])

    first, second, third = open_frames(path)

    np.testing.assert_array_equal(second.stored(), values[1])
    np.testing.assert_array_equal(first.stored(), values[0])
    with pytest.raises(DamagedFile, match=r"cut.dcm ends early: frame 3 of 3"):
        third.stored()


def test_only_the_frame_asked_for_is_read(make_dataset: MakeDataset, tmp_path: Path) -> None:
    path = tmp_path / "long.dcm"
    values = np.zeros((200, 128, 128), np.uint16)
    values[150] = 7
    make_dataset(values).save_as(path, enforce_file_format=True)

    tracemalloc.start()
    stored = open_frames(path)[150].stored()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (stored == 7).all()
    assert peak < values.nbytes / 4


def test_a_sound_file_is_opened_once_for_its_header_and_once_for_its_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, opened = sample("CT_small.dcm"), []
    plain = Path.open

    def counted(self: Path, *how: Any, **more: Any) -> Any:
        opened.append(self)
        return plain(self, *how, **more)

    monkeypatch.setattr(Path, "open", counted)

    open_frames(path)[0].stored()

    assert opened == [path, path]  # at each of them another thread may take the interpreter


def test_a_file_that_vanished_after_opening_is_named(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    path = tmp_path / "gone.dcm"
    make_dataset(np.zeros((4, 4), np.uint8)).save_as(path, enforce_file_format=True)
    (frame,) = open_frames(path)
    path.unlink()

    with pytest.raises(FileProblem, match="gone.dcm"):
        frame.stored()


@pytest.mark.parametrize(
    "content", [b"", b"x", b"Dear colleague,\n" * 50, b"\0" * 4000, os.urandom(64) + b"\xff" * 900]
)
def test_what_is_no_dicom_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.dcm"
    path.write_bytes(content)

    with pytest.raises(NotDicom, match="letter.dcm") as caught:
        open_frames(path)

    assert caught.value.path == path


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.dcm", tmp_path):
        with pytest.raises(FileProblem, match=path.name):
            open_frames(path)


@pytest.mark.parametrize("name", ["test-SR.dcm", "rtplan.dcm", "waveform_ecg.dcm", "DICOMDIR"])
def test_objects_without_an_image_say_so(name: str) -> None:
    path = sample("dicomdirtests/DICOMDIR") if name == "DICOMDIR" else sample(name)

    with pytest.raises(NoPixels, match="holds no image"):
        open_frames(path)


def test_a_data_set_without_pixels_says_so(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(np.zeros((2, 2), np.uint8))
    del dataset.PixelData

    with pytest.raises(FileProblem, match="memory"):
        frames_of_dataset(dataset, Path("memory"))


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "image_dfl.dcm"]
)
def test_a_file_cut_anywhere_gives_one_sentence(tmp_path: Path, name: str) -> None:
    content = sample(name).read_bytes()
    path = tmp_path / "cut.dcm"

    for keep in (*range(0, 700, 37), *range(700, len(content) - 1, len(content) // 25)):
        path.write_bytes(content[:keep])
        with pytest.raises(FileProblem, match="cut.dcm") as caught:
            open_frames(path)[0].stored()
        assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("attributes", "problem"),
    [
        ({"Rows": 40_000}, UnsafeImage),
        ({"Columns": 65_535}, UnsafeImage),
        ({"NumberOfFrames": 10_001}, UnsafeImage),
        ({"Rows": 32_000, "Columns": 32_000}, UnsafeImage),
        ({"Rows": 20_000, "Columns": 20_000}, DamagedFile),
        ({"Rows": 0}, DamagedFile),
        ({"BitsAllocated": 12}, DamagedFile),
        ({"SamplesPerPixel": 7}, DamagedFile),
        ({"PhotometricInterpretation": "CMYK"}, DamagedFile),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_a_header_claims_is_not_allocated(
    make_dataset: MakeDataset,
    tmp_path: Path,
    attributes: dict[str, Any],
    problem: type[FileProblem],
    packed: bool,
) -> None:
    dataset = make_dataset(np.zeros((4, 4), np.uint8), **attributes)
    if packed:
        dataset.PixelData = encapsulate([b"\1\0\0\0" + b"\x40\0\0\0" + b"\0" * 56 + b"\xf1\0"])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = uid.RLELossless
    path = tmp_path / "claim.dcm"
    dataset.save_as(path, enforce_file_format=True)

    tracemalloc.start()
    with pytest.raises(problem, match="claim.dcm"):
        open_frames(path)[0].stored()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 20e6


def as_file(path: Path, dataset: Dataset) -> ImageFrame:
    dataset.save_as(path, enforce_file_format=True)
    return open_frames(path)[0]


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"Rows": 15}, "32 bytes of pixels more than the header describes"),
        ({"Columns": 8}, "rows, columns, bits or number of frames may be wrong"),
        ({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, "256 bytes of pixels more"),
        ({"BitsStored": 17}, "says 17 bits stored of 16; all 16 are used"),
        ({"BitsStored": None}, "says 0 bits stored of 16; all 16 are used"),
        ({"BitsStored": 12, "HighBit": 3}, "The high bit contradicts the bits stored"),
        ({"PixelRepresentation": None}, "whether pixels are signed; unsigned is assumed"),
        ({"PixelRepresentation": 2}, "whether pixels are signed; unsigned is assumed"),
        ({"PhotometricInterpretation": None}, "no colour space; MONOCHROME2 is assumed"),
        ({"PhotometricInterpretation": "RGB"}, "says RGB, but pixels have one sample; MONOCHROME2"),
        ({"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 65535}, "every value padding"),
        ({"RescaleIntercept": -1024}, "one half of a rescale; a slope of 1"),
        ({"RescaleSlope": 2}, "one half of a rescale; an intercept of 0"),
        ({"WindowCenter": [40, 50], "WindowWidth": 400}, "as many centres of windows as widths"),
    ],
)
def test_what_a_header_leaves_open_or_contradicts_is_marked(
    make_dataset: MakeDataset, tmp_path: Path, attributes: dict[str, Any], word: str
) -> None:
    values = np.arange(256, dtype=np.uint16).reshape(16, 16)

    frame = as_file(tmp_path / "odd.dcm", make_dataset(values, **attributes))

    assert any(word in notice for notice in notices_of(frame)), notices_of(frame)
    assert frame.stored().shape == (frame.rows, frame.columns)
    picture = render(frame, frame.stored())
    assert picture.min() < picture.max()


@pytest.mark.parametrize("said", ["MONOCHROME1", "PALETTE COLOR"])
def test_three_samples_are_colours_whatever_they_are_called(
    make_dataset: MakeDataset, tmp_path: Path, said: str
) -> None:
    values = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)

    frame = as_file(tmp_path / "odd.dcm", make_dataset(values, PhotometricInterpretation=said))

    assert f"The header says {said}, but pixels have 3 samples; RGB is assumed." in frame.notices
    assert frame.is_colour
    np.testing.assert_array_equal(render(frame, frame.stored()), values)


@pytest.mark.parametrize("keyword", ["RescaleSlope", "WindowWidth"])
def test_a_number_that_is_none_is_left_out_and_named(
    make_dataset: MakeDataset, tmp_path: Path, keyword: str
) -> None:
    dataset = make_dataset(np.arange(16, dtype=np.uint16).reshape(4, 4), **{keyword: "12"})
    dataset.save_as(tmp_path / "word.dcm", enforce_file_format=True)
    content = (tmp_path / "word.dcm").read_bytes()
    (tmp_path / "word.dcm").write_bytes(content.replace(b"DS\x02\x0012", b"DS\x02\x00ab"))

    (frame,) = open_frames(tmp_path / "word.dcm")

    assert keyword not in frame.header
    assert any("has a value that cannot be read; left out" in told for told in notices_of(frame))


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ({"Rows": 17}, "ends early"),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "ends early"),
        ({"Rows": None}, "0 rows"),
        ({"BitsAllocated": None}, "0 bits per pixel"),
    ],
)
def test_a_header_that_asks_for_more_than_there_is_is_refused(
    make_dataset: MakeDataset, tmp_path: Path, attributes: dict[str, Any], word: str
) -> None:
    dataset = make_dataset(np.zeros((16, 16), np.uint16), **attributes)

    with pytest.raises(DamagedFile, match=word):
        as_file(tmp_path / "more.dcm", dataset).stored()


def test_a_sound_header_has_no_notice(make_dataset: MakeDataset, tmp_path: Path) -> None:
    for number, values in enumerate(
        (np.zeros((3, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32))
    ):
        assert as_file(tmp_path / f"fair-{number}.dcm", make_dataset(values)).notices == ()


def test_full_colour_under_the_name_of_halved_is_shown_as_it_is(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = np.full((4, 4, 3), 128, np.uint8)
    values[..., 0] = np.arange(16).reshape(4, 4) * 10  # luminance without colour
    dataset = make_dataset(values, PhotometricInterpretation="YBR_FULL_422")

    frame = as_file(tmp_path / "full.dcm", dataset)

    np.testing.assert_array_equal(frame.stored(), np.repeat(values[..., :1], 3, axis=2))
    assert "every pixel has its own colour" in frame.notices[0]


@pytest.mark.parametrize("has_group_length", [True, False])
def test_a_deflated_bomb_is_not_inflated(tmp_path: Path, has_group_length: bool) -> None:
    content = sample("image_dfl.dcm").read_bytes()
    meta = 144 + struct.unpack("<L", content[140:144])[0]
    if not has_group_length:
        content, meta = content[:132] + content[144:], meta - 12
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = deflater.compress(bytes(100 * 2**20)) + deflater.flush()
    path = tmp_path / "bomb.dcm"
    path.write_bytes(content[:meta] + bomb)

    tracemalloc.start()
    with pytest.raises(UnsafeImage, match="bomb.dcm"):
        open_frames(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 80e6


@pytest.mark.parametrize("depth", [40, 500, 5000])
def test_nested_sequences_are_malformed_not_fatal(tmp_path: Path, depth: int) -> None:
    content = sample("CT_small.dcm").read_bytes()
    start = 144 + struct.unpack("<L", content[140:144])[0]
    opening = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    path = tmp_path / "deep.dcm"
    path.write_bytes(content[:start] + opening * depth + closing * depth + content[start:])

    with pytest.raises(DamagedFile, match="deep.dcm is malformed"):
        open_frames(path)


def test_an_attribute_that_cannot_be_read_is_left_out_and_named(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    dataset = make_dataset(np.arange(16, dtype=np.uint8).reshape(4, 4))
    path = tmp_path / "odd.dcm"
    dataset.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    place = content.index(b"\x28\0\x02\0US")
    four_bytes_of_a_double = b"\x18\0\x73\x90FD\x04\0abcd"
    path.write_bytes(content[:place] + four_bytes_of_a_double + content[place:])

    (frame,) = open_frames(path)

    assert "AcquisitionDuration" not in frame.header
    assert any("(0018,9073)" in notice for notice in notices_of(frame))
    assert render(frame, frame.stored()).shape == (4, 4)


def test_broken_rules_become_one_notice_and_no_warning() -> None:
    frame = open_frames(sample("badVR.dcm"))[0]

    told = notices_of(frame)
    assert told.count("The header has values that break the rules of DICOM.") == 1
    assert any(
        "Number of Frames (0028,0008) has a value that cannot be read" in one for one in told
    )
    assert any("5,600 bytes of pixels more than the header describes" in one for one in told)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "vlut_04.dcm"])
def test_flipped_bits_never_cause_another_exception(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(9)
    content = np.frombuffer(sample(name).read_bytes(), np.uint8)
    path = tmp_path / "flipped.dcm"
    outcomes = set()

    for _ in range(120):
        broken = content.copy()
        places = rng.integers(132, min(len(broken), 4000), rng.integers(1, 12))
        broken[places] = rng.integers(0, 256, len(places))
        path.write_bytes(broken.tobytes())
        try:
            frame = open_frames(path)[0]
            render(frame, frame.stored())
            outcomes.add("shown")
        except FileProblem as problem:
            outcomes.add("refused")
            assert "flipped.dcm" in str(problem)

    assert outcomes == {"shown", "refused"}


def test_a_file_without_its_meta_part_is_still_an_image(tmp_path: Path) -> None:
    dataset = dcmread(sample("MR_small_implicit.dcm"))
    content = sample("MR_small_implicit.dcm").read_bytes()
    start = 144 + struct.unpack("<L", content[140:144])[0]
    path = tmp_path / "bare.dcm"
    path.write_bytes(content[start:])

    (frame,) = open_frames(path)

    np.testing.assert_array_equal(frame.stored(), dataset.pixel_array)
    assert any("transfer syntax" in notice for notice in frame.notices)


def test_a_first_part_that_does_not_end_is_malformed(tmp_path: Path) -> None:
    content = sample("image_dfl.dcm").read_bytes()
    path = tmp_path / "endless.dcm"
    private = b"\x02\0\x02\x01OB\0\0" + struct.pack("<L", 10**6) + b"\0" * 10**6
    path.write_bytes(content[:132] + private + content[144:])

    with pytest.raises(DamagedFile, match="endless.dcm is malformed"):
        open_frames(path)


def test_frames_are_decoded_the_same_by_many_threads() -> None:
    names = (
        "CT_small.dcm",
        "JPEG2000.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "badVR.dcm",
        "MR_small_RLE.dcm",
    )
    frames = [open_frames(sample(name))[0] for name in names] * 6
    alone = [frame.stored() for frame in frames]
    before = list(warnings.filters)

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(ImageFrame.stored, frames))

    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)
    assert list(warnings.filters) == before
