"""C-GET of one series: data sets go to disk as they were sent, each renamed when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import cast

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelGet,
)

from dicom_io.errors import Cancelled, OperationFailed, StorageProblem
from dicom_io.identity import Identity
from dicom_io.pacs import status
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import associate, cut, lost
from dicom_io.pacs.contexts import classes_of_modality, offers, receiving_roles
from dicom_io.pacs.fetching import Received
from dicom_io.pacs.node import Node
from dicom_io.storage import storage_problem
from dicom_io.study import Instance, Series

MOST_UIDS = 400  # in one identifier: a UI value of explicit VR holds 64 KiB
GET = StudyRootQueryRetrieveInformationModelGet

_UID = re.compile(r"[0-9.]{1,64}")
_LAST = Tag("SeriesInstanceUID")


def file_name(uid: str) -> str:
    """A file name for an instance, safe whatever the UID contains (spec D.3)."""
    return hashlib.sha256(uid.encode()).hexdigest()[:40] + ".dcm"


class Retrieval:
    """The receiving side of C-GET: writes what arrives into `folder` and tells `received`."""

    def __init__(self, node: Node, folder: Path, study: str, received: Received) -> None:
        self._node = node
        self._folder = folder
        self._study = study
        self._received = received
        self._problem: StorageProblem | None = None  # why we could not keep what was sent
        self._association: Association | None = None
        self._arrived: set[str] = set()
        self._lock = threading.Lock()  # held while a file is written
        self._closed = False

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances of a series; `whole` says that these are all it has.

        Returns a sentence for each failure that the node reported; what did not arrive then,
        `missing` says. Raises NodeProblem when the connection fails, StorageProblem.
        """
        classes = {one.sop_class for one in wanted}
        told = [] if "" in classes else sorted(classes)
        said: list[str] = []
        for contexts in offers(told or classes_of_modality(series.modality), GET):
            offered = {str(context.abstract_syntax) for context in contexts}
            rest = [one for one in self.missing(wanted) if not told or one.sop_class in offered]
            if rest and not self._closed:
                entire = whole and len(rest) == len(wanted)
                try:
                    said += self._ask(contexts, self._identifiers(series, rest, entire))
                except OperationFailed as failure:  # another offer may hold the right class
                    said.append(str(failure))
        return said

    def _ask(
        self, contexts: list[PresentationContext], identifiers: Iterable[Dataset]
    ) -> list[str]:
        handlers = [(evt.EVT_C_STORE, self._store)]
        roles = receiving_roles(contexts)
        with associate(
            self._node, contexts, service=GET, roles=roles, handlers=handlers
        ) as association:
            with self._lock:
                self._association = association
                if self._closed:  # while we were connecting
                    raise Cancelled("Stopped.")
            return [said for one in identifiers for said in self._responses(association, one)]

    def _identifiers(
        self, series: Series, wanted: Sequence[Instance], whole: bool
    ) -> Iterator[Dataset]:
        """SERIES level for all of it, as every node understands; else IMAGE level lists."""
        for first in range(0, 1 if whole else len(wanted), MOST_UIDS):
            identifier = Dataset()
            identifier.QueryRetrieveLevel = "SERIES" if whole else "IMAGE"
            identifier.StudyInstanceUID = self._study
            identifier.SeriesInstanceUID = series.identity.series
            if not whole:
                some = wanted[first : first + MOST_UIDS]
                identifier.SOPInstanceUID = [one.identity.instance for one in some]
            yield identifier

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        return [one for one in wanted if one.identity.instance not in self._arrived]

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        with self._lock:
            self._closed = True
            association = self._association
        if association is not None:
            cut(association)

    def _responses(self, association: Association, identifier: Dataset) -> Iterator[str]:
        since = time.monotonic()
        for response, _failed in association.send_c_get(identifier, GET):
            if self._problem is not None:
                raise self._problem
            code = response.get("Status")
            if code is None:
                raise lost(self._node, "while sending images", since)
            since = time.monotonic()
            if status.is_pending(code) or code == status.SUCCESS:
                continue
            said = status.meaning(code, text_of(response, "ErrorComment"))
            if status.is_warning(code):
                failed = text_of(response, "NumberOfFailedSuboperations") or "some"
                yield f"{self._node} could not send all of a series ({failed} objects failed)."
            else:
                raise OperationFailed(
                    f"{self._node} could not send the images: {said}. "
                    "Try again, or ask its administrator.",
                    self._node.name,
                    code,
                )

    def _store(self, event: evt.Event) -> int:
        """EVT_C_STORE: keep one object. Returns the status that the node is told."""
        if self._problem is not None:
            return status.OUT_OF_RESOURCES
        try:
            identity = _identity_of(event)
        except (ValueError, AttributeError, EOFError, KeyError, RecursionError):
            return status.CANNOT_UNDERSTAND
        if identity.study != self._study:
            return status.NOT_AUTHORIZED
        path = self._folder / file_name(identity.instance)
        with self._lock:
            if self._closed:
                return status.OUT_OF_RESOURCES
            try:
                size = write_object(path, event.encoded_dataset())
            except OSError as error:
                self._problem = storage_problem(error, path)
                return status.OUT_OF_RESOURCES
            self._arrived.add(identity.instance)
        self._received(identity, path, size)
        return status.SUCCESS


def write_object(path: Path, content: bytes) -> int:
    """Write and rename, so that no part of a file is ever seen. Returns its size in bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with open(temporary, "wb", opener=_private) as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return len(content)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _identity_of(event: evt.Event) -> Identity:
    """Whose object this is, by its header. Raises ValueError when its UIDs cannot be right."""
    syntax = UID(event.context.transfer_syntax)
    request = cast(C_STORE, event.request)
    encoded = cast(BytesIO, request.DataSet)
    encoded.seek(0)
    header = read_dataset(
        encoded, syntax.is_implicit_VR, syntax.is_little_endian, stop_when=_past_header
    )
    encoded.seek(0)
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        if not _UID.fullmatch(_raw_uid(header, keyword)):
            raise ValueError(f"The {keyword} is malformed.")
    identity = Identity.of(header)
    if identity.instance != str(request.AffectedSOPInstanceUID):
        raise ValueError("The object is not the one that its message names.")
    return identity


def _past_header(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    """True behind the last attribute that `Identity` needs: no pixels are read."""
    return bool(tag > _LAST)


def _raw_uid(header: Dataset, keyword: str) -> str:
    """A UID as it stands there, before pydicom checks (and prints) it."""
    if keyword not in header:
        return ""
    value = header.get_item(keyword).value
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.rstrip("\0 ")
