"""Every transfer syntax, against values read without any decoder."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread, uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import EncodeRunner
from pydicom.pixels.encoders.native import _encode_frame as rle_frame

from dicom_io.errors import DamagedFile, UnknownTransferSyntax
from dicom_io.image.codecs import decode_stream
from dicom_io.image.codestream import Codestream, codestream
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.header import UNDEFINED, PixelElement
from dicom_io.image.layout import layout_of
from dicom_io.image.render import render
from dicom_io.image.syntaxes import syntax_of

MakeDataset = Callable[..., Dataset]

FOLDER = Path("data") / "dicom_transfer_syntaxes"
LOSSLESS = {
    "CTImage.dcm": [
        "CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
        "CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
        "CTImage.dcm_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm",
        "CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm",
        "CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm",
        "CTImage.dcm_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm",
        "CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm",
        "CTImage.dcm_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm",
        "CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm",
    ],
    "encapsulation/CT1_UNC.explicit_little_endian.dcm": [
        "CT1_J2KR.dcm",
        "encapsulation/CT1_UNC.fragmented_bot_jpeg_ls.80.dcm",
        "encapsulation/CT1_UNC.fragmented_no_bot_jpeg_ls.80.dcm",
        "encapsulation/CT1_UNC.not_fragmented_bot_jpeg_ls.80.dcm",
    ],
    "encapsulation/CT0012.explicit_little_endian.dcm": [
        "encapsulation/CT0012.fragmented_no_bot_jpeg_lossless.57.dcm",
        "encapsulation/CT0012.fragmented_no_bot_jpeg_lossless.70.dcm",
        "encapsulation/CT0012.fragmented_no_bot_jpeg_ls.80.dcm",
        "encapsulation/CT0012.not_fragmented_bot_jpeg_ls.80.dcm",
        "encapsulation/CT0012.not_fragmented_bot_rle.dcm",
        "encapsulation/CT0012.not_fragmented_no_bot_jpeg_ls.80.dcm",
        "encapsulation/CT0012.not_fragmented_no_bot_rle.dcm",
    ],
    "TestPattern_RGB.dcm": [
        "TestPattern_JPEG-LS-Lossless.dcm",
        "TestPattern_JPEG-Lossless_RGB.dcm",
    ],
}
PAIRS = [(plain, packed) for plain, many in LOSSLESS.items() for packed in many]


def plain_values(path: Path) -> NDArray[Any]:
    """(frames, rows, columns[, 3]) of an uncompressed little-endian file, straight from bytes."""
    dataset = dcmread(path)
    kind = "i" if dataset.PixelRepresentation else "u"
    values = np.frombuffer(dataset.PixelData, f"<{kind}{dataset.BitsAllocated // 8}")
    shape = [int(dataset.get("NumberOfFrames") or 1), dataset.Rows, dataset.Columns]
    if dataset.SamplesPerPixel == 3:
        assert dataset.PlanarConfiguration == 0
        shape.append(3)
    return values[: int(np.prod(shape))].reshape(shape)


@pytest.mark.parametrize(("plain", "packed"), PAIRS)
def test_a_lossless_file_equals_the_uncompressed_one(shared: Path, plain: str, packed: str) -> None:
    expected = plain_values(shared / FOLDER / plain)

    frames = open_frames(shared / FOLDER / packed)

    assert len(frames) == len(expected)
    for frame, values in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.stored(), values)


@pytest.mark.parametrize(
    ("plain", "packed", "most"),
    [
        ("CTImage.dcm", "CTImage.dcm_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm", 1),
        ("CTImage.dcm", "CTImage.dcm_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm", 5),
        (
            "encapsulation/CT0012.explicit_little_endian.dcm",
            "encapsulation/CT0012.fragmented_no_bot_jpeg_ls.81.dcm",
            2,
        ),
        ("TestPattern_RGB.dcm", "TestPattern_JPEG-LS-NearLossless.dcm", 3),
    ],
)
def test_a_nearly_lossless_file_is_near(shared: Path, plain: str, packed: str, most: int) -> None:
    expected = plain_values(shared / FOLDER / plain)

    for frame, values in zip(open_frames(shared / FOLDER / packed), expected, strict=True):
        assert np.abs(frame.stored().astype(int) - values).max() <= most


@pytest.mark.parametrize("name", ["JPEG-Baseline_YBR422", "JPEG-Baseline_YBRFull"])
def test_luminance_and_chrominance_become_rgb_exactly_once(shared: Path, name: str) -> None:
    expected = plain_values(shared / FOLDER / "TestPattern_RGB.dcm")[0].astype(int)

    (frame,) = open_frames(shared / FOLDER / f"TestPattern_{name}.dcm")

    assert np.abs(frame.stored() - expected).mean() < 3


@pytest.mark.parametrize("process", ["1", "2_4", "6_8", "10_12"])
def test_each_lossy_process_of_jpeg_shows_the_same_slice(shared: Path, process: str) -> None:
    expected = plain_values(shared / FOLDER / "CTImage.dcm")[0]
    (path,) = (shared / FOLDER).glob(f"CTImage.dcm_JPEGProcess{process}Transfer*.dcm")

    (frame,) = open_frames(path)

    stored = frame.stored()
    assert np.corrcoef(stored.ravel(), expected.ravel())[0, 1] > 0.9999 - (process == "1") * 1e-3


def test_all_files_of_many_syntaxes_are_shown_or_hold_no_image(shared: Path) -> None:
    paths = [path for path in (shared / FOLDER).rglob("*") if "dcm" in path.name]
    without = {"no-pixel-data.dcm"}

    for path in paths:
        if path.name not in without:
            frame = open_frames(path)[0]
            assert render(frame, frame.stored()).shape[:2] == (frame.rows, frame.columns)
    assert len(paths) > 40


# The same without the shared folder: images that we compress here.

Encode = Callable[[NDArray[Any], int], bytes | bytearray]


def as_rle(values: NDArray[Any], bits: int) -> bytes:
    runner: Any = EncodeRunner(uid.RLELossless)
    runner.set_options(
        rows=values.shape[0],
        columns=values.shape[1],
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=bits,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        number_of_frames=1,
    )
    return bytes(rle_frame(values.astype("<u2").tobytes(), runner))


ENCODERS: dict[str, Encode] = {
    uid.RLELossless: as_rle,
    uid.JPEGLossless: lambda v, bits: imagecodecs.ljpeg_encode(v, bitspersample=bits),
    uid.JPEGLosslessSV1: lambda v, bits: imagecodecs.ljpeg_encode(v, bitspersample=bits),
    uid.JPEGLSLossless: lambda v, bits: imagecodecs.jpegls_encode(v),
    uid.JPEG2000Lossless: lambda v, bits: imagecodecs.jpeg2k_encode(
        v, level=0, reversible=True, codecformat="j2k", bitspersample=bits
    ),
    uid.JPEG2000: lambda v, bits: imagecodecs.jpeg2k_encode(
        v, level=0, reversible=True, codecformat="j2k", bitspersample=bits
    ),
    uid.HTJ2KLossless: lambda v, bits: imagecodecs.htj2k_encode(v, reversible=True),
    uid.HTJ2KLosslessRPCL: lambda v, bits: imagecodecs.htj2k_encode(v, reversible=True),
    uid.HTJ2K: lambda v, bits: imagecodecs.htj2k_encode(v, reversible=True),
}


def packed_file(
    path: Path,
    dataset: Dataset,
    frames: Sequence[bytes | bytearray],
    syntax: str,
    *,
    table: bool = True,
) -> Path:
    dataset.PixelData = encapsulate([bytes(frame) for frame in frames], has_bot=table)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    dataset.save_as(path, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return path


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("syntax", list(ENCODERS))
def test_what_we_compress_comes_back(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str, signed: bool
) -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(0, 4096, (2, 40, 52)).astype(np.uint16)
    values[:, :20] //= 64
    dataset = make_dataset(values, BitsStored=12, HighBit=11, PixelRepresentation=int(signed))
    expected = np.where(signed & (values > 2047), values.astype(int) - 4096, values)
    if signed and syntax in (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K):
        values = expected.astype(np.int16)  # only this stream knows of signs
    frames = [ENCODERS[syntax](frame, 12) for frame in values]
    path = packed_file(tmp_path / "packed.dcm", dataset, frames, syntax)

    first, second = open_frames(path)

    np.testing.assert_array_equal(second.stored(), expected[1])
    np.testing.assert_array_equal(first.stored(), expected[0])
    assert first.stored().dtype == (np.int16 if signed else np.uint16)


@pytest.mark.parametrize("syntax", [uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit])
def test_lossy_jpeg_of_eight_and_twelve_bits(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str
) -> None:
    bits = 8 if syntax == uid.JPEGBaseline8Bit else 12
    y, x = np.mgrid[:64, :64]
    values = ((np.sin(x / 9) * np.cos(y / 7) + 1) / 2 * ((1 << bits) - 1)).astype(
        np.uint8 if bits == 8 else np.uint16
    )
    dataset = make_dataset(values, BitsStored=bits, HighBit=bits - 1)
    frame_bytes = imagecodecs.jpeg8_encode(values, level=98, bitspersample=bits)
    path = packed_file(tmp_path / "lossy.dcm", dataset, [frame_bytes], syntax)

    (frame,) = open_frames(path)

    assert np.abs(frame.stored().astype(int) - values).max() <= (1 << bits) // 50


def test_two_palettes_of_one_pattern_agree_and_are_near_it(shared: Path) -> None:
    expected = plain_values(shared / FOLDER / "TestPattern_RGB.dcm")[0].astype(int)

    eight, sixteen = (
        open_frames(shared / FOLDER / f"TestPattern_{name}.dcm")[0].stored()
        for name in ("Palette", "Palette_16")
    )

    np.testing.assert_array_equal(eight, sixteen)
    assert np.abs(eight - expected).mean() < 1


def test_a_known_colour_survives_jpeg(make_dataset: MakeDataset, tmp_path: Path) -> None:
    values = np.zeros((16, 16, 3), np.uint8)
    values[...] = (200, 40, 90)
    stream = imagecodecs.jpeg8_encode(values, level=98)  # YCbCr with a JFIF marker
    dataset = make_dataset(values, PhotometricInterpretation="YBR_FULL_422")
    path = packed_file(tmp_path / "red.dcm", dataset, [stream], uid.JPEGBaseline8Bit)

    (frame,) = open_frames(path)

    assert np.abs(frame.stored().astype(int) - values).max() <= 3


@pytest.mark.parametrize(
    "name",
    [
        "SC_rgb.dcm",
        "SC_rgb_expb.dcm",
        "SC_rgb_16bit.dcm",
        "SC_rgb_32bit.dcm",
        "SC_rgb_rle.dcm",
        "SC_rgb_rle_16bit.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_gdcm_KY.dcm",
        "SC_ybr_full_uncompressed.dcm",
        "SC_ybr_full_422_uncompressed.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm",
        "SC_rgb_dcmtk_+eb+cy+n1.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm",
    ],
)
def test_the_colour_bars_are_the_same_in_every_encoding(name: str) -> None:
    (frame,) = open_frames(Path(str(get_testdata_file(name))))

    stored = frame.stored()

    bars = [(255, 0, 0), (255, 128, 128), (0, 255, 0), (128, 255, 128), (0, 0, 255)]
    bars += [(128, 128, 255), (0, 0, 0), (64, 64, 64), (192, 192, 192), (255, 255, 255)]
    assert stored.dtype == np.uint8
    for bar, colour in enumerate(bars):
        assert np.abs(stored[10 * bar + 5, 50].astype(int) - colour).max() <= 5, bar


def test_frames_without_an_offset_table_are_found(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = np.random.default_rng(6).integers(0, 4096, (3, 16, 16)).astype(np.uint16)
    frames = [as_rle(frame, 16) for frame in values]
    path = packed_file(
        tmp_path / "a.dcm", make_dataset(values), frames, uid.RLELossless, table=False
    )

    for frame, expected in zip(open_frames(path), values, strict=True):
        np.testing.assert_array_equal(frame.stored(), expected)


def test_single_bits_are_unpacked_across_byte_borders(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    bits = np.random.default_rng(7).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    dataset = make_dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.save_as(tmp_path / "bits.dcm", enforce_file_format=True)

    frames = open_frames(tmp_path / "bits.dcm")

    for frame, expected in zip(frames, bits, strict=True):
        np.testing.assert_array_equal(frame.stored(), expected)
        assert set(np.unique(render(frame, frame.stored()))) <= {0, 255}


def test_single_bits_in_big_endian_words_lie_in_the_low_byte_first(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    bits = np.random.default_rng(8).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    dataset = make_dataset(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.ravel(), bitorder="little")  # 105 bits: 14 bytes
    dataset.PixelData = packed.view(np.uint16).byteswap().tobytes()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRBigEndian
    dataset.save_as(tmp_path / "words.dcm", enforce_file_format=True)

    frames = open_frames(tmp_path / "words.dcm")

    for frame, expected in zip(frames, bits, strict=True):
        np.testing.assert_array_equal(frame.stored(), expected)


def test_a_lossy_stream_in_a_file_that_says_lossless_is_shown_with_a_notice(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    values = np.full((16, 16), 77, np.uint8)
    stream = imagecodecs.jpeg8_encode(values, level=95)
    path = packed_file(tmp_path / "claim.dcm", make_dataset(values), [stream], uid.JPEGLosslessSV1)

    (frame,) = open_frames(path)
    decoded = frame.decoded()

    assert np.abs(decoded.values.astype(int) - 77).max() <= 1
    assert "without loss" in decoded.notices[0]


@pytest.mark.parametrize(
    "syntax",
    [
        uid.JPEGBaseline8Bit,
        uid.JPEGLosslessSV1,
        uid.JPEGLSLossless,
        uid.JPEG2000Lossless,
        uid.HTJ2KLossless,
        uid.RLELossless,
    ],
)
@pytest.mark.parametrize("keep", [0, 3, 60, 400])
def test_a_stream_that_is_cut_or_nonsense_is_a_damaged_file(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str, keep: int
) -> None:
    values = np.random.default_rng(8).integers(0, 256, (64, 64)).astype(np.uint8)
    if syntax == uid.JPEGBaseline8Bit:
        stream = imagecodecs.jpeg8_encode(values)
    elif syntax == uid.RLELossless:
        stream = as_rle(values, 8)
    else:
        stream = ENCODERS[syntax](values, 8)
    cut = bytes(stream)[:keep] or b"nonsense"
    path = packed_file(tmp_path / "cut.dcm", make_dataset(values), [cut], syntax)

    (frame,) = open_frames(path)

    with pytest.raises(DamagedFile, match="cut.dcm"):
        frame.stored()


@pytest.mark.parametrize(
    "syntax", [uid.JPEGBaseline8Bit, uid.JPEGLosslessSV1, uid.JPEGLSLossless, uid.JPEG2000Lossless]
)
def test_a_stream_of_another_size_than_the_header_s_never_reaches_a_codec(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str
) -> None:
    values = np.zeros((64, 48), np.uint8)
    encoders: dict[str, Encode] = {
        **ENCODERS,
        uid.JPEGBaseline8Bit: lambda v, bits: imagecodecs.jpeg8_encode(v),
    }
    dataset = make_dataset(np.zeros((48, 64), np.uint8))  # as many pixels, which a codec would take
    path = packed_file(tmp_path / "other.dcm", dataset, [encoders[syntax](values, 8)], syntax)

    (frame,) = open_frames(path)

    with pytest.raises(DamagedFile, match="64 rows by 48 columns, but the header says 48 by 64"):
        frame.stored()


@pytest.mark.parametrize(
    ("syntax", "word"),
    [
        ("1.2.840.10008.1.2.7.1", "from which server its pixels come"),
        ("1.2.840.113619.5.2", "1.2.840.113619.5.2"),
        ("1.2.3.4.5", "1.2.3.4.5"),
    ],
)
def test_a_syntax_without_a_decoder_is_named(
    make_dataset: MakeDataset, tmp_path: Path, syntax: str, word: str
) -> None:
    dataset = make_dataset(np.zeros((4, 4), np.uint8))
    path = packed_file(tmp_path / "odd.dcm", dataset, [b"abcd"], syntax)

    with pytest.raises(UnknownTransferSyntax, match="odd.dcm") as caught:
        open_frames(path)

    assert word in str(caught.value)
    assert syntax in str(caught.value)


def test_a_big_endian_palette_is_the_little_endian_one() -> None:
    def stored(name: str) -> NDArray[Any]:
        frame: ImageFrame = open_frames(Path(str(get_testdata_file(name))))[0]
        return frame.stored()

    np.testing.assert_array_equal(stored("OBXXXX1A.dcm"), stored("OBXXXX1A_expb.dcm"))
    np.testing.assert_array_equal(
        stored("gdcm-US-ALOKA-16.dcm"), stored("gdcm-US-ALOKA-16_big.dcm")
    )


@pytest.mark.parametrize("syntax", [*ENCODERS, uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit])
def test_no_decoder_keeps_other_threads_from_the_interpreter(
    make_dataset: MakeDataset, syntax: str
) -> None:
    bits = 8 if syntax == uid.JPEGBaseline8Bit else 12
    noise = np.random.default_rng(3).integers(0, 1 << bits, (256, 256))
    values = noise.astype(np.uint8 if bits == 8 else np.uint16)
    encoders: dict[str, Encode] = {
        **ENCODERS,
        uid.JPEGBaseline8Bit: lambda v, bits: imagecodecs.jpeg8_encode(v),
        uid.JPEGExtended12Bit: lambda v, bits: imagecodecs.jpeg8_encode(v, bitspersample=bits),
    }
    stream = bytes(encoders[syntax](values, bits))
    dataset = make_dataset(values, BitsStored=bits, HighBit=bits - 1)
    element = PixelElement("PixelData", "OB", 0, UNDEFINED, len(stream))
    layout, known = layout_of(dataset, element), syntax_of(syntax)
    claim = codestream(stream) or Codestream(*values.shape)
    assert known is not None
    awake, calls, most = threading.Event(), 0, 2000
    before = sys.getswitchinterval()
    sys.setswitchinterval(100)  # nobody is made to let go of the interpreter

    def wake() -> None:
        started.wait()
        awake.set()

    started = threading.Event()
    other = threading.Thread(target=wake)
    other.start()
    try:
        started.set()
        while not awake.is_set() and calls < most:
            decode_stream(stream, known.family, layout, claim)
            calls += 1
    finally:
        sys.setswitchinterval(before)
    other.join()

    assert calls < most
