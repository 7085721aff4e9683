"""A report as a Basic Text SR after TID 2000, built and written; `read` is the inverse."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import BasicTextSRStorage

from dicom_io.errors import ReportProblem, UnusableText
from dicom_io.report import codes, envelope, header, observers, tree
from dicom_io.report.check import require
from dicom_io.report.compare import compare
from dicom_io.report.document import (
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    SectionKind,
    Sentence,
)
from dicom_io.report.envelope import Material
from dicom_io.report.header import Software, put, zoned
from dicom_io.report.images import is_referable
from dicom_io.report.notices import (
    DRAFT_NOTICE,
    DRAFT_TITLE,
    PRELIMINARY_NOTICE,
    PRELIMINARY_TITLE,
    RESEARCH_NOTICE,
    RESEARCH_TITLE,
)
from dicom_io.report.reading import read
from dicom_io.report.text import LONGEST_DOCUMENT, clean
from dicom_io.storage import write_safely

__all__ = ["build", "read", "to_bytes", "write"]


def build(
    document: ReportDocument,
    evidence: Sequence[Dataset],
    software: Software,
    *,
    now: datetime | None = None,
) -> Dataset:
    """The report as a Basic Text SR, checked.

    `evidence` are the headers of the images that were looked at (pixels are not needed) and, for
    a later version, the SR that it follows. Signed documents become COMPLETE, VERIFIED, FINAL;
    preliminary ones COMPLETE, UNVERIFIED, PRELIMINARY; all others PARTIAL, UNVERIFIED, PRELIMINARY
    with the label of a draft. Rejected sentences are left out. `now` is the moment of writing;
    without a time zone it is local.

    Raises ReportProblem when evidence is missing or of another patient, UndecidedSentences for a
    signed document with suggestions left, UnusableText for a text that DICOM cannot hold,
    InvalidReport when the result breaks a rule of the checklist.
    Source: PS3.3 A.35.1, C.17; PS3.16 TID 2000.
    """
    material = envelope.gather(document, evidence, software, zoned(now))
    report = Dataset()
    put(report, "SpecificCharacterSet", "ISO_IR 192")
    header.copy_identity(material.source, report)
    _put_series(report, material)
    header.put_dates(material.source, report, material.moment)
    institution = software.institution
    if document.reader is not None and not institution:
        institution = document.reader.organization
    names = [f"{observers.full_name(model)}" for model in material.models]
    header.put_equipment(report, software, institution, names)
    envelope.put_state(report, material)
    envelope.put_references(report, material)
    envelope.put_authors(report, material)
    _put_tree(report, material)
    report.file_meta = header.file_meta(BasicTextSRStorage, report.SOPInstanceUID, software)
    require(report, evidence)
    return report


def to_bytes(report: Dataset) -> bytes:
    """The file of a report, Explicit VR Little Endian, proved by reading it back.

    Raises UnusableText when a text would not come back as it is, ReportProblem when the file is
    larger than 1 MiB.
    """
    buffer = BytesIO()
    report.save_as(buffer, enforce_file_format=True)
    content = buffer.getvalue()
    uid = str(report.SOPInstanceUID)
    if len(content) > LONGEST_DOCUMENT:
        raise ReportProblem("The report is larger than 1 MiB. Shorten it.", uid)
    back = compare(report, pydicom.dcmread(BytesIO(content)))
    if back.differences:
        raise UnusableText(
            "The report cannot be written without loss: "
            f"{back.differences[0]} Write that text in other words.",
            uid,
        )
    return content


def write(report: Dataset, path: Path) -> None:
    """Write a report as a file, safely. Raises UnusableText, ReportProblem or StorageProblem."""
    write_safely(path, to_bytes(report))


def _title(material: Material) -> codes.Code:
    """The document's own title where it chose one of CID 7000, else the modality's."""
    own = codes.title_named(material.document.title)
    if own is not None and own is not codes.DIAGNOSTIC_IMAGING_REPORT:
        return own
    source = material.source
    return codes.title_for(
        str(source.get("Modality") or ""), str(source.get("BodyPartExamined") or "")
    )


_LABELS = {
    ReportState.DRAFT: DRAFT_TITLE,
    ReportState.PRELIMINARY: PRELIMINARY_TITLE,
    ReportState.SIGNED: "",
}
_NOTICES = {
    ReportState.DRAFT: (DRAFT_NOTICE, RESEARCH_NOTICE),
    ReportState.PRELIMINARY: (PRELIMINARY_NOTICE, RESEARCH_NOTICE),
    ReportState.SIGNED: (RESEARCH_NOTICE,),
}


def _put_series(report: Dataset, material: Material) -> None:
    """SOP Common and SR Document Series: a series of its own."""
    label = _LABELS[material.document.state]
    title = f"{label} – {RESEARCH_TITLE}" if label else RESEARCH_TITLE
    longer = f"{title} – {_title(material).meaning}"
    fits = len(longer.encode("utf-8")) <= 64
    put(report, "SOPClassUID", BasicTextSRStorage)
    put(report, "SOPInstanceUID", header.new_uid())
    put(report, "Modality", "SR")
    put(report, "SeriesInstanceUID", header.new_uid())
    put(report, "SeriesNumber", header.REPORT_SERIES_NUMBER)
    put(report, "SeriesDescription", longer if fits else title)
    put(report, "InstanceNumber", 1)
    put(report, "ReferencedPerformedProcedureStepSequence", DicomSequence())


def _put_tree(report: Dataset, material: Material) -> None:
    """The root container and everything under it, in the template's order."""
    put(report, "ValueType", "CONTAINER")
    put(report, "ConceptNameCodeSequence", DicomSequence([_title(material).item()]))
    put(report, "ContinuityOfContent", "SEPARATE")
    template = Dataset()
    put(template, "MappingResource", "DCMR")
    put(template, "TemplateIdentifier", "2000")
    put(report, "ContentTemplateSequence", DicomSequence([template]))
    _put_identifier(report, material.document.id)
    content = [*envelope.procedures(material.source), envelope.language(material.document.language)]
    content += envelope.observation_context(material)
    content += _sections(material)
    put(report, "ContentSequence", DicomSequence(content))


def _sections(material: Material) -> list[Dataset]:
    """The sections that have something to say; the notices open the findings."""
    findings = codes.SECTIONS[SectionKind.FINDINGS][1]
    notices = _NOTICES[material.document.state]
    sections: list[Dataset] = []
    for kind in SectionKind:
        heading, element = codes.SECTIONS[kind]
        children = [
            _paragraph(material, element, sentence)
            for sentence in material.document.section(kind).sentences
            if sentence.state is not Decision.REJECTED
        ]
        if kind is SectionKind.FINDINGS:
            said = [tree.text_item(tree.CONTAINS, findings, notice) for notice in notices]
            children = [*said, *children]
        if children:
            sections.append(tree.container(heading, children))
    return sections


def _paragraph(material: Material, element: codes.Code, sentence: Sentence) -> Dataset:
    item = tree.text_item(tree.CONTAINS, element, clean(sentence.text))
    _put_identifier(item, sentence.id)
    images = _images_behind(material, sentence)
    if images:
        put(item, "ContentSequence", DicomSequence(images))
    return item


def _images_behind(material: Material, sentence: Sentence) -> list[Dataset]:
    """The images, with the frame, that a sentence by AI was inferred from, and those of the
    measurements and key images that it names."""
    seen = [link.identity for link in sentence.links]
    if sentence.origin in (Origin.AI, Origin.AI_EDITED):
        seen += [sentence.region.identity] if sentence.region is not None else []
        seen += [
            one
            for asked in material.document.asked
            if asked.request == sentence.request
            for one in asked.images
        ]
    by_uid = {str(image.SOPInstanceUID): image for image in material.images if is_referable(image)}
    wanted = dict.fromkeys((one.instance, one.frame) for one in seen if one.instance in by_uid)
    return [
        tree.image_item(tree.INFERRED_FROM, codes.BEST_ILLUSTRATION, by_uid[instance], frame)
        for instance, frame in wanted
    ]


def _put_identifier(item: Dataset, identifier: str) -> None:
    """Our own id as Observation UID, where it is a UUID (PS3.3 C.17.3.2)."""
    try:
        number = uuid.UUID(identifier).int
    except ValueError:
        return
    put(item, "ObservationUID", f"2.25.{number}")
