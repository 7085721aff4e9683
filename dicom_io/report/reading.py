"""An SR read back as a report: our own completely, those of other makers as far as they go."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydicom.dataset import Dataset

from dicom_io.errors import ReportProblem
from dicom_io.identity import Identity
from dicom_io.report import codes
from dicom_io.report.document import (
    Algorithm,
    Asked,
    Decision,
    Origin,
    Reader,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
    new_id,
)
from dicom_io.report.flags import is_released
from dicom_io.report.ledger import Mark, marks_of, settings_of
from dicom_io.report.notices import NOTICES
from dicom_io.report.text import shown
from dicom_io.report.tree import Visited, walk

# The first section of an element counts: a finding without a heading is no addendum.
_TITLE_ELEMENTS = {
    element.value: kind for kind, (_, element) in reversed(list(codes.SECTIONS.items()))
}


def read(dataset: Dataset) -> ReportDocument:
    """The report in an SR.

    Of our own documents come back: sections, sentences with id, origin and state, title, language,
    reader, models (as `algorithms()`), evidence and predecessor. What a Basic Text SR does not
    hold (probabilities, regions, questions) does not. Of other makers' documents come the texts
    under the headings of CID 7001 and their older codes; text under an unknown heading stands in
    the findings, behind that heading's name.
    Raises ReportProblem when the data set is no SR.
    """
    if "ConceptNameCodeSequence" not in dataset or "ValueType" not in dataset:
        raise ReportProblem(
            "This object is no structured report. Choose one of modality SR.",
            str(dataset.get("SOPInstanceUID") or ""),
        )
    reader, signed_at = _signer(dataset)
    models = _models(dataset)
    marks = _marks(dataset)
    evidence = _evidence(dataset)
    is_signed = str(dataset.get("VerificationFlag") or "") == "VERIFIED"
    return ReportDocument(
        identity=evidence[0] if evidence else Identity.of(dataset).of_study(),
        title=str(dataset.ConceptNameCodeSequence[0].get("CodeMeaning") or ""),
        language=_language(dataset),
        sections=_sections(dataset, marks, models),
        evidence=evidence,
        asked=tuple(
            Asked(
                request=_request(number),
                task="",
                text="",
                parameters=_settings(dataset, number),
                algorithm=model,
            )
            for number, model in enumerate(models)
        ),
        state=ReportState.SIGNED if is_signed else _unsigned(dataset),
        reader=reader,
        signed_at=signed_at,
        predecessor=_predecessor(dataset),
        id=_identifier(dataset),
    )


def _unsigned(dataset: Dataset) -> ReportState:
    return ReportState.PRELIMINARY if is_released(dataset) else ReportState.DRAFT


def _request(number: int) -> str:
    return f"model {number + 1}"


def _identifier(item: Dataset) -> str:
    """The id behind an Observation UID of ours, else a new one."""
    uid = str(item.get("ObservationUID") or "")
    number = uid.removeprefix("2.25.")
    if uid.startswith("2.25.") and number.isdigit() and int(number) < 1 << 128:
        return uuid.UUID(int=int(number)).hex
    return new_id()


def _signer(dataset: Dataset) -> tuple[Reader | None, str]:
    """The verifying observer and when; else the person among the authors."""
    for item in dataset.get("VerifyingObserverSequence") or ():
        name = str(item.get("VerifyingObserverName") or "")
        organization = str(item.get("VerifyingOrganization") or "")
        return Reader(name, organization), _moment(str(item.get("VerificationDateTime") or ""))
    for item in dataset.get("AuthorObserverSequence") or ():
        if item.get("ObserverType") == "PSN":
            name = str(item.get("PersonName") or "")
            return Reader(name, str(item.get("InstitutionName") or "")), ""
    return None, ""


def _moment(text: str) -> str:
    """A DT as ISO 8601, "" when it cannot be read."""
    for form in ("%Y%m%d%H%M%S%z", "%Y%m%d%H%M%S.%f%z", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d"):
        try:
            return datetime.strptime(text, form).isoformat()
        except ValueError:
            continue
    return ""


def _language(dataset: Dataset) -> str:
    for item in dataset.get("ContentSequence") or ():
        here = Visited(item, dataset, 2, "")
        if codes.LANGUAGE.names(here.concept) and item.get("ConceptCodeSequence"):
            language = codes.code_key(item.ConceptCodeSequence[0])[0]
            for child in item.get("ContentSequence") or ():
                country = Visited(child, item, 3, "")
                if codes.COUNTRY.names(country.concept) and child.get("ConceptCodeSequence"):
                    return f"{language}-{codes.code_key(child.ConceptCodeSequence[0])[0]}"
            return language
    return ""


def _evidence(dataset: Dataset) -> tuple[Identity, ...]:
    patient = Identity.of(dataset)
    found: list[Identity] = []
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study, series, instance in _references(dataset, keyword):
            found.append(Identity(patient.patient_id, patient.issuer, study, series, instance))
    return tuple(dict.fromkeys(found))


def _references(dataset: Dataset, keyword: str) -> list[tuple[str, str, str]]:
    """Study, series and instance of every object in a hierarchy of references."""
    return [
        (
            str(study.get("StudyInstanceUID") or ""),
            str(series.get("SeriesInstanceUID") or ""),
            str(instance.get("ReferencedSOPInstanceUID") or ""),
        )
        for study in dataset.get(keyword) or ()
        for series in study.get("ReferencedSeriesSequence") or ()
        for instance in series.get("ReferencedSOPSequence") or ()
    ]


def _predecessor(dataset: Dataset) -> str:
    before = _references(dataset, "PredecessorDocumentsSequence")
    return before[-1][2] if before else ""


def _models(dataset: Dataset) -> tuple[Algorithm, ...]:
    """The device observers under the root that state their weights: the models."""
    found: list[dict[str, str]] = []
    for item in dataset.get("ContentSequence") or ():
        here = Visited(item, dataset, 2, "")
        if codes.OBSERVER_TYPE.names(here.concept):
            found.append({})
        elif found and here.value_type == "TEXT":
            found[-1][codes.code_key(here.concept)[0]] = here.text
    models = []
    for texts in found:
        serial = texts.get(codes.DEVICE_SERIAL.value, "")
        if serial.startswith("sha256:"):
            name = texts.get(codes.DEVICE_MODEL.value, "")
            full = texts.get(codes.DEVICE_NAME.value, "")
            version = full.removeprefix(name).strip()
            manufacturer = texts.get(codes.DEVICE_MANUFACTURER.value, "")
            models.append(Algorithm(name, version, serial.removeprefix("sha256:"), manufacturer))
    return tuple(models)


def _marks(dataset: Dataset) -> list[dict[int, Mark]] | None:
    """The ledger of each contributing device; None when the document carries none."""
    lines = (
        marks_of(str(item.get("ContributionDescription") or ""))
        for item in dataset.get("ContributingEquipmentSequence") or ()
    )
    found = [marks for marks in lines if marks is not None]
    return found or None


def _settings(dataset: Dataset, number: int) -> tuple[tuple[str, str], ...]:
    """How the model of that number was set, as its contribution says."""
    items = dataset.get("ContributingEquipmentSequence") or ()
    if number >= len(items):
        return ()
    return settings_of(str(items[number].get("ContributionDescription") or ""))


def _sections(
    dataset: Dataset, marks: list[dict[int, Mark]] | None, models: tuple[Algorithm, ...]
) -> tuple[Section, ...]:
    foreign = _foreign_mark(dataset)
    found: dict[SectionKind, list[Sentence]] = {}
    number = 0
    for kind, prefix, here in _texts(dataset):
        text = shown(_value(here))
        if not text or text in NOTICES:
            continue
        number += 1
        mark, device = foreign, 0
        for index, ledger in enumerate(marks or ()):
            if number in ledger:
                mark, device = ledger[number], index
                break
        is_ai = mark[0] in (Origin.AI, Origin.AI_EDITED) and device < len(models)
        sentence = Sentence(
            id=_identifier(here.item),
            text=prefix + text,
            origin=mark[0],
            state=mark[1],
            request=_request(device) if is_ai else "",
        )
        found.setdefault(kind, []).append(sentence)
    return tuple(Section(kind, tuple(found[kind])) for kind in SectionKind if kind in found)


def _foreign_mark(dataset: Dataset) -> Mark:
    """What is believed of a sentence without a ledger: a device's, unless a person took part."""
    persons = bool(dataset.get("VerifyingObserverSequence"))
    devices = False
    for item in dataset.get("ContentSequence") or ():
        if codes.OBSERVER_TYPE.names(Visited(item, dataset, 2, "").concept):
            for value in item.get("ConceptCodeSequence") or ():
                persons = persons or codes.PERSON.names(value)
                devices = devices or codes.DEVICE.names(value)
    if devices and not persons:
        return Origin.AI, Decision.SUGGESTED
    return Origin.HUMAN, Decision.ACCEPTED


def _texts(dataset: Dataset) -> list[tuple[SectionKind, str, Visited]]:
    """What is said under the root: its section, the name of an unknown heading, the item."""
    found: list[tuple[SectionKind, str, Visited]] = []
    headings: dict[str, tuple[SectionKind, str]] = {}
    for here in walk(dataset):
        if here.depth == 1:
            continue
        outer = headings.get(here.position.rpartition(".")[0], (SectionKind.FINDINGS, ""))
        if here.value_type == "CONTAINER":
            headings[here.position] = _heading(here, outer)
        elif here.item.get("RelationshipType") == "CONTAINS" and _value(here):
            kind, prefix = outer
            if here.depth == 2:
                kind = _TITLE_ELEMENTS.get(codes.code_key(here.concept)[0], kind)
            found.append((kind, prefix, here))
    return found


def _heading(here: Visited, outer: tuple[SectionKind, str]) -> tuple[SectionKind, str]:
    kind = codes.HEADING_SECTIONS.get(codes.code_key(here.concept))
    if kind is not None:
        return kind, ""
    meaning = str(here.concept.get("CodeMeaning") or "").strip()
    return outer[0], f"{outer[1]}{meaning}: " if meaning else outer[1]


def _value(here: Visited) -> str:
    """The value of an item as text; "" for kinds that have none to read (images, regions)."""
    item, kind = here.item, here.value_type
    if kind == "TEXT":
        return here.text
    name = str(here.concept.get("CodeMeaning") or "").strip()
    value = ""
    if kind == "CODE" and item.get("ConceptCodeSequence"):
        value = str(item.ConceptCodeSequence[0].get("CodeMeaning") or "")
    elif kind == "NUM" and item.get("MeasuredValueSequence"):
        measured = item.MeasuredValueSequence[0]
        units = measured.get("MeasurementUnitsCodeSequence") or ()
        unit = str(units[0].get("CodeValue") or "") if units else ""
        value = f"{measured.get('NumericValue', '')} {unit}".strip()
    elif kind in ("DATE", "TIME", "DATETIME"):
        keyword = {"DATE": "Date", "TIME": "Time", "DATETIME": "DateTime"}[kind]
        value = str(item.get(keyword) or "")
    elif kind == "PNAME":
        value = str(item.get("PersonName") or "")
    return f"{name}: {value}" if name and value else value
