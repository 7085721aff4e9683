"""The decoders: one frame's compressed bytes become samples, each by one library, by name.

All are C libraries that imagecodecs carries: libjpeg-turbo, CharLS, OpenJPEG and libjxl.
They let go of the interpreter's lock while they decode, so that frames are decoded side by side;
pylibjpeg-openjpeg and pyjpegls, which decode as well, do not (`bench/codecs.py` measures it).
"""

from __future__ import annotations

import importlib.util
import os
import struct
import zlib
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.codestream import Codestream
from dicom_io.image.layout import Layout
from dicom_io.image.native import frame_of_bytes
from dicom_io.image.syntaxes import Family

Values = NDArray[Any]
PACKAGE = "imagecodecs"
LARGE = 4 * 2**20  # pixels of a frame that is worth several threads


def is_installed() -> bool:
    """True when the package of the decoders is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def decode_stream(stream: bytes, family: Family, layout: Layout, claim: Codestream) -> Values:
    """(rows, columns) or (rows, columns, samples) as the codec gives them, in memory of its own.

    Colour is as the stream holds it, except where the codec itself undid a transform that only the
    stream knows of (JPEG 2000, JPEG XL). Raises ValueError, RuntimeError and their kin on streams
    that make no sense or hold another number of samples than the header says.
    """
    values = _DECODERS[family](stream, layout, claim)
    wanted = (layout.rows, layout.columns, layout.samples)
    if values.shape != wanted[: 2 if layout.samples == 1 else 3]:
        raise ValueError(f"the stream holds {values.shape}, not {wanted}")
    return values


def _run_lengths(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    """RLE: one segment for each byte of each sample, the highest first (PS3.5 annex G).

    Segment by segment, into room of a known size: the decoder of imagecodecs that takes all of
    them reads wherever a damaged offset points.
    """
    import imagecodecs  # 82 MB of codecs: not before a frame needs one

    wide = layout.dtype.itemsize
    count, *starts = struct.unpack("<16L", stream[:64].ljust(64, b"\0"))
    if count != layout.samples * wide:
        raise ValueError(f"the stream has {count} segments")
    bounds = [*starts[:count], len(stream)]
    if bounds[0] < 64 or any(low >= high for low, high in pairwise(bounds)):
        raise ValueError("the segments are not in order")
    values = np.empty((layout.samples, layout.pixels), layout.dtype.newbyteorder("<"))
    by_byte = values.view(np.uint8).reshape(layout.samples, layout.pixels, wide)
    room = np.empty(layout.pixels, np.uint8)
    for place, (low, high) in enumerate(pairwise(bounds)):
        done = imagecodecs.packbits_decode(stream[low:high], out=room.data)
        if len(done) != layout.pixels:
            raise ValueError(f"segment {place + 1} makes {len(done)} bytes")
        sample, byte = divmod(place, wide)
        by_byte[sample, :, wide - 1 - byte] = room
    return _by_plane(values.astype(layout.dtype, copy=False), layout)


def _by_plane(values: Values, layout: Layout) -> Values:
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    planes = values.reshape(layout.samples, layout.rows, layout.columns)
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _jpeg(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    """Every process of JPEG. No conversion of colours: the caller knows which is right."""
    import imagecodecs

    if not claim.is_whole:
        raise EOFError("the stream ends before its last marker")  # libjpeg would fill up with grey
    if claim.is_lossless or layout.samples == 1:
        return np.asarray(imagecodecs.jpeg8_decode(stream))
    space = "RGB" if claim.is_rgb(layout.photometric) else "YCBCR"
    return np.asarray(imagecodecs.jpeg8_decode(stream, colorspace=space, outcolorspace="RGB"))


def _jpeg_ls(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    import imagecodecs

    values = np.asarray(imagecodecs.jpegls_decode(stream))
    if layout.samples > 1 and values.shape == (layout.samples, layout.rows, layout.columns):
        return np.ascontiguousarray(values.transpose(1, 2, 0))
    return values


def _jpeg_2000(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    """JPEG 2000, the high-throughput kind too. OpenJPH is twice as quick with that one, but
    imagecodecs loses its errors, so that a damaged frame would come out half empty."""
    import imagecodecs

    threads = _threads(layout)
    return np.asarray(imagecodecs.jpeg2k_decode(_without_boxes(stream, claim), numthreads=threads))


def _threads(layout: Layout) -> int:
    """For one frame: many for a large film, which somebody waits for; one for a slice, of which
    several are decoded side by side anyway."""
    return (os.cpu_count() or 1) if layout.pixels >= LARGE else 1


def _without_boxes(stream: bytes, claim: Codestream) -> bytes:
    """The code stream alone: a JP2 file's boxes would have the codec convert colours too."""
    return stream[claim.start :] if claim.start else stream


def _jpeg_xl(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    import imagecodecs

    return np.asarray(imagecodecs.jpegxl_decode(stream, numthreads=_threads(layout)))


def _fragment(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    return frame_of_bytes(stream, layout)


def _deflated(stream: bytes, layout: Layout, claim: Codestream) -> Values:
    """One frame deflated (PS3.5 annex A.4.13); no more is inflated than a frame has."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return frame_of_bytes(inflater.decompress(stream, layout.size), layout)
    except zlib.error as error:
        raise ValueError("the frame cannot be inflated") from error


_DECODERS: Mapping[Family, Callable[[bytes, Layout, Codestream], Values]] = {
    Family.FRAGMENTS: _fragment,
    Family.DEFLATED_FRAMES: _deflated,
    Family.RLE: _run_lengths,
    Family.JPEG: _jpeg,
    Family.JPEG_LS: _jpeg_ls,
    Family.JPEG_2000: _jpeg_2000,
    Family.HTJ2K: _jpeg_2000,
    Family.JPEG_XL: _jpeg_xl,
}
