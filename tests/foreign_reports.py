"""Structured reports as other makers write them, good and bad, made here byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

MAMMOGRAPHY_CAD = "1.2.840.10008.5.1.4.1.1.88.50"
COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"
MAMMOGRAM = "1.2.840.10008.5.1.4.1.1.1.2"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def item(relationship: str, kind: str, name: Dataset | None, *below: Dataset) -> Dataset:
    made = Dataset()
    made.RelationshipType, made.ValueType = relationship, kind
    if name is not None:
        made.ConceptNameCodeSequence = Sequence([name])
    if below:
        made.ContentSequence = Sequence(below)
    return made


def reference(relationship: str, *path: int) -> Dataset:
    """An item by reference."""
    made = Dataset()
    made.RelationshipType = relationship
    made.ReferencedContentItemIdentifier = list(path)
    return made


def image(relationship: str, uid: str, sop_class: str = MAMMOGRAM) -> Dataset:
    made = item(relationship, "IMAGE", None)
    named = Dataset()
    named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID = sop_class, uid
    made.ReferencedSOPSequence = Sequence([named])
    return made


def region(name: Dataset, kind: str, points: list[float], *below: Dataset) -> Dataset:
    made = item("HAS PROPERTIES", "SCOORD", name, *below)
    made.GraphicType, made.GraphicData = kind, points
    return made


def document(sop_class: str, title: Dataset, *below: Dataset, study: str = "2.25.1003") -> Dataset:
    """A document about Jane Doe's study with its header."""
    root = Dataset()
    root.SpecificCharacterSet = "ISO_IR 192"
    root.SOPClassUID = UID(sop_class)
    root.SOPInstanceUID = generate_uid(prefix=None)
    root.StudyInstanceUID, root.SeriesInstanceUID = study, generate_uid(prefix=None)
    root.PatientName, root.PatientID, root.IssuerOfPatientID = "Doe^Jane", "P-17", "HOSPITAL"
    root.Modality, root.SeriesNumber, root.InstanceNumber = "SR", 7, 1
    root.ContentDate, root.ContentTime = "20260302", "101112"
    root.CompletionFlag, root.VerificationFlag = "COMPLETE", "UNVERIFIED"
    root.ValueType, root.ContinuityOfContent = "CONTAINER", "SEPARATE"
    root.ConceptNameCodeSequence = Sequence([title])
    root.ContentSequence = Sequence(below)
    root.file_meta = FileMetaDataset()
    root.file_meta.MediaStorageSOPClassUID = root.SOPClassUID
    root.file_meta.MediaStorageSOPInstanceUID = root.SOPInstanceUID
    root.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return root


def take_identity(report: Dataset, film: Dataset) -> Dataset:
    """The report as one about the patient and study of a film."""
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID"):
        setattr(report, keyword, film.get(keyword))
    del report.IssuerOfPatientID
    return report


def mammography_cad(left: str = "2.25.41", right: str = "2.25.42") -> Dataset:
    """Two findings after TID 4000: one as coordinates on an image by reference, as CAD writes."""
    library = item(
        "CONTAINS",
        "CONTAINER",
        code("111028", "DCM", "Image Library"),
        image("CONTAINS", left),
        image("CONTAINS", right),
    )
    outline = [10.0, 10.0, 40.0, 10.0, 40.0, 30.0, 10.0, 10.0]
    finding = item(
        "CONTAINS",
        "CODE",
        code("111059", "DCM", "Single Image Finding"),
        region(
            code("111010", "DCM", "Center"),
            "POINT",
            [25.0, 18.0],
            reference("SELECTED FROM", 1, 1, 1),
        ),
        region(
            code("111041", "DCM", "Outline"),
            "POLYLINE",
            outline,
            reference("SELECTED FROM", 1, 1, 1),
        ),
        _certainty(),
    )
    finding.ConceptCodeSequence = Sequence([code("F-01796", "SRT", "Mammography breast density")])
    overall = item("CONTAINS", "CODE", code("111017", "DCM", "CAD Processing and Findings Summary"))
    overall.ConceptCodeSequence = Sequence(
        [code("111242", "DCM", "All algorithms succeeded; with findings")]
    )
    overall.ContentSequence = Sequence([finding, reference("INFERRED FROM", 1, 1, 2)])
    title = code("111036", "DCM", "Mammography CAD Report")
    return document(MAMMOGRAPHY_CAD, title, library, overall)


def _certainty() -> Dataset:
    number = item("HAS PROPERTIES", "NUM", code("111012", "DCM", "Certainty of Finding"))
    measured = Dataset()
    measured.NumericValue = "87.5"
    measured.MeasurementUnitsCodeSequence = Sequence([code("%", "UCUM", "Percent")])
    number.MeasuredValueSequence = Sequence([measured])
    return number


def write(report: Dataset, path: Path) -> Path:
    report.save_as(path, enforce_file_format=True)
    return path


def write_deep(
    path: Path, levels: int, *, undefined: bool = True, about: Dataset | None = None
) -> Path:
    """A document whose containers lie so many levels deep; a text says each level's number.

    `undefined`: with sequences of undefined length, which pydicom reads by recursion.
    """
    report = document(COMPREHENSIVE, code("121111", "DCM", "Summary"))
    if about is not None:
        take_identity(report, about)
    del report.ContentSequence
    write(report, path)
    inner = b""
    for level in range(levels, 1, -1):
        said = f"Level {level}".encode()
        text = _element(0x0040, 0xA160, b"UT", said + b" " * (len(said) % 2))
        body = _element(0x0040, 0xA010, b"CS", b"CONTAINS")
        body += _element(0x0040, 0xA040, b"CS", b"TEXT") + text
        inner = _sequence(_item(body + inner, undefined), undefined)
    path.write_bytes(path.read_bytes() + inner)
    return path


def _element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    if vr in (b"UT", b"SQ"):
        return struct.pack("<HH2sHL", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


def _item(body: bytes, undefined: bool) -> bytes:
    if not undefined:
        return struct.pack("<HHL", 0xFFFE, 0xE000, len(body)) + body
    end = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + body + end


def _sequence(body: bytes, undefined: bool) -> bytes:
    if not undefined:
        return _element(0x0040, 0xA730, b"SQ", body)
    head = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF)
    return head + body + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
