"""The index of studies on this workstation: one SQLite file, brought up to date when opened."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from dicom_io.errors import FormatTooNew, FormatUnreadable, NothingFound, StorageProblem
from dicom_io.identity import Identity
from dicom_io.study import Instance, Series, Study

Step = Callable[[sqlite3.Connection], None]


class ReportStatus(StrEnum):
    """How far the report of a study has come."""

    NONE = ""
    DRAFT = "draft"
    SIGNED = "signed"
    NOT_STORED = "not stored"
    IN_PACS = "in PACS"


def _first(connection: sqlite3.Connection) -> None:
    """Version 1."""
    connection.execute(
        "CREATE TABLE studies (study TEXT PRIMARY KEY, patient_id TEXT, issuer TEXT,"
        " patient_name TEXT, birth_date TEXT, sex TEXT, date TEXT, time TEXT, accession TEXT,"
        " description TEXT, modalities TEXT, series_count INTEGER, instance_count INTEGER,"
        " source TEXT, report TEXT, reader TEXT)"
    )
    connection.execute(
        "CREATE TABLE series (series TEXT PRIMARY KEY, study TEXT, number INTEGER, modality TEXT,"
        " description TEXT, body_part TEXT)"
    )
    connection.execute(
        "CREATE TABLE instances (instance TEXT PRIMARY KEY, series TEXT, study TEXT,"
        " sop_class TEXT, number INTEGER, rows INTEGER, columns INTEGER, frames INTEGER, file TEXT)"
    )
    connection.execute("CREATE INDEX series_of_study ON series (study)")
    connection.execute("CREATE INDEX instances_of_series ON instances (series)")


# MIGRATIONS[n] brings an index of version n to n + 1; a new file starts at 0.
MIGRATIONS: Mapping[int, Step] = {0: _first}
VERSION = 1


class Index:
    """Safe for use from several threads. Raises FormatTooNew or FormatUnreadable when opened,
    StorageProblem when it cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
            self._migrate()
        except sqlite3.OperationalError as error:
            raise StorageProblem(
                f"The index {path} cannot be opened ({error}). Check the folder's permissions.",
                path,
            ) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def put_study(self, study: Study, source: str = "") -> None:
        """Enter a study, or renew what is known of it; its report's state stays."""
        who = study.identity
        values = (
            who.study,
            who.patient_id,
            who.issuer,
            study.patient_name,
            study.birth_date,
            study.sex,
            study.date,
            study.time,
            study.accession,
            study.description,
            "\\".join(study.modalities),
            study.series_count,
            study.instance_count,
            source,
        )
        self._write(
            f"INSERT INTO studies VALUES ({', '.join('?' * 14)}, '', '')"
            " ON CONFLICT (study) DO UPDATE SET patient_id = excluded.patient_id,"
            " issuer = excluded.issuer, patient_name = excluded.patient_name,"
            " birth_date = excluded.birth_date, sex = excluded.sex, date = excluded.date,"
            " time = excluded.time, accession = excluded.accession,"
            " description = excluded.description,"
            " series_count = max(series_count, excluded.series_count),"
            " instance_count = max(instance_count, excluded.instance_count),"
            " source = iif(excluded.source = '', source, excluded.source)",
            values,
        )

    def put_object(self, series: Series, instance: Instance, file: str) -> None:
        """Enter one object whose file, relative to the study's folder, is `file`."""
        with self._lock:
            self._write(
                "INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?, ?, ?)",
                (
                    series.identity.series,
                    series.identity.study,
                    series.number,
                    series.modality,
                    series.description,
                    series.body_part,
                ),
            )
            self._write(
                "INSERT OR REPLACE INTO instances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    instance.identity.instance,
                    instance.identity.series,
                    instance.identity.study,
                    instance.sop_class,
                    instance.number,
                    instance.rows,
                    instance.columns,
                    instance.frames,
                    file,
                ),
            )

    def studies(self) -> tuple[Study, ...]:
        """All studies, the newest first, with the counts of what is here."""
        rows = self._read(
            "SELECT *, (SELECT count(*) FROM series s WHERE s.study = studies.study) AS s_here,"
            " (SELECT count(*) FROM instances i WHERE i.study = studies.study) AS i_here"
            " , (SELECT group_concat(DISTINCT modality) FROM series s"
            " WHERE s.study = studies.study) AS modalities_here"
            " FROM studies ORDER BY date DESC, time DESC, study"
        )
        return tuple(_study(row) for row in rows)

    def study(self, uid: str) -> Study:
        """One study. Raises NothingFound."""
        for study in self.studies():
            if study.identity.study == uid:
                return study
        raise NothingFound("This study is not on this workstation. Fetch it first.")

    def series(self, study: str) -> tuple[Series, ...]:
        """The series of a study that are here, in the order of their numbers."""
        rows = self._read(
            "SELECT series.*, patient_id, issuer,"
            " (SELECT count(*) FROM instances i WHERE i.series = series.series) AS here"
            " FROM series JOIN studies USING (study) WHERE study = ?"
            " ORDER BY series.number IS NULL, series.number, series.series",
            (study,),
        )
        return tuple(
            Series(
                Identity(row["patient_id"], row["issuer"], row["study"], row["series"]),
                row["number"],
                row["modality"],
                row["description"],
                row["body_part"],
                row["here"],
            )
            for row in rows
        )

    def instances(self, study: str, series: str = "") -> tuple[tuple[Instance, str], ...]:
        """The objects of a study, or of one series, that are here, each with its file."""
        rows = self._read(
            "SELECT i.*, patient_id, issuer FROM instances i JOIN studies USING (study)"
            " LEFT JOIN series s ON s.series = i.series"
            " WHERE i.study = ? AND (? = '' OR i.series = ?)"
            " ORDER BY s.number IS NULL, s.number, i.series, i.number IS NULL, i.number,"
            " i.instance",
            (study, series, series),
        )
        return tuple((_instance(row), row["file"]) for row in rows)

    def report(self, study: str) -> ReportStatus:
        """How far the study's report is; NONE for a study that is not here."""
        rows = self._read("SELECT report FROM studies WHERE study = ?", (study,))
        return ReportStatus(rows[0]["report"]) if rows else ReportStatus.NONE

    def set_report(self, study: str, state: ReportStatus, reader: str = "") -> None:
        """Remember how far a study's report is, and whose it is."""
        self._write(
            "UPDATE studies SET report = ?, reader = iif(? = '', reader, ?) WHERE study = ?",
            (state.value, reader, reader, study),
        )

    def remove(self, study: str) -> None:
        """Forget a study and its objects; the files are the cache's to remove."""
        with self._lock:
            for table in ("instances", "series", "studies"):
                self._write(f"DELETE FROM {table} WHERE study = ?", (study,))

    def _migrate(self) -> None:
        with self._lock, self._connection as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > VERSION:
                raise FormatTooNew(
                    f"The index {self._path} was written by a later Wetread (version {version}, "
                    f"this one knows {VERSION}). Update Wetread to open it.",
                    self._path,
                )
            while version < VERSION:
                MIGRATIONS[version](connection)
                version += 1
                connection.execute(f"PRAGMA user_version = {version}")

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        try:
            with self._lock, self._connection as connection:
                connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise StorageProblem(
                f"The index {self._path} cannot be written ({error}). Make room or check the "
                "folder's permissions, then try again.",
                self._path,
            ) from error
        except sqlite3.ProgrammingError:
            raise  # used after it was closed: our own fault
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _read(self, statement: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.DatabaseError as error:  # also a table that is not there
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.DatabaseError) -> FormatUnreadable:
        return FormatUnreadable(
            f"The index {self._path} is damaged ({error}). Move it away; it is built anew from "
            "what is fetched next.",
            self._path,
        )


def _study(row: sqlite3.Row) -> Study:
    return Study(
        Identity(row["patient_id"], row["issuer"], row["study"]),
        row["patient_name"],
        row["birth_date"],
        row["sex"],
        row["date"],
        row["time"],
        row["accession"],
        row["description"],
        _modalities(row),
        row["s_here"] or row["series_count"],
        row["i_here"] or row["instance_count"],
    )


def _modalities(row: sqlite3.Row) -> tuple[str, ...]:
    known = [*row["modalities"].split("\\"), *(row["modalities_here"] or "").split(",")]
    return tuple(sorted({one for one in known if one}))


def _instance(row: sqlite3.Row) -> Instance:
    return Instance(
        Identity(row["patient_id"], row["issuer"], row["study"], row["series"], row["instance"]),
        row["sop_class"],
        row["number"],
        row["rows"],
        row["columns"],
        row["frames"],
    )
