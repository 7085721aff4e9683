"""What a node sends us, for C-GET and C-MOVE alike: each object to disk as it was sent, renamed
when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import cast

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE

from dicom_io.errors import FileProblem, StorageProblem
from dicom_io.identity import Identity
from dicom_io.image.header import read_header
from dicom_io.pacs import status
from dicom_io.pacs.glance import identity_in
from dicom_io.storage import storage_problem
from dicom_io.study import Instance

Received = Callable[[Identity, Path, int], None]
"""Called with an instance's identity, its file and the file's size in bytes."""

_UID = re.compile(r"[0-9.]{1,64}")
_LAST = Tag("SeriesInstanceUID")


def file_name(uid: str) -> str:
    """A file name for an instance, safe whatever the UID contains (spec D.3)."""
    return hashlib.sha256(uid.encode()).hexdigest()[:40] + ".dcm"


class Intake:
    """Keeps the objects of one study in `folder` and tells `received` of each.

    `problem` is why one could not be kept on our side; what follows is then refused.
    """

    def __init__(self, folder: Path, study: str, received: Received) -> None:
        self.study = study
        self.problem: StorageProblem | None = None
        self._folder = folder
        self._received = received
        self._arrived: set[str] = set()
        self._lock = threading.Lock()  # held while a file is written
        self._closed = False

    @property
    def count(self) -> int:
        """Objects that have arrived."""
        return len(self._arrived)

    @property
    def is_closed(self) -> bool:
        return self._closed

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        return [one for one in wanted if one.identity.instance not in self._arrived]

    def found(self, wanted: Sequence[Instance]) -> None:
        """Count those of `wanted` whose files lie in the folder from an earlier retrieval."""
        for one in wanted:
            path = self._folder / file_name(one.identity.instance)
            try:
                size = path.stat().st_size
            except OSError:
                continue
            self._arrived.add(one.identity.instance)
            self._received(replace(one.identity, study=self.study), path, size)

    def close(self) -> None:
        """From any thread: when this returns, no further file appears."""
        with self._lock:
            self._closed = True

    def store(self, event: evt.Event) -> int:
        """EVT_C_STORE: keep one object. Returns the status that the node is told."""
        if self.problem is not None:
            return status.OUT_OF_RESOURCES
        try:
            identity = identity_of(event)
        except (ValueError, AttributeError, EOFError, KeyError, RecursionError):
            return status.CANNOT_UNDERSTAND
        if identity.study != self.study:
            return status.NOT_AUTHORIZED
        path = self._folder / file_name(identity.instance)
        with self._lock:
            if self._closed:
                return status.OUT_OF_RESOURCES
            try:
                size = write_object(path, event.encoded_dataset())
            except OSError as error:
                return self.full(error, path)
            self._arrived.add(identity.instance)
        self._received(identity, path, size)
        return status.SUCCESS

    def temporary(self) -> Path:
        """Where a thread may write an object until it is whole."""
        return self._folder / f".get.{os.getpid()}-{threading.get_ident()}.part"

    def keep(self, written: Path, instance: str = "", head: bytes = b"", syntax: str = "") -> int:
        """Give a whole file its name, if it is what it was announced as. Returns the status that
        the node is told.

        `head` is the beginning of its data set in `syntax`; where that does not say whose it is,
        the file is read.
        """
        if self.problem is not None:
            return status.OUT_OF_RESOURCES
        identity = identity_in(head, syntax)
        if identity is None:
            try:
                identity = Identity.of(read_header(written).dataset)
            except FileProblem:
                return status.CANNOT_UNDERSTAND
        uids = (identity.instance, identity.series, identity.study)
        if instance not in ("", identity.instance) or not all(map(_UID.fullmatch, uids)):
            return status.CANNOT_UNDERSTAND
        if identity.study != self.study:
            return status.NOT_AUTHORIZED
        path = self._folder / file_name(identity.instance)
        with self._lock:
            if self._closed:
                return status.OUT_OF_RESOURCES
            try:
                size = written.stat().st_size
                os.replace(written, path)
            except OSError as error:
                return self.full(error, path)
            self._arrived.add(identity.instance)
        self._received(identity, path, size)
        return status.SUCCESS

    def full(self, error: OSError, path: Path) -> int:
        """Nothing more can be kept. Returns the status that the node is told."""
        self.problem = storage_problem(error, path)
        return status.OUT_OF_RESOURCES


def write_object(path: Path, content: bytes) -> int:
    """Write and rename, so that no part of a file is ever seen. Returns its size in bytes."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with open(temporary, "wb", opener=private) as file:
            file.write(content)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return len(content)


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def identity_of(event: evt.Event) -> Identity:
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


def data_set_of(content: bytes) -> bytes:
    """The bytes of a DICOM file behind its file meta information (PS3.10 section 7.1)."""
    if content[132:136] != b"\x02\x00\x00\x00":  # no group length: such a file equals only itself
        return content
    return content[144 + int.from_bytes(content[140:144], "little") :]
