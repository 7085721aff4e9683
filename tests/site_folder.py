"""A site's own folder in the making: films of 8 x 8 pixels and reports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from model_backend.datasets.convert import Converted, convert
from model_backend.datasets.draft import Origin
from model_backend.datasets.reading import open_dataset
from model_backend.datasets.row import Row
from plugin._site_dataset import site_source
from tests.dataset_miniature import all_rows
from tests.reports import film

SALT = b"sixteen bytes of salt, or more"


class Site:
    """A folder of films and reports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pacs"
        self.out = folder / "set"
        self.count = 0

    def film(self, *, study: int = 1, patient: str = "P-17", **more: object) -> Dataset:
        """A film of 8 x 8 pixels in a file of its own."""
        self.count += 1
        image = film(
            PatientID=patient,
            StudyInstanceUID=f"2.25.{study}",
            SeriesInstanceUID=f"2.25.{study}.{self.count}",
            SOPInstanceUID=f"2.25.{study}.{self.count}.1",
            AccessionNumber=f"A-99{study}",
            ViewPosition="PA",
            **more,
        )
        image.SamplesPerPixel = 1
        image.PhotometricInterpretation = "MONOCHROME2"
        image.BitsAllocated = image.BitsStored = 16
        image.HighBit, image.PixelRepresentation = 15, 0
        image.WindowCenter, image.WindowWidth = 500 + self.count, 1000
        image.PixelData = (np.arange(64, dtype="<u2") * 16).tobytes()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        path = self.folder / f"{self.count}.dcm"
        path.parent.mkdir(exist_ok=True)
        image.save_as(path, enforce_file_format=True)
        return image

    def convert(self, **options: str) -> Converted:
        """The data set, and what is said of it."""
        return convert(site_source(SALT), Origin(self.folder, options=options), self.out)

    def rows(self, **options: str) -> dict[str, Row]:
        """The rows by task."""
        self.convert(**options)
        return {row.task: row for row in all_rows(open_dataset(self.out))}
