"""Made slices for tests: headers with a place in space and pixels that are never decoded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from dicom_io.identity import Identity
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def header_of(
    position: Sequence[float] | None, instance: int, orientation: Any = AXIAL, **attributes: Any
) -> Dataset:
    """The header of one slice; None leaves an attribute out."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.PatientID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "P", "2.25.1", "2.25.2"
    dataset.SOPInstanceUID = f"2.25.2.{instance}"
    dataset.InstanceNumber = instance
    dataset.Modality = "CT"
    dataset.Rows = dataset.Columns = 4
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.FrameOfReferenceUID = "2.25.9"
    dataset.PixelSpacing = [1, 1]
    if position is not None:
        dataset.ImagePositionPatient = [float(one) for one in position]
        dataset.ImageOrientationPatient = [float(one) for one in orientation]
    for keyword, value in attributes.items():
        if value is None:
            if keyword in dataset:
                delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def frames_of(header: Dataset) -> tuple[ImageFrame, ...]:
    """The frames of a header, black."""
    black = Decoded(np.zeros((int(header.Rows), int(header.Columns)), np.uint16))
    identity = Identity.of(header)
    count = int(header.get("NumberOfFrames") or 1)
    return tuple(
        ImageFrame(identity.of_frame(i + 1), header, i, Path("made.dcm"), lambda index: black)
        for i in range(count)
    )


def slice_at(
    position: Sequence[float] | None, instance: int, orientation: Any = AXIAL, **attributes: Any
) -> ImageFrame:
    """One slice; see `header_of`."""
    return frames_of(header_of(position, instance, orientation, **attributes))[0]


def shuffled(frames: Sequence[ImageFrame], seed: int = 7) -> list[ImageFrame]:
    """The same frames in another order, the same at every run."""
    order = list(frames)
    random.Random(seed).shuffle(order)
    return order
