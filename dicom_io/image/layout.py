"""How one frame's samples lie: what every decoder must know, read from the header once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from dicom_io.image.header import PixelElement, number


@dataclass(frozen=True, slots=True)
class Layout:
    """The attributes of the Image Pixel module, with defaults where the header is silent.

    Source: DICOM PS3.3 C.7.6.3.1 and PS3.5 section 8.1.1.
    """

    rows: int
    columns: int
    samples: int  # per pixel: 1 or 3
    frames: int
    photometric: str
    allocated: int  # bits, as stored
    stored: int  # of them, bits with a meaning
    shift: int  # bits below those with a meaning: HighBit + 1 - BitsStored
    signed: bool
    planar: bool  # colour by plane
    floats: bool
    little: bool
    word: bool  # the value representation is OW

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of one sample, in the machine's own order of bytes."""
        if self.allocated == 1:
            return np.dtype(np.uint8)
        kind = "f" if self.floats else "i" if self.signed else "u"
        return np.dtype(f"{kind}{self.allocated // 8}")

    @property
    def pixels(self) -> int:
        """Of one frame."""
        return self.rows * self.columns

    @property
    def is_halved(self) -> bool:
        """True when two pixels share their chrominance (YBR_FULL_422, PS3.3 C.7.6.3.1.2)."""
        return self.samples == 3 and self.photometric == "YBR_FULL_422"

    @property
    def bits(self) -> int:
        """That one uncompressed frame takes."""
        whole = self.pixels * self.samples * self.allocated
        return whole // 3 * 2 if self.is_halved else whole

    @property
    def size(self) -> int:
        """Bytes of one uncompressed frame."""
        return (self.bits + 7) // 8


def layout_of(dataset: Dataset, element: PixelElement) -> Layout:
    """The layout that a header claims; `check_claims` has seen that it makes sense."""
    samples = number(dataset, "SamplesPerPixel", 1)
    fallback = "MONOCHROME2" if samples == 1 else "RGB"
    floats = element.keyword != "PixelData"
    allocated = number(dataset, "BitsAllocated", 64 if "Double" in element.keyword else 32)
    stored = number(dataset, "BitsStored", allocated)
    stored = stored if 0 < stored <= allocated else allocated
    shift = number(dataset, "HighBit", stored - 1) + 1 - stored
    return Layout(
        rows=number(dataset, "Rows", 0),
        columns=number(dataset, "Columns", 0),
        samples=samples,
        frames=max(number(dataset, "NumberOfFrames", 1), 1),
        photometric=str(dataset.get("PhotometricInterpretation") or fallback),
        allocated=allocated,
        stored=stored,
        shift=shift if 0 <= shift <= allocated - stored else 0,
        signed=bool(number(dataset, "PixelRepresentation", 0) & 1),
        planar=bool(number(dataset, "PlanarConfiguration", 0) & 1),
        floats=floats,
        little=dataset.original_encoding[1] is not False,
        word=element.vr == "OW",
    )
