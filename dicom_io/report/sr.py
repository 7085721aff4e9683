"""A report as a Basic Text SR after TID 2000, built and written; `read` is the inverse."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import BasicTextSRStorage

from dicom_io.errors import InvalidReport, ReportProblem, UndecidedSentences, UnusableText
from dicom_io.identity import Identity
from dicom_io.report import codes, header, observers, tree
from dicom_io.report.check import require
from dicom_io.report.compare import compare
from dicom_io.report.document import (
    Algorithm,
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    SectionKind,
    Sentence,
)
from dicom_io.report.header import Software, put, zoned
from dicom_io.report.images import is_referable
from dicom_io.report.ledger import Mark, line_of
from dicom_io.report.notices import (
    DRAFT_DESCRIPTION,
    DRAFT_NOTICE,
    DRAFT_TITLE,
    RESEARCH_NOTICE,
    RESEARCH_TITLE,
    REVIEWED_DRAFT_DESCRIPTION,
)
from dicom_io.report.reading import read
from dicom_io.report.text import LONGEST_DOCUMENT, clean, fitting
from dicom_io.storage import write_safely

__all__ = ["build", "read", "to_bytes", "write"]


@dataclass(frozen=True, eq=False)
class _Material:
    """What a report is built from, looked up once."""

    document: ReportDocument
    software: Software
    moment: datetime
    source: Dataset  # the image that patient and study are copied from
    images: tuple[Dataset, ...]  # the source first
    predecessor: Dataset | None
    written: tuple[Sentence, ...]  # what is left of the sentences, in reading order
    models: tuple[Algorithm, ...]

    @property
    def is_signed(self) -> bool:
        return self.document.state is ReportState.SIGNED


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
    all others PARTIAL, UNVERIFIED, PRELIMINARY with the label of a draft. Rejected sentences are
    left out. `now` is the moment of writing; without a time zone it is local.

    Raises ReportProblem when evidence is missing or of another patient, UndecidedSentences for a
    signed document with suggestions left, UnusableText for a text that DICOM cannot hold,
    InvalidReport when the result breaks a rule of the checklist.
    Source: PS3.3 A.35.1, C.17; PS3.16 TID 2000.
    """
    material = _gather(document, evidence, software, zoned(now))
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
    _put_state(report, material)
    _put_references(report, material)
    _put_authors(report, material)
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


def _gather(
    document: ReportDocument, evidence: Sequence[Dataset], software: Software, moment: datetime
) -> _Material:
    _require_references(evidence)
    own_patient = [one for one in evidence if Identity.of(one).same_patient(document.identity)]
    if len(own_patient) != len(evidence):
        raise ReportProblem(
            "An image given for this report belongs to another patient. Open the study again."
        )
    is_before = {str(one.SOPInstanceUID): one for one in evidence}
    predecessor = is_before.get(document.predecessor) if document.predecessor else None
    if document.predecessor and predecessor is None:
        raise ReportProblem(
            "The version before this report is missing. Fetch the study again, then try again."
        )
    images = [one for one in evidence if one is not predecessor and not _is_report(one)]
    source = _source_of(document, images)
    _require_all(document, images)
    first = [source, *(one for one in images if one is not source)]
    written = tuple(s for s in document.sentences() if s.state is not Decision.REJECTED)
    models = observers.models_behind(document, written)
    return _Material(
        document, software, moment, source, tuple(first), predecessor, written, tuple(models)
    )


def _require_references(evidence: Sequence[Dataset]) -> None:
    """Everything given can be referred to: it has its four UIDs."""
    keywords = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    if not all(one.get(keyword) for one in evidence for keyword in keywords):
        raise ReportProblem(
            "An image given for this report lacks its SOP class, instance, series or study UID. "
            "No report can refer to it; fetch it again or choose another."
        )


def _is_report(dataset: Dataset) -> bool:
    return "ConceptNameCodeSequence" in dataset


def _source_of(document: ReportDocument, images: Sequence[Dataset]) -> Dataset:
    """The film of the report, or another image of its study."""
    own = [one for one in images if str(one.StudyInstanceUID) == document.identity.study]
    for image in own:
        if str(image.SOPInstanceUID) == document.identity.instance:
            return image
    if own and not document.identity.instance:
        return own[0]
    raise ReportProblem(
        "The image that this report is about was not given with it. Fetch the study again."
    )


def _require_all(document: ReportDocument, images: Sequence[Dataset]) -> None:
    given = {str(image.SOPInstanceUID) for image in images}
    named = {one.instance for one in document.evidence if one.instance}
    named |= {one.instance for asked in document.asked for one in asked.images if one.instance}
    missing = named - given
    if missing:
        raise ReportProblem(
            f"{len(missing)} of the images that this report rests on were not given with it. "
            "Fetch the study again."
        )


def _title(material: _Material) -> codes.Code:
    """The document's own title where it chose one of CID 7000, else the modality's."""
    own = codes.title_named(material.document.title)
    if own is not None and own is not codes.DIAGNOSTIC_IMAGING_REPORT:
        return own
    source = material.source
    return codes.title_for(
        str(source.get("Modality") or ""), str(source.get("BodyPartExamined") or "")
    )


def _put_series(report: Dataset, material: _Material) -> None:
    """SOP Common and SR Document Series: a series of its own."""
    title = RESEARCH_TITLE if material.is_signed else f"{DRAFT_TITLE} – {RESEARCH_TITLE}"
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


def _put_state(report: Dataset, material: _Material) -> None:
    """Completion, verification and preliminary flags, and the signer."""
    document = material.document
    if not material.is_signed:
        touched = any(s.is_decided for s in document.sentences())
        words = REVIEWED_DRAFT_DESCRIPTION if touched else DRAFT_DESCRIPTION
        put(report, "CompletionFlag", "PARTIAL")
        put(report, "CompletionFlagDescription", words)
        put(report, "VerificationFlag", "UNVERIFIED")
        put(report, "PreliminaryFlag", "PRELIMINARY")
        return
    if document.reader is None or not document.signed_at:
        raise InvalidReport(
            "The report is marked as signed but names no signer. Sign it again.",
            str(report.SOPInstanceUID),
            ("The signer or the time of signing is missing.",),
        )
    if document.undecided():
        raise UndecidedSentences("The report is signed but has sentences that nobody decided on.")
    put(report, "CompletionFlag", "COMPLETE")
    put(report, "VerificationFlag", "VERIFIED")
    put(report, "PreliminaryFlag", "FINAL")
    signer = observers.verifier(document.reader, datetime.fromisoformat(document.signed_at))
    put(report, "VerifyingObserverSequence", DicomSequence([signer]))


def _put_references(report: Dataset, material: _Material) -> None:
    """The request, the images and the version before."""
    study = material.document.identity.study
    own = [one for one in material.images if str(one.StudyInstanceUID) == study]
    other = [one for one in material.images if str(one.StudyInstanceUID) != study]
    put(report, "PerformedProcedureCodeSequence", DicomSequence())
    request = header.requested_procedure(material.source)
    if request is not None:
        put(report, "ReferencedRequestSequence", DicomSequence([request]))
    put(report, "CurrentRequestedProcedureEvidenceSequence", header.hierarchy(own))
    if other:
        put(report, "PertinentOtherEvidenceSequence", header.hierarchy(other))
    if material.predecessor is not None:
        before = header.hierarchy([material.predecessor])
        put(report, "PredecessorDocumentsSequence", before)


def _put_authors(report: Dataset, material: _Material) -> None:
    """Authors and contributing equipment, with the ledger of the sentences."""
    software = material.software
    devices = material.models or (observers.application(software),)
    authors = [observers.device_author(device, software) for device in devices]
    if _has_person(material) and material.document.reader is not None:
        person = observers.person_author(material.document.reader)
        authors = [*authors, person] if material.models else [person, *authors]
    put(report, "AuthorObserverSequence", DicomSequence(authors))
    lines = _lines(material, devices)
    put(
        report,
        "ContributingEquipmentSequence",
        DicomSequence(
            observers.contribution(device, software, material.moment, lines[device])
            for device in devices
        ),
    )


def _lines(material: _Material, devices: Sequence[Algorithm]) -> Mapping[Algorithm, str]:
    """For each device the sentences that are its own and how it was set; the first device's line
    also names those of the reader and the template."""
    marks: dict[Algorithm, dict[int, Mark]] = {device: {} for device in devices}
    for number, sentence in enumerate(material.written, 1):
        behind = observers.algorithm_behind(material.document, sentence) or devices[0]
        marks[behind][number] = (sentence.origin, sentence.state)
    settings: dict[Algorithm, dict[str, None]] = {device: {} for device in devices}
    used = {sentence.request for sentence in material.written}
    for asked in material.document.asked:
        if asked.algorithm in settings and asked.request in used:
            pairs = (f"{name}={value}" for name, value in asked.parameters)
            settings[asked.algorithm] |= dict.fromkeys(pairs)
    return {
        device: line_of(marks[device], fitting(", ".join(settings[device]), 1024))
        for device in devices
    }


def _has_person(material: _Material) -> bool:
    """True once a person worked on the report: wrote, decided or signed."""
    return material.is_signed or any(s.is_decided for s in material.document.sentences())


def _put_tree(report: Dataset, material: _Material) -> None:
    """The root container and everything under it, in the template's order."""
    put(report, "ValueType", "CONTAINER")
    put(report, "ConceptNameCodeSequence", DicomSequence([_title(material).item()]))
    put(report, "ContinuityOfContent", "SEPARATE")
    template = Dataset()
    put(template, "MappingResource", "DCMR")
    put(template, "TemplateIdentifier", "2000")
    put(report, "ContentTemplateSequence", DicomSequence([template]))
    _put_identifier(report, material.document.id)
    content = [*_procedures(material.source), _language(material.document.language)]
    content += _observation_context(material)
    content += _sections(material)
    put(report, "ContentSequence", DicomSequence(content))


def _procedures(source: Dataset) -> list[Dataset]:
    items: list[Dataset] = []
    for code in source.get("ProcedureCodeSequence") or ():
        if header.is_code(code):
            value, scheme = codes.code_key(code)
            if scheme.startswith("99"):  # only its maker knows what it means
                continue
            named = codes.Code(value, scheme, str(code.CodeMeaning).strip()).item()
            modifier = tree.HAS_CONCEPT_MODIFIER
            items.append(tree.code_item(modifier, codes.PROCEDURE_REPORTED, named))
    return items


def _language(tag: str) -> Dataset:
    modifier = tree.HAS_CONCEPT_MODIFIER
    language = tree.code_item(modifier, codes.LANGUAGE, codes.language_code(tag).item())
    country = codes.country_code(tag)
    if country is not None:
        item = tree.code_item(modifier, codes.COUNTRY, country.item())
        put(language, "ContentSequence", DicomSequence([item]))
    return language


def _observation_context(material: _Material) -> list[Dataset]:
    """The models first, then the person; without a model the person, then this program."""
    person: list[Dataset] = []
    if _has_person(material) and material.document.reader is not None:
        person = observers.person_context(material.document.reader, material.is_signed)
    if not material.models:
        return person + observers.device_context(observers.application(material.software))
    devices = [item for model in material.models for item in observers.device_context(model)]
    return devices + person


def _sections(material: _Material) -> list[Dataset]:
    """The sections that have something to say; the notices open the findings."""
    findings = codes.SECTIONS[SectionKind.FINDINGS][1]
    notices = (RESEARCH_NOTICE,) if material.is_signed else (DRAFT_NOTICE, RESEARCH_NOTICE)
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


def _paragraph(material: _Material, element: codes.Code, sentence: Sentence) -> Dataset:
    item = tree.text_item(tree.CONTAINS, element, clean(sentence.text))
    _put_identifier(item, sentence.id)
    images = _images_behind(material, sentence)
    if images:
        put(item, "ContentSequence", DicomSequence(images))
    return item


def _images_behind(material: _Material, sentence: Sentence) -> list[Dataset]:
    """The images that a sentence by AI was inferred from, with the frame."""
    if sentence.origin not in (Origin.AI, Origin.AI_EDITED):
        return []
    seen = [
        one
        for asked in material.document.asked
        if asked.request == sentence.request
        for one in asked.images
    ]
    if sentence.region is not None:
        seen = [sentence.region.identity, *seen]
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
