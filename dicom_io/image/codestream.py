"""What a compressed stream says about itself, before a codec believes it.

Source: ITU-T T.81 annex B (JPEG), T.87 annex C (JPEG-LS), T.800 annex A (JPEG 2000),
ISO/IEC 18181-1 annexes A and D (JPEG XL).
"""

from __future__ import annotations

from dataclasses import dataclass

_STANDALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_DCT = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}  # start of frame of the forms of JPEG that lose detail
_PREDICTED = {0xC3, 0xCB}
_TAIL = 16  # bytes at the end in which the last marker is looked for; padding may follow it
_RGB_IDS = (b"RGB", b"rgb")
_XL = b"\xff\x0a"
_XL_FILE = b"\0\0\0\x0cJXL \r\n\x87\n"
_XL_BITS = (9, 13, 18, 30)
_XL_RATIOS = (None, (1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))


@dataclass(frozen=True, slots=True)
class Codestream:
    """The size that a stream claims, and what else decides how it is decoded."""

    rows: int
    columns: int
    is_dct: bool = False  # JPEG by cosine transform, which is never lossless
    components: int = 0  # 0: the stream does not say
    precision: int = 0  # bits of a sample; 0: the stream does not say
    is_whole: bool = True  # the marker that ends it is there
    start: int = 0  # where the code stream begins, behind the boxes of a JP2 file
    ids: bytes = b""  # of the components of a JPEG stream
    is_lossless: bool = False  # JPEG by prediction
    has_jfif: bool = False
    adobe: int = -1  # colour transform of the Adobe marker; -1: there is none

    def is_rgb(self, photometric: str) -> bool:
        """True when a colour JPEG stream holds red, green and blue.

        Markers first, since writers often leave the photometric interpretation as it was before;
        an Adobe marker that denies a transform is believed no more than the file.
        """
        if self.has_jfif or self.adobe == 1:
            return False
        return self.ids in _RGB_IDS or photometric == "RGB"


def codestream(stream: bytes) -> Codestream | None:
    """From the stream's own header; None when it is none of these formats."""
    if stream[:2] == b"\xff\xd8":
        return _jpeg(stream)
    if stream[:2] == _XL or stream[:12] == _XL_FILE:
        return _jpeg_xl(stream)
    start = stream.find(b"\xff\x4f\xff\x51", 0, 4096)  # after the boxes of a JP2 file, if any
    if start >= 0 and len(stream) >= start + 45:
        return _jpeg_2000(stream, start)
    return None


def _ends(stream: bytes) -> bool:
    return b"\xff\xd9" in stream[-_TAIL:]


def _jpeg(stream: bytes) -> Codestream | None:
    """From the frame header, and the application markers before it."""
    at, has_jfif, adobe = 2, False, -1
    while at + 9 <= len(stream):
        if stream[at] != 0xFF:
            return None
        marker = stream[at + 1]
        length = int.from_bytes(stream[at + 2 : at + 4], "big")
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in _START_OF_FRAME:
            count = stream[at + 9] if at + 9 < len(stream) else 0
            return Codestream(
                rows=int.from_bytes(stream[at + 5 : at + 7], "big"),
                columns=int.from_bytes(stream[at + 7 : at + 9], "big"),
                is_dct=marker in _DCT,
                components=count,
                precision=stream[at + 4],
                is_lossless=marker in _PREDICTED,
                is_whole=_ends(stream),
                ids=stream[at + 10 : at + 10 + 3 * count : 3],
                has_jfif=has_jfif,
                adobe=adobe,
            )
        else:
            content = stream[at + 4 : at + 2 + length]
            has_jfif |= marker == 0xE0 and content.startswith(b"JFIF")
            if marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12:
                adobe = content[11]
            at += 2 + length
    return None


def _jpeg_2000(stream: bytes, start: int) -> Codestream:
    """From a SIZ segment: the extent of the reference grid less the image's offset in it."""
    segment = stream[start + 4 : start + 45]
    x, y, x0, y0 = (int.from_bytes(segment[i : i + 4], "big") for i in (4, 8, 12, 16))
    return Codestream(
        rows=y - y0,
        columns=x - x0,
        components=int.from_bytes(segment[36:38], "big"),
        precision=(segment[38] & 0x7F) + 1,
        is_whole=_ends(stream),
        start=start,
    )


def _jpeg_xl(stream: bytes) -> Codestream | None:
    """From the size header that begins the code stream, behind the boxes of a file if any."""
    start = 0 if stream[:2] == _XL else _xl_start(stream)
    if start < 0 or stream[start : start + 2] != _XL:
        return None
    bits = int.from_bytes(stream[start + 2 : start + 14], "little")
    place = 0

    def take(count: int) -> int:
        nonlocal place
        value = bits >> place & ((1 << count) - 1)
        place += count
        return value

    def side(small: int) -> int:
        return 8 * (take(5) + 1) if small else take(_XL_BITS[take(2)]) + 1

    small = take(1)
    rows = side(small)
    ratio = _XL_RATIOS[take(3)]
    columns = side(small) if ratio is None else rows * ratio[0] // ratio[1]
    return Codestream(rows, columns)


def _xl_start(stream: bytes) -> int:
    """Where the first box with code stream begins; -1 when there is none."""
    at = 0
    while at + 8 <= len(stream):
        size, kind, head = int.from_bytes(stream[at : at + 4], "big"), stream[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(stream[at + 8 : at + 16], "big"), 16
        if kind == b"jxlc":
            return at + head
        if kind == b"jxlp":
            return at + head + 4  # the part's number
        if size < head:
            return -1
        at += size
    return -1
