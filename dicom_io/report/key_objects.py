"""Key images as a Key Object Selection document, written, checked and read.

Source: DICOM PS3.3 A.35.4, C.17.6; PS3.16 TID 2010, CID 7010.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from dicom_io.errors import InvalidReport, ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.functional import floats
from dicom_io.report import codes, header, observers, tree
from dicom_io.report.codes import Code
from dicom_io.report.header import IDENTITY_KEYWORDS, Software, put
from dicom_io.report.images import is_referable, referable_frame
from dicom_io.report.text import clean

KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
SERIES_NUMBER = 903
SERIES_DESCRIPTION = "Key images, not verified (research use only)"
DESCRIPTION = "Key images marked while reading, not verified. Research use only."

OF_INTEREST = Code("113000", "DCM", "Of Interest")
FOR_REPORT = Code("113020", "DCM", "For Report Attachment")
TITLES = (
    OF_INTEREST,
    FOR_REPORT,
    Code("113002", "DCM", "For Referring Provider"),
    Code("113003", "DCM", "For Surgery"),
    Code("113004", "DCM", "For Teaching"),
    Code("113005", "DCM", "For Conference"),
    Code("113006", "DCM", "For Therapy"),
    Code("113007", "DCM", "For Patient"),
    Code("113008", "DCM", "For Peer Review"),
    Code("113009", "DCM", "For Research"),
)
KEY_OBJECT_DESCRIPTION = Code("113012", "DCM", "Key Object Description")
_UID = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))+")


@dataclass(frozen=True, slots=True)
class KeyObjects:
    """The key images of one document."""

    images: tuple[Identity, ...]  # with the frame, 0 where the whole instance is meant
    title: str = OF_INTEREST.meaning
    description: str = ""
    creator: str = ""  # DICOM form, "" when no person is named
    created: str = ""  # ISO 8601
    identity: Identity | None = None  # of the document, once it is an object
    is_ours: bool = False
    notices: tuple[str, ...] = ()


def build_key_objects(
    images: Sequence[Identity],
    headers: Sequence[Dataset],
    software: Software,
    *,
    title: Code = OF_INTEREST,
    description: str = "",
    series: str = SERIES_DESCRIPTION,
    creator: str = "",
    now: datetime | None = None,
) -> Dataset:
    """The document, checked, in a new series. `headers` are those of all images named.

    Raises ReportProblem for no images, for some that are missing, of another study or no images,
    UnusableText for a description that DICOM cannot hold, InvalidReport when a rule is broken.
    """
    by_uid = {str(one.get("SOPInstanceUID") or ""): one for one in headers}
    chosen = tuple(dict.fromkeys(images))
    if not chosen:
        raise ReportProblem("No key image is marked, so there is nothing to save.")
    if not {one.instance for one in chosen} <= by_uid.keys():
        raise ReportProblem("A key image is not here. Load it first.")
    source = by_uid[chosen[0].instance]
    own = Identity.of(source)
    if not all(one.same_study(own) for one in chosen):
        raise ReportProblem("Key images of one document are of one patient and study alone.")
    document = Dataset()
    put(document, "SpecificCharacterSet", "ISO_IR 192")
    header.copy_identity(source, document)
    _put_series(document, series)
    moment = header.zoned(now)
    header.put_dates(source, document, moment)
    header.put_equipment(document, software, software.institution, [])
    _put_document(document, source, [by_uid[one.instance] for one in chosen])
    put(document, "ConceptNameCodeSequence", DicomSequence([title.item()]))
    texts = clean(description) if description.strip() else DESCRIPTION
    items = [*_observers(software, creator)]
    items.append(tree.text_item(tree.CONTAINS, KEY_OBJECT_DESCRIPTION, texts))
    items += [_image_item(by_uid[one.instance], one.frame) for one in chosen]
    put(document, "ContentSequence", DicomSequence(items))
    document.file_meta = header.file_meta(KEY_OBJECTS, document.SOPInstanceUID, software)
    findings = check(document, headers)
    if findings:
        raise InvalidReport(
            f"The key images break a rule and were not written: {findings[0]}",
            str(document.SOPInstanceUID),
            findings,
        )
    return document


def _put_series(document: Dataset, description: str) -> None:
    put(document, "SOPClassUID", UID(KEY_OBJECTS))
    put(document, "SOPInstanceUID", header.new_uid())
    put(document, "SeriesInstanceUID", header.new_uid())
    put(document, "Modality", "KO")
    put(document, "SeriesNumber", SERIES_NUMBER)
    put(document, "InstanceNumber", 1)
    put(document, "SeriesDescription", description)
    put(document, "ReferencedPerformedProcedureStepSequence", DicomSequence())


def _put_document(document: Dataset, source: Dataset, images: Sequence[Dataset]) -> None:
    request = header.requested_procedure(source)
    if request is not None:
        put(document, "ReferencedRequestSequence", DicomSequence([request]))
    put(document, "CurrentRequestedProcedureEvidenceSequence", header.hierarchy(images))
    put(document, "ValueType", "CONTAINER")
    put(document, "ContinuityOfContent", "SEPARATE")
    template = Dataset()
    put(template, "MappingResource", "DCMR")
    put(template, "TemplateIdentifier", "2010")
    put(document, "ContentTemplateSequence", DicomSequence([template]))


def _observers(software: Software, creator: str) -> Iterator[Dataset]:
    """The device as observer, and the person who chose where one is known (TID 1002)."""
    context = tree.HAS_OBSERVATION_CONTEXT
    if creator:
        yield tree.code_item(context, codes.OBSERVER_TYPE, codes.PERSON.item())
        yield tree.name_item(context, codes.PERSON_NAME, creator)
    yield from observers.device_context(observers.application(software))


def _image_item(image: Dataset, frame: int) -> Dataset:
    """An image without a concept name, as TID 2010 wants it; frame 0 or of 1 means the whole."""
    if not is_referable(image):
        raise ReportProblem("A key image is no image that a document may refer to.")
    item = Dataset()
    put(item, "RelationshipType", tree.CONTAINS)
    put(item, "ValueType", "IMAGE")
    reference = header.sop_reference(image)
    named = referable_frame(image, frame) if frame else 0
    if named:
        put(reference, "ReferencedFrameNumber", named)
    put(item, "ReferencedSOPSequence", DicomSequence([reference]))
    return item


def check(document: Dataset, headers: Sequence[Dataset]) -> tuple[str, ...]:
    """A sentence for each rule of the checklist (spec A.9) that the document breaks."""
    return (
        *_check_header(document, headers),
        *_check_tree(document),
        *_check_references(document),
    )


def _check_header(document: Dataset, headers: Sequence[Dataset]) -> Iterator[str]:
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        uid = _text(document, keyword)
        if len(uid) > 64 or not _UID.fullmatch(uid):
            yield f"{keyword} is not a valid UID."
    meta = getattr(document, "file_meta", None)
    if meta is not None and _text(meta, "MediaStorageSOPInstanceUID") != _text(
        document, "SOPInstanceUID"
    ):
        yield "The file meta information names another instance than the data set."
    if _text(document, "Modality") != "KO":
        yield "Modality is not KO."
    if _text(document, "SpecificCharacterSet") != "ISO_IR 192":
        yield "SpecificCharacterSet is not ISO_IR 192."
    if _text(document, "SeriesInstanceUID") in {_text(one, "SeriesInstanceUID") for one in headers}:
        yield "The document stands in a series of images."
    named = {uid for uid, _ in _evidence(document)}
    sources = [one for one in headers if _text(one, "SOPInstanceUID") in named]
    if not sources:
        yield "No image of the study is given as evidence."
        return
    for keyword in IDENTITY_KEYWORDS:
        if _text(document, keyword) != _text(sources[0], keyword):
            yield f"{keyword} differs from the image's."


def _check_tree(document: Dataset) -> Iterator[str]:
    titles = list(document.get("ConceptNameCodeSequence") or ())
    if len(titles) != 1 or not any(title.names(titles[0]) for title in TITLES):
        yield "The document's title is none of CID 7010."
    templates = document.get("ContentTemplateSequence") or ()
    if [_text(one, "TemplateIdentifier") for one in templates] != ["2010"]:
        yield "ContentTemplateSequence does not name template 2010."
    items = list(document.get("ContentSequence") or ())
    kinds = [_text(item, "ValueType") for item in items]
    if "IMAGE" not in kinds:
        yield "The document names no image."
    concepts = [tree.Visited(item, document, 2, "").concept for item in items]
    if not any(codes.DEVICE_MODEL.names(concept) for concept in concepts):
        yield "No device observer is named."
    for item, kind in zip(items, kinds, strict=True):
        text = _text(item, "TextValue")
        if kind == "TEXT" and (not text or "\ufffd" in text):
            yield "A TEXT of the document is empty or holds a lost character."


def _check_references(document: Dataset) -> Iterator[str]:
    known = {uid for uid, _ in _evidence(document)}
    for item in document.get("ContentSequence") or ():
        for reference in item.get("ReferencedSOPSequence") or ():
            if _text(reference, "ReferencedSOPInstanceUID") not in known:
                yield "An image of the document is not in its evidence."


def _evidence(document: Dataset) -> Iterator[tuple[str, str]]:
    """Instance and series of everything in the evidence."""
    for study in document.get("CurrentRequestedProcedureEvidenceSequence") or ():
        for series in study.get("ReferencedSeriesSequence") or ():
            for one in series.get("ReferencedSOPSequence") or ():
                yield _text(one, "ReferencedSOPInstanceUID"), _text(series, "SeriesInstanceUID")


def is_key_objects(dataset: Dataset) -> bool:
    """True for an object that `read_key_objects` reads."""
    return _text(dataset, "SOPClassUID") == KEY_OBJECTS


def read_key_objects(document: Dataset) -> KeyObjects:
    """The key images in a document of any maker. Raises ValueError for an object of another class.

    Images of other studies are left out with a sentence.
    """
    if not is_key_objects(document):
        raise ValueError("This is no Key Object Selection document.")
    own = Identity.of(document)
    series = dict(_evidence(document))
    found: dict[Identity, None] = {}
    notices: list[str] = []
    description = creator = ""
    for here in tree.walk(document):
        if codes.PERSON_NAME.names(here.concept):
            creator = str(here.item.get("PersonName") or "")
        if KEY_OBJECT_DESCRIPTION.names(here.concept):
            description = here.text.replace("\r\n", "\n").strip()
        for reference in here.item.get("ReferencedSOPSequence") or ():
            uid = _text(reference, "ReferencedSOPInstanceUID")
            if uid not in series:
                notices.append("A key image is not in the document's evidence; it is left out.")
                continue
            whole = replace(own, series=series[uid], instance=uid)
            numbers = [int(n) for n in floats(reference, "ReferencedFrameNumber") if n >= 1]
            found |= {whole.of_frame(n): None for n in numbers or [0]}
    titles = list(document.get("ConceptNameCodeSequence") or ())
    date, time = _text(document, "ContentDate"), _text(document, "ContentTime")[:6]
    return KeyObjects(
        tuple(found),
        _text(titles[0], "CodeMeaning") if titles else "",
        description,
        creator,
        _iso(date, time),
        own,
        _text(document, "ManufacturerModelName") == Software().name,
        tuple(dict.fromkeys(notices)),
    )


def _iso(date: str, time: str) -> str:
    if len(date) != 8 or not date.isdigit():
        return ""
    time = time.ljust(6, "0") if time.isdigit() else "000000"
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}"


def _text(dataset: Dataset, keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip()
