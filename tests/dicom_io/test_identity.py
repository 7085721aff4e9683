"""Identity keeps patients, studies and frames apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from dicom_io.identity import Identity

FULL = Identity("P-17", "HOSPITAL", "2.25.1", "2.25.2", "2.25.3", 4)


def test_it_is_read_from_a_header() -> None:
    header = Dataset()
    header.PatientID, header.IssuerOfPatientID = "P-17 ", "HOSPITAL"
    header.StudyInstanceUID, header.SeriesInstanceUID = "2.25.1", "2.25.2"
    header.SOPInstanceUID = "2.25.3"

    assert Identity.of(header, 4) == FULL


def test_absent_attributes_are_empty_texts() -> None:
    assert Identity.of(Dataset()) == Identity("", "", "")


@pytest.mark.parametrize(
    "identity", [FULL, Identity("", "", ""), Identity('"山\\', "é\n", "2.25.1")]
)
def test_the_key_comes_back(identity: Identity) -> None:
    assert Identity.from_key(identity.key()) == identity


def test_keys_differ_in_every_field() -> None:
    others = [
        replace(FULL, patient_id="x"),
        replace(FULL, issuer="x"),
        replace(FULL, study="x"),
        replace(FULL, series="x"),
        replace(FULL, instance="x"),
        replace(FULL, frame=9),
    ]

    assert len({one.key() for one in [FULL, *others]}) == 7


@pytest.mark.parametrize("key", ["", "{", "[]", "3", '{"patient_id": "x"}', '{"other": 1}'])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not an identity"):
        Identity.from_key(key)


def test_the_same_number_of_another_issuer_is_another_patient() -> None:
    assert FULL.same_patient(replace(FULL, study="2.25.9"))
    assert not FULL.same_patient(replace(FULL, issuer=""))
    assert not FULL.same_study(replace(FULL, issuer=""))


def test_the_same_study_is_of_the_same_patient() -> None:
    assert FULL.same_study(FULL.of_study())
    assert not FULL.same_study(replace(FULL, study="2.25.9"))
    assert FULL.of_study() == Identity("P-17", "HOSPITAL", "2.25.1")
    assert FULL.of_frame(0).instance == FULL.instance
