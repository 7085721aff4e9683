"""pydicom decoding plug-in over imagecodecs: 12 bit JPEG, JPEG Lossless and HTJ2K.

pydicom imports this module by name and looks for `DECODER_DEPENDENCIES`, `is_available` and
`_decode_frame` (pydicom guide "Adding decoding plugins"). The codecs are libjpeg-turbo, its
12 bit build, a lossless JPEG decoder and OpenJPH.
"""

from __future__ import annotations

import importlib.util

from pydicom import uid
from pydicom.pixels.decoders.base import DecodeRunner, get_decoder

NAME = "imagecodecs"
_JPEG = (uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
_HTJ2K = (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
DECODER_DEPENDENCIES = {syntax: ("numpy", NAME) for syntax in (*_JPEG, *_HTJ2K)}


def is_available(syntax: str) -> bool:
    """True when imagecodecs is installed."""
    return importlib.util.find_spec(NAME) is not None


def register() -> None:
    """Add this plug-in to pydicom's decoders, once."""
    for syntax in DECODER_DEPENDENCIES:
        decoder = get_decoder(syntax)
        if NAME not in decoder.available_plugins:
            decoder.add_plugin(NAME, (__name__, "_decode_frame"))


def _decode_frame(source: bytes, runner: DecodeRunner) -> bytearray:
    """The decoded samples of one frame; raises RuntimeError and its kin on damaged streams."""
    import imagecodecs  # 82 MB of codecs: not before a frame needs one

    syntax = runner.transfer_syntax
    if syntax in _HTJ2K:
        values = imagecodecs.htj2k_decode(source)
    elif syntax == uid.JPEGExtended12Bit:
        values = imagecodecs.jpeg8_decode(source, colorspace=_space(runner))
    else:
        values = imagecodecs.ljpeg_decode(source)
    if values.size != runner.frame_length(unit="pixels"):
        raise ValueError(f"the stream holds {values.size} samples")
    runner.set_option("bits_allocated", 8 * values.dtype.itemsize)
    if runner.samples_per_pixel > 1:
        runner.set_option("planar_configuration", 0)
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return bytearray(little.tobytes())


def _space(runner: DecodeRunner) -> str | None:
    """No colour conversion by the codec: the photometric interpretation decides, later."""
    return None if runner.samples_per_pixel == 1 else "YCBCR"
