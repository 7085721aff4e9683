"""Study, Series, Instance: what the lists show."""

from __future__ import annotations

from dataclasses import dataclass

from dicom_io.identity import Identity


@dataclass(frozen=True, slots=True)
class Study:
    """One row of a study list. Texts are as the archive sent them, decoded; "" when unknown."""

    identity: Identity
    patient_name: str = ""  # DICOM form, Family^Given
    birth_date: str = ""  # YYYYMMDD
    sex: str = ""
    date: str = ""  # StudyDate, YYYYMMDD
    time: str = ""
    accession: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    series_count: int = 0  # 0 when the archive does not count
    instance_count: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a study."""

    identity: Identity
    number: int | None = None
    modality: str = ""
    description: str = ""
    body_part: str = ""
    instance_count: int = 0


@dataclass(frozen=True, slots=True)
class Instance:
    """One object of a series."""

    identity: Identity
    sop_class: str  # SOPClassUID
    number: int | None = None
    rows: int = 0
    columns: int = 0
    frames: int = 1
