"""A Source over a plain folder of DICOM files: off-line work, exports, tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicom_io.errors import Cancelled, FileProblem, NothingFound, StorageProblem
from dicom_io.identity import Identity
from dicom_io.pacs import status
from dicom_io.pacs.answers import header_of, study_of, text_of
from dicom_io.pacs.intake import file_name, write_object
from dicom_io.pacs.matching import matches_query
from dicom_io.pacs.sending import parcel_of
from dicom_io.source import Fetched, Found, Query, Stop, Stored, never
from dicom_io.storage import storage_problem
from dicom_io.study import Study


@dataclass(frozen=True, slots=True)
class _Listed:
    """One readable file of the folder, and what it looked like when it was read."""

    path: Path
    stamp: tuple[int, int]  # size, time of change in nanoseconds
    identity: Identity
    study: Study


class FolderSource:
    """A folder and all folders below it as a `Source`. Headers are read once, until a file
    changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Path, _Listed | None] = {}  # None: no DICOM object

    @property
    def name(self) -> str:
        return str(self._path)

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        """Studies that match, the newest first. Raises StorageProblem, Cancelled."""
        studies: dict[str, list[_Listed]] = {}
        for listed in self._files(stop):
            studies.setdefault(listed.identity.study, []).append(listed)
        rows = [_row(files) for files in studies.values()]
        rows.sort(key=lambda study: (study.date, study.time), reverse=True)
        count = 0
        for study in rows:
            if not matches_query(query, study):
                continue
            if query.limit and count == query.limit:
                yield Found(
                    None, count, f"More than {query.limit} studies match. Narrow the search."
                )
                return
            count += 1
            yield Found(study, count)

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        """Copy the study's files into `into`. Raises NothingFound, StorageProblem, Cancelled."""
        wanted = {one.instance for one in instances}
        files = [
            listed
            for listed in self._files(stop)
            if listed.identity.study == study and (not wanted or listed.identity.instance in wanted)
        ]
        if not files:
            raise NothingFound(
                f"The folder {self._path} holds no such study. Search again and "
                "choose one from the list."
            )
        completed = failed = size = 0
        for listed in files:
            _look(stop)
            problem, path = "", into / file_name(listed.identity.instance)
            try:
                content = listed.path.read_bytes()
            except OSError as error:
                failed += 1
                problem = f"{listed.path.name} could not be read ({error.strerror})."
            else:
                size += _written(path, content)
                completed += 1
            remaining = len(files) - completed - failed
            arrived = None if problem else path
            yield Fetched(listed.identity, arrived, completed, failed, remaining, size, problem)

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        """Copy files into the folder. A known UID with other content is refused (0x0111).

        Raises StorageProblem, Cancelled.
        """
        for path in paths:
            _look(stop)
            parcel = parcel_of(path)
            if parcel.problem:
                yield Stored(path, parcel.uid, status.CANNOT_UNDERSTAND, parcel.problem)
                continue
            target = self._path / file_name(parcel.uid)
            content = path.read_bytes()
            if target.exists() and target.read_bytes() != content:
                problem = f"The folder {self._path}: {status.meaning(status.DUPLICATE)}."
                yield Stored(path, parcel.uid, status.DUPLICATE, problem)
                continue
            _written(target, content)
            yield Stored(path, parcel.uid, status.SUCCESS)

    def _files(self, stop: Stop) -> Iterator[_Listed]:
        """Every DICOM object below the folder, in the order of its path."""
        if not self._path.is_dir():
            raise StorageProblem(
                f"The folder {self._path} does not exist. Choose another.", self._path
            )
        for place, folders, names in os.walk(self._path):
            folders.sort()
            for name in sorted(names):
                _look(stop)
                listed = self._listed(Path(place) / name)
                if listed is not None:
                    yield listed

    def _listed(self, path: Path) -> _Listed | None:
        try:
            found = path.stat()
        except OSError:
            return None  # gone since it was listed
        stamp = (found.st_size, found.st_mtime_ns)
        known = self._known.get(path)
        if known is None or known.stamp != stamp:
            known = _read(path, stamp)
            self._known[path] = known
        return known


def _read(path: Path, stamp: tuple[int, int]) -> _Listed | None:
    try:
        header = header_of(path)
    except (InvalidDicomError, OSError, ValueError, EOFError, AttributeError, FileProblem):
        return None  # not DICOM, or not readable: a folder may hold anything
    if not _is_object(header):
        return None
    return _Listed(path, stamp, Identity.of(header), study_of(header))


def _is_object(header: Dataset) -> bool:
    return all(text_of(header, f"{one}InstanceUID") for one in ("Study", "Series", "SOP"))


def _row(files: list[_Listed]) -> Study:
    """A study as its files together say it."""
    modalities = {one for listed in files for one in listed.study.modalities}
    return replace(
        files[0].study,
        modalities=tuple(sorted(modalities)),
        series_count=len({listed.identity.series for listed in files}),
        instance_count=len({listed.identity.instance for listed in files}),
    )


def _written(path: Path, content: bytes) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return write_object(path, content)
    except OSError as error:
        raise storage_problem(error, path) from error


def _look(stop: Stop) -> None:
    if stop():
        raise Cancelled("Stopped.")
