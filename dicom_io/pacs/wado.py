"""WADO-RS: a series as a stream of DICOM files, each renamed when it is whole.

Source: DICOM PS3.18 section 10.4.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx2

from dicom_io.errors import (
    Cancelled,
    NodeUnreachable,
    OperationFailed,
)
from dicom_io.pacs import status
from dicom_io.pacs.glance import ENOUGH, data_set_in
from dicom_io.pacs.http import PIECE, Web
from dicom_io.pacs.intake import Intake, private
from dicom_io.pacs.multipart import Malformed, boundary_of, parts
from dicom_io.study import Instance, Series

# As stored: without the last part servers decode everything, or fail where they cannot (spec B.3).
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
LARGEST = 2**33  # bytes of one object; a longer one has no end

_UID = re.compile(r"[0-9.]{1,64}")


class WadoRetrieval:
    """The objects of one study over HTTP: what arrives goes into
    `intake`."""

    def __init__(self, web: Web, intake: Intake) -> None:
        self._web = web
        self._intake = intake

    def whole(self, series: Series) -> list[str]:
        """Retrieve a series in one request; see `fetching.Retriever`."""
        return self._ask(self._root(series))

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances: in one request when they are the `whole` series.

        Returns a sentence for each failure. Raises NodeProblem when nobody answers,
        StorageProblem, Cancelled.
        """
        root = self._root(series)
        said: list[str] = []
        if whole:
            said += self._ask(root)
        for one in self._intake.missing(wanted):
            if self._intake.is_closed:
                break
            if not _UID.fullmatch(one.identity.instance):
                said.append(f"{self._web.node} names an object by a UID that is none.")
            elif not whole or said:  # a stream that broke: what is left, one by one
                said += self._ask(f"{root}/instances/{one.identity.instance}")
        return said

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        self._intake.close()

    def _root(self, series: Series) -> str:
        return f"/studies/{self._intake.study}/series/{series.identity.series}"

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
            if not self._intake.count:
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
        intake, node = self._intake, self._web.node
        temporary = intake.temporary()
        code = status.CANNOT_UNDERSTAND
        try:
            head = self._write(temporary, part)
            code = intake.keep(temporary, "", *data_set_in(head))
        except OSError as error:
            intake.full(error, temporary)
        finally:
            if code != status.SUCCESS:
                with contextlib.suppress(OSError):
                    temporary.unlink()
        if intake.problem is not None:
            raise intake.problem
        if intake.is_closed:
            raise Cancelled("Stopped.")
        if code == status.NOT_AUTHORIZED:
            return f"{node} sent an object that belongs to another study; not kept."
        return "" if code == status.SUCCESS else f"{node} sent an object that cannot be read."

    def _write(self, path: Path, part: Iterator[bytes]) -> bytes:
        """Returns the first bytes of the file."""
        size, head = 0, b""
        with open(path, "wb", buffering=2**16, opener=private) as file:
            for piece in part:
                if self._intake.is_closed:
                    raise Cancelled("Stopped.")
                if size < ENOUGH:
                    head += piece[:ENOUGH]
                size += len(piece)
                if size > LARGEST:
                    raise OperationFailed(
                        f"{self._web.node} sent an object without an end.", self._web.node.name, 200
                    )
                file.write(piece)
        return head
