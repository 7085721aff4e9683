"""Who observed, wrote and verified: the models, the application and the person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.errors import InvalidReport
from dicom_io.report import codes, tree
from dicom_io.report.document import Algorithm, Origin, Reader, ReportDocument, Sentence
from dicom_io.report.header import Software, date_time, put
from dicom_io.report.text import fitting

_DEVICES = uuid.UUID("5a2d6f0e-0d07-5f38-9d0b-9e6ab0b7c3f1")  # name space of device UIDs


def device_uid(algorithm: Algorithm) -> str:
    """A UID that is the same for every report by this version of the model."""
    text = f"{algorithm.name}\n{algorithm.version}"
    return f"2.25.{uuid.uuid5(_DEVICES, text).int}"


def weights(algorithm: Algorithm) -> str:
    """The weights as SoftwareVersions names them: `sha256:` and 16 hex digits."""
    return f"sha256:{algorithm.sha256[:16]}"


def full_name(algorithm: Algorithm) -> str:
    return f"{algorithm.name} {algorithm.version}".strip()


def application(software: Software) -> Algorithm:
    """The program itself, as the device of a report in which no model had a part."""
    return Algorithm(software.name, software.version, "", software.manufacturer)


def algorithm_behind(document: ReportDocument, sentence: Sentence) -> Algorithm | None:
    """The model that a sentence came from, None for a sentence of a person or a template."""
    if sentence.origin not in (Origin.AI, Origin.AI_EDITED):
        return None
    for asked in document.asked:
        if asked.request == sentence.request and asked.algorithm is not None:
            return asked.algorithm
    known = document.algorithms()
    if len(known) == 1:
        return known[0]
    raise InvalidReport(
        "A sentence by AI does not say which model wrote it. Take it out, or write it yourself.",
        "",
        (f"Sentence {sentence.id} names no model.",),
    )


def models_behind(document: ReportDocument, sentences: Sequence[Sentence]) -> list[Algorithm]:
    """The models behind these sentences, each once, in reading order."""
    found = (algorithm_behind(document, sentence) for sentence in sentences)
    return list(dict.fromkeys(one for one in found if one is not None))


def device_context(algorithm: Algorithm) -> list[Dataset]:
    """The device as observer, TID 1004."""
    context = tree.HAS_OBSERVATION_CONTEXT
    items = [
        tree.code_item(context, codes.OBSERVER_TYPE, codes.DEVICE.item()),
        tree.uid_item(context, codes.DEVICE_UID, device_uid(algorithm)),
        tree.text_item(context, codes.DEVICE_NAME, full_name(algorithm)),
    ]
    if algorithm.manufacturer:
        items.append(tree.text_item(context, codes.DEVICE_MANUFACTURER, algorithm.manufacturer))
    items.append(tree.text_item(context, codes.DEVICE_MODEL, algorithm.name))
    if algorithm.sha256:
        serial = f"sha256:{algorithm.sha256}"
        items.append(tree.text_item(context, codes.DEVICE_SERIAL, serial))
    return items


def person_context(reader: Reader, is_signed: bool) -> list[Dataset]:
    """The person as observer, TID 1003."""
    context = tree.HAS_OBSERVATION_CONTEXT
    task = codes.VERIFYING if is_signed else codes.PERFORMING
    return [
        tree.code_item(context, codes.OBSERVER_TYPE, codes.PERSON.item()),
        tree.name_item(context, codes.PERSON_NAME, reader.name),
        tree.text_item(context, codes.PERSON_ORGANIZATION, reader.organization),
        tree.code_item(context, codes.PERSON_ROLE, codes.PHYSICIAN.item()),
        tree.code_item(context, codes.PERSON_TASK, task.item()),
    ]


def device_author(algorithm: Algorithm, software: Software) -> Dataset:
    """The device as author (PS3.3 C.17.2, table 10-43)."""
    item = Dataset()
    put(item, "ObserverType", "DEV")
    put(item, "StationName", fitting(software.station, 16))
    put(item, "DeviceUID", device_uid(algorithm))
    put(item, "Manufacturer", fitting(algorithm.manufacturer or software.manufacturer, 64))
    put(item, "ManufacturerModelName", fitting(full_name(algorithm), 64))
    put(item, "InstitutionName", fitting(software.institution, 64))
    put(item, "InstitutionCodeSequence", DicomSequence())
    return item


def person_author(reader: Reader) -> Dataset:
    """The person as author (PS3.3 C.17.2, table 10-43)."""
    item = Dataset()
    put(item, "ObserverType", "PSN")
    put(item, "PersonName", reader.name)
    put(item, "PersonIdentificationCodeSequence", DicomSequence())
    put(item, "InstitutionName", reader.organization)
    put(item, "InstitutionCodeSequence", DicomSequence())
    return item


def verifier(reader: Reader, moment: datetime) -> Dataset:
    """The person who signed, with the moment of signing."""
    item = Dataset()
    put(item, "VerifyingOrganization", reader.organization)
    put(item, "VerificationDateTime", date_time(moment))
    put(item, "VerifyingObserverName", reader.name)
    put(item, "VerifyingObserverIdentificationCodeSequence", DicomSequence())
    return item


def contribution(
    algorithm: Algorithm, software: Software, moment: datetime, description: str
) -> Dataset:
    """What a model contributed, as Contributing Equipment (PS3.3 C.12.1)."""
    item = Dataset()
    purpose = codes.PROCESSING_EQUIPMENT.item()
    put(item, "PurposeOfReferenceCodeSequence", DicomSequence([purpose]))
    put(item, "Manufacturer", fitting(algorithm.manufacturer or software.manufacturer, 64))
    put(item, "ManufacturerModelName", fitting(algorithm.name, 64))
    versions = [fitting(algorithm.version or "unknown", 64)]
    if algorithm.sha256:
        versions.append(weights(algorithm))
    put(item, "SoftwareVersions", versions)
    put(item, "ContributionDateTime", date_time(moment))
    put(item, "ContributionDescription", description)
    return item
