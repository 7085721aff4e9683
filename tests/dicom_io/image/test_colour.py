"""Colour of every kind becomes the RGB that was put in, exactly once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.render import render

MakeDataset = Callable[..., Dataset]
MakeFrames = Callable[..., tuple[ImageFrame, ...]]

RED = (200, 40, 90)
FLAT = np.full((16, 24, 3), RED, np.uint8)
NOISE = np.random.default_rng(9).integers(0, 256, (16, 24, 3)).astype(np.uint8)


def as_ybr(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Full range luminance and chrominance, by the equations of PS3.3 C.7.6.3.1.2."""
    matrix = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
    values = colours.astype(float) @ matrix.T + [0, 128, 128]
    whole: NDArray[np.uint8] = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return whole


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_uncompressed_colour_by_pixel_and_by_plane(
    make_frames: MakeFrames, photometric: str, planar: int
) -> None:
    values = NOISE if photometric == "RGB" else as_ybr(NOISE)
    content = values.transpose(2, 0, 1) if planar else values
    (frame,) = make_frames(
        NOISE,
        PhotometricInterpretation=photometric,
        PlanarConfiguration=planar,
        PixelData=content.tobytes(),
    )

    picture = render(frame, frame.stored())

    # to eight bits of luminance and chrominance and back costs up to two grey levels
    assert np.abs(picture.astype(int) - NOISE).max() <= (0 if photometric == "RGB" else 2)


def test_two_pixels_that_share_their_chrominance(make_frames: MakeFrames) -> None:
    chance = np.random.default_rng(5)
    light = chance.integers(40, 216, (16, 24))
    blue, red = chance.integers(110, 146, (2, 16, 12))
    halved = np.stack([light[:, ::2], light[:, 1::2], blue, red], axis=-1).astype(np.uint8)
    whole = np.stack([light, blue.repeat(2, axis=1), red.repeat(2, axis=1)], axis=-1)
    (frame,) = make_frames(
        NOISE, PhotometricInterpretation="YBR_FULL_422", PixelData=halved.tobytes()
    )

    found = render(frame, frame.stored())

    expected = convert_color_space(whole.astype(np.uint8), "YBR_FULL", "RGB")
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_deep_colour_is_shown_by_its_high_bits(make_frames: MakeFrames) -> None:
    deep = np.random.default_rng(3).integers(0, 65536, (16, 24, 3)).astype(np.uint16)
    (frame,) = make_frames(
        NOISE, BitsAllocated=16, BitsStored=16, HighBit=15, PixelData=deep.astype("<u2").tobytes()
    )

    exact = deep * (255 / 65535)

    assert np.abs(render(frame, frame.stored()) - exact).max() <= 0.5 + 1e-9


# --- JPEG, whose markers and photometric interpretation often disagree ---


def segments(stream: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The markers with their contents up to the scan, and the rest."""
    at, found = 2, []
    while stream[at + 1] != 0xDA:
        length = int.from_bytes(stream[at + 2 : at + 4], "big")
        found.append((stream[at + 1], stream[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, stream[at:]


def stream_of(colours: NDArray[np.uint8], *, ybr: bool, marker: str, ids: bytes) -> bytes:
    """A baseline stream that holds RGB or luminance and chrominance, with markers as asked."""
    space = "YCBCR" if ybr else "RGB"
    options: dict[str, Any] = {"colorspace": "RGB", "outcolorspace": space, "subsampling": "444"}
    plain = bytes(imagecodecs.jpeg8_encode(colours, level=100, **options))
    found, rest = segments(plain)
    own = next(content for kind, content in found if kind == 0xC0)[6::3]
    out = bytearray(b"\xff\xd8")
    if marker == "JFIF":
        found.insert(0, (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    elif marker:
        transform = int(marker.removeprefix("Adobe "))
        found.insert(0, (0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform])))
    for place, (kind, content) in enumerate(found):
        if place and kind in (0xE0, 0xEE) or not marker and kind in (0xE0, 0xEE):
            continue  # the encoder's own
        if kind == 0xC0:
            named = bytearray(content)
            named[6::3] = ids
            content = bytes(named)
        out += bytes([0xFF, kind]) + (len(content) + 2).to_bytes(2, "big") + content
    scan = bytearray(rest)
    for component in range(3):
        assert scan[5 + 2 * component] == own[component]
        scan[5 + 2 * component] = ids[component]
    return bytes(out + scan)


JPEGS = [  # what the stream holds, its markers, component names, and what the file may say
    (True, "JFIF", b"\1\2\3", ["RGB", "YBR_FULL", "YBR_FULL_422"]),
    (True, "Adobe 1", b"\1\2\3", ["RGB", "YBR_FULL", "YBR_FULL_422"]),
    (True, "Adobe 0", b"\1\2\3", ["YBR_FULL_422"]),  # a marker that is wrong, as some writers' is
    (True, "", b"\1\2\3", ["YBR_FULL", "YBR_FULL_422"]),
    (False, "Adobe 0", b"RGB", ["RGB", "YBR_FULL_422"]),
    (False, "Adobe 0", b"\1\2\3", ["RGB"]),
    (False, "", b"RGB", ["RGB", "YBR_FULL_422"]),
    (False, "", b"\1\2\3", ["RGB"]),
]


@pytest.mark.parametrize(
    ("ybr", "marker", "ids", "photometric"),
    [(*rest, said) for *rest, many in JPEGS for said in many],
)
def test_baseline_jpeg_with_and_without_markers(
    make_dataset: MakeDataset,
    tmp_path: Path,
    ybr: bool,
    marker: str,
    ids: bytes,
    photometric: str,
) -> None:
    stream = stream_of(FLAT, ybr=ybr, marker=marker, ids=ids)
    path = packed(make_dataset(FLAT), stream, uid.JPEGBaseline8Bit, photometric, tmp_path)

    (frame,) = open_frames(path)

    assert np.abs(render(frame, frame.stored()).astype(int) - RED).max() <= 2


def packed(
    dataset: Dataset, stream: bytes, syntax: uid.UID, photometric: str, folder: Path
) -> Path:
    dataset.PhotometricInterpretation = photometric
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    path = folder / "packed.dcm"
    dataset.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return path


@pytest.mark.parametrize(
    ("syntax", "photometric", "options", "most"),
    [
        (uid.JPEG2000Lossless, "YBR_RCT", {"reversible": True, "mct": True, "level": 0}, 0),
        (uid.JPEG2000Lossless, "RGB", {"reversible": True, "mct": False, "level": 0}, 0),
        (uid.JPEG2000, "YBR_ICT", {"reversible": False, "mct": True, "level": 60}, 3),
        (uid.JPEG2000, "YBR_RCT", {"reversible": True, "mct": True, "level": 0}, 0),
    ],
)
def test_jpeg_2000_undoes_its_own_transform(
    make_dataset: MakeDataset,
    tmp_path: Path,
    syntax: uid.UID,
    photometric: str,
    options: dict[str, Any],
    most: int,
) -> None:
    stream = bytes(imagecodecs.jpeg2k_encode(NOISE, codecformat="j2k", **options))
    path = packed(make_dataset(NOISE), stream, syntax, photometric, tmp_path)

    (frame,) = open_frames(path)

    assert np.abs(render(frame, frame.stored()).astype(int) - NOISE).max() <= most


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_jpeg_ls_keeps_the_space_that_the_file_says(
    make_dataset: MakeDataset, tmp_path: Path, photometric: str
) -> None:
    values = NOISE if photometric == "RGB" else as_ybr(NOISE)
    stream = bytes(imagecodecs.jpegls_encode(values))
    path = packed(make_dataset(NOISE), stream, uid.JPEGLSLossless, photometric, tmp_path)

    (frame,) = open_frames(path)

    assert np.abs(render(frame, frame.stored()).astype(int) - NOISE).max() <= 2 * (
        photometric != "RGB"
    )


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_whose_red_is_dark_keeps_it_dark(make_frames: MakeFrames, bits: int) -> None:
    # no red entry leaves the low byte, which must not make it 8 bits deep when green's is 16
    tables = {"Red": [0, 100, 255], "Green": [0, 0x8000, 0xFF00], "Blue": [0xFF00, 0, 0x0100]}
    values = np.array([[0, 1, 2]], np.uint8)
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, table in tables.items():
        words = np.array(table, "<u2") >> (16 - bits)
        content = words.astype(f"<u{bits // 8}").tobytes()
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = [3, 0, bits]
        attributes[f"{colour}PaletteColorLookupTableData"] = content + b"\0" * (len(content) % 2)
    (frame,) = make_frames(values, **attributes)

    picture = render(frame, frame.stored())

    assert picture.tolist() == [[[0, 0, 255], [0, 128, 0], [0, 255, 1]]]
