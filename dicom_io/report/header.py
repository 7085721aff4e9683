"""The header of a report: patient and study as in the image, equipment, evidence, UIDs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from dicom_io.report.codes import code_key
from dicom_io.report.text import fitting

IMPLEMENTATION_CLASS_UID = UID("2.25.177306431923712163512961029398871046553")

REPORT_SERIES_NUMBER = 901

# Identity of patient and study (checklist rule 2): equal to the image's, whatever they hold.
IDENTITY_KEYWORDS = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "IssuerOfPatientID",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
)

# Type 2 attributes of the Patient and Study modules: present, empty when the image has none.
_PRESENT_KEYWORDS = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)

# What is copied besides, when the image has it, empty or not (PS3.3 C.7.1.1 to C.7.2.3).
_COPIED_KEYWORDS = (
    "StudyInstanceUID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "ReferencedPatientSequence",
    "TypeOfPatientID",
    "OtherPatientIDsSequence",
    "OtherPatientNames",
    "PatientBirthTime",
    "EthnicGroup",
    "PatientComments",
    "PatientSpeciesDescription",
    "PatientSpeciesCodeSequence",
    "PatientBreedDescription",
    "PatientBreedCodeSequence",
    "BreedRegistrationSequence",
    "ResponsiblePerson",
    "ResponsiblePersonRole",
    "ResponsibleOrganization",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "ReferringPhysicianIdentificationSequence",
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    "ProcedureCodeSequence",
    "PhysiciansOfRecord",
    "PhysiciansOfRecordIdentificationSequence",
    "NameOfPhysiciansReadingStudy",
    "PhysiciansReadingStudyIdentificationSequence",
    "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "AdmissionID",
    "IssuerOfAdmissionIDSequence",
    "Occupation",
    "AdditionalPatientHistory",
    "MedicalAlerts",
    "Allergies",
    "SmokingStatus",
    "PregnancyStatus",
    "LastMenstrualDate",
    "PatientSexNeutered",
    "ReasonForVisit",
    "PatientState",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID",
    "ClinicalTrialProtocolEthicsCommitteeName",
    "ClinicalTrialProtocolEthicsCommitteeApprovalNumber",
    "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription",
    "ConsentForClinicalTrialUseSequence",
)


@dataclass(frozen=True, slots=True)
class Software:
    """The application that writes the report, as the equipment module names it."""

    name: str = "Wetread"
    version: str = "0"
    manufacturer: str = "Wetread"
    serial: str = "1"  # of this installation
    institution: str = ""  # whose workstation it is
    station: str = "WETREAD"

    @classmethod
    def installed(cls, institution: str = "") -> Software:
        """This program, with the version that its package metadata states."""
        return cls(version=_installed_version(), institution=institution)

    @property
    def implementation_version(self) -> str:
        """ImplementationVersionName, at most 16 ASCII characters."""
        return f"{self.name.upper()}_{self.version}".encode("ascii", "ignore").decode()[:16]


@cache
def _installed_version() -> str:
    """Read once: the metadata takes a millisecond, and every object that is received states it."""
    try:
        return version("wetread")
    except PackageNotFoundError:
        return "0+source"


def new_uid() -> UID:
    """2.25 and a random UUID; pydicom's and highdicom's own roots are theirs."""
    return generate_uid(prefix=None)


def put(dataset: Dataset, keyword: str, value: Any) -> None:
    """Set an attribute of our own; a value that its VR forbids is a bug and raises ValueError."""
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    vr = dictionary_VR(keyword)
    dataset.add(DataElement(tag, vr, value, validation_mode=config.RAISE))


def copy_attribute(source: Dataset, target: Dataset, keyword: str) -> None:
    """Copy one attribute by value, so that it is encoded anew in the target's character set.

    Values that their VR forbids are copied as they are: identity must not change on the way.
    Private attributes and character sets inside of sequences stay behind.
    """
    if keyword in source:
        target.add(_copied(source[keyword]))


def _copied(element: DataElement) -> DataElement:
    value = element.value
    if element.VR == "SQ":
        value = DicomSequence(_copied_item(item) for item in value)
    elif element.VR == "PN":
        value = [str(name) for name in value] if element.VM > 1 else str(value or "")
    return DataElement(element.tag, element.VR, value, validation_mode=config.IGNORE)


def _copied_item(item: Dataset) -> Dataset:
    copy = Dataset()
    for element in item:
        if not element.tag.is_private and element.keyword != "SpecificCharacterSet":
            copy.add(_copied(element))
    return copy


def copy_identity(source: Dataset, target: Dataset) -> None:
    """The Patient, General Study and Patient Study modules of the image, value by value."""
    for keyword in _PRESENT_KEYWORDS:
        if keyword in source:
            copy_attribute(source, target, keyword)
        else:
            put(target, keyword, "")
    for keyword in _COPIED_KEYWORDS:
        if keyword in source and _is_copyable(source[keyword]):
            copy_attribute(source, target, keyword)
    _complete_deidentification(target)
    _drop_incomplete_codes(target, "ProcedureCodeSequence")


def _is_copyable(element: DataElement) -> bool:
    """False for a sequence without items, and for a value that its VR forbids (an age of "42"
    without its unit), unless it is identity: a new object must not repeat the error."""
    if element.VR == "SQ":
        return not is_empty(element)
    if element.keyword in IDENTITY_KEYWORDS:
        return True
    try:
        DataElement(element.tag, element.VR, _copied(element).value, validation_mode=config.RAISE)
    except ValueError:
        return False
    return True


def _complete_deidentification(target: Dataset) -> None:
    """An image may say that identity was removed and not how, which is an error in a new object
    (PS3.3 C.7.1.1, type 1C)."""
    how = ("DeidentificationMethod", "DeidentificationMethodCodeSequence")
    removed = str(target.get("PatientIdentityRemoved") or "") == "YES"
    if removed and not any(target.get(keyword) for keyword in how):
        put(target, "DeidentificationMethod", "Not stated by the image")


def _drop_incomplete_codes(target: Dataset, keyword: str) -> None:
    """Leave out items that are no codes (PS3.3 8.8), and the sequence when none is left."""
    if keyword not in target:
        return
    complete = [item for item in target[keyword].value if is_code(item)]
    if complete:
        put(target, keyword, DicomSequence(complete))
    else:
        del target[keyword]


def is_code(item: Dataset) -> bool:
    """True for an item with a code, its scheme and a meaning of at most 64 characters."""
    value, scheme = code_key(item)
    meaning = str(item.get("CodeMeaning") or "").strip()
    return bool(value and scheme and meaning) and len(meaning) <= 64


def is_empty(element: DataElement) -> bool:
    """True for an element without a value, or a sequence without items."""
    return bool(element.is_empty) or (element.VR == "SQ" and not element.value)


def zoned(moment: datetime | None) -> datetime:
    """The moment with its time zone: now when there is none, local time when it names no zone."""
    if moment is not None and moment.tzinfo is not None:
        return moment
    return (moment or datetime.now()).astimezone()


def dates(moment: datetime) -> tuple[str, str]:
    """DA and TM of a moment, in its own time zone."""
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")


def date_time(moment: datetime) -> str:
    """DT of a moment with its offset from UTC."""
    return moment.strftime("%Y%m%d%H%M%S") + offset(moment)


def offset(moment: datetime) -> str:
    """The offset from UTC as DICOM writes it, without a colon."""
    return moment.strftime("%z")[:5]


def put_dates(source: Dataset, target: Dataset, moment: datetime) -> None:
    """Content, series and creation dates of one moment.

    The object's offset from UTC also governs the copied study date, so it is written only when
    the image has the same or none.
    """
    date, time = dates(moment)
    for prefix in ("Content", "InstanceCreation", "Series"):
        put(target, f"{prefix}Date", date)
        put(target, f"{prefix}Time", time)
    stated = str(source.get("TimezoneOffsetFromUTC") or "").strip()
    if stated in ("", offset(moment)):
        put(target, "TimezoneOffsetFromUTC", offset(moment))


def put_equipment(target: Dataset, software: Software, institution: str, models: list[str]) -> None:
    """The General Equipment module: this application, and which models it ran."""
    put(target, "Manufacturer", fitting(software.manufacturer, 64))
    put(target, "ManufacturerModelName", fitting(software.name, 64))
    put(target, "DeviceSerialNumber", fitting(software.serial, 64))
    versions = [f"{software.name} {software.version}", *models]
    put(target, "SoftwareVersions", [fitting(text, 64) for text in versions])
    if institution:
        put(target, "InstitutionName", fitting(institution, 64))


def file_meta(sop_class: str, instance: str, software: Software) -> FileMetaDataset:
    """The file meta information of a new object in Explicit VR Little Endian."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = software.implementation_version
    return meta


def sop_reference(dataset: Dataset) -> Dataset:
    """Class and instance of an object, as references name it (PS3.3 table 10-11)."""
    item = Dataset()
    item.ReferencedSOPClassUID = dataset.SOPClassUID
    item.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    return item


def hierarchy(datasets: Iterable[Dataset]) -> DicomSequence:
    """Objects as study, series and instance (PS3.3 table C.17-3), each instance once."""
    studies: dict[str, dict[str, dict[str, Dataset]]] = {}
    for dataset in datasets:
        series = studies.setdefault(str(dataset.StudyInstanceUID), {})
        instances = series.setdefault(str(dataset.SeriesInstanceUID), {})
        instances[str(dataset.SOPInstanceUID)] = sop_reference(dataset)
    return DicomSequence(_study_item(study, series) for study, series in studies.items())


def _study_item(study: str, series: dict[str, dict[str, Dataset]]) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = study
    item.ReferencedSeriesSequence = DicomSequence()
    for uid, instances in series.items():
        part = Dataset()
        part.SeriesInstanceUID = uid
        part.ReferencedSOPSequence = DicomSequence(instances.values())
        item.ReferencedSeriesSequence.append(part)
    return item


def requested_procedure(source: Dataset) -> Dataset | None:
    """The request that the report fulfils (PS3.3 C.17.2), when the image has an accession number.

    Order numbers and the procedure come from the image's own Request Attributes, where these are
    about the same accession number.
    """
    accession = str(source.get("AccessionNumber") or "").strip()
    if not accession:
        return None
    item = Dataset()
    for keyword in (
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "RequestedProcedureID",
        "RequestedProcedureDescription",
    ):
        put(item, keyword, "")
    put(item, "RequestedProcedureCodeSequence", DicomSequence())
    put(item, "ReferencedStudySequence", DicomSequence())
    for keyword in ("StudyInstanceUID", "AccessionNumber", "IssuerOfAccessionNumberSequence"):
        copy_attribute(source, item, keyword)
    request = _request_of(source, accession)
    for keyword in (
        "RequestedProcedureID",
        "RequestedProcedureDescription",
        "RequestedProcedureCodeSequence",
    ):
        copy_attribute(request, item, keyword)
    codes = [code for code in item.RequestedProcedureCodeSequence if is_code(code)]
    put(item, "RequestedProcedureCodeSequence", DicomSequence(codes))
    return item


def _request_of(source: Dataset, accession: str) -> Dataset:
    """The only request of the image that may be meant, or an empty one."""
    requests: Sequence[Dataset] = source.get("RequestAttributesSequence") or []
    if len(requests) != 1:
        return Dataset()
    stated = str(requests[0].get("AccessionNumber") or "").strip()
    return requests[0] if stated in ("", accession) else Dataset()
