"""The embedded archive: a real DICOM node on loopback, for the demo, for tests and off-line work.

It answers C-ECHO, C-FIND (Patient Root and Study Root), C-GET, C-STORE and storage commitment,
whose result it sends on the same association. Objects are kept as they came and sent in the
transfer syntax in which they came; nothing is transcoded or changed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_FIND, C_STORE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from dicom_io.errors import NotDicom, StorageProblem
from dicom_io.pacs import status
from dicom_io.pacs.answers import declare_utf8, text_of
from dicom_io.pacs.archive_index import LEVELS, ArchiveIndex, Row
from dicom_io.pacs.association import MAX_PDU, application_entity
from dicom_io.pacs.commitment import answer_request
from dicom_io.pacs.contexts import STORAGE_CLASSES, UNCOMPRESSED, syntaxes_of_class
from dicom_io.pacs.guard import guard_socket
from dicom_io.pacs.intake import data_set_of, file_name, write_object
from dicom_io.pacs.listener import Listener
from dicom_io.pacs.node import Node

_FINDS = (
    StudyRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelFind,
)
_GETS = (
    StudyRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelGet,
)
_NUMBERS = frozenset(
    {
        "SeriesNumber",
        "InstanceNumber",
        "Rows",
        "Columns",
        "NumberOfFrames",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
        "NumberOfSeriesRelatedInstances",
    }
)
_ABOVE = {
    "STUDY": (),
    "SERIES": ("StudyInstanceUID",),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID"),
}


class Archive:
    """A DICOM node that keeps its objects in `folder`. Use it as a context manager.

    `port` 0 takes a free one; `node` then names it. A C-STORE of a known SOP Instance UID succeeds
    when the bytes are equal; otherwise the old object is kept and the answer is 0x0111 (duplicate
    SOP instance, PS3.7 C.5.5), because a success would be untrue.
    """

    def __init__(self, folder: Path, aet: str = "WETREAD_DEMO", port: int = 0) -> None:
        self._folder = folder
        self._objects = folder / "objects"
        self._aet = aet
        self._port = port
        self._server: Listener | None = None
        self._index: ArchiveIndex | None = None
        self._writing = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def node(self) -> Node:
        """Where this archive is reached. Only between `start` and `stop`."""
        if self._server is None:
            raise RuntimeError("The archive is not running.")
        return Node("demo", self._aet, "127.0.0.1", int(self._server.server_address[1]))

    def start(self) -> None:
        """Listen on loopback. Raises StorageProblem when the folder or the port is no use."""
        self._open()
        try:
            server = self._entity().make_server(
                ("127.0.0.1", self._port), evt_handlers=self._handlers(), server_class=Listener
            )
        except OSError as error:
            raise StorageProblem(
                f"The embedded archive cannot listen on port {self._port} ({error.strerror}). "
                "Choose another port.",
                self._folder,
            ) from error
        threading.Thread(target=server.serve_forever, name="archive", daemon=True).start()
        self._server = cast(Listener, server)

    def stop(self) -> None:
        """Close the port, all associations and the index."""
        if self._server is not None:
            self._server.end()
            self._server = None
        if self._index is not None:
            self._index.close()
            self._index = None

    def add(self, paths: Sequence[Path]) -> int:
        """Put files into the archive without the network. Returns how many objects it then holds.

        Raises NotDicom for a file that is no DICOM or lacks a UID.
        """
        index = self._open()
        for path in paths:
            try:
                content = path.read_bytes()
                header = dcmread(path, stop_before_pixels=True)
                syntax = str(header.file_meta.TransferSyntaxUID)
            except (InvalidDicomError, AttributeError, OSError) as error:
                raise NotDicom(
                    f"{path.name} is no DICOM file that can be archived.", path
                ) from error
            if not all(
                text_of(header, f"{level}InstanceUID") for level in ("Study", "Series", "SOP")
            ):
                raise NotDicom(f"{path.name} lacks the UID of its study, series or object.", path)
            self._keep(header, syntax, content)
        return index.count()

    def _open(self) -> ArchiveIndex:
        if self._index is None:
            self._objects.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._index = ArchiveIndex(self._folder / "archive.sqlite")
        return self._index

    def _entity(self) -> AE:
        entity = application_entity(self._aet)
        entity.require_called_aet = True
        entity.maximum_associations = 16
        entity.maximum_pdu_size = MAX_PDU
        entity.acse_timeout = 5
        entity.dimse_timeout = 30
        entity.network_timeout = 30
        entity.add_supported_context(Verification)
        entity.add_supported_context(StorageCommitmentPushModel)
        for service in (*_FINDS, *_GETS):
            entity.add_supported_context(service, list(UNCOMPRESSED))
        for sop_class in STORAGE_CLASSES:
            syntaxes = list(syntaxes_of_class(sop_class))
            entity.add_supported_context(sop_class, syntaxes, scu_role=True, scp_role=True)
        return entity

    def _handlers(self) -> list[evt.EventHandlerType]:
        return [
            (evt.EVT_CONN_OPEN, lambda event: guard_socket(event.assoc, MAX_PDU)),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_GET, self._get),
            (evt.EVT_N_ACTION, lambda event: answer_request(event, self._class_of)),
        ]

    def _store(self, event: evt.Event) -> int:
        header = event.dataset
        if str(cast(C_STORE, event.request).AffectedSOPInstanceUID) != text_of(
            header, "SOPInstanceUID"
        ):
            return status.WRONG_CLASS
        if not text_of(header, "StudyInstanceUID") or not text_of(header, "SeriesInstanceUID"):
            return status.CANNOT_UNDERSTAND
        try:
            return self._keep(header, str(event.context.transfer_syntax), event.encoded_dataset())
        except (OSError, sqlite3.OperationalError):  # the disk is full, or the folder is gone
            return status.OUT_OF_RESOURCES

    def _keep(self, header: Dataset, syntax: str, content: bytes) -> int:
        """Write and enter one object (a whole DICOM file). Returns the status of the storing."""
        path = self._objects / file_name(text_of(header, "SOPInstanceUID"))
        with self._writing:
            if not path.exists():
                write_object(path, content)
            elif data_set_of(path.read_bytes()) != data_set_of(content):
                return status.DUPLICATE
            self._open().put(header, syntax, path)  # also what a crash kept from being entered
        return status.SUCCESS

    def _class_of(self, uid: str) -> str:
        """The class of an object that is held, read from its file; "" for none."""
        path = self._objects / file_name(uid)
        try:
            return text_of(dcmread(path, specific_tags=["SOPClassUID"]), "SOPClassUID")
        except (OSError, InvalidDicomError):
            return ""

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        identifier = declare_utf8(event.identifier)
        level = text_of(identifier, "QueryRetrieveLevel")
        patient_root = cast(C_FIND, event.request).AffectedSOPClassUID in _FINDS[1:]
        if not _is_answerable(level, identifier, patient_root):
            yield status.WRONG_CLASS, None  # the identifier does not fit its class
            return
        for row in self._open().find(level, identifier):
            if event.is_cancelled:
                yield status.CANCELLED, None
                return
            yield 0xFF00, self._answer(level, identifier, row)

    def _answer(self, level: str, identifier: Dataset, row: Row) -> Dataset:
        answer = Dataset()
        answer.SpecificCharacterSet = "ISO_IR 192"
        answer.QueryRetrieveLevel = level
        answer.RetrieveAETitle = self._aet
        for element in identifier:
            name = element.keyword
            if name in ("SpecificCharacterSet", "QueryRetrieveLevel", "RetrieveAETitle"):
                continue
            if name in row:
                value = row[name]
                setattr(answer, name, _whole(value) if name in _NUMBERS else value)
            elif element.VR != "SQ":
                answer.add_new(element.tag, element.VR, None)  # a key that we do not hold
        return answer

    def _get(self, event: evt.Event) -> Iterator[int | tuple[int, Dataset | None]]:
        identifier = event.identifier
        level = text_of(identifier, "QueryRetrieveLevel")
        if level not in LEVELS:
            yield 0
            yield status.WRONG_CLASS, None
            return
        kept = self._open().objects(identifier, self._objects)
        yield len(kept)
        for one in kept:
            if event.is_cancelled:
                yield status.CANCELLED, None
                return
            yield 0xFF00, dcmread(one.path)


def _whole(text: str) -> int | None:
    """A number of an answer; none when the object holds none."""
    return int(text) if text.lstrip("-").isdigit() else None


def _is_answerable(level: str, identifier: Dataset, patient_root: bool) -> bool:
    """The level exists in the model and the UIDs of the levels above are given (no relational
    queries, PS3.4 C.4.1.2.2)."""
    if level == "PATIENT":
        return patient_root
    return level in _ABOVE and all(text_of(identifier, name) for name in _ABOVE[level])
