"""What a JPEG, JPEG-LS or JPEG 2000 code stream says about itself, before a codec believes it."""

from __future__ import annotations

from dataclasses import dataclass

_STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_DCT = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # start of frame of the forms of JPEG that lose detail


@dataclass(frozen=True, slots=True)
class Codestream:
    """The size that a code stream claims."""

    rows: int
    columns: int
    is_dct: bool = False  # JPEG by cosine transform, which is never lossless


def codestream(stream: bytes) -> Codestream | None:
    """From the stream's own header; None when it is none of these formats.

    Source: ITU-T T.81 annex B (JPEG), T.87 annex C (JPEG-LS), T.800 annex A (JPEG 2000).
    """
    if stream[:2] == b"\xff\xd8":
        return _jpeg(stream)
    start = stream.find(b"\xff\x4f\xff\x51", 0, 4096)  # after the boxes of a JP2 file, if any
    if start >= 0 and len(stream) >= start + 24:
        return _jpeg2000(stream[start + 4 : start + 24])
    return None


def _jpeg(stream: bytes) -> Codestream | None:
    at = 2
    while at + 9 <= len(stream):
        if stream[at] != 0xFF:
            return None
        marker = stream[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in _START_OF_FRAME:
            rows = int.from_bytes(stream[at + 5 : at + 7], "big")
            columns = int.from_bytes(stream[at + 7 : at + 9], "big")
            return Codestream(rows, columns, marker in _DCT)
        else:
            at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return None


def _jpeg2000(segment: bytes) -> Codestream:
    """From a SIZ segment: the extent of the reference grid less the image's offset in it."""
    x, y, x0, y0 = (int.from_bytes(segment[i : i + 4], "big") for i in (4, 8, 12, 16))
    return Codestream(y - y0, x - x0)
