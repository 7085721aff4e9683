"""Who and what a picture, a request, a draft or a report belongs to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # studies are listed before pydicom is here
    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Identity:
    """Patient, study, series, instance and frame that something belongs to.

    The same value travels with every frame, request, draft, overlay and report, so that a late
    result can be compared with what is on the screen. An empty text means "not that deep":
    a study has no series, a series no instance. `frame` counts from 1; 0 is the whole instance.
    Source: DICOM PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.12.1.
    """

    patient_id: str
    issuer: str  # IssuerOfPatientID; the same number from another issuer is another person
    study: str  # StudyInstanceUID
    series: str = ""  # SeriesInstanceUID
    instance: str = ""  # SOPInstanceUID
    frame: int = 0

    @classmethod
    def of(cls, dataset: Dataset, frame: int = 0) -> Identity:
        """The identity in a data set's header; absent attributes become empty texts."""
        from dicom_io.raw import text_of

        return cls(
            patient_id=text_of(dataset, "PatientID"),
            issuer=text_of(dataset, "IssuerOfPatientID"),
            study=text_of(dataset, "StudyInstanceUID"),
            series=text_of(dataset, "SeriesInstanceUID"),
            instance=text_of(dataset, "SOPInstanceUID"),
            frame=frame,
        )

    @classmethod
    def from_key(cls, key: str) -> Identity:
        """The inverse of `key`. Raises ValueError when the text is not one of ours."""
        try:
            fields = json.loads(key)
            return cls(**fields)
        except (TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"This is not an identity: {key[:80]!r}.") from error

    def key(self) -> str:
        """One canonical text, equal exactly when the identities are equal."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    def of_frame(self, frame: int) -> Identity:
        """The same instance, another frame (from 1; 0 for all of it)."""
        return replace(self, frame=frame)

    def of_study(self) -> Identity:
        """The study alone, without series, instance and frame."""
        return Identity(self.patient_id, self.issuer, self.study)

    def same_patient(self, other: Identity) -> bool:
        """True when both name the same patient of the same issuer."""
        return (self.patient_id, self.issuer) == (other.patient_id, other.issuer)

    def same_study(self, other: Identity) -> bool:
        """True when both name the same study of the same patient."""
        return self.same_patient(other) and self.study == other.study
