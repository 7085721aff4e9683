"""Images made for one test each, as files on disk."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_io.image.frame import ImageFrame, open_frames


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """A data set of (rows, columns), (frames, rows, columns) or (rows, columns, 3) values.

    Keywords are attributes that replace the usual ones; None leaves one out.
    """

    def make(values: NDArray[Any], **attributes: Any) -> Dataset:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
        dataset.SOPInstanceUID = "2.25.3"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1", "2.25.2"
        dataset.PatientID, dataset.PatientName = "P1", "Test^Ramp"
        dataset.Modality = "OT"
        colour = values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8
        frames = values.shape[0] if values.ndim == 3 and not colour else 1
        dataset.Rows, dataset.Columns = values.shape[-3:-1] if colour else values.shape[-2:]
        if frames > 1:
            dataset.NumberOfFrames = frames
        dataset.SamplesPerPixel = 3 if colour else 1
        dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
        if colour:
            dataset.PlanarConfiguration = 0
        dataset.BitsAllocated = 8 * values.dtype.itemsize
        content = values.astype(values.dtype.newbyteorder("<")).tobytes()
        if values.dtype.kind == "f":
            keyword = "FloatPixelData" if values.dtype.itemsize == 4 else "DoubleFloatPixelData"
            setattr(dataset, keyword, content)
        else:
            dataset.BitsStored = dataset.BitsAllocated
            dataset.HighBit = dataset.BitsStored - 1
            dataset.PixelRepresentation = int(values.dtype.kind == "i")
            dataset.PixelData = content + b"\0" * (len(content) % 2)
            dataset["PixelData"].VR = "OW"
        for keyword, value in attributes.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        return dataset

    return make


@pytest.fixture
def make_frames(
    tmp_path: Path, make_dataset: Callable[..., Dataset]
) -> Callable[..., tuple[ImageFrame, ...]]:
    """The same, written to a file and opened."""
    numbers = itertools.count()

    def make(values: NDArray[Any], **attributes: Any) -> tuple[ImageFrame, ...]:
        path = tmp_path / f"made-{next(numbers)}.dcm"
        make_dataset(values, **attributes).save_as(path, enforce_file_format=True)
        return open_frames(path)

    return make
