"""Reformatted planes: a volume cut along the patient's axes, slice by slice, with a slab.

The frames are computed when they are looked at. They are derived: they bear UIDs of their own
under 2.25, `made_up` and `derivation`, lie in no archive and are evidence of nothing. Their header
says where they lie, how large their pixels are and what their values mean, so that letters, scale,
probe, marks and linking hold on them as on any other frame.
Source: DICOM PS3.3 C.7.6.1.1.2 (image type), C.7.6.16.2 (functional groups).
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_io.identity import Identity
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.grid import Grid, grid_of
from dicom_io.image.modality import modality_of
from dicom_io.image.place import Place, places_of, remember
from dicom_io.image.volume import Volume, Voxels
from dicom_io.image.window import LUT, automatic, file_windows


class Cut(StrEnum):
    """Which way the planes lie, and how a reader looks at them."""

    AXIAL = "axial"  # from the feet: the patient's right on the left side
    CORONAL = "coronal"  # from the front
    SAGITTAL = "sagittal"  # from the left side, nose to the left


class Projection(StrEnum):
    """What a slab shows of the values one behind the other."""

    MAXIMUM = "MIP"
    MEAN = "mean"
    MINIMUM = "MinIP"


@dataclass(frozen=True, slots=True)
class Slab:
    """How thick each plane is; one slice at 0."""

    thickness: float = 0.0  # mm
    projection: Projection = Projection.MAXIMUM

    def words(self) -> str:
        """ "10 mm MIP"; "" for a single slice."""
        return f"{self.thickness:g} mm {self.projection}" if self.thickness > 0 else ""


DIRECTIONS = {
    Cut.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Cut.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Cut.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
NOT_STORED = "Computed, in no archive"
_SEED = 0x57657472  # of the checksum in the UIDs
_COPIED = (
    "SpecificCharacterSet",
    "PatientID",
    "IssuerOfPatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "AnatomicalOrientationType",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "AccessionNumber",
    "Modality",
    "BodyPartExamined",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "SOPClassUID",
    "Units",
)


class Planes:
    """All planes of one direction through a volume; any slab of them is made in a moment."""

    def __init__(self, volume: Volume, cut: Cut) -> None:
        self._volume = volume
        self._cut = cut
        self._grid = grid_of(volume, *DIRECTIONS[cut])
        self._header = _header(volume, cut, self._grid)
        self._places: list[Place] = []
        self._places = places_of(self.frames())

    def frames(self, slab: Slab = Slab()) -> tuple[ImageFrame, ...]:
        """The planes in the order of their positions. Nothing is computed before one is decoded."""
        grid, volume = self._grid, self._volume
        header = _with_slab(self._header, volume, self._cut, slab)
        deep = slab_depth(slab, grid.step)

        def decode(index: int) -> Decoded:
            half = deep // 2
            block = grid.cut(max(index - half, 0), min(index + half + 1, grid.count))
            void = volume.void if grid.is_sampled else volume.padding
            return Decoded(_projected(block, slab.projection, void))

        name = Identity.of(header)
        path = Path(f"{self._cut} planes of {volume.source.path.name}")
        words = f"{self._cut} plane, computed from {len(volume.voxels)} slices"
        notices = (str(header.SeriesDescription), NOT_STORED, *volume.notices)
        found = tuple(
            ImageFrame(name.of_frame(n + 1), header, n, path, decode, notices, True, words)
            for n in range(grid.count)
        )
        if self._places:  # a slab lies where its middle plane does
            remember(found, self._places)
        return found


def reformatted(volume: Volume, cut: Cut, slab: Slab = Slab()) -> tuple[ImageFrame, ...]:
    """The planes of that direction through the whole volume, in the order of their positions."""
    return Planes(volume, cut).frames(slab)


def slab_depth(slab: Slab, step: float) -> int:
    """How many planes, `step` mm apart, lie within half the thickness of the middle one; always an
    odd number, so that the slab's middle is its plane's place."""
    return 2 * int(slab.thickness / 2 / step + 1e-6) + 1


def _projected(block: Voxels, projection: Projection, void: tuple[float, float] | None) -> Voxels:
    """One plane out of several; what is void counts for nothing where there is anything else."""
    if len(block) == 1:
        return np.ascontiguousarray(block[0])
    if void is None:
        return _of_block(block, projection)
    is_void = (block >= void[0]) & (block <= void[1])
    if not is_void.any():
        return _of_block(block, projection)
    if projection is Projection.MEAN:
        count = (~is_void).sum(axis=0)
        total = np.where(is_void, 0, block).sum(axis=0, dtype=np.float64)
        found = np.rint(total / np.maximum(count, 1)).astype(block.dtype)
    else:
        span = np.iinfo(block.dtype)
        neutral = span.min if projection is Projection.MAXIMUM else span.max
        found = _of_block(np.where(is_void, block.dtype.type(neutral), block), projection)
    whole: Voxels = np.where(is_void.all(axis=0), block.dtype.type(int(void[0])), found)
    return whole


def _of_block(block: Voxels, projection: Projection) -> Voxels:
    if projection is Projection.MEAN:
        mean: Voxels = np.rint(block.mean(axis=0, dtype=np.float32)).astype(block.dtype)
        return mean
    end: Voxels = block.max(axis=0) if projection is Projection.MAXIMUM else block.min(axis=0)
    return end


# --- the header ---


def _header(volume: Volume, cut: Cut, grid: Grid) -> Dataset:
    """What all slabs of these planes share; what differs from plane to plane is in the per-frame
    functional groups."""
    source = volume.source.header
    header = Dataset()
    for keyword in _COPIED:
        if keyword in source:
            setattr(header, keyword, source[keyword].value)
    header.SeriesInstanceUID = _uid(volume, cut, "")
    header.ImageType = ["DERIVED", "SECONDARY", "REFORMATTED"]
    header.DerivationDescription = (
        f"{cut} planes cut out of {len(volume.voxels)} slices on this workstation; in no archive"
    )
    header.NumberOfFrames = grid.count
    header.Rows, header.Columns = grid.rows, grid.columns
    _describe_values(header, volume)
    _describe_places(header, grid)
    return header


def _with_slab(planes: Dataset, volume: Volume, cut: Cut, slab: Slab) -> Dataset:
    """The same planes, so thick: another image."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.update({tag: planes.get_item(tag) for tag in planes.keys()})
    words = slab.words()
    header.SOPInstanceUID = _uid(volume, cut, words or "single")
    header.SeriesDescription = f"MPR {cut}, {words}" if words else f"MPR {cut}"
    return header


def _uid(volume: Volume, cut: Cut, words: str) -> str:
    """The same for the same planes of the same series; its last 32 bits say that it is ours."""
    one = volume.source.identity
    text = "\n".join((one.study, one.series, one.instance, str(volume.voxels.shape), cut, words))
    digest = hashlib.sha256(text.encode()).digest()[:12]
    return f"2.25.{int.from_bytes(digest + _seal(digest), 'big')}"


def _seal(digest: bytes) -> bytes:
    return zlib.crc32(digest, _SEED).to_bytes(4, "big")


def is_computed(identity: Identity) -> bool:
    """True for a series of computed planes, of this session or an earlier one: no archive has it,
    and nothing about it may be sent or kept as if one had."""
    head, _, tail = identity.series.rpartition(".")
    if head != "2.25" or not tail.isdigit() or int(tail).bit_length() > 128:
        return False
    whole = int(tail).to_bytes(16, "big")
    return _seal(whole[:12]) == whole[12:]


def _describe_values(header: Dataset, volume: Volume) -> None:
    source = volume.source
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, source.photometric
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
    header.PixelRepresentation = int(volume.voxels.dtype == np.int16)
    modality = modality_of(source)
    if (volume.slope, volume.intercept) != (1.0, 0.0) or modality.unit:
        header.RescaleSlope, header.RescaleIntercept = volume.slope, volume.intercept
    if modality.unit and source.modality != "PT":
        header.RescaleType = modality.unit
    if volume.void is not None:
        low, high = (int(one) for one in volume.void)
        vr = "SS" if header.PixelRepresentation else "US"
        header.add_new("PixelPaddingValue", vr, low)
        if high != low:
            header.add_new("PixelPaddingRangeLimit", vr, high)
    own, _ = file_windows(source, modality)
    windows = [window for window in own if window.function != LUT]
    if not windows:  # one for all planes, not one for each
        middle = volume.voxels[len(volume.voxels) // 2]
        windows = [automatic(source, middle, modality)]
    header.WindowCenter = [window.center for window in windows]
    header.WindowWidth = [window.width for window in windows]
    header.WindowCenterWidthExplanation = [window.explanation[:64] for window in windows]
    header.VOILUTFunction = windows[0].function


def _describe_places(header: Dataset, grid: Grid) -> None:
    shared, plane, measures = Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = [*grid.row, *grid.column]
    measures.PixelSpacing = [grid.between_rows, grid.between_columns]
    measures.SpacingBetweenSlices = grid.step
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [plane], [measures]
    header.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for index in range(grid.count):
        group, position = Dataset(), Dataset()
        position.ImagePositionPatient = [float(part) for part in grid.origin(index)]
        group.PlanePositionSequence = [position]
        groups.append(group)
    header.PerFrameFunctionalGroupsSequence = groups
