"""WADO-RS: a series as a stream of DICOM files, each renamed when it is whole.

Source: DICOM PS3.18 section 10.4.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2

from dicom_io.errors import (
    Cancelled,
    FileProblem,
    NodeUnreachable,
    OperationFailed,
)
from dicom_io.identity import Identity
from dicom_io.image.header import read_header
from dicom_io.pacs.fetching import Received
from dicom_io.pacs.http import PIECE, Web
from dicom_io.pacs.intake import file_name, private
from dicom_io.pacs.multipart import Malformed, boundary_of, parts
from dicom_io.storage import storage_problem
from dicom_io.study import Instance, Series

# As stored: without the last part servers decode everything, or fail where they cannot (spec B.3).
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
LARGEST = 2**33  # bytes of one object; a longer one has no end

_UID = re.compile(r"[0-9.]{1,64}")


class WadoRetrieval:
    """The objects of one study over HTTP: writes what arrives into `folder`, tells `received`."""

    def __init__(self, web: Web, folder: Path, study: str, received: Received) -> None:
        self._web = web
        self._folder = folder
        self._study = study
        self._received = received
        self._arrived: set[str] = set()
        self._lock = threading.Lock()  # held while a file gets its name
        self._closed = False

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances: in one request when they are the `whole` series.

        Returns a sentence for each failure. Raises NodeProblem when nobody answers,
        StorageProblem, Cancelled.
        """
        root = f"/studies/{self._study}/series/{series.identity.series}"
        said: list[str] = []
        if whole:
            said += self._ask(root)
        for one in self.missing(wanted):
            if self._closed:
                break
            if not _UID.fullmatch(one.identity.instance):
                said.append(f"{self._web.node} names an object by a UID that is none.")
            elif not whole or said:  # a stream that broke: what is left, one by one
                said += self._ask(f"{root}/instances/{one.identity.instance}")
        return said

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        return [one for one in wanted if one.identity.instance not in self._arrived]

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        with self._lock:
            self._closed = True

    def _ask(self, path: str) -> list[str]:
        node = self._web.node
        try:
            with self._web.request("GET", path, {"Accept": ACCEPT}) as response:
                return list(self._take(response))
        except OperationFailed as failure:
            if failure.status == 404:
                return [f"{node} does not hold this object."]
            return [str(failure)]
        except NodeUnreachable as failure:
            if not self._arrived:
                raise
            return [str(failure)]

    def _take(self, response: httpx2.Response) -> Iterator[str]:
        """Keep each part; a sentence for each that is not kept."""
        node = self._web.node
        try:
            boundary = boundary_of(response.headers.get("content-type", ""))
            for part in parts(response.iter_bytes(PIECE), boundary):
                problem = self._keep(part)
                if problem:
                    yield problem
        except Malformed as fault:
            yield f"{node} did not send what was asked for: {fault}. Try again."

    def _keep(self, part: Iterator[bytes]) -> str:
        """Write one object and tell of it; a sentence when it is not what it should be."""
        temporary = self._folder / f".wado.{os.getpid()}-{threading.get_ident()}.part"
        try:
            size = self._write(temporary, part)
            identity = Identity.of(read_header(temporary).dataset)
            if identity.study != self._study or not _UID.fullmatch(identity.instance):
                return f"{self._web.node} sent an object that belongs to another study; not kept."
            path = self._folder / file_name(identity.instance)
            with self._lock:
                if self._closed:
                    raise Cancelled("Stopped.")
                os.replace(temporary, path)
                self._arrived.add(identity.instance)
        except FileProblem as problem:
            return f"{self._web.node} sent an object that cannot be read: {problem}"
        except OSError as error:
            raise storage_problem(error, self._folder) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._received(identity, path, size)
        return ""

    def _write(self, path: Path, part: Iterator[bytes]) -> int:
        size = 0
        with open(path, "wb", opener=private) as file:
            for piece in part:
                if self._closed:
                    raise Cancelled("Stopped.")
                size += len(piece)
                if size > LARGEST:
                    raise OperationFailed(
                        f"{self._web.node} sent an object without an end.", self._web.node.name, 200
                    )
                file.write(piece)
        return size
