"""Made CT series in a folder, in any transfer syntax that can be written here; for the benches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

STUDY, SERIES = "2.25.40001", "2.25.40002"
PATIENT = "BENCH-1"

Encode = Callable[[NDArray[Any]], bytes]

# How 12 bit slices are compressed, by transfer syntax.
ENCODERS: Mapping[str, Encode] = {
    uid.JPEGLosslessSV1: lambda v: bytes(imagecodecs.ljpeg_encode(v, bitspersample=12)),
    uid.JPEGLSLossless: lambda v: bytes(imagecodecs.jpegls_encode(v)),
    uid.JPEG2000Lossless: lambda v: bytes(
        imagecodecs.jpeg2k_encode(v, level=0, reversible=True, codecformat="j2k", bitspersample=12)
    ),
    uid.HTJ2KLossless: lambda v: bytes(imagecodecs.htj2k_encode(v, reversible=True)),
}


def made_slice(number: int, side: int = 512) -> NDArray[np.uint16]:
    """(side, side) values of 12 bits: two bodies that change with the slice, and noise."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    wide = 1000 * np.exp(-4 * (x * x + (1.4 + 0.2 * np.sin(number / 40)) * y * y) ** 2)
    small = 600 * np.exp(-30 * ((x - 0.3 * np.cos(number / 25)) ** 2 + (y + 0.2) ** 2))
    values = 24 + wide + small + rng.normal(0, 12, (side, side))
    picture: NDArray[np.uint16] = values.clip(0, 4095).astype(np.uint16)
    return picture


def header_of(number: int, side: int, syntax: str) -> Dataset:
    """A slice's header as a scanner writes it, private elements included, without pixels."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID = uid.CTImageStorage
    dataset.SOPInstanceUID = f"2.25.5{number:06d}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, SERIES
    dataset.FrameOfReferenceUID = "2.25.40003"
    dataset.PatientID, dataset.PatientName = PATIENT, "Bench^Made"
    dataset.Modality, dataset.Manufacturer = "CT", "Made here"
    dataset.StudyDate, dataset.StudyTime = "20260101", "101112"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.SeriesNumber, dataset.InstanceNumber = 2, number + 1
    dataset.ImagePositionPatient = [-180.0, -180.0, number * 1.25]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [360 / side, 360 / side], 1.25
    dataset.KVP, dataset.ExposureTime, dataset.XRayTubeCurrent = 120, 500, 240
    dataset.ConvolutionKernel, dataset.GantryDetectorTilt = "B30f", 0
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    block = dataset.private_block(0x0029, "MADE HERE", create=True)
    for place in range(40):
        block.add_new(place, "LO", f"value {place} of slice {number}")
    block.add_new(0xF0, "OB", bytes(20_000))
    return dataset


def write_series(
    folder: Path, count: int, syntax: str = uid.ExplicitVRLittleEndian, side: int = 512
) -> list[Path]:
    """`count` slices as files, in order. Compressed ones repeat 16 pictures: coding takes long."""
    encode = ENCODERS.get(syntax)
    distinct = count if encode is None else min(count, 16)
    pictures = [made_slice(number, side) for number in range(min(distinct, 64))]
    streams = [encode(picture) for picture in pictures] if encode is not None else []
    paths = []
    for number in range(count):
        dataset = header_of(number, side, syntax)
        if encode is None:
            dataset.PixelData = pictures[number % len(pictures)].astype("<u2").tobytes()
            dataset["PixelData"].VR = "OW"
        else:
            dataset.PixelData = encapsulate([streams[number % len(streams)]])
            dataset["PixelData"].VR = "OB"
            dataset["PixelData"].is_undefined_length = True
        path = folder / f"{number:05d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
