"""What stands around the tree of every report: evidence, state, authors, observers, references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.errors import InvalidReport, ReportProblem, UndecidedSentences
from dicom_io.identity import Identity
from dicom_io.report import codes, header, observers, tree
from dicom_io.report.document import Algorithm, Decision, ReportDocument, ReportState, Sentence
from dicom_io.report.flags import KEYWORDS, OF_STATE
from dicom_io.report.header import Software, put
from dicom_io.report.ledger import Mark, line_of
from dicom_io.report.notices import (
    DRAFT_DESCRIPTION,
    PRELIMINARY_DESCRIPTION,
    REVIEWED_DRAFT_DESCRIPTION,
)
from dicom_io.report.text import fitting


@dataclass(frozen=True, eq=False)
class Material:
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


def gather(
    document: ReportDocument, evidence: Sequence[Dataset], software: Software, moment: datetime
) -> Material:
    _require_references(evidence)
    own_patient = [one for one in evidence if Identity.of(one).same_patient(document.identity)]
    if len(own_patient) != len(evidence):
        raise ReportProblem(
            "An image given for this report belongs to another patient. Open the study again."
        )
    is_before = {str(one.SOPInstanceUID): one for one in evidence}
    predecessor = is_before.get(document.before) if document.before else None
    if document.before and predecessor is None:
        raise ReportProblem(
            "The version before this report is missing. Fetch the study again, then try again."
        )
    images = [one for one in evidence if one is not predecessor and not _is_report(one)]
    source = _source_of(document, images)
    _require_all(document, images)
    first = [source, *(one for one in images if one is not source)]
    written = tuple(s for s in document.sentences() if s.state is not Decision.REJECTED)
    models = observers.models_behind(document, written)
    return Material(
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


def put_state(report: Dataset, material: Material) -> None:
    """Completion, verification and preliminary flags, and the signer."""
    document = material.document
    for keyword, value in zip(KEYWORDS, OF_STATE[document.state].value, strict=True):
        put(report, keyword, value)
    if document.state is ReportState.PRELIMINARY:
        require_released(document, str(report.SOPInstanceUID))
        put(report, "CompletionFlagDescription", PRELIMINARY_DESCRIPTION)
        return
    if not material.is_signed:
        touched = any(s.is_decided for s in document.sentences())
        words = REVIEWED_DRAFT_DESCRIPTION if touched else DRAFT_DESCRIPTION
        put(report, "CompletionFlagDescription", words)
        return
    if document.reader is None or not document.signed_at:
        raise InvalidReport(
            "The report is marked as signed but names no signer. Sign it again.",
            str(report.SOPInstanceUID),
            ("The signer or the time of signing is missing.",),
        )
    if document.undecided():
        raise UndecidedSentences("The report is signed but has sentences that nobody decided on.")
    signer = observers.verifier(document.reader, datetime.fromisoformat(document.signed_at))
    put(report, "VerifyingObserverSequence", DicomSequence([signer]))


def require_released(document: ReportDocument, uid: str) -> None:
    """A preliminary report names its reader, and nothing in it is undecided."""
    if document.reader is None:
        raise InvalidReport(
            "The preliminary report names no reader. Release it again.",
            uid,
            ("The person who answers for it is missing.",),
        )
    if document.undecided():
        raise UndecidedSentences(
            "The report is preliminary but has sentences that nobody decided on."
        )


def put_references(report: Dataset, material: Material) -> None:
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


def put_authors(
    report: Dataset, material: Material, lines: Mapping[Algorithm, str] | None = None
) -> None:
    """Authors and contributing equipment; `lines` says of each device what it contributed, by
    default the ledger of the sentences."""
    software = material.software
    devices = material.models or (observers.application(software),)
    authors = [observers.device_author(device, software) for device in devices]
    if has_person(material) and material.document.reader is not None:
        person = observers.person_author(material.document.reader)
        authors = [*authors, person] if material.models else [person, *authors]
    put(report, "AuthorObserverSequence", DicomSequence(authors))
    said = _lines(material, devices) if lines is None else lines
    put(
        report,
        "ContributingEquipmentSequence",
        DicomSequence(
            observers.contribution(device, software, material.moment, said.get(device, ""))
            for device in devices
        ),
    )


def _lines(material: Material, devices: Sequence[Algorithm]) -> Mapping[Algorithm, str]:
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


def has_person(material: Material) -> bool:
    """True once a person worked on the report: wrote, decided or signed."""
    return material.document.state is not ReportState.DRAFT or any(
        s.is_decided for s in material.document.sentences()
    )


def procedures(source: Dataset) -> list[Dataset]:
    """What was done, as the image codes it; nothing where it does not."""
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


def language(tag: str) -> Dataset:
    """The language of the document, and the country where one is meant."""
    modifier = tree.HAS_CONCEPT_MODIFIER
    language = tree.code_item(modifier, codes.LANGUAGE, codes.language_code(tag).item())
    country = codes.country_code(tag)
    if country is not None:
        item = tree.code_item(modifier, codes.COUNTRY, country.item())
        put(language, "ContentSequence", DicomSequence([item]))
    return language


def observation_context(material: Material) -> list[Dataset]:
    """The models first, then the person; without a model the person, then this program."""
    person: list[Dataset] = []
    if has_person(material) and material.document.reader is not None:
        person = observers.person_context(material.document.reader, material.is_signed)
    if not material.models:
        return person + observers.device_context(observers.application(material.software))
    devices = [item for model in material.models for item in observers.device_context(model)]
    return devices + person
