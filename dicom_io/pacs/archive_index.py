"""The embedded archive's list of objects: one SQLite table, one row an object."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from dicom_io.errors import FormatTooNew, FormatUnreadable
from dicom_io.pacs import matching
from dicom_io.pacs.answers import text_of

VERSION = 1

Match = Callable[[str, str], bool]

# Attribute to its level and its way of matching. PS3.4 section C.6.2.1 (Study Root).
_KEYS: dict[str, tuple[str, Match]] = {
    "PatientName": ("STUDY", matching.matches_name),
    "PatientID": ("STUDY", matching.matches_text),
    "IssuerOfPatientID": ("STUDY", matching.matches_text),
    "PatientBirthDate": ("STUDY", matching.matches_range),
    "PatientSex": ("STUDY", matching.matches_text),
    "StudyInstanceUID": ("STUDY", matching.matches_uid),
    "StudyDate": ("STUDY", matching.matches_range),
    "StudyTime": ("STUDY", matching.matches_range),
    "AccessionNumber": ("STUDY", matching.matches_text),
    "StudyID": ("STUDY", matching.matches_text),
    "StudyDescription": ("STUDY", matching.matches_text),
    "ReferringPhysicianName": ("STUDY", matching.matches_name),
    "SeriesInstanceUID": ("SERIES", matching.matches_uid),
    "SeriesNumber": ("SERIES", matching.matches_text),
    "Modality": ("SERIES", matching.matches_text),
    "SeriesDescription": ("SERIES", matching.matches_text),
    "BodyPartExamined": ("SERIES", matching.matches_text),
    "SeriesDate": ("SERIES", matching.matches_range),
    "SeriesTime": ("SERIES", matching.matches_range),
    "SOPInstanceUID": ("IMAGE", matching.matches_uid),
    "SOPClassUID": ("IMAGE", matching.matches_uid),
    "InstanceNumber": ("IMAGE", matching.matches_text),
    "Rows": ("IMAGE", matching.matches_text),
    "Columns": ("IMAGE", matching.matches_text),
    "NumberOfFrames": ("IMAGE", matching.matches_text),
}
_PATIENT = ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex")
LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
_UNIQUE = {
    "PATIENT": ("PatientID", "IssuerOfPatientID"),
    "STUDY": ("StudyInstanceUID",),
    "SERIES": ("SeriesInstanceUID",),
    "IMAGE": ("SOPInstanceUID",),
}

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """An object that the archive holds."""

    path: Path
    sop_class: str
    instance: str
    syntax: str


class ArchiveIndex:
    """Safe for use from several threads. Raises FormatTooNew or FormatUnreadable when opened."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise FormatUnreadable(
                f"The archive's index {path} cannot be read ({error}). Move its folder away.", path
            ) from error
        if version > VERSION:
            self._connection.close()
            raise FormatTooNew(
                f"The archive in {path.parent} was written by a later Wetread. Update Wetread.",
                path,
            )
        columns = ", ".join(f"{name} TEXT NOT NULL" for name in [*_KEYS, "TransferSyntax", "File"])
        with self._connection as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS objects ({columns}, PRIMARY KEY (SOPInstanceUID))"
            )
            for level in ("StudyInstanceUID", "SeriesInstanceUID", "PatientID"):
                connection.execute(f"CREATE INDEX IF NOT EXISTS by_{level} ON objects ({level})")
            connection.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def put(self, header: Dataset, syntax: str, path: Path) -> None:
        """Enter one object, whose file is at `path`."""
        values = [text_of(header, name) for name in _KEYS]
        marks = ", ".join("?" * (len(values) + 2))
        with self._lock, self._connection as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO objects VALUES ({marks})", [*values, syntax, path.name]
            )

    def find(self, level: str, identifier: Dataset) -> Iterator[Row]:
        """One row for each patient, study, series or instance that matches all keys given.

        A row holds the attributes of its level and of those above, and at STUDY and SERIES level
        the counts and ModalitiesInStudy.
        """
        groups: dict[tuple[str, ...], list[Row]] = {}
        for row in self._rows(identifier):
            if self._matches(level, identifier, row):
                groups.setdefault(tuple(row[name] for name in _UNIQUE[level]), []).append(row)
        for rows in groups.values():
            modalities = sorted({row["Modality"] for row in rows} - {""})
            wanted = text_of(identifier, "ModalitiesInStudy")
            if level == "STUDY" and wanted and not set(wanted.split("\\")) & set(modalities):
                continue
            yield _answer(level, rows, modalities)

    def objects(self, identifier: Dataset, folder: Path) -> list[Kept]:
        """The objects that a C-GET identifier asks for, in order of series and number."""
        level = text_of(identifier, "QueryRetrieveLevel")
        rows = [row for row in self._rows(identifier) if self._matches(level, identifier, row)]
        rows.sort(key=lambda row: (row["SeriesInstanceUID"], _number(row["InstanceNumber"])))
        return [
            Kept(
                folder / row["File"],
                row["SOPClassUID"],
                row["SOPInstanceUID"],
                row["TransferSyntax"],
            )
            for row in rows
        ]

    def count(self) -> int:
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM objects").fetchone()[0])

    def _rows(self, identifier: Dataset) -> list[Row]:
        """Rows narrowed by the UIDs given; the rest of the keys is matched afterwards."""
        clauses, values = [], []
        for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            uids = [uid for uid in text_of(identifier, name).split("\\") if uid]
            if uids and len(uids) <= 500 and "*" not in uids:
                clauses.append(f"{name} IN ({', '.join('?' * len(uids))})")
                values += uids
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        with self._lock:
            cursor = self._connection.execute(
                f"SELECT * FROM objects{where} ORDER BY rowid", values
            )
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _matches(self, level: str, identifier: Dataset, row: Row) -> bool:
        return all(
            match(text_of(identifier, name), row[name])
            for name, match in _keys_of(level, identifier)
        )


def _keys_of(level: str, identifier: Dataset) -> Iterable[tuple[str, Match]]:
    """The keys of this level and of those above that the identifier gives a value for."""
    deep = LEVELS.index(level)
    for name, (at, match) in _KEYS.items():
        own = "PATIENT" if name in _PATIENT else at
        if LEVELS.index(own) <= deep and text_of(identifier, name):
            yield name, match


def _answer(level: str, rows: list[Row], modalities: list[str]) -> Row:
    deep = LEVELS.index(level)
    answer = {
        name: rows[0][name]
        for name, (at, _) in _KEYS.items()
        if LEVELS.index("PATIENT" if name in _PATIENT else at) <= deep
    }
    if level == "STUDY":
        answer["ModalitiesInStudy"] = "\\".join(modalities)
        answer["NumberOfStudyRelatedSeries"] = str(len({r["SeriesInstanceUID"] for r in rows}))
        answer["NumberOfStudyRelatedInstances"] = str(len(rows))
    if level == "SERIES":
        answer["NumberOfSeriesRelatedInstances"] = str(len(rows))
    return answer


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else 0
