"""One frame's bytes become stored values: masked, shifted, sign-extended; colour becomes RGB.

Source: DICOM PS3.5 section 8 and annex A, PS3.3 C.7.6.3.1.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from dicom_io.errors import DamagedFile, FileProblem, UnknownTransferSyntax
from dicom_io.image import imagecodecs_plugin
from dicom_io.image.codestream import Codestream, codestream
from dicom_io.image.header import UNDEFINED, Header, PixelElement, number, open_inflated
from dicom_io.image.notices import gathered
from dicom_io.image.palette import apply_palette

Values = NDArray[Any]

NATIVE = "pydicom"
# Which library decodes which transfer syntax; never "whatever is there", so that the same file
# gives the same values on every machine.
PREFERENCE: Mapping[str, str] = {
    uid.ImplicitVRLittleEndian: NATIVE,
    uid.ExplicitVRLittleEndian: NATIVE,
    uid.ExplicitVRBigEndian: NATIVE,
    uid.DeflatedExplicitVRLittleEndian: NATIVE,
    uid.RLELossless: NATIVE,  # pylibjpeg-rle is quicker but panics on damaged runs
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "imagecodecs",
    uid.JPEGLossless: "imagecodecs",
    uid.JPEGLosslessSV1: "imagecodecs",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "imagecodecs",
    uid.HTJ2KLosslessRPCL: "imagecodecs",
    uid.HTJ2K: "imagecodecs",
}
# Retired forms of JPEG that the decoder of another syntax reads.
SAME_DECODER: Mapping[str, UID] = {
    "1.2.840.10008.1.2.4.53": uid.JPEGExtended12Bit,
    "1.2.840.10008.1.2.4.55": uid.JPEGExtended12Bit,
}
LOSSY = {
    uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
    uid.JPEGLSNearLossless,
    uid.JPEG2000,
    uid.HTJ2K,
}
SPACES = {
    "MONOCHROME1",
    "MONOCHROME2",
    "PALETTE COLOR",
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_ICT",
    "YBR_RCT",
}
# What pydicom and the codecs raise on streams that make no sense.
_NONSENSE = (
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    NotImplementedError,
    OverflowError,
    EOFError,
    OSError,
    struct.error,
)

imagecodecs_plugin.register()


@dataclass(frozen=True, eq=False)
class Decoded:
    """Stored values of one frame, and what was odd about it."""

    values: Values  # (rows, columns), or (rows, columns, 3) uint8 RGB
    notices: tuple[str, ...] = ()


def require_decoder(syntax: UID, path: Path) -> UID:
    """The syntax whose decoder reads `syntax`. Raises UnknownTransferSyntax."""
    chosen = SAME_DECODER.get(syntax, syntax)
    library = PREFERENCE.get(chosen)
    if library is None:
        name = syntax.name if syntax.name != syntax else "private or unknown"
        why = "Video is not supported" if _is_video(syntax) else "No decoder here reads it"
        raise UnknownTransferSyntax(
            f"{path.name} is written in the transfer syntax {name} ({syntax}). {why}; "
            "ask the sender for an uncompressed copy.",
            path,
        )
    if chosen.is_encapsulated and library not in get_decoder(chosen).available_plugins:
        raise UnknownTransferSyntax(
            f"{path.name} is written in the transfer syntax {syntax.name} ({syntax}), which needs "
            f"the package {library}. Install it and open the file again.",
            path,
        )
    return chosen


def _is_video(syntax: UID) -> bool:
    return any(word in syntax.name for word in ("MPEG", "H.264", "HEVC", "H.265"))


def decode_file(path: Path, header: Header, element: PixelElement, index: int) -> Decoded:
    """Frame `index` (from 0) of a file. Reads this frame's bytes only. Raises FileProblem."""
    try:
        with open_inflated(path) as file:
            file.seek(element.offset)
            return decode(file, header, element, index, path)
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be read any more ({error.strerror or error}).", path
        ) from error


def decode_value(
    value: bytes, header: Header, element: PixelElement, index: int, path: Path
) -> Decoded:
    """The same for a pixel element in memory; `path` only names it in messages."""
    return decode(io.BytesIO(value), header, element, index, path)


def decode(
    file: BinaryIO, header: Header, element: PixelElement, index: int, path: Path
) -> Decoded:
    """Frame `index` from a file at the first byte of the pixel element's value."""
    syntax = require_decoder(header.syntax, path)
    with gathered() as texts:
        try:
            values, notices = _samples(file, header, element, index, path)
        except _NONSENSE as error:
            raise DamagedFile(
                f"{path.name} is damaged: frame {index + 1} cannot be decoded "
                f"({syntax.name}). Fetch it again.",
                path,
            ) from error
    return Decoded(values, (*notices, *texts))


def _samples(
    file: BinaryIO, header: Header, element: PixelElement, index: int, path: Path
) -> tuple[Values, list[str]]:
    syntax = require_decoder(header.syntax, path)
    notices: list[str] = []
    options = pixel_options(header.dataset, element)
    if syntax.is_encapsulated:
        frame = _encoded_frame(file, header, element, index, path)
        syntax, notices = _checked(codestream(frame), header.dataset, syntax, index, path)
        file, index, options["number_of_frames"] = io.BytesIO(_single_item(frame)), 0, 1
    else:
        _require_bytes(options, element, index, path)
        if options["bits_allocated"] == 1 and options["samples_per_pixel"] == 1:
            return _single_bits(file, options, index), notices
    library = PREFERENCE[syntax] if syntax.is_encapsulated else ""
    values, properties = get_decoder(syntax).as_array(
        file, index=index, decoding_plugin=library, **options
    )
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    space = str(properties["photometric_interpretation"])
    return _finish(values, header, options, space, path), notices


def _single_bits(file: BinaryIO, options: Mapping[str, Any], index: int) -> Values:
    """One frame of bits, lowest first; frames follow one another without padding, so that one may
    begin inside a byte (PS3.5 section 8.2 and annex D). pydicom 3.0.2 reads a byte too few then."""
    rows, columns = options["rows"], options["columns"]
    first = index * rows * columns
    file.seek(first // 8, io.SEEK_CUR)
    packed = file.read((first % 8 + rows * columns + 7) // 8)
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    return bits[first % 8 :][: rows * columns].reshape(rows, columns)


def pixel_options(dataset: Dataset, element: PixelElement) -> dict[str, Any]:
    """What pydicom's decoder must know, with defaults where the header is silent."""
    samples = number(dataset, "SamplesPerPixel", 1)
    fallback = "MONOCHROME2" if samples == 1 else "RGB"
    allocated = number(dataset, "BitsAllocated", 64 if "Double" in element.keyword else 32)
    stored = number(dataset, "BitsStored", allocated)
    return {
        "rows": number(dataset, "Rows", 0),
        "columns": number(dataset, "Columns", 0),
        "samples_per_pixel": samples,
        "number_of_frames": max(number(dataset, "NumberOfFrames", 1), 1),
        "photometric_interpretation": str(dataset.get("PhotometricInterpretation") or fallback),
        "bits_allocated": allocated,
        "bits_stored": stored if 0 < stored <= allocated else allocated,
        "pixel_representation": number(dataset, "PixelRepresentation", 0) & 1,
        "planar_configuration": number(dataset, "PlanarConfiguration", 0) & 1,
        "pixel_keyword": element.keyword,
        "pixel_vr": element.vr,
        "correct_unused_bits": False,  # pydicom knows no HighBit; `_settle_bits` does
    }


def _encoded_frame(
    file: BinaryIO, header: Header, element: PixelElement, index: int, path: Path
) -> bytes:
    """The bytes of one compressed frame, whose own size agrees with the header's."""
    if element.length != UNDEFINED:
        raise DamagedFile(
            f"{path.name} is damaged: its pixels are not in fragments, though its transfer syntax "
            f"is {header.syntax.name}.",
            path,
        )
    offsets = None
    if "ExtendedOffsetTable" in header.dataset and "ExtendedOffsetTableLengths" in header.dataset:
        offsets = (header.dataset.ExtendedOffsetTable, header.dataset.ExtendedOffsetTableLengths)
    frames = max(number(header.dataset, "NumberOfFrames", 1), 1)
    frame = get_frame(file, index, number_of_frames=frames, extended_offsets=offsets)
    size = number(header.dataset, "Rows", 0) * number(header.dataset, "Columns", 0)
    if header.syntax == uid.RLELossless and size > 64 * len(frame):  # two bytes make 128 at most
        raise DamagedFile(
            f"{path.name} is damaged: frame {index + 1} has too few bytes to make an image of "
            f"{size:,} pixels.",
            path,
        )
    return frame


def _checked(
    claim: Codestream | None, dataset: Dataset, syntax: UID, index: int, path: Path
) -> tuple[UID, list[str]]:
    """The syntax to decode by, and a notice where the stream is not what the file says.

    Raises DamagedFile when the stream's size is not the header's: a codec allocates what the
    stream asks for.
    """
    rows, columns = number(dataset, "Rows", 0), number(dataset, "Columns", 0)
    if claim is None:
        return syntax, []
    if (claim.rows, claim.columns) != (rows, columns):
        raise DamagedFile(
            f"{path.name} is damaged: frame {index + 1} is {claim.rows} rows by {claim.columns} "
            f"columns, but the header says {rows} by {columns}.",
            path,
        )
    if claim.is_dct and syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1):
        return uid.JPEGExtended12Bit, [
            "The file says that its pixels are compressed without loss, but they are not."
        ]
    return syntax, []


def _single_item(frame: bytes) -> bytes:
    """One frame, encapsulated: an empty offset table and one fragment (PS3.5 annex A.4)."""
    frame += b"\0" * (len(frame) % 2)
    return b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0" + struct.pack("<L", len(frame)) + frame


def _require_bytes(
    options: Mapping[str, Any], element: PixelElement, index: int, path: Path
) -> None:
    """Raises DamagedFile unless the native frame `index` is there to its last byte."""
    if element.length == UNDEFINED:
        raise DamagedFile(
            f"{path.name} is damaged: its pixels are in fragments, though its transfer syntax "
            "is an uncompressed one.",
            path,
        )
    bits = options["rows"] * options["columns"] * options["samples_per_pixel"]
    bits *= options["bits_allocated"]
    if options["photometric_interpretation"] == "YBR_FULL_422":
        bits = bits // 3 * 2
    if (index + 1) * bits > element.available * 8:
        raise DamagedFile(
            f"{path.name} ends early: frame {index + 1} of {options['number_of_frames']} is not "
            "complete. Fetch it again.",
            path,
        )


def _finish(
    values: Values, header: Header, options: Mapping[str, Any], space: str, path: Path
) -> Values:
    """Stored values proper: bits settled, palette applied, colour as 8 bit RGB."""
    if space not in SPACES:
        raise DamagedFile(
            f"{path.name} cannot be shown: its colour space {space} is not supported.", path
        )
    if values.dtype.kind == "f":
        return values
    settled = _settle_bits(values, header, options)
    if space == "PALETTE COLOR":
        little = header.dataset.original_encoding[1] is not False
        return apply_palette(settled, header.dataset, little=little)
    if settled.ndim == 3:
        return _eight_bits(settled, options["bits_stored"])
    return settled


def _settle_bits(values: Values, header: Header, options: Mapping[str, Any]) -> Values:
    """Keep the BitsStored bits that end at HighBit; extend the sign (PS3.5 section 8.1.1).

    Lossy codecs overshoot instead, so that their values are clipped.
    """
    stored, signed = options["bits_stored"], bool(options["pixel_representation"])
    width = 8 * values.dtype.itemsize
    shift = number(header.dataset, "HighBit", stored - 1) + 1 - stored
    if not 0 <= shift <= width - stored:
        shift = 0
    if stored >= width or options["bits_allocated"] == 1:
        return values
    if header.syntax in LOSSY or header.syntax in SAME_DECODER:
        low, high = (
            (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
        )
        return np.clip(values, low, high)
    left = width - stored - shift
    settled: Values
    if signed:
        settled = (values << left) >> (left + shift)
    else:
        settled = (values >> shift) & values.dtype.type((1 << stored) - 1)
    return settled


def _eight_bits(values: Values, stored: int) -> NDArray[np.uint8]:
    """Colour samples of any depth as 8 bit ones."""
    if stored == 8:
        return np.ascontiguousarray(values, np.uint8)
    top = (1 << stored) - 1
    scaled = values.astype(np.float64) * (255 / top)
    return np.ascontiguousarray(np.rint(np.clip(scaled, 0, 255)), np.uint8)
