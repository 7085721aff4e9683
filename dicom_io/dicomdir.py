"""DICOMDIR: the list of contents of a folder of DICOM files (PS3.3 annex F, PS3.10 section 8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

IMPLEMENTATION_CLASS_UID = UID("2.25.177306431923712163512961029398871046553")
_IN_USE = 0xFFFF
_ITEM_HEADER = 8
_PATIENT = ("PatientName", "PatientID")
_STUDY = (
    "StudyDate",
    "StudyTime",
    "StudyDescription",
    "StudyInstanceUID",
    "StudyID",
    "AccessionNumber",
)
_SERIES = ("Modality", "SeriesInstanceUID", "SeriesNumber")
_PRESENTATION = (
    "PresentationCreationDate",
    "PresentationCreationTime",
    "InstanceNumber",
    "ContentLabel",
    "ContentDescription",
    "ContentCreatorName",
    "ReferencedSeriesSequence",
)
_KEYS = ("InstanceNumber", "ContentDate", "ContentTime", "ConceptNameCodeSequence")
_REPORT = (*_KEYS, "CompletionFlag", "VerificationFlag", "VerificationDateTime")
_DOCUMENT = ("ContentDate", "ContentTime", "InstanceNumber", "DocumentTitle")
_REQUIRED = {"StudyID": "1", "SeriesNumber": 0, "InstanceNumber": 0, "Modality": "OT"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its header, and its name in parts of at most eight letters and digits."""

    header: Dataset
    parts: tuple[str, ...]


@dataclass
class _Record:
    dataset: Dataset
    children: list[_Record] = field(default_factory=list)


def kind_of(header: Dataset) -> str:
    """The type of directory record for an object; "" for one that has none here."""
    sop_class = str(header.get("SOPClassUID") or "")
    name = UID(sop_class).name
    if "Presentation State" in name:
        return "PRESENTATION"
    if sop_class == "1.2.840.10008.5.1.4.1.1.88.59":
        return "KEY OBJECT DOC"
    if name.endswith("SR Storage"):
        return "SR DOCUMENT"
    if "Encapsulated" in name:
        return "ENCAP DOC"
    return "IMAGE" if "Rows" in header else ""


def build_dicomdir(entries: Sequence[Entry], name: str = "WETREAD") -> bytes:
    """The DICOMDIR file of these objects, by patient, study and series in their order.

    Objects without a kind of record are left out. Values that the directory must have and a
    header lacks are filled with the emptiest allowed.
    """
    roots = _tree([entry for entry in entries if kind_of(entry.header)])
    directory = Dataset()
    directory.FileSetID = name[:16]
    directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.FileSetConsistencyFlag = 0
    records = list(_all(roots))
    directory.DirectoryRecordSequence = DicomSequence(record.dataset for record in records)
    directory.file_meta = _meta()
    _put_offsets(directory, roots, records)
    return _written(directory)


def _tree(entries: Sequence[Entry]) -> list[_Record]:
    roots: dict[tuple[str, ...], _Record] = {}
    levels: dict[tuple[str, ...], _Record] = {}
    for entry in entries:
        header = entry.header
        names = [_text(header, key) for key in ("PatientID", "IssuerOfPatientID")]
        names += [_text(header, key) for key in ("StudyInstanceUID", "SeriesInstanceUID")]
        patient, study, series = tuple(names[:2]), tuple(names[:3]), tuple(names)
        if patient not in roots:
            roots[patient] = _Record(_record("PATIENT", header, _PATIENT))
        if study not in levels:
            levels[study] = _Record(_record("STUDY", header, _STUDY))
            roots[patient].children.append(levels[study])
        if series not in levels:
            levels[series] = _Record(_record("SERIES", header, _SERIES))
            levels[study].children.append(levels[series])
        levels[series].children.append(_Record(_leaf(entry)))
    return list(roots.values())


def _leaf(entry: Entry) -> Dataset:
    header, kind = entry.header, kind_of(entry.header)
    keywords = {
        "PRESENTATION": _PRESENTATION,
        "KEY OBJECT DOC": _KEYS,
        "SR DOCUMENT": _REPORT,
        "ENCAP DOC": _DOCUMENT,
    }.get(kind, ("InstanceNumber",))
    record = _record(kind, header, keywords)
    record.ReferencedFileID = list(entry.parts)
    record.ReferencedSOPClassUIDInFile = header.SOPClassUID
    record.ReferencedSOPInstanceUIDInFile = header.SOPInstanceUID
    record.ReferencedTransferSyntaxUIDInFile = header.file_meta.TransferSyntaxUID
    return record


def _record(kind: str, header: Dataset, keywords: Sequence[str]) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = _IN_USE
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = kind
    record.SpecificCharacterSet = "ISO_IR 192"
    for keyword in keywords:
        value = header.get(keyword)
        if value in (None, "") and keyword in _REQUIRED:
            value = _REQUIRED[keyword]
        if value is None and keyword in ("ReferencedSeriesSequence", "VerificationDateTime"):
            continue
        if keyword == "VerificationDateTime" or not hasattr(value, "original_string"):
            setattr(record, keyword, "" if value is None else value)
        else:
            setattr(record, keyword, str(value))
    return record


def _all(records: Sequence[_Record]) -> Iterator[_Record]:
    """Each record before what lies under it."""
    for record in records:
        yield record
        yield from _all(record.children)


def _put_offsets(directory: Dataset, roots: Sequence[_Record], records: Sequence[_Record]) -> None:
    """Every record's place in the file; they do not change by being written down."""
    at = len(_written(directory)) - sum(_size(record) for record in records)
    places: dict[int, int] = {}
    for record in records:
        places[id(record)] = at
        at += _size(record)

    def link(siblings: Sequence[_Record]) -> None:
        for here, following in zip(siblings, siblings[1:], strict=False):
            here.dataset.OffsetOfTheNextDirectoryRecord = places[id(following)]
        for record in siblings:
            if record.children:
                first = places[id(record.children[0])]
                record.dataset.OffsetOfReferencedLowerLevelDirectoryEntity = first
                link(record.children)

    link(roots)
    if roots:
        first, last = places[id(roots[0])], places[id(roots[-1])]
        directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = first
        directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = last


def _size(record: _Record) -> int:
    """Bytes of the record as an item of defined length."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, record.dataset, "utf-8")
    return _ITEM_HEADER + buffer.tell()


def _written(directory: Dataset) -> bytes:
    buffer = BytesIO()
    directory.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _meta() -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(prefix=None)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    return meta


def _text(header: Dataset, keyword: str) -> str:
    return str(header.get(keyword) or "").strip()
