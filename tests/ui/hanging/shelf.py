"""A folder of made studies whose grey value tells which image is on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

STUDY = "1.2.826.0.1.3680043.8.498.950."
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def write_image(
    folder: Path,
    study: int,
    series: int = 1,
    instance: int = 1,
    *,
    grey: int = 100,
    side: int = 32,
    **header: Any,
) -> Path:
    """One image of patient P1 unless `header` says otherwise; its file."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID(SECONDARY_CAPTURE)
    dataset.PatientID, dataset.PatientName = "P1", "Shelf^One"
    dataset.PatientBirthDate, dataset.PatientSex = "19500101", "F"
    dataset.StudyInstanceUID = f"{STUDY}{study}"
    dataset.SeriesInstanceUID = f"{STUDY}{study}.{series}"
    uid = UID(f"{STUDY}{study}.{series}.{instance}")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.StudyDate, dataset.StudyTime = "20240503", "101500"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CR", series, instance
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    frames = int(dataset.get("NumberOfFrames", 1))
    dataset.PixelData = np.full((frames, side, side), grey, np.uint8).tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dataset.PatientID}-{study}-{series}-{instance}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path
