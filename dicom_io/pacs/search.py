"""C-FIND: the keys we send, and the answers as they arrive, until a limit or a stop."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelFind,
)

from dicom_io.errors import OperationFailed
from dicom_io.pacs import matching, status
from dicom_io.pacs.answers import declare, instance_of, series_of, text_of
from dicom_io.pacs.association import associate, cut, lost
from dicom_io.pacs.contexts import UNCOMPRESSED
from dicom_io.pacs.node import Node
from dicom_io.source import Query
from dicom_io.study import Instance, Series

FIND = StudyRootQueryRetrieveInformationModelFind
DRAIN = 2.0  # seconds that a node gets to obey a C-CANCEL before the association is aborted

_STUDY_KEYS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyDescription",
    "StudyID",
    "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)
_SERIES_KEYS = (
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "SeriesDescription",
    "BodyPartExamined",
    "NumberOfSeriesRelatedInstances",
)
_IMAGE_KEYS = (
    "SOPInstanceUID",
    "SOPClassUID",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
)
_NUMBERS = frozenset(  # an empty text is no value of these
    {
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
        "NumberOfSeriesRelatedInstances",
        "SeriesNumber",
        "InstanceNumber",
        "Rows",
        "Columns",
        "NumberOfFrames",
    }
)


_UIDS = re.compile(r"[0-9.\\]+")
_DATES = re.compile(r"\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8}")


def study_identifiers(query: Query) -> list[Dataset]:
    """The C-FIND identifiers that together find what the query asks for.

    One typed text is asked as name, patient ID and accession number. Names are asked in the
    cases in which they are commonly stored, for nodes to which case matters (spec B.2).
    """
    named = [query]
    if query.patient_name:
        named = [replace(query, patient_name=name) for name in _cases(query.patient_name)]
    typed = query.text.strip()
    if typed:
        by_name = [
            replace(query, patient_name=name) for name in _cases(matching.name_pattern(typed))
        ]
        numbers = [matching.around(text) for text in dict.fromkeys((typed, typed.upper()))]
        by_number = [replace(query, patient_id=text) for text in numbers if len(text) <= 64]
        by_number += [replace(query, accession=text) for text in numbers if len(text) <= 16]
        named = [*by_name, *by_number]
    return [_study_identifier(one) for one in named]


def series_identifier(study: str) -> Dataset:
    """All series of a study."""
    identifier = _empty("SERIES", _SERIES_KEYS)
    identifier.StudyInstanceUID = study
    return identifier


def image_identifier(study: str, series: str) -> Dataset:
    """All instances of a series."""
    identifier = _empty("IMAGE", _IMAGE_KEYS)
    identifier.StudyInstanceUID = study
    identifier.SeriesInstanceUID = series
    return identifier


def _study_identifier(query: Query) -> Dataset:
    identifier = _empty("STUDY", _STUDY_KEYS)
    # `?` matches one byte, not one letter, in common archives: we ask wider and filter ourselves.
    identifier.PatientName = sendable(query.patient_name.replace("?", "*"), 64)
    identifier.PatientID = sendable(query.patient_id, 64)
    identifier.AccessionNumber = sendable(query.accession, 16)
    identifier.StudyInstanceUID = query.study if _UIDS.fullmatch(query.study) else ""
    identifier.StudyDate = query.date if _DATES.fullmatch(query.date) else ""
    identifier.ModalitiesInStudy = sendable(query.modality, 16)
    return identifier


def sendable(text: str, longest: int) -> str:
    """The key as the standard allows it; else "", and our own filter does the work."""
    fits = len(text) <= longest and text.isprintable() and "\\" not in text
    return text if fits else ""


def _empty(level: str, keys: tuple[str, ...]) -> Dataset:
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 192"
    identifier.QueryRetrieveLevel = level
    for keyword in keys:
        setattr(identifier, keyword, None if keyword in _NUMBERS else "")
    return identifier


def _cases(name: str) -> list[str]:
    composed = unicodedata.normalize("NFC", name)
    return list(dict.fromkeys((composed, composed.upper(), composed.title())))


class Search:
    """C-FINDs of one information model on one open association, one after the other.

    `cut_off` says whether the node ended one of them before its end (0xFE00).
    """

    def __init__(self, node: Node, association: Association, model: UID = FIND) -> None:
        self.node = node
        self._model = model
        self.cut_off = False
        self._association = association
        self._message = 0  # ID of the message under way
        self._is_asking = False  # a search is under way that a cancel may end
        self._deadline: threading.Timer | None = None
        self._lock = threading.Lock()

    def answers(self, identifier: Dataset) -> Iterator[Dataset]:
        """The matching data sets. Closing this generator early cancels the search.

        Raises OperationFailed, NodeTimedOut, NodeUnreachable.
        """
        with self._lock:
            self._message += 1
            responses = self._association.send_c_find(identifier, self._model, msg_id=self._message)
            self._is_asking = True
        finished = False
        try:
            since = time.monotonic()
            for response, answer in responses:
                code = response.get("Status")
                if code is None:
                    finished = True
                    raise lost(self.node, "while searching", since)
                since = time.monotonic()
                if not status.is_pending(code):
                    finished = True
                    with self._lock:  # a cancel after this would disturb the release
                        self._is_asking = False
                    self._end(code, response)
                elif answer is not None:
                    yield declare(answer, self.node.charset)
        finally:
            if not finished:
                self.cancel()
                for _ in responses:  # what the node still sends, until the deadline
                    pass
            if self._deadline is not None:
                self._deadline.cancel()

    def series(self, study: str) -> list[Series]:
        """The series of a study, in the order of their numbers."""
        answers = [series_of(answer) for answer in self.answers(series_identifier(study))]
        return sorted(answers, key=lambda one: (one.number is None, one.number or 0))

    def instances(self, study: str, series: str) -> list[Instance]:
        """The instances of a series, in the order of their numbers."""
        answers = self.answers(image_identifier(study, series))
        found = [instance_of(answer) for answer in answers]
        return sorted(found, key=lambda one: (one.number is None, one.number or 0))

    def cancel(self) -> None:
        """Ask the node to stop, and abort when it does not. From any thread, any number of
        times."""
        with self._lock:
            if not self._is_asking or self._deadline is not None:
                return
            if not self._association.is_established:
                return
            self._association.send_c_cancel(self._message, query_model=self._model)
            self._deadline = threading.Timer(DRAIN, cut, (self._association,))
            self._deadline.daemon = True
            self._deadline.start()

    def _end(self, code: int, response: Dataset) -> None:
        if code == status.CANCELLED:
            self.cut_off = True
        elif code != status.SUCCESS and not status.is_warning(code):
            said = status.meaning(code, text_of(response, "ErrorComment"))
            raise OperationFailed(
                f"{self.node} could not search: {said}. Try other search terms.",
                self.node.name,
                code,
            )


@contextmanager
def searching(node: Node) -> Iterator[Search]:
    """An association to search on. Raises NodeUnreachable, NodeRefused, NodeTimedOut."""
    context = build_context(FIND, list(UNCOMPRESSED))
    with associate(node, [context], service=FIND) as association:
        yield Search(node, association)
