"""Letter: what a signed SR says, in the terms that every form of export needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset

from dicom_io.errors import NotVerified
from dicom_io.report import codes
from dicom_io.report.codes import Code
from dicom_io.report.document import Decision, Reader, ReportDocument, SectionKind
from dicom_io.report.notices import RESEARCH_NOTICE
from dicom_io.report.reading import read


@dataclass(frozen=True)
class Letter:
    """A signed report with its patient and study. Values are as DICOM writes them, "" where the
    report has none."""

    document: ReportDocument
    uid: str  # SOP Instance UID of the SR
    title: Code
    patient_name: str
    patient_id: str
    issuer: str
    birth_date: str
    sex: str
    study: str  # StudyInstanceUID
    study_date: str
    study_time: str
    study_description: str
    accession: str
    referring: str
    reader: Reader
    signed_at: datetime  # with its offset from UTC
    offset: str  # TimezoneOffsetFromUTC of the SR, "" where it names none

    @property
    def follows(self) -> bool:
        """True for a later version of an earlier report."""
        return bool(self.document.predecessor)

    def sections(self) -> tuple[tuple[SectionKind, tuple[str, ...]], ...]:
        """What is said, section by section, in the order of the report."""
        return tuple(
            (section.kind, texts)
            for section in self.document.sections
            if (texts := tuple(s.text for s in section.sentences if s.state is Decision.ACCEPTED))
        )

    def notice(self) -> str:
        """What every form of it says of its use."""
        return RESEARCH_NOTICE

    def models(self) -> tuple[str, ...]:
        """The models that had a part in it, with their versions."""
        return tuple(f"{one.name} {one.version}".strip() for one in self.document.algorithms())


def letter_of(dataset: Dataset) -> Letter:
    """The letter in a signed SR of any maker.

    Raises ReportProblem when it is no SR, NotVerified when nobody has signed it.
    """
    document = read(dataset)
    signed_at = _moment(document.signed_at)
    if str(dataset.get("VerificationFlag") or "") != "VERIFIED" or document.reader is None:
        raise NotVerified(
            "This report is not signed. Sign it first; unsigned text is not exported.",
            str(dataset.get("SOPInstanceUID") or ""),
        )
    return Letter(
        document=document,
        uid=_text(dataset, "SOPInstanceUID"),
        title=_title(dataset),
        patient_name=_text(dataset, "PatientName"),
        patient_id=_text(dataset, "PatientID"),
        issuer=_text(dataset, "IssuerOfPatientID"),
        birth_date=_text(dataset, "PatientBirthDate"),
        sex=_text(dataset, "PatientSex"),
        study=_text(dataset, "StudyInstanceUID"),
        study_date=_text(dataset, "StudyDate"),
        study_time=_text(dataset, "StudyTime"),
        study_description=_text(dataset, "StudyDescription"),
        accession=_text(dataset, "AccessionNumber"),
        referring=_text(dataset, "ReferringPhysicianName"),
        reader=document.reader,
        signed_at=signed_at,
        offset=_text(dataset, "TimezoneOffsetFromUTC"),
    )


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip()


def _title(dataset: Dataset) -> Code:
    item = dataset.ConceptNameCodeSequence[0]
    value, scheme = codes.code_key(item)
    return Code(value, scheme, str(item.get("CodeMeaning") or "").strip())


def _moment(text: str) -> datetime:
    """The moment of signing; in local time where the report names no zone."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        return datetime.fromtimestamp(0).astimezone()
