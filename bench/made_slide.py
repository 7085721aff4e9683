"""A whole slide of our own making: a pyramid of JPEG tiles whose colours are known everywhere.

Source of the layout: DICOM PS3.3 C.8.12.4 (Whole Slide Microscopy Image), C.7.6.17 (Multi-frame
Dimension), C.7.6.16.2.1 (concatenations), PS3.5 A.4 (encapsulation).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
ROOT = "1.2.826.0.1.3680043.8.498.77."
WAVE = 2048  # columns of the finest level after which colours come again
MM = 0.00025  # of a column of the finest level: 40x

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Plan:
    """What slide to make. `levels` halve from one to the next."""

    columns: int = 8192
    rows: int = 6144
    levels: int = 4
    tile: int = 256
    study: int = 1
    sparse: bool = False  # TILED_SPARSE, without the tiles of the lower right quarter
    parts: int = 1  # of a concatenation, of the finest level
    jpeg: bool = True
    tint: int = 0  # added to blue: tells one slide from another


def colours(plan: Plan, x: NDArray[Any], y: NDArray[Any]) -> Bytes:
    """RGB at columns x and rows y of the finest level: slow waves, so that JPEG and halving keep
    them within a few levels."""
    red = 128 + 100 * np.cos(2 * np.pi * x / WAVE)
    green = 128 + 100 * np.cos(2 * np.pi * y / WAVE)
    blue = 60 + plan.tint + 40 * np.cos(2 * np.pi * (x + y) / WAVE)
    return np.stack(np.broadcast_arrays(red, green, blue), axis=-1).round().astype(np.uint8)


def write_slide(folder: Path, plan: Plan = Plan()) -> list[Path]:
    """The files of a slide, the finest level first."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for level in range(plan.levels):
        tiles = list(_tiles(plan, level))
        parts = plan.parts if level == 0 else 1
        each = -(-len(tiles) // parts)
        for part in range(parts):
            mine = tiles[part * each : (part + 1) * each]
            path = folder / f"study{plan.study}-level{level}-part{part}.dcm"
            header = _header(plan, level, [place for place, _ in mine])
            if parts > 1:
                _concatenated(header, part, parts, part * each, level)
            _write(path, header, [pixels for _, pixels in mine], jpeg=plan.jpeg)
            paths.append(path)
    return paths


def size_of(plan: Plan, level: int) -> tuple[int, int]:
    """(columns, rows) of a level."""
    return plan.columns >> level, plan.rows >> level


def _tiles(plan: Plan, level: int) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Column and row of each tile's corner, from 0, with its pixels."""
    columns, rows = size_of(plan, level)
    for y in range(0, rows, plan.tile):
        for x in range(0, columns, plan.tile):
            if plan.sparse and x >= columns // 2 and y >= rows // 2:
                continue
            again = WAVE >> level
            yield (x, y), _encoded(plan, level, x % again, y % again)


@lru_cache(maxsize=4096)
def _encoded(plan: Plan, level: int, x: int, y: int) -> bytes:
    factor = 1 << level
    across = (np.arange(x, x + plan.tile) * factor + (factor - 1) / 2)[None, :]
    down = (np.arange(y, y + plan.tile) * factor + (factor - 1) / 2)[:, None]
    pixels = colours(plan, across, down)
    if not plan.jpeg:
        return pixels.tobytes()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=92, subsampling=0)
    return stream.getvalue()


def _header(plan: Plan, level: int, places: list[tuple[int, int]]) -> Dataset:
    columns, rows = size_of(plan, level)
    header = Dataset()
    header.SOPClassUID, header.Modality = SLIDE, "SM"
    header.PatientID, header.PatientName = f"S{plan.study}", f"Slide^{plan.study}"
    header.StudyInstanceUID = f"{ROOT}{plan.study}"
    header.SeriesInstanceUID = f"{ROOT}{plan.study}.1"
    header.SOPInstanceUID = f"{ROOT}{plan.study}.1.{level + 1}"
    header.FrameOfReferenceUID = f"{ROOT}{plan.study}.9"
    header.SeriesNumber, header.InstanceNumber = 1, level + 1
    header.StudyDate, header.StudyTime = "20260101", "120000"
    header.AccessionNumber, header.StudyID = "A1", "1"
    header.ContentDate, header.ContentTime = "20260101", "120000"
    header.AcquisitionDateTime = "20260101120000"
    header.Manufacturer, header.ManufacturerModelName = "Wetread", "Made slide"
    header.DeviceSerialNumber, header.SoftwareVersions = "1", "1"
    derived = "RESAMPLED" if level else "NONE"
    header.ImageType = ["DERIVED" if level else "ORIGINAL", "PRIMARY", "VOLUME", derived]
    header.VolumetricProperties = "VOLUME"
    header.SpecimenLabelInImage, header.FocusMethod = "NO", "AUTO"
    header.ExtendedDepthOfField, header.BurnedInAnnotation = "NO", "NO"
    header.TotalPixelMatrixColumns, header.TotalPixelMatrixRows = columns, rows
    header.TotalPixelMatrixFocalPlanes, header.NumberOfOpticalPaths = 1, 1
    header.ImagedVolumeWidth = float(plan.columns * MM)
    header.ImagedVolumeHeight = float(plan.rows * MM)
    header.ImagedVolumeDepth = 1.0
    header.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = "20", "40"
    header.TotalPixelMatrixOriginSequence = Sequence([origin])
    header.OpticalPathSequence = Sequence([_optical_path()])
    header.LossyImageCompression = "01" if plan.jpeg else "00"
    _pixel_attributes(header, plan, len(places))
    kind = Dataset()
    kind.FrameType = header.ImageType
    measures = Dataset()
    measures.PixelSpacing = [f"{MM * 2**level:.10g}"] * 2
    measures.SliceThickness = "1"
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.WholeSlideMicroscopyImageFrameTypeSequence = Sequence([kind])
    header.SharedFunctionalGroupsSequence = Sequence([shared])
    header.DimensionOrganizationType = "TILED_SPARSE" if plan.sparse else "TILED_FULL"
    if plan.sparse:
        groups = [_place(place, plan.tile) for place in places]
        header.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return header


def _pixel_attributes(header: Dataset, plan: Plan, count: int) -> None:
    header.NumberOfFrames = count
    header.Rows = header.Columns = plan.tile
    header.SamplesPerPixel, header.PlanarConfiguration = 3, 0
    header.PhotometricInterpretation = "YBR_FULL_422" if plan.jpeg else "RGB"
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation = 7, 0


def _optical_path() -> Dataset:
    path = Dataset()
    path.OpticalPathIdentifier, path.OpticalPathDescription = "1", "brightfield"
    path.ObjectiveLensPower = "40"
    light = Dataset()
    light.CodeValue, light.CodingSchemeDesignator = "111744", "DCM"
    light.CodeMeaning = "Brightfield illumination"
    path.IlluminationTypeCodeSequence = Sequence([light])
    colour = Dataset()
    colour.CodeValue, colour.CodingSchemeDesignator = "414298005", "SCT"
    colour.CodeMeaning = "Full Spectrum"
    path.IlluminationColorCodeSequence = Sequence([colour])
    return path


def _place(place: tuple[int, int], tile: int) -> Dataset:
    where = Dataset()
    where.ColumnPositionInTotalImagePixelMatrix = place[0] + 1
    where.RowPositionInTotalImagePixelMatrix = place[1] + 1
    where.XOffsetInSlideCoordinateSystem = where.YOffsetInSlideCoordinateSystem = "0"
    where.ZOffsetInSlideCoordinateSystem = "0"
    content = Dataset()
    content.DimensionIndexValues = [place[0] // tile + 1, place[1] // tile + 1]
    group = Dataset()
    group.PlanePositionSlideSequence = Sequence([where])
    group.FrameContentSequence = Sequence([content])
    return group


def _concatenated(header: Dataset, part: int, parts: int, offset: int, level: int) -> None:
    header.ConcatenationUID = f"{header.SOPInstanceUID}.8"
    header.SOPInstanceUIDOfConcatenationSource = f"{header.SOPInstanceUID}.7"
    header.SOPInstanceUID = f"{header.SOPInstanceUID}.{part + 1}"
    header.InConcatenationNumber, header.InConcatenationTotalNumber = part + 1, parts
    header.ConcatenationFrameOffsetNumber = offset


def _write(path: Path, header: Dataset, tiles: list[bytes], *, jpeg: bool) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = header.SOPClassUID
    meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    meta.TransferSyntaxUID = JPEGBaseline8Bit if jpeg else ExplicitVRLittleEndian
    header.file_meta = meta
    header.PixelData = encapsulate(tiles) if jpeg else b"".join(tiles)
    header["PixelData"].VR = "OB"
    header.save_as(path, enforce_file_format=True)
