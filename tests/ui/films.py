"""Real sample films, and small made ones whose grey value tells which film is on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from PyQt6.QtGui import QImage

from dicom_io.image.frame import ImageFrame, frames_of_dataset, open_frames

STUDY = "1.2.826.0.1.3680043.8.498.900."
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def sample(name: str) -> tuple[ImageFrame, ...]:
    """The frames of one of pydicom's own files."""
    path = get_testdata_file(name)
    assert isinstance(path, str), f"{name} is not among the sample files"
    return open_frames(Path(path))


def film(
    values: NDArray[np.uint8], *, study: int = 1, series: int = 1, instance: int = 1, **more: object
) -> ImageFrame:
    """A made 8 bit frame whose brightness on the screen is its stored value."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = SECONDARY_CAPTURE
    dataset.PatientID = f"P{study}"
    dataset.PatientName = f"Film^{study}"
    dataset.StudyInstanceUID = f"{STUDY}{study}"
    dataset.SeriesInstanceUID = f"{STUDY}{study}.{series}"
    dataset.SOPInstanceUID = f"{STUDY}{study}.{series}.{instance}"
    dataset.Modality = "OT"
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = values.tobytes() + b"\0" * (values.size % 2)
    return frames_of_dataset(dataset, Path(f"film-{study}-{series}-{instance}.dcm"))[0]


def flat(grey: int, side: int = 8, **names: int) -> ImageFrame:
    """A made frame of one grey value."""
    return film(np.full((side, side), grey, np.uint8), **names)


def as_array(image: QImage) -> NDArray[np.uint8]:
    """A picture of Qt's as (height, width, 3) RGB."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    memory: Any = bits.asarray(image.sizeInBytes())
    lines = np.frombuffer(memory, np.uint8).reshape(image.height(), image.bytesPerLine())
    return np.array(lines[:, : 3 * image.width()].reshape(-1, image.width(), 3))
