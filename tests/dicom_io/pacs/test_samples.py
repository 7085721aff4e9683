"""The sample studies are real, complete and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_io.errors import NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs import samples
from dicom_io.pacs.samples import chest_film, sample_files


def test_the_chest_film_comes_first() -> None:
    header = dcmread(chest_film(), stop_before_pixels=True)

    assert sample_files()[0] == chest_film()
    assert (header.Modality, header.StudyDescription) == ("CR", "THORAX")


def test_every_sample_has_patient_study_and_pixels() -> None:
    identities = set()
    for path in sample_files():
        dataset = dcmread(path)
        identity = Identity.of(dataset)
        identities.add(identity.instance)
        assert identity.patient_id and identity.study and identity.series, path
        assert "PixelData" in dataset, path

    assert len(identities) == len(sample_files()) >= 10


def test_the_samples_cover_the_common_modalities_and_encodings() -> None:
    headers = [dcmread(path, stop_before_pixels=True) for path in sample_files()]

    assert {header.Modality for header in headers} >= {"CR", "CT", "MR", "US"}
    assert len({header.file_meta.TransferSyntaxUID for header in headers}) >= 4


def test_missing_samples_are_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "_folders", lambda: (tmp_path,))

    with pytest.raises(NothingFound, match="pip install pydicom-data"):
        sample_files()
