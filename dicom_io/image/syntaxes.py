"""The transfer syntaxes that images come in: what each is called, and how its pixels are packed.

Source: DICOM PS3.5 annex A and PS3.6 table A-1. pydicom 3.0 does not know the newest of them, so
that nothing here asks it whether a syntax is compressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pydicom.config import IGNORE
from pydicom.uid import UID


class Family(Enum):
    """How the pixels of a syntax are packed, hence who unpacks them."""

    NATIVE = "not compressed"
    FRAGMENTS = "not compressed, in fragments"
    DEFLATED_FRAMES = "each frame deflated"
    RLE = "run lengths"
    JPEG = "JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    HTJ2K = "High-Throughput JPEG 2000"
    JPEG_XL = "JPEG XL"
    VIDEO = "video"
    REFERENCED = "kept on a server"
    RETIRED = "a retired form of JPEG"


# What to say, and what to do, of a family that nothing here decodes.
WITHOUT_DECODER: Mapping[Family, str] = {
    Family.VIDEO: (
        "It is a video clip; MPEG-2, H.264 and HEVC are shown once the package av is there. "
        "Install wetread[video], or ask the sender for still images."
    ),
    Family.REFERENCED: (
        "The file only says from which server its pixels come; ask the sender for a file that "
        "holds them."
    ),
    Family.RETIRED: (
        "This form of JPEG was withdrawn from the standard and no decoder here reads it; ask the "
        "sender for an uncompressed copy."
    ),
}


@dataclass(frozen=True, slots=True)
class Syntax:
    """One transfer syntax."""

    uid: str
    name: str
    family: Family
    is_lossy: bool = False  # values may leave the range that BitsStored allows

    @property
    def is_encapsulated(self) -> bool:
        """True when the pixels lie in fragments (PS3.5 annex A.4)."""
        return self.family is not Family.NATIVE

    @property
    def has_decoder(self) -> bool:
        return self.family not in WITHOUT_DECODER


def _rows() -> tuple[tuple[str, str, Family, bool], ...]:
    """UID after 1.2.840.10008.1.2, name, family, lossy."""
    jpeg, retired = Family.JPEG, Family.RETIRED
    video, flow = Family.VIDEO, Family.REFERENCED
    return (
        ("", "Implicit VR Little Endian", Family.NATIVE, False),
        (".1", "Explicit VR Little Endian", Family.NATIVE, False),
        (".1.98", "Encapsulated Uncompressed", Family.FRAGMENTS, False),
        (".1.99", "Deflated Explicit VR Little Endian", Family.NATIVE, False),
        (".2", "Explicit VR Big Endian", Family.NATIVE, False),
        (".8.1", "Deflated Image Frame Compression", Family.DEFLATED_FRAMES, False),
        (".5", "RLE Lossless", Family.RLE, False),
        (".4.50", "JPEG Baseline (Process 1)", jpeg, True),
        (".4.51", "JPEG Extended (Process 2 and 4)", jpeg, True),
        (".4.53", "JPEG Spectral Selection (Process 6 and 8)", jpeg, True),
        (".4.55", "JPEG Full Progression (Process 10 and 12)", jpeg, True),
        (".4.57", "JPEG Lossless (Process 14)", jpeg, False),
        (".4.70", "JPEG Lossless (Process 14, Selection Value 1)", jpeg, False),
        *((f".4.{n}", f"JPEG, retired form {n}", retired, True) for n in _RETIRED),
        (".4.80", "JPEG-LS Lossless", Family.JPEG_LS, False),
        (".4.81", "JPEG-LS Near-Lossless", Family.JPEG_LS, True),
        (".4.90", "JPEG 2000 Lossless", Family.JPEG_2000, False),
        (".4.91", "JPEG 2000", Family.JPEG_2000, True),
        (".4.92", "JPEG 2000 Part 2 Multi-component Lossless", Family.JPEG_2000, False),
        (".4.93", "JPEG 2000 Part 2 Multi-component", Family.JPEG_2000, True),
        (".4.94", "JPIP Referenced", Family.REFERENCED, False),
        (".4.95", "JPIP Referenced Deflate", Family.REFERENCED, False),
        (".4.100", "MPEG-2 Main Profile / Main Level", video, True),
        (".4.101", "MPEG-2 Main Profile / High Level", video, True),
        (".4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", video, True),
        (".4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", video, True),
        (".4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D Video", video, True),
        (".4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D Video", video, True),
        (".4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", video, True),
        (".4.107", "HEVC/H.265 Main Profile / Level 5.1", video, True),
        (".4.108", "HEVC/H.265 Main 10 Profile / Level 5.1", video, True),
        (".4.110", "JPEG XL Lossless", Family.JPEG_XL, False),
        (".4.111", "JPEG XL JPEG Recompression", Family.JPEG_XL, True),
        (".4.112", "JPEG XL", Family.JPEG_XL, True),
        (".4.201", "High-Throughput JPEG 2000 Lossless", Family.HTJ2K, False),
        (".4.202", "High-Throughput JPEG 2000 with RPCL Options Lossless", Family.HTJ2K, False),
        (".4.203", "High-Throughput JPEG 2000", Family.HTJ2K, True),
        (".4.204", "JPIP HTJ2K Referenced", Family.REFERENCED, False),
        (".4.205", "JPIP HTJ2K Referenced Deflate", Family.REFERENCED, False),
        (".7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video", flow, False),
        (".7.2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", flow, False),
    )


# Arithmetic coding, hierarchical modes and process 15 (PS3.6 marks all of them retired).
_RETIRED = (52, 54, 56, *range(58, 67))
_ROOT = "1.2.840.10008.1.2"
SYNTAXES: Mapping[str, Syntax] = {
    _ROOT + end: Syntax(_ROOT + end, name, family, lossy) for end, name, family, lossy in _rows()
}


def syntax_of(uid: str) -> Syntax | None:
    """The syntax of that UID; a part of a video's, which may be cut into fragments, is the same.

    None for a UID that is none of the standard's image syntaxes.
    """
    known = SYNTAXES.get(uid)
    if known is None and uid.endswith(".1"):
        whole = SYNTAXES.get(uid.removesuffix(".1"))
        return whole if whole is not None and whole.family is Family.VIDEO else None
    return known


def is_encapsulated(uid: str) -> bool:
    """True when the pixels of a file of this syntax lie in fragments; False for unknown ones."""
    syntax = syntax_of(uid)
    return syntax is not None and syntax.is_encapsulated


def is_plain(uid: str) -> bool:
    """True when a file of this syntax may be written uncompressed without a decoder; False for
    unknown ones."""
    syntax = syntax_of(uid)
    return syntax is not None and not syntax.is_encapsulated


def name_of(uid: str) -> str:
    """The name in PS3.6, else our own of a newer one; "private or unknown" for others."""
    known = UID(uid, IGNORE).name
    if known != uid:
        return known
    syntax = syntax_of(uid)
    return syntax.name if syntax is not None else "private or unknown"
