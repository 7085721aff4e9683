"""Video clips: every frame in its place, whoever asks in whatever order, out of real streams."""

from __future__ import annotations

import io
import random
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, itemize_frame
from pydicom.uid import UID

from dicom_io.errors import DamagedFile, FileProblem, UnknownTransferSyntax, UnsafeImage
from dicom_io.image import video
from dicom_io.image.cine import pace_of
from dicom_io.image.frame import ImageFrame, open_frames

ENDOSCOPY = "1.2.840.10008.5.1.4.1.1.77.1.1.1"  # Video Endoscopic Image Storage
MPEG2, AVC, HEVC = (f"1.2.840.10008.1.2.4.{end}" for end in (100, 102, 107))
COUNT, ROWS, COLUMNS = 70, 96, 128
KINDS = [
    (MPEG2, "mpeg2video", "mpeg"),
    (MPEG2, "mpeg2video", "mpegts"),
    (AVC, "libx264", "mpegts"),
    (AVC, "libx264", "mp4"),
    (AVC, "libx264", "h264"),
    (HEVC, "libx265", "mp4"),
]


def brightness(index: int) -> int:
    """The grey of the left half of a frame: no two neighbours are near one another."""
    return 30 + (index * 53) % 190


@lru_cache(maxsize=16)
def stream_of(codec: str, container: str, count: int = COUNT) -> bytes:
    """A stream of frames whose left half tells their number, the right half being red."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream: Any = output.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuv420p"
        stream.gop_size, stream.bit_rate = 12, 2_000_000
        stream.time_base = Fraction(1, 25)
        for index in range(count):
            pixels = np.zeros((ROWS, COLUMNS, 3), np.uint8)
            pixels[:, : COLUMNS // 2] = brightness(index)
            pixels[:, COLUMNS // 2 :, 0] = 200
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def clip(path: Path, stream: bytes, syntax: str = AVC, *, parts: int = 1, **more: Any) -> Path:
    """A file of a clip; `parts` fragments hold the stream."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID, dataset.Modality = ENDOSCOPY, "ES"
    dataset.PatientID, dataset.PatientName = "V1", "Clip^One"
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(dataset, keyword, "1.2.826.0.1.3680043.8.498.66.1")
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = ROWS, COLUMNS, COUNT
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "YBR_PARTIAL_420"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.CineRate, dataset.FrameTime = 25, "40"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    if parts == 1:
        dataset.PixelData = encapsulate([stream])
    else:
        items = list(itemize_frame(stream, parts))
        empty_table = b"\xfe\xff\x00\xe0\0\0\0\0"
        dataset.PixelData = empty_table + b"".join(items)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)
    return path


def is_right(frame: ImageFrame) -> bool:
    """True when the frame shows its number, and red at its right."""
    pixels = frame.stored().astype(int)
    assert pixels.shape == (ROWS, COLUMNS, 3)
    left, right = pixels[:, 8:56].mean(axis=(0, 1)), pixels[:, 72:120].mean(axis=(0, 1))
    told = np.abs(left - brightness(frame.index)).max() < 12
    return bool(told and right[0] > 150 and right[1:].max() < 60)


@pytest.mark.parametrize(("syntax", "codec", "container"), KINDS)
def test_every_frame_is_the_one_of_its_number(
    tmp_path: Path, syntax: str, codec: str, container: str
) -> None:
    frames = open_frames(clip(tmp_path / "a.dcm", stream_of(codec, container), syntax))
    order = [*range(8), 69, 3, 40, 41, 39, 12, 0, 68, 24, 23]

    assert len(frames) == COUNT and frames[0].is_colour
    assert [index for index in order if not is_right(frames[index])] == []


def test_a_stream_in_many_fragments_is_one_stream(tmp_path: Path) -> None:
    frames = open_frames(clip(tmp_path / "a.dcm", stream_of("libx264", "mp4"), parts=7))

    assert all(is_right(frames[index]) for index in (0, 35, 69, 1))


def test_threads_that_ask_for_frames_in_any_order_get_their_own(tmp_path: Path) -> None:
    frames = list(open_frames(clip(tmp_path / "a.dcm", stream_of("libx264", "mpegts"))))
    random.Random(3).shuffle(frames)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(is_right, frames))


def test_many_clips_keep_few_decoders(tmp_path: Path) -> None:
    stream = stream_of("libx264", "mp4")
    clips = [open_frames(clip(tmp_path / f"{n}.dcm", stream)) for n in range(7)]

    for index in (5, 30):
        assert all(is_right(frames[index]) for frames in clips)

    assert len(video._OPEN) <= video.MOST_OPEN


def test_a_clip_plays_at_the_rate_it_was_taken_at(tmp_path: Path) -> None:
    frames = open_frames(clip(tmp_path / "a.dcm", stream_of("libx264", "mp4")))

    assert pace_of(frames).rate == pytest.approx(25)


def test_a_header_that_counts_wrong_is_doubted_aloud(tmp_path: Path) -> None:
    stream = stream_of("libx264", "mp4")
    more = open_frames(clip(tmp_path / "more.dcm", stream, NumberOfFrames=COUNT + 5))
    fewer = open_frames(clip(tmp_path / "fewer.dcm", stream, NumberOfFrames=10))

    assert more[3].decoded().notices == ("The file says that it has 75 frames; its video has 70.",)
    assert fewer[3].decoded().notices != ()
    with pytest.raises(DamagedFile, match="ends early: its video has 70 frames"):
        more[72].stored()


def test_streams_that_make_no_sense_are_refused_in_one_sentence(tmp_path: Path) -> None:
    stream = stream_of("libx264", "mp4")
    chance = random.Random(9)
    noise = bytes(chance.randrange(256) for _ in range(5000))
    cases: dict[str, tuple[bytes, dict[str, Any]]] = {
        "noise": (noise, {}),
        "empty": (b"\0\0", {}),
        "cut": (stream[: len(stream) // 2], {}),
        "size": (stream, {"Rows": ROWS * 2}),
        "picture": (b"\xff\xd8\xff\xe0" + noise, {}),
        "playlist": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", {}),
    }
    for name, (content, more) in cases.items():
        frames = open_frames(clip(tmp_path / f"{name}.dcm", content, **more))
        with pytest.raises(FileProblem, match=f"{name}.dcm is damaged"):
            frames[-1].stored()


def test_damage_in_the_middle_gives_a_sentence_or_a_mark(tmp_path: Path) -> None:
    stream = stream_of("libx264", "mpegts")
    chance = random.Random(4)
    shapes, marks, refusals = [], [], 0
    for number in range(12):
        torn = bytearray(stream)
        for _ in range(20):
            torn[chance.randrange(len(torn))] ^= chance.randrange(1, 256)
        frames = open_frames(clip(tmp_path / f"{number}.dcm", bytes(torn)))
        for frame in (frames[0], frames[33], frames[69]):
            try:
                decoded = frame.decoded()
                shapes.append(decoded.values.shape)
                marks.append(decoded.notices)
            except FileProblem as problem:
                assert f"{number}.dcm" in str(problem)
                refusals += 1
    assert set(shapes) <= {(ROWS, COLUMNS, 3)}
    assert refusals + sum(bool(mark) for mark in marks) > 6, "damage is told of"


def test_a_clip_of_more_frames_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.dcm", stream_of("libx264", "mp4"), NumberOfFrames=200_000)

    with pytest.raises(UnsafeImage, match="limits"):
        open_frames(path)


def test_without_the_package_the_reader_is_told_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clip(tmp_path / "a.dcm", stream_of("libx264", "mp4"))
    monkeypatch.setattr(video, "is_installed", lambda: False)

    with pytest.raises(UnknownTransferSyntax, match=r"Install wetread\[video\]"):
        open_frames(path)
