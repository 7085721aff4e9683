"""Whose object it is, told from its first bytes, must be what the whole header says."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_io.identity import Identity
from dicom_io.pacs.commands import file_head
from dicom_io.pacs.glance import data_set_in, identity_in


def encoded(dataset: Dataset, *, implicit: bool) -> bytes:
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, implicit
    write_dataset(stream, dataset)
    return BytesIO(stream.getvalue()).read()


def small(**values: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3"
    dataset.PatientID, dataset.IssuerOfPatientID = "P1", "site"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2", "1.2.9"
    dataset.InstanceNumber = "7"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("implicit", [True, False])
def test_the_first_bytes_say_what_the_header_says(implicit: bool) -> None:
    dataset = small(StudyDescription="Thorax")
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian

    assert identity_in(encoded(dataset, implicit=implicit), syntax) == Identity.of(dataset)


def test_what_is_not_plain_is_left_to_the_whole_header() -> None:
    plain = encoded(small(), implicit=False)
    foreign = small(SpecificCharacterSet="ISO_IR 192", PatientID="Müller")

    assert identity_in(encoded(foreign, implicit=False), ExplicitVRLittleEndian) is None
    assert identity_in(plain, DeflatedExplicitVRLittleEndian) is None
    assert identity_in(b"", ExplicitVRLittleEndian) is None
    for length in range(len(plain) - 24):
        assert identity_in(plain[:length], ExplicitVRLittleEndian) is None


def test_a_file_of_ours_tells_its_syntax_and_where_the_data_set_begins() -> None:
    content = encoded(small(), implicit=False)
    head = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3", ExplicitVRLittleEndian)

    assert data_set_in(head + content) == (content, ExplicitVRLittleEndian)
    assert data_set_in(content) == (b"", "")


def test_real_files_are_told_as_their_header_tells_them(samples: dict[str, Path]) -> None:
    told = 0
    for path in samples.values():
        quick = identity_in(*data_set_in(path.read_bytes()[:8192]))
        if quick is not None:
            told += 1
            assert quick == Identity.of(dcmread(path, stop_before_pixels=True)), path.name
    assert told > 2
