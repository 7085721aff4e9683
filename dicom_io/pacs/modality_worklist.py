"""Modality Worklist: what is to be done, when and at which device, asked of a RIS.

C-FIND with the Modality Worklist information model (PS3.4 annex K). Each answer is one scheduled
procedure step; answers are filtered again on our side, since nodes read wildcards and ranges in
their own ways.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    ModalityWorklistInformationFind,
)

from dicom_io.identity import Identity
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import associate
from dicom_io.pacs.contexts import UNCOMPRESSED
from dicom_io.pacs.matching import (
    around,
    matches_name,
    matches_range,
    matches_text,
    name_pattern,
)
from dicom_io.pacs.node import Node
from dicom_io.pacs.search import Search, sendable
from dicom_io.source import Stop, never

WORKLIST = ModalityWorklistInformationFind
_ROOT_KEYS = (
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
)
_STEP_KEYS = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledStationName",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepLocation",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which steps to list; an empty text matches everything, `*` is a wildcard."""

    text: str = ""  # in the name, the patient ID or the accession number
    date: str = ""  # YYYYMMDD or a range, of the step's start
    modality: str = ""
    station: str = ""  # AE title of the device
    limit: int = 200


@dataclass(frozen=True, slots=True)
class ScheduledStep:
    """One scheduled procedure step. Texts are as the node sent them, decoded; "" when unknown.

    `identity` names the patient and the study that the images will belong to.
    """

    identity: Identity
    patient_name: str  # DICOM form, Family^Given
    birth_date: str  # YYYYMMDD
    sex: str
    accession: str
    procedure: str  # ID
    description: str  # of the step, else of the requested procedure
    modality: str
    station: str  # AE title
    date: str  # YYYYMMDD
    time: str
    physician: str  # who is to perform it


def scheduled(node: Node, wish: Wish, stop: Stop = never) -> Iterator[ScheduledStep]:
    """The steps that the node has for such a wish, as they come, at most `wish.limit`.

    Raises NodeUnreachable, NodeRefused, NodeTimedOut, OperationFailed.
    """
    context = build_context(WORKLIST, list(UNCOMPRESSED))
    with associate(node, [context], service=WORKLIST) as association:
        search = Search(node, association, WORKLIST)
        count = 0
        for answer in search.answers(identifier_of(wish)):
            if stop():
                return
            for step in steps_of(answer):
                if matches_wish(wish, step):
                    count += 1
                    yield step
                    if count >= wish.limit:
                        return


def identifier_of(wish: Wish) -> Dataset:
    """What is asked: dates, modality and station; a typed text is matched on our side alone,
    because one key cannot ask for a name or a number."""
    step = Dataset()
    for keyword in _STEP_KEYS:
        setattr(step, keyword, "")
    step.Modality = sendable(wish.modality, 16)
    step.ScheduledStationAETitle = sendable(wish.station, 16)
    step.ScheduledProcedureStepStartDate = wish.date
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _ROOT_KEYS:
        setattr(identifier, keyword, "")
    identifier.ScheduledProcedureStepSequence = Sequence([step])
    return identifier


def steps_of(answer: Dataset) -> Iterator[ScheduledStep]:
    """Every scheduled step of an answer; the standard has one in each."""
    identity = Identity.of(answer)
    items = answer.get("ScheduledProcedureStepSequence")
    for item in items if isinstance(items, Sequence) else ():
        description = text_of(item, "ScheduledProcedureStepDescription")
        yield ScheduledStep(
            identity=identity.of_study(),
            patient_name=text_of(answer, "PatientName"),
            birth_date=text_of(answer, "PatientBirthDate"),
            sex=text_of(answer, "PatientSex"),
            accession=text_of(answer, "AccessionNumber"),
            procedure=text_of(answer, "RequestedProcedureID"),
            description=description or text_of(answer, "RequestedProcedureDescription"),
            modality=text_of(item, "Modality"),
            station=text_of(item, "ScheduledStationAETitle"),
            date=text_of(item, "ScheduledProcedureStepStartDate"),
            time=text_of(item, "ScheduledProcedureStepStartTime"),
            physician=text_of(item, "ScheduledPerformingPhysicianName"),
        )


def matches_wish(wish: Wish, step: ScheduledStep) -> bool:
    """True when the step is one that was asked for, whatever the node thought."""
    return (
        matches_range(wish.date, step.date)
        and (not wish.modality or wish.modality == step.modality)
        and matches_text(wish.station, step.station)
        and (
            not wish.text.strip()
            or matches_name(name_pattern(wish.text), step.patient_name)
            or matches_text(around(wish.text), step.identity.patient_id)
            or matches_text(around(wish.text), step.accession)
        )
    )
