"""Fetched studies on this workstation: files in the data root, listed in the index."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from dicom_io.errors import NothingFound, StorageProblem
from dicom_io.identity import Identity
from dicom_io.pacs.answers import header_of, instance_of, series_of, study_of
from dicom_io.pacs.index import Index, ReportStatus
from dicom_io.source import Fetched, Source, Stop, never
from dicom_io.storage import DataRoot, storage_problem
from dicom_io.study import Instance, Series, Study


class Cache:
    """The studies that are here. Folders and files are named by hashes, never by UIDs or names.

    Safe for use from several threads. Raises what `Index` raises when it is opened.
    """

    def __init__(self, root: DataRoot) -> None:
        self._root = root.create()
        self.index = Index(root.index)

    def close(self) -> None:
        self.index.close()

    def study_folder(self, uid: str) -> Path:
        """The folder of a study's files; made when missing. Raises StorageProblem."""
        folder = self._root.cache / hashlib.sha256(uid.encode()).hexdigest()[:40]
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, folder) from error
        return folder

    def fetch(
        self, source: Source, study: str, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        """Fetch a study (or some of its objects) from `source` into the cache.

        Passes on the source's events; each object is in the index before its event is seen.
        Raises what `source.fetch` raises.
        """
        for event in source.fetch(study, self.study_folder(study), stop, instances):
            if event.path is not None:
                self.add(event.path, source.name)
            yield event

    def add(self, path: Path, source: str = "") -> None:
        """Enter a file that lies in its study's folder. Only its header is read."""
        header = header_of(path)
        self.index.put_study(study_of(header), source)
        self.index.put_object(series_of(header), instance_of(header), path.name)

    def studies(self) -> tuple[Study, ...]:
        """All studies that are here, the newest first."""
        return self.index.studies()

    def study(self, uid: str) -> Study:
        """One study. Raises NothingFound."""
        return self.index.study(uid)

    def series(self, study: str) -> tuple[Series, ...]:
        """The series of a study that are here, in the order of their numbers."""
        return self.index.series(study)

    def instances(self, study: str, series: str = "") -> tuple[Instance, ...]:
        """The objects of a study or series that are here, in the order of their numbers."""
        return tuple(instance for instance, _ in self.index.instances(study, series))

    def files(self, study: str, series: str = "") -> tuple[Path, ...]:
        """The files of `instances`, in the same order. Raises NothingFound when there are none."""
        folder = self.study_folder(study)
        found = tuple(folder / file for _, file in self.index.instances(study, series))
        if not found:
            raise NothingFound("This study is not on this workstation. Fetch it first.")
        return found

    def file(self, identity: Identity) -> Path:
        """The file of one object. Raises NothingFound."""
        folder = self.study_folder(identity.study)
        for instance, file in self.index.instances(identity.study, identity.series):
            if instance.identity.instance == identity.instance:
                return folder / file
        raise NothingFound("This image is not on this workstation. Fetch its study first.")

    def report(self, study: str) -> ReportStatus:
        """How far the study's report is."""
        return self.index.report(study)

    def set_report(self, study: str, state: ReportStatus, reader: str = "") -> None:
        """Remember how far a study's report is, and whose it is."""
        self.index.set_report(study, state, reader)

    def remove(self, study: str) -> None:
        """Delete a study's files and forget it. Raises StorageProblem."""
        folder = self.study_folder(study)
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise StorageProblem(
                f"A cached study could not be deleted ({error.strerror}). Check the permissions "
                f"of {folder}.",
                folder,
            ) from error
        self.index.remove(study)
