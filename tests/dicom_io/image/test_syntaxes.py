"""Every transfer syntax of the standard: decoded, or refused by name with what to do."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import uid
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from dicom_io.errors import DamagedFile, UnknownTransferSyntax, UnsafeImage
from dicom_io.image import video
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.syntaxes import SYNTAXES, Family, name_of, syntax_of
from dicom_io.pacs.sending import Parcel
from dicom_io.pacs.sending import _contexts as contexts_of
from tests.dicom_io.image.test_decode import as_rle

MakeDataset = Callable[..., Dataset]
XL, XL_RECOMPRESSED, XL_LOSSY = (f"1.2.840.10008.1.2.4.11{n}" for n in range(3))
FRAGMENTS, DEFLATED = "1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"
PART_TWO = "1.2.840.10008.1.2.4.92"


def packed(path: Path, dataset: Dataset, frames: Sequence[Any], syntax: str) -> Path:
    """A file of any transfer syntax; pydicom writes only those that it knows."""
    width = len(syntax) + len(syntax) % 2
    known = {20: uid.RLELossless, 22: uid.JPEGBaseline8Bit, 24: uid.HTJ2KLossless}
    stand_in = known[width]
    dataset.PixelData = encapsulate([bytes(frame) for frame in frames])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.UID(stand_in)
    dataset.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)
    old, new = (text.encode().ljust(width, b"\0") for text in (stand_in, syntax))
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    return path


def slices(count: int = 2) -> NDArray[np.uint16]:
    rng = np.random.default_rng(11)
    y, x = np.mgrid[-1:1:40j, -1:1:56j]
    body = 2500 * np.exp(-3 * (x * x + y * y))
    values = body + rng.normal(300, 20, (count, 40, 56))
    made: NDArray[np.uint16] = values.clip(0, 4095).astype(np.uint16)
    return made


def deflate(frame: NDArray[Any]) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(frame.astype("<u2").tobytes()) + packer.flush()


LOSSLESS: dict[str, Callable[[NDArray[Any]], Any]] = {
    XL: lambda v: imagecodecs.jpegxl_encode(v, lossless=True, bitspersample=12),
    XL_LOSSY: lambda v: imagecodecs.jpegxl_encode(v, lossless=True, bitspersample=12),
    FRAGMENTS: lambda v: v.astype("<u2").tobytes(),
    DEFLATED: deflate,
    PART_TWO: lambda v: imagecodecs.jpeg2k_encode(
        v, level=0, reversible=True, codecformat="j2k", bitspersample=12
    ),
}


@pytest.mark.parametrize("syntax", list(LOSSLESS))
def test_syntaxes_that_pydicom_does_not_know_come_back(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str
) -> None:
    values = slices()
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    path = packed(tmp_path / "new.dcm", dataset, [LOSSLESS[syntax](v) for v in values], syntax)

    frames = open_frames(path)

    for frame, expected in zip(frames, values, strict=True):
        np.testing.assert_array_equal(frame.stored(), expected)


@pytest.mark.parametrize("syntax", [XL, XL_RECOMPRESSED, XL_LOSSY])
def test_colour_in_jpeg_xl_is_shown_as_it_is(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str
) -> None:
    y, x = np.mgrid[:48, :64]
    values = np.stack([3 * x, 4 * y, 128 + x - y], axis=-1).astype(np.uint8)
    dataset = make_dataset(values, PhotometricInterpretation="YBR_FULL_422")
    if syntax == XL:
        dataset.PhotometricInterpretation = "RGB"
    stream = imagecodecs.jpegxl_encode(values, lossless=syntax == XL, distance=0.5)
    path = packed(tmp_path / "colour.dcm", dataset, [stream], syntax)

    (frame,) = open_frames(path)

    difference = np.abs(frame.stored().astype(int) - values)
    assert difference.max() == 0 if syntax == XL else difference.mean() < 3


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_lossless_jpeg_by_any_predictor_and_depth(
    make_dataset: MakeDataset, tmp_path: Path, predictor: int, bits: int
) -> None:
    values = slices(1)[0] >> (12 - bits) if bits <= 12 else slices(1)[0] << 4
    values = values.astype(np.uint8 if bits == 8 else np.uint16)
    stream = imagecodecs.jpeg8_encode(
        values, lossless=True, predictor=predictor, bitspersample=bits
    )
    dataset = make_dataset(values, BitsStored=bits, HighBit=bits - 1)
    path = packed(tmp_path / "a.dcm", dataset, [stream], uid.JPEGLossless)

    (frame,) = open_frames(path)

    np.testing.assert_array_equal(frame.stored(), values)


@pytest.mark.parametrize(
    ("marker", "photometric", "is_rgb"),
    [("none", "RGB", True), ("none", "YBR_FULL_422", False), ("jfif", "RGB", False)],
)
def test_what_a_jpeg_stream_says_of_its_colours_is_believed_first(
    make_dataset: MakeDataset, tmp_path: Path, marker: str, photometric: str, is_rgb: bool
) -> None:
    values = np.zeros((32, 32, 3), np.uint8)
    values[...] = (200, 40, 90)
    space = "RGB" if is_rgb else "YCBCR"
    stream = bytes(imagecodecs.jpeg8_encode(values, level=98, outcolorspace=space))
    if marker == "none":
        stream = without_application_markers(stream)
    dataset = make_dataset(values, PhotometricInterpretation=photometric)
    path = packed(tmp_path / "c.dcm", dataset, [stream], uid.JPEGBaseline8Bit)

    (frame,) = open_frames(path)

    assert np.abs(frame.stored().astype(int) - values).max() <= 3


def without_application_markers(stream: bytes) -> bytes:
    kept, at = stream[:2], 2
    while stream[at + 1] != 0xDA:
        length = 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if not 0xE0 <= stream[at + 1] <= 0xEF:
            kept += stream[at : at + length]
        at += length
    return kept + stream[at:]


@pytest.mark.parametrize("syntax", [one for one in SYNTAXES.values() if not one.has_decoder])
def test_what_no_decoder_reads_is_named_with_what_to_do(
    make_dataset: MakeDataset, tmp_path: Path, syntax: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "is_installed", lambda: False)
    dataset = make_dataset(np.zeros((4, 4), np.uint8))
    path = tmp_path / "clip.dcm"
    dataset.PixelData = encapsulate([b"abcd"])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax.uid)
    dataset.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)

    with pytest.raises(UnknownTransferSyntax, match="clip.dcm") as caught:
        open_frames(path)

    sentence = str(caught.value)
    assert name_of(syntax.uid) in sentence and syntax.uid in sentence
    assert "ask the sender" in sentence
    assert ("video" in sentence) == (syntax.family is Family.VIDEO)


def test_every_syntax_of_pydicom_s_dictionary_that_holds_an_image_is_in_the_table() -> None:
    others = ("RFC 2557", "XML Encoding", "Papyrus", "PCM Digital Audio")

    for number, (name, kind, *_) in UID_dictionary.items():
        if kind == "Transfer Syntax" and not any(word in name for word in others):
            assert syntax_of(number) is not None, name
    assert name_of("1.2.840.10008.1.2.4.110") == "JPEG XL Lossless"
    assert name_of("1.2.3.4") == "private or unknown"


def test_a_fragmentable_video_is_the_video_that_it_is_cut_from() -> None:
    assert syntax_of("1.2.840.10008.1.2.4.102.1") == syntax_of("1.2.840.10008.1.2.4.102")
    assert syntax_of("1.2.840.10008.1.2.4.50.1") is None


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
@pytest.mark.parametrize("family", ["jpeg", "lossless", "extended", "htj2k", "xl", "deflated"])
def test_a_frame_cut_short_is_never_filled_up_in_silence(
    make_dataset: MakeDataset, tmp_path: Path, family: str, keep: float
) -> None:
    values = slices(1)[0]
    syntax, stream = {
        "jpeg": (uid.JPEGBaseline8Bit, imagecodecs.jpeg8_encode((values >> 4).astype(np.uint8))),
        "lossless": (
            uid.JPEGLosslessSV1,
            imagecodecs.jpeg8_encode(values, lossless=True, predictor=1, bitspersample=12),
        ),
        "extended": (uid.JPEGExtended12Bit, imagecodecs.jpeg8_encode(values, bitspersample=12)),
        "htj2k": (uid.HTJ2KLossless, imagecodecs.htj2k_encode(values, reversible=True)),
        "xl": (XL, LOSSLESS[XL](values)),
        "deflated": (DEFLATED, deflate(values)),
    }[family]
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    path = packed(tmp_path / "cut.dcm", dataset, [stream[: int(len(stream) * keep)]], syntax)

    (frame,) = open_frames(path)

    with pytest.raises(DamagedFile, match="cut.dcm"):
        frame.stored()


def test_a_stream_with_more_bits_than_the_header_says_is_marked(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = slices(1)[0]
    dataset = make_dataset(values, BitsStored=10, HighBit=9)
    stream = imagecodecs.jpegls_encode(values)
    path = packed(tmp_path / "deep.dcm", dataset, [stream], uid.JPEGLSLossless)

    decoded = open_frames(path)[0].decoded()

    np.testing.assert_array_equal(decoded.values, values & 1023)
    assert "more than the 10 bits" in decoded.notices[0]


def test_a_lossy_stream_far_beyond_the_header_s_bits_is_marked_and_a_little_is_not(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = np.tile(np.array([0, 500, 1023, 1025], np.uint16), (16, 4))
    told = []
    for number, most in enumerate((1025, 4000)):
        values[:, -1] = most
        dataset = make_dataset(values, BitsStored=10, HighBit=9)
        stream = imagecodecs.jpegls_encode(values, level=1)
        path = packed(tmp_path / f"{number}.dcm", dataset, [stream], uid.JPEGLSNearLossless)
        decoded = open_frames(path)[0].decoded()
        assert np.abs(decoded.values.astype(int) - np.minimum(values, 1023)).max() <= 1
        told.append(decoded.notices)

    assert told[0] == ()
    assert "more than the 10 bits" in told[1][0]


def test_a_lossy_stream_of_signed_values_keeps_their_sign(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = np.arange(-1000, 1000, dtype=np.int16).reshape(40, 50)
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    stream = imagecodecs.jpegls_encode(values.astype(np.uint16) & 4095, level=1)  # sixteen bits
    path = packed(tmp_path / "signed.dcm", dataset, [stream], uid.JPEGLSNearLossless)

    decoded = open_frames(path)[0].decoded()

    assert (
        np.abs(decoded.values - values)[values != -1].max() <= 1
    )  # -1 may become 0 by way of 4096
    assert decoded.notices == ()


def test_a_stream_with_another_number_of_colours_is_refused(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    stream = imagecodecs.jpeg8_encode(np.zeros((32, 48, 3), np.uint8))
    dataset = make_dataset(np.zeros((32, 48), np.uint8))
    path = packed(tmp_path / "three.dcm", dataset, [stream], uid.JPEGBaseline8Bit)

    with pytest.raises(DamagedFile, match="3 samples a pixel, but the header says 1"):
        open_frames(path)[0].stored()


@pytest.mark.parametrize(("side", "problem"), [(16_000, DamagedFile), (60_000, UnsafeImage)])
@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, XL, uid.JPEGLSLossless])
def test_a_small_stream_that_claims_a_huge_image_never_reaches_a_codec(
    make_dataset: MakeDataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    side: int,
    problem: type[Exception],
    syntax: str,
) -> None:
    stream = bytes(
        imagecodecs.jpegxl_encode(np.zeros((16, 16), np.uint8), lossless=True)
        if syntax == XL
        else imagecodecs.jpegls_encode(np.zeros((16, 16), np.uint8))
        if syntax == uid.JPEGLSLossless
        else imagecodecs.jpeg2k_encode(np.zeros((16, 16), np.uint8), level=0, codecformat="j2k")
    )
    if syntax == uid.JPEGLSLossless:
        at = stream.index(b"\xff\xf7")
        stream = stream[: at + 5] + side.to_bytes(2, "big") * 2 + stream[at + 9 :]
    elif syntax == uid.JPEG2000Lossless:
        stream = stream[:8] + side.to_bytes(4, "big") * 2 + stream[16:]
    dataset = make_dataset(np.zeros((16, 16), np.uint8), Rows=side, Columns=side)
    path = packed(tmp_path / "huge.dcm", dataset, [stream], syntax)
    called: list[object] = []
    for name in ("jpeg2k_decode", "jpegls_decode", "jpegxl_decode"):
        monkeypatch.setattr(imagecodecs, name, called.append)

    with pytest.raises(problem, match="huge.dcm"):
        open_frames(path)[0].stored()

    assert called == []


def test_fragments_of_many_frames_are_looked_for_once(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = slices(20)
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    frames = [imagecodecs.jpegls_encode(frame) for frame in values]
    path = packed(tmp_path / "cine.dcm", dataset, frames, uid.JPEGLSLossless)
    opened = open_frames(path)

    with ThreadPoolExecutor(4) as pool:
        decoded = list(pool.map(ImageFrame.stored, opened))

    np.testing.assert_array_equal(np.stack(decoded), values)


def test_frames_spread_over_fragments_without_a_table_are_told_apart(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = slices(3)
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    streams = [bytes(imagecodecs.jpegls_encode(frame)) for frame in values]
    dataset.PixelData = encapsulate(streams, fragments_per_frame=3, has_bot=False)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.JPEGLSLossless
    path = tmp_path / "spread.dcm"
    dataset.save_as(path, enforce_file_format=True)

    for frame, expected in zip(open_frames(path), values, strict=True):
        np.testing.assert_array_equal(frame.stored(), expected)


def test_the_frames_before_the_cut_of_a_compressed_file_are_shown(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = slices(3)
    dataset = make_dataset(values, BitsStored=12, HighBit=11)
    frames = [imagecodecs.jpegls_encode(frame) for frame in values]
    path = packed(tmp_path / "cut.dcm", dataset, frames, uid.JPEGLSLossless)
    path.write_bytes(path.read_bytes()[: -len(frames[2]) // 2])

    first, second, third = open_frames(path)

    np.testing.assert_array_equal(second.stored(), values[1])
    np.testing.assert_array_equal(first.stored(), values[0])
    with pytest.raises(DamagedFile, match="cut.dcm ends early: frame 3 of 3"):
        third.stored()


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("big", [False, True])
def test_eight_bit_words_of_either_order_and_plane(
    make_dataset: MakeDataset, tmp_path: Path, planar: int, big: bool
) -> None:
    values = np.random.default_rng(4).integers(0, 256, (2, 5, 7, 3)).astype(np.uint8)
    dataset = make_dataset(values[0], NumberOfFrames=2, PlanarConfiguration=planar)
    laid = values.transpose(0, 3, 1, 2) if planar else values
    content = np.ascontiguousarray(laid).tobytes()
    assert len(content) % 2 == 0
    if big:  # as words
        content = np.frombuffer(content, "<u2").byteswap().tobytes()
        dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRBigEndian
    dataset.PixelData = content
    dataset["PixelData"].VR = "OW"
    path = tmp_path / "words.dcm"
    dataset.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=not big)

    first, second = open_frames(path)

    np.testing.assert_array_equal(second.stored(), values[1])  # begins inside a word
    np.testing.assert_array_equal(first.stored(), values[0])


def test_a_file_that_pydicom_does_not_know_is_offered_to_a_pacs_as_it_is() -> None:
    parcels = [
        Parcel(Path("a.dcm"), uid.CTImageStorage, f"2.25.{n}", s)
        for n, s in enumerate((XL, "1.2.3"))
    ]

    offered = [(c.abstract_syntax, *c.transfer_syntax) for c in contexts_of(parcels)]

    assert offered == [(uid.CTImageStorage, XL), (uid.CTImageStorage, "1.2.3")]


@pytest.mark.parametrize("offset", [0, 63, 0x7FFFFFFF, 0xFFFFFF00])
@pytest.mark.parametrize("place", [0, 1])
def test_segments_of_run_lengths_that_point_astray_are_refused(
    make_dataset: MakeDataset, tmp_path: Path, offset: int, place: int
) -> None:
    values = slices(1)[0]
    stream = bytearray(as_rle(values, 16))
    stream[4 + 4 * place : 8 + 4 * place] = offset.to_bytes(4, "little")
    path = packed(tmp_path / "astray.dcm", make_dataset(values), [stream], uid.RLELossless)

    with pytest.raises(DamagedFile, match="astray.dcm"):
        open_frames(path)[0].stored()
