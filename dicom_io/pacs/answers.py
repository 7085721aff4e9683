"""Reading what a node answers: a data set in, a Study or the like out, nothing trusted."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from dicom_io.identity import Identity
from dicom_io.report.pages.content import read_root
from dicom_io.study import Instance, Series, Study

HEADER_KEYWORDS = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "IssuerOfPatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyDescription",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
    "BodyPartExamined",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
)
"""What the lists need of an object's header."""


def header_of(path: Path) -> Dataset:
    """The part of a file's header that lists need.

    Of a report that is nested too deeply for pydicom, its own reader gives it. Raises what pydicom
    raises for a file that is no DICOM, FileProblem.
    """
    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=list(HEADER_KEYWORDS))
    except RecursionError:
        return read_root(path)


def text_of(answer: Dataset, keyword: str) -> str:
    """The value as text, "" when it is absent, empty or unreadable."""
    value = _value(answer, keyword)
    if isinstance(value, MultiValue):
        return "\\".join(str(one) for one in value).strip()
    return "" if value is None else str(value).strip()


def texts_of(answer: Dataset, keyword: str) -> tuple[str, ...]:
    """All values as texts, empty ones left out."""
    return tuple(one.strip() for one in text_of(answer, keyword).split("\\") if one.strip())


def number_of(answer: Dataset, keyword: str, default: int | None = None) -> int | None:
    """The value as a whole number, `default` when it is none."""
    try:
        return int(text_of(answer, keyword))
    except ValueError:
        return default


def _value(answer: Dataset, keyword: str) -> object:
    try:
        return answer.get(keyword)
    except (ValueError, TypeError, NotImplementedError, OverflowError):
        return None  # a malformed value of one attribute does not cost us the whole answer


def declare_utf8(answer: Dataset) -> Dataset:
    """The answer, read as UTF-8 when it names no character set and its bytes are valid UTF-8.

    We ask in ISO_IR 192; some nodes answer in it and do not say so.
    """
    if answer.get("SpecificCharacterSet"):
        return answer
    raw = [answer.get_item(tag) for tag in list(answer.keys())]
    values = [
        element.value
        for element in raw
        if isinstance(element, RawDataElement) and isinstance(element.value, bytes)
    ]
    joined = b"\n".join(values)
    if joined.isascii():
        return answer
    try:
        joined.decode("utf-8")
    except UnicodeDecodeError:
        return answer
    answer.SpecificCharacterSet = "ISO_IR 192"
    implicit, little = answer.original_encoding
    answer.set_original_encoding(implicit, little, "utf8")
    return answer


def declare(answer: Dataset, charset: str) -> Dataset:
    """The answer, read in `charset` whatever it declares; with "" as `declare_utf8` does.

    A set that pydicom does not know is read as it reads one: as ASCII.
    """
    if not charset:
        return declare_utf8(answer)
    answer.SpecificCharacterSet = charset
    implicit, little = answer.original_encoding
    answer.set_original_encoding(implicit, little, convert_encodings(charset.split("\\")))
    return answer


def study_of(answer: Dataset) -> Study:
    """A study from a STUDY level answer, or from the header of one of its objects."""
    identity = Identity(
        patient_id=text_of(answer, "PatientID"),
        issuer=text_of(answer, "IssuerOfPatientID"),
        study=text_of(answer, "StudyInstanceUID"),
    )
    modalities = texts_of(answer, "ModalitiesInStudy") or texts_of(answer, "Modality")
    return Study(
        identity=identity,
        patient_name=text_of(answer, "PatientName"),
        birth_date=text_of(answer, "PatientBirthDate"),
        sex=text_of(answer, "PatientSex"),
        date=text_of(answer, "StudyDate").replace(".", ""),
        time=text_of(answer, "StudyTime"),
        accession=text_of(answer, "AccessionNumber"),
        description=text_of(answer, "StudyDescription"),
        modalities=modalities,
        series_count=number_of(answer, "NumberOfStudyRelatedSeries", 0) or 0,
        instance_count=number_of(answer, "NumberOfStudyRelatedInstances", 0) or 0,
    )


def series_of(answer: Dataset) -> Series:
    """A series from a SERIES level answer, or from the header of one of its objects."""
    identity = Identity(
        patient_id=text_of(answer, "PatientID"),
        issuer=text_of(answer, "IssuerOfPatientID"),
        study=text_of(answer, "StudyInstanceUID"),
        series=text_of(answer, "SeriesInstanceUID"),
    )
    return Series(
        identity=identity,
        number=number_of(answer, "SeriesNumber"),
        modality=text_of(answer, "Modality"),
        description=text_of(answer, "SeriesDescription"),
        body_part=text_of(answer, "BodyPartExamined"),
        instance_count=number_of(answer, "NumberOfSeriesRelatedInstances", 0) or 0,
    )


def instance_of(answer: Dataset) -> Instance:
    """An instance from an IMAGE level answer, or from its header."""
    return Instance(
        identity=Identity.of(answer),
        sop_class=text_of(answer, "SOPClassUID"),
        number=number_of(answer, "InstanceNumber"),
        rows=number_of(answer, "Rows", 0) or 0,
        columns=number_of(answer, "Columns", 0) or 0,
        frames=number_of(answer, "NumberOfFrames", 1) or 1,
    )
