"""Random headers and pixels come out as exact fractions say that they must.

Nothing of the viewer computes what is expected here. `python test_random_pipelines.py FROM TO`
goes on with other seeds for as long as one likes.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicom_io.image.frame import open_frames
from dicom_io.image.modality import modality_of
from dicom_io.image.render import render, windows_of

SEEDS = range(120)
NEAR = Fraction(1, 10**7)  # from a half, where either neighbour is right


@dataclass(frozen=True)
class Table:
    """A look-up table, of the modality or VOI step."""

    first: int
    bits: int
    entries: tuple[int, ...]

    def at(self, value: Fraction) -> set[int]:
        """The entries that are nearest."""
        places = {math.floor(value + Fraction(1, 2)), math.ceil(value - Fraction(1, 2))}
        last = len(self.entries) - 1
        return {self.entries[min(max(place - self.first, 0), last)] for place in places}

    def item(self, kind: str, order: str) -> Dataset:
        item = Dataset()
        first = self.first % 65536 if kind == "US" else self.first
        item.add_new(0x00283002, kind, [len(self.entries), first, self.bits])
        item.add_new(0x00283006, "OW", np.array(self.entries, f"{order}u2").tobytes())
        return item


@dataclass(frozen=True)
class Wanted:
    """A window as the standard defines it."""

    function: str
    center: Fraction
    width: Fraction

    def __call__(self, value: Fraction) -> set[int]:
        if self.function == "SIGMOID":
            power = -4 * float(value - self.center) / float(self.width)
            return rounded(Fraction(255 / (1 + math.exp(power)) if power < 700 else 0.0))
        half, less = (Fraction(1, 2), 1) if self.function == "LINEAR" else (Fraction(0), 0)
        middle, width = self.center - half, self.width - less
        if value <= middle - width / 2:
            return {0}
        if value > middle + width / 2:
            return {255}
        return rounded(((value - middle) / width + Fraction(1, 2)) * 255)


@dataclass
class Case:
    """One file, and what each of its frames means."""

    dataset: Dataset
    stored: list[list[list[int]]]  # frame, row, column
    is_signed: bool
    ends: tuple[int, int]  # of what its bits can hold
    padding: tuple[int, int] | None = None
    rescale: list[tuple[Fraction, Fraction]] = field(default_factory=list)
    modality: Table | None = None
    windows: list[list[Wanted]] = field(default_factory=list)
    voi: Table | None = None

    def value(self, frame: int, stored: int) -> Fraction:
        """In modality units."""
        if self.modality is not None:
            (entry,) = self.modality.at(Fraction(stored))
            return Fraction(entry)
        slope, intercept = self.rescale[frame]
        return slope * stored + intercept

    def is_padding(self, stored: int) -> bool:
        return self.padding is not None and self.padding[0] <= stored <= self.padding[1]

    def looks(self, frame: int) -> list[Wanted | Table]:
        """The windows to offer first."""
        if self.voi is not None:
            return [self.voi]
        return [*self.windows[frame]] if self.windows else [self.automatic(frame)]

    def automatic(self, frame: int) -> Wanted:
        flat = [one for row in self.stored[frame] for one in row]
        kept = [one for one in flat if not self.is_padding(one)] or flat
        values = sorted(self.value(frame, one) for one in kept)
        low, high = (values[max(1, math.ceil(len(values) * r / 100)) - 1] for r in (1, 99))
        if low == high:
            low, high = values[0], values[-1]
        return Wanted("LINEAR_EXACT", (low + high) / 2, high - low or Fraction(1))

    @property
    def is_inverse(self) -> bool:
        shape = self.dataset.get("PresentationLUTShape")
        return shape == "INVERSE" or bool(self.dataset.PhotometricInterpretation == "MONOCHROME1")

    def brightness(self, frame: int, stored: int, look: Wanted | Table, invert: bool) -> set[int]:
        """All that would be right."""
        if self.is_padding(stored):
            return {0}
        value = self.value(frame, stored)
        if isinstance(look, Table):
            top = (1 << look.bits) - 1
            grey = set().union(*(rounded(Fraction(255 * one, top)) for one in look.at(value)))
        else:
            grey = look(value)
        return {255 - one for one in grey} if self.is_inverse != invert else grey


def rounded(exact: Fraction) -> set[int]:
    """Halves upwards."""
    return {math.floor(exact + Fraction(1, 2) + much) for much in (-NEAR, 0, NEAR)}


def text(number: float) -> str:
    """As a decimal string has it."""
    return f"{number:.6g}"


def with_pixels(chance: random.Random) -> Case:
    """Values anywhere in their words, rubbish in the bits that mean nothing."""
    allocated = chance.choice([8, 16, 16, 32])
    bits = chance.randint({8: 2, 16: 9, 32: 17}[allocated], allocated)
    shift = chance.choice([0, 0, allocated - bits])
    signed = chance.random() < 0.5
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    frames, rows, columns = chance.randint(1, 3), chance.randint(1, 6), chance.randint(1, 8)
    middle, span = chance.randint(low, high), chance.choice([3, 50, 1000, high - low])

    def one() -> int:
        if chance.random() < 0.15:
            return chance.choice([low, high])
        return min(high, max(low, middle + chance.randint(-span, span)))

    stored = [[[one() for _ in range(columns)] for _ in range(rows)] for _ in range(frames)]
    mask = (1 << bits) - 1 << shift
    words = [
        (value << shift) & mask | chance.getrandbits(allocated) & ~mask
        for plane in stored
        for row in plane
        for value in row
    ]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
    dataset.file_meta.TransferSyntaxUID = chance.choice(syntaxes)
    order = ">" if dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2.1", "2.25.3"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1", "2.25.2"
    dataset.PatientID, dataset.Modality = "P1", "MR"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, columns, frames
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = chance.choice(["MONOCHROME1", "MONOCHROME2"])
    dataset.BitsAllocated, dataset.BitsStored = allocated, bits
    dataset.HighBit, dataset.PixelRepresentation = shift + bits - 1, int(signed)
    content = np.array(words, np.uint64).astype(f"{order}u{allocated // 8}").tobytes()
    kind = "OB" if allocated == 8 else "OW"
    dataset.add_new(0x7FE00010, kind, content + b"\0" * (len(content) % 2))
    return Case(dataset, stored, signed, (low, high))


def with_padding(case: Case, chance: random.Random) -> None:
    if case.dataset.BitsStored > 16:
        return
    kind = "SS" if case.is_signed else "US"
    value = chance.choice(case.stored[0][0])
    limit = min(case.ends[1], max(case.ends[0], value + chance.randint(-9, 9)))
    case.dataset.add_new(0x00280120, kind, value)
    case.dataset.add_new(0x00280121, kind, limit)
    ends = min(value, limit), max(value, limit)
    case.padding = None if ends == case.ends else ends  # not believed


def random_table(chance: random.Random, first: int) -> Table:
    bits, count = chance.choice([8, 10, 12, 16]), chance.randint(2, 300)
    return Table(first, bits, tuple(chance.randint(0, (1 << bits) - 1) for _ in range(count)))


def with_modality(case: Case, chance: random.Random) -> None:
    """A rescale, each frame's own or the file's, or a table."""
    count = len(case.stored)
    case.rescale = [(Fraction(1), Fraction(0))] * count
    way = chance.choice(["none", "file", "frames", "table"])
    if way == "table" and case.dataset.BitsStored <= 16:
        case.modality = random_table(chance, chance.choice(case.stored[0][0]))
        order = ">" if case.dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
        kind = "SS" if case.is_signed else "US"
        case.dataset.ModalityLUTSequence = [case.modality.item(kind, order)]
    elif way == "file":
        slope = text(chance.choice([1, 2, -1, 0.5, chance.uniform(0.1, 3)]))
        intercept = text(chance.choice([0, -1024, chance.uniform(-2000, 2000)]))
        case.dataset.RescaleSlope, case.dataset.RescaleIntercept = slope, intercept
        case.rescale = [(Fraction(slope), Fraction(intercept))] * count
    elif way == "frames":
        case.dataset.RescaleSlope, case.dataset.RescaleIntercept = 7, 77  # which counts for nothing
        case.dataset.PerFrameFunctionalGroupsSequence = []
        for frame in range(count):
            own, group = Dataset(), Dataset()
            own.RescaleSlope, own.RescaleIntercept = text(chance.uniform(0.1, 3)), str(frame)
            group.PixelValueTransformationSequence = [own]
            case.dataset.PerFrameFunctionalGroupsSequence.append(group)
            case.rescale[frame] = Fraction(str(own.RescaleSlope)), Fraction(frame)


def with_window(case: Case, chance: random.Random) -> None:
    """Windows of the file or of each frame, a table, or nothing."""
    values = [case.value(i, one) for i, plane in enumerate(case.stored) for one in plane[0]]
    low, high = float(min(values)), float(max(values))
    way = chance.choice(["none", "file", "frames", "table"])
    if way == "table" and -30000 < low <= high < 30000 and low < 0:
        case.voi = random_table(chance, math.floor(low))
        order = ">" if case.dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian else "<"
        case.dataset.VOILUTSequence = [case.voi.item("SS", order)]
    if way not in ("file", "frames"):
        return
    function = chance.choice(["LINEAR", "LINEAR_EXACT", "SIGMOID"])
    groups = case.dataset.get("PerFrameFunctionalGroupsSequence") or [
        Dataset() for _ in case.stored
    ]
    for group in groups:
        count, own = chance.randint(1, 3), Dataset()
        least = 1.0 if function == "LINEAR" else 0.25
        widths = [chance.choice([least, 2, 256, high - low + 1]) for _ in range(count)]
        own.WindowCenter = [text(chance.uniform(low, high)) for _ in range(count)]
        own.WindowWidth = [text(width) for width in widths]
        own.VOILUTFunction = function
        group.FrameVOILUTSequence = [own]
        if way == "file":
            del group.FrameVOILUTSequence
            case.dataset.update(own)
        pairs = zip(np.atleast_1d(own.WindowCenter), np.atleast_1d(own.WindowWidth), strict=True)
        case.windows.append(
            [Wanted(function, Fraction(str(c)), Fraction(str(w))) for c, w in pairs]
        )
    if way == "file":
        case.windows = [case.windows[-1]] * len(case.stored)
    else:
        case.dataset.PerFrameFunctionalGroupsSequence = groups


def made(seed: int) -> tuple[Case, bool]:
    """A case, and whether the reader inverts it."""
    chance = random.Random(seed)
    case = with_pixels(chance)
    if chance.random() < 0.4:
        with_padding(case, chance)
    with_modality(case, chance)
    with_window(case, chance)
    if chance.random() < 0.3:
        case.dataset.PresentationLUTShape = chance.choice(["IDENTITY", "INVERSE"])
    return case, chance.random() < 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pixel_is_what_exact_fractions_say(seed: int, tmp_path: Path) -> None:
    case, invert = made(seed)
    case.dataset.save_as(tmp_path / "made.dcm", enforce_file_format=True)

    frames = open_frames(tmp_path / "made.dcm")

    assert len(frames) == len(case.stored)
    for index, frame in enumerate(frames):
        stored = frame.stored()
        assert stored.tolist() == case.stored[index]
        flat = [one for row in case.stored[index] for one in row]
        exact = [float(case.value(index, one)) for one in flat]
        np.testing.assert_allclose(modality_of(frame)(stored).ravel(), exact, rtol=1e-12, atol=1e-9)
        offered = windows_of(frame, stored)
        for window, look in zip(offered, case.looks(index), strict=False):
            picture = render(frame, stored, window, invert).ravel().tolist()
            for one, grey in zip(flat, picture, strict=True):
                assert grey in case.brightness(index, one, look, invert), (index, one, look)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for number in range(int(sys.argv[1]), int(sys.argv[2])):
            try:
                test_every_pixel_is_what_exact_fractions_say(number, Path(folder))
            except AssertionError as wrong:
                print(number, wrong)
