"""How one frame's samples lie: what every decoder must know, read from the header once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from dicom_io.image.header import UNDEFINED, PixelElement, number
from dicom_io.raw import text_of

_COLOURS = ("RGB", "YBR")  # the beginnings of what has three samples
_SINGLE = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")


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
    is_halved: bool = False  # two pixels share their chrominance (YBR_FULL_422, C.7.6.3.1.2)

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
    rows, columns = number(dataset, "Rows", 0), number(dataset, "Columns", 0)
    frames = max(number(dataset, "NumberOfFrames", 1), 1)
    photometric = text_of(dataset, "PhotometricInterpretation") or fallback
    whole = rows * columns * samples * frames * allocated // 8
    is_whole = whole <= element.length < UNDEFINED  # every pixel has three samples after all
    return Layout(
        rows=rows,
        columns=columns,
        samples=samples,
        frames=frames,
        photometric=photometric,
        allocated=allocated,
        stored=stored,
        shift=shift if 0 <= shift <= allocated - stored else 0,
        signed=bool(number(dataset, "PixelRepresentation", 0) & 1),
        planar=bool(number(dataset, "PlanarConfiguration", 0) & 1),
        floats=floats,
        little=dataset.original_encoding[1] is not False,
        word=element.vr == "OW",
        is_halved=samples == 3 and photometric == "YBR_FULL_422" and not is_whole,
    )


def settle_photometric(dataset: Dataset) -> tuple[str, ...]:
    """Have the photometric interpretation fit the samples of a pixel; a sentence when it did not.

    Grey values that call themselves RGB would get no window of their own, and colours that call
    themselves grey a wrong one.
    """
    samples = number(dataset, "SamplesPerPixel", 1)
    said = text_of(dataset, "PhotometricInterpretation")
    fallback = "MONOCHROME2" if samples == 1 else "RGB"
    if not said:
        told = f"The header names no colour space; {fallback} is assumed."
    elif (samples == 1 and said.startswith(_COLOURS)) or (samples == 3 and said in _SINGLE):
        count = "one sample" if samples == 1 else f"{samples} samples"
        told = f"The header says {said}, but pixels have {count}; {fallback} is assumed."
    else:
        return ()
    dataset.PhotometricInterpretation = fallback
    return (told,)


def notices_of_layout(dataset: Dataset, element: PixelElement) -> tuple[str, ...]:
    """What the header leaves open or contradicts, and what is done about it; a sentence each."""
    layout = layout_of(dataset, element)
    notices = []
    if not layout.floats:
        notices += _notices_of_bits(dataset, layout)
    if element.length == UNDEFINED:
        return tuple(notices)
    if layout.photometric == "YBR_FULL_422" and layout.samples == 3 and not layout.is_halved:
        notices.append("The header says YBR_FULL_422, but every pixel has its own colour.")
    expected = (layout.frames * layout.bits + 7) // 8
    if element.available > expected + expected % 2 + 1:
        notices.append(
            f"There are {element.available - expected:,} bytes of pixels more than the header "
            "describes; its rows, columns, bits or number of frames may be wrong."
        )
    return tuple(notices)


def _notices_of_bits(dataset: Dataset, layout: Layout) -> list[str]:
    """Of bits stored, high bit and sign."""
    notices = []
    said = number(dataset, "BitsStored", 0)
    if said != layout.stored:
        notices.append(
            f"The header says {said} bits stored of {layout.allocated}; all {layout.allocated} "
            "are used."
        )
    elif number(dataset, "HighBit", layout.stored - 1) + 1 - layout.stored != layout.shift:
        notices.append("The high bit contradicts the bits stored; the lowest bits are used.")
    if number(dataset, "PixelRepresentation", -1) not in (0, 1):
        sign = "signed" if layout.signed else "unsigned"
        notices.append(f"The header does not say whether pixels are signed; {sign} is assumed.")
    return notices
