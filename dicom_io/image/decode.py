"""One frame's bytes become stored values: masked, shifted, sign-extended; colour becomes RGB.

Frames are decoded side by side: nothing here takes a lock, touches the list of warning filters or
shares memory with another frame. Source: DICOM PS3.5 section 8 and annex A, PS3.3 C.7.6.3.1.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydicom.uid import UID

from dicom_io.errors import DamagedFile, FileProblem, UnknownTransferSyntax, UnsafeImage
from dicom_io.image import codecs, video
from dicom_io.image.bounded import BoundedFile, open_inflated
from dicom_io.image.codestream import Codestream, codestream
from dicom_io.image.fragments import Fragments, find_fragments
from dicom_io.image.header import (
    UNDEFINED,
    Header,
    PixelElement,
    number,
)
from dicom_io.image.high_bits import Planes, planes_in
from dicom_io.image.layout import Layout, layout_of
from dicom_io.image.native import read_frame
from dicom_io.image.palette import apply_palette
from dicom_io.image.samples import SPACES, Values, as_rgb, settled, settled_stream
from dicom_io.image.syntaxes import WITHOUT_DECODER, Family, Syntax, name_of, syntax_of

_RAW = {Family.FRAGMENTS, Family.DEFLATED_FRAMES, Family.RLE}  # bits as if never compressed
_SIGN_BY_PRECISION = {Family.JPEG_LS, Family.JPEG_2000, Family.HTJ2K}
_RLE_RATIO = 64  # two bytes make 128 at most
_CREDIBLE_PIXELS = 64 * 2**20  # that any stream may claim
_CREDIBLE_RATIO = 10_000  # pixels a byte, beyond that
# What the codecs, numpy and the palette raise on streams that make no sense.
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


@dataclass(frozen=True, eq=False)
class Decoded:
    """Stored values of one frame, and what was odd about it."""

    values: Values  # (rows, columns), or (rows, columns, 3) uint8 RGB
    notices: tuple[str, ...] = ()
    overlays: Planes = field(default_factory=dict)  # that lay in unused bits, by their group


def require_decoder(uid: UID, path: Path) -> Syntax:
    """The transfer syntax of that UID, which can be decoded. Raises UnknownTransferSyntax."""
    syntax = syntax_of(uid)
    if syntax is not None and is_clip(syntax) and video.is_installed():
        return syntax
    if syntax is None or not syntax.has_decoder:
        default = "No decoder here reads it; ask the sender for an uncompressed copy."
        why = default if syntax is None else WITHOUT_DECODER[syntax.family]
        raise UnknownTransferSyntax(
            f"{path.name} is written in the transfer syntax {name_of(uid)} ({uid}). {why}", path
        )
    if syntax.is_encapsulated and not codecs.is_installed():
        raise UnknownTransferSyntax(
            f"{path.name} is written in the transfer syntax {syntax.name} ({uid}), which needs "
            f"the package {codecs.PACKAGE}. Install it and open the file again.",
            path,
        )
    return syntax


def decode_file(path: Path, header: Header, element: PixelElement, index: int) -> Decoded:
    """Frame `index` (from 0) of a file. Reads this frame's bytes only. Raises FileProblem."""
    if is_clip(require_decoder(header.syntax, path)):
        return _of_clip(header, lambda: BoundedFile(path), element, index, path)
    try:
        with _opened(path, header, element) as file:
            file.seek(element.offset)
            return decode(file, header, element, index, path)
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be read any more ({error.strerror or error}).", path
        ) from error


def _opened(path: Path, header: Header, element: PixelElement) -> BinaryIO:
    """The file, with as few calls of the system as will do: at each of them another thread may
    take the interpreter."""
    if header.is_deflated:
        return open_inflated(path)
    return BoundedFile(path) if element.length == UNDEFINED else path.open("rb", buffering=0)


def decode_value(
    value: bytes, header: Header, element: PixelElement, index: int, path: Path
) -> Decoded:
    """The same for a pixel element in memory; `path` only names it in messages."""
    if is_clip(require_decoder(header.syntax, path)):
        return _of_clip(header, lambda: io.BytesIO(value), element, index, path)
    return decode(io.BytesIO(value), header, element, index, path)


def is_clip(syntax: Syntax) -> bool:
    """True for a stream that PyAV decodes."""
    return syntax.family is Family.VIDEO


def _of_clip(
    header: Header,
    opened: Callable[[], BinaryIO],
    element: PixelElement,
    index: int,
    path: Path,
) -> Decoded:
    """One frame of a video."""
    clip = video.clip_of(header, opened, element.offset, path)
    pixels = clip.frame(index)
    claimed = max(number(header.dataset, "NumberOfFrames", 1), 1)
    told = []
    if clip.count != claimed:
        told.append(f"The file says that it has {claimed} frames; its video has {clip.count}.")
    if index in clip.torn:
        told.append("The video is damaged here; parts of the picture may be of another moment.")
    return Decoded(pixels, tuple(told))


def decode(
    file: BinaryIO, header: Header, element: PixelElement, index: int, path: Path
) -> Decoded:
    """Frame `index` from a file at the first byte of the pixel element's value."""
    syntax = require_decoder(header.syntax, path)
    layout = layout_of(header.dataset, element)
    if layout.photometric not in SPACES:
        raise DamagedFile(
            f"{path.name} cannot be shown: its colour space {layout.photometric} is not supported.",
            path,
        )
    try:
        if syntax.is_encapsulated:
            return _packed(file, header, element, syntax, layout, index, path)
        _require_bytes(layout, element, index, path)
        values = read_frame(file, layout, index)
        overlays = planes_in(values, header.dataset)  # before their bits are masked off
        values = settled(values, layout)
        return Decoded(_coloured(values, header, layout, layout.photometric), overlays=overlays)
    except MemoryError as error:
        raise UnsafeImage(
            f"Frame {index + 1} of {path.name} needs more memory than is free. Close other studies "
            "and try again.",
            path,
        ) from error
    except _NONSENSE as error:
        raise DamagedFile(
            f"{path.name} is damaged: frame {index + 1} cannot be decoded ({syntax.name}). "
            "Fetch it again.",
            path,
        ) from error


def _packed(
    file: BinaryIO,
    header: Header,
    element: PixelElement,
    syntax: Syntax,
    layout: Layout,
    index: int,
    path: Path,
) -> Decoded:
    """One frame from its fragments."""
    stream = _stream(file, header, element, layout, index, path)
    claim = _checked(stream, syntax, layout, index, path)
    values = codecs.decode_stream(stream, syntax.family, layout, claim)
    notices: list[str] = []
    overlays: Planes = {}
    if syntax.family in _RAW:
        overlays = planes_in(values, header.dataset)
        values = settled(values, layout)
    else:
        if claim.is_dct and not syntax.is_lossy:
            notices.append(
                "The file says that its pixels are compressed without loss, but they are not."
            )
        values, is_cut = settled_stream(
            values,
            layout,
            claim.precision,
            lossy=syntax.is_lossy or claim.is_dct,
            by_precision=syntax.family in _SIGN_BY_PRECISION,
        )
        if is_cut:
            notices.append(
                f"Some pixels have more than the {layout.stored} bits that the header says; what "
                "lies beyond is not shown."
            )
    coloured = _coloured(values, header, layout, _space(syntax, layout, claim))
    return Decoded(coloured, tuple(notices), overlays)


def _stream(
    file: BinaryIO,
    header: Header,
    element: PixelElement,
    layout: Layout,
    index: int,
    path: Path,
) -> bytes:
    """The bytes of one compressed frame."""
    if element.length != UNDEFINED:
        raise DamagedFile(
            f"{path.name} is damaged: its pixels are not in fragments, though its transfer syntax "
            f"is {name_of(header.syntax)}.",
            path,
        )
    fragments = fragments_of(file, header, layout)
    if index >= len(fragments.frames):
        raise _cut_short(layout, index, path)
    try:
        return fragments.read(file, index)
    except EOFError as error:
        raise _cut_short(layout, index, path) from error


def fragments_of(file: BinaryIO, header: Header, layout: Layout) -> Fragments:
    """Where every frame of a file lies, looked for once; the file is left where it was."""
    if not header.fragments:
        extended = header.dataset.get("ExtendedOffsetTable")
        syntax = syntax_of(header.syntax)
        whole = syntax is not None and syntax.family in _RAW
        header.fragments.append(find_fragments(file, layout.frames, extended, whole=whole))
    return header.fragments[0]


def _checked(stream: bytes, syntax: Syntax, layout: Layout, index: int, path: Path) -> Codestream:
    """What the stream says of itself.

    Raises DamagedFile when its size is not the header's, or UnsafeImage when it cannot hold such
    an image: a codec allocates what the stream asks for.
    """
    few = DamagedFile(
        f"{path.name} is damaged: frame {index + 1} has too few bytes to make an image of "
        f"{layout.pixels:,} pixels.",
        path,
    )
    if syntax.family in _RAW:
        if syntax.family is Family.RLE and layout.pixels > _RLE_RATIO * len(stream):
            raise few
        return Codestream(layout.rows, layout.columns)
    claim = codestream(stream)
    if claim is None:
        raise ValueError(f"the stream is no {syntax.family.value}")
    if (claim.rows, claim.columns) != (layout.rows, layout.columns):
        raise DamagedFile(
            f"{path.name} is damaged: frame {index + 1} is {claim.rows} rows by {claim.columns} "
            f"columns, but the header says {layout.rows} by {layout.columns}.",
            path,
        )
    if claim.components and claim.components != layout.samples:
        raise DamagedFile(
            f"{path.name} is damaged: frame {index + 1} has {claim.components} samples a pixel, "
            f"but the header says {layout.samples}.",
            path,
        )
    if claim.precision > layout.allocated:
        raise DamagedFile(
            f"{path.name} is damaged: the samples of frame {index + 1} have {claim.precision} "
            f"bits, but the header has room for {layout.allocated}.",
            path,
        )
    samples = layout.pixels * layout.samples
    if samples > _CREDIBLE_PIXELS and samples > _CREDIBLE_RATIO * len(stream):
        raise few
    return claim


def _space(syntax: Syntax, layout: Layout, claim: Codestream) -> str:
    """The colour space of what the codec gave, which may be another than the file's."""
    if layout.samples == 1:
        return layout.photometric
    undone = syntax.family is Family.JPEG_XL and syntax.is_lossy
    if claim.is_dct or undone or (claim.ids in (b"RGB", b"rgb") and not claim.has_jfif):
        return "RGB"
    return layout.photometric


def _require_bytes(layout: Layout, element: PixelElement, index: int, path: Path) -> None:
    """Raises DamagedFile unless the native frame `index` is there to its last byte."""
    if element.length == UNDEFINED:
        raise DamagedFile(
            f"{path.name} is damaged: its pixels are in fragments, though its transfer syntax "
            "is an uncompressed one.",
            path,
        )
    if (index + 1) * layout.bits > element.available * 8:
        raise _cut_short(layout, index, path)


def _cut_short(layout: Layout, index: int, path: Path) -> DamagedFile:
    return DamagedFile(
        f"{path.name} ends early: frame {index + 1} of {layout.frames} is not complete. "
        "Fetch it again.",
        path,
    )


def _coloured(values: Values, header: Header, layout: Layout, space: str) -> Values:
    """Stored values proper: a palette applied, colour as 8 bit RGB."""
    if space == "PALETTE COLOR":
        return apply_palette(values, header.dataset, little=layout.little)
    if values.ndim == 3:
        return as_rgb(values, layout.stored, space)
    return values
