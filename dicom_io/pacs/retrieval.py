"""C-GET of one series: what the node sends goes from the socket to its file, as it is.

pynetdicom hands each object through several threads and queues, some five milliseconds an object;
here one loop reads, and only commands are decoded. Source: DICOM PS3.7 sections 9.1.3 and 9.3.3.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelGet,
)

from dicom_io.errors import Cancelled, OperationFailed
from dicom_io.pacs import status
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import broken, lost, not_offered
from dicom_io.pacs.commands import (
    C_GET_RSP,
    C_STORE_RQ,
    Command,
    file_head,
    get_request,
    read_command,
    store_response,
)
from dicom_io.pacs.contexts import classes_of_modality, offers, receiving_roles
from dicom_io.pacs.glance import ENOUGH
from dicom_io.pacs.intake import Intake, private
from dicom_io.pacs.line import Line, open_line
from dicom_io.pacs.node import Node
from dicom_io.study import Instance, Series

MOST_UIDS = 400  # in one identifier: a UI value of explicit VR holds 64 KiB
GET = StudyRootQueryRetrieveInformationModelGet

MOST_COMMAND = 2**16  # bytes of a command set


class Retrieval:
    """C-GETs to one node, whose answers go into `intake`."""

    def __init__(self, node: Node, intake: Intake) -> None:
        self._node = node
        self._intake = intake
        self._line: Line | None = None

    def whole(self, series: Series) -> list[str]:
        """Retrieve a series, as far as it holds what series of its modality do."""
        contexts = next(offers(classes_of_modality(series.modality), GET))
        try:
            return self._ask(contexts, identifiers(self._intake.study, series, (), True))
        except OperationFailed as failure:
            return [str(failure)]

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances of a series; see `fetching.Retriever`."""
        classes = {one.sop_class for one in wanted}
        told = [] if "" in classes else sorted(classes)
        said: list[str] = []
        for contexts in offers(told or classes_of_modality(series.modality), GET):
            offered = {str(context.abstract_syntax) for context in contexts}
            rest = [
                one for one in self._intake.missing(wanted) if not told or one.sop_class in offered
            ]
            if rest and not self._intake.is_closed:
                entire = whole and len(rest) == len(wanted)
                try:
                    said += self._ask(
                        contexts, identifiers(self._intake.study, series, rest, entire)
                    )
                except OperationFailed as failure:  # another offer may hold the right class
                    said.append(str(failure))
        return said

    def _ask(
        self, contexts: list[PresentationContext], identifiers: Iterable[Dataset]
    ) -> list[str]:
        with open_line(self._node, contexts, receiving_roles(contexts)) as line:
            self._line = line
            if self._intake.is_closed:  # while we were connecting
                raise Cancelled("Stopped.")
            service = next((n for n, (sop, _) in line.accepted.items() if sop == GET), None)
            if service is None:
                raise not_offered(self._node, GET)
            talk = _Talk(line, self._intake, service)
            return [said for one in identifiers for said in talk.ask(one)]

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        self._intake.close()
        if self._line is not None:
            self._line.cut()


class _Talk:
    """C-GETs on one line: what comes goes to the disk, and each object is answered."""

    def __init__(self, line: Line, intake: Intake, service: int) -> None:
        self._line = line
        self._intake = intake
        self._service = service  # presentation context of C-GET
        self._fragments = line.fragments()
        self._message = 0

    def ask(self, identifier: Dataset) -> Iterator[str]:
        """One C-GET to its end; a sentence for each warning.

        Raises OperationFailed, NodeTimedOut, NodeUnreachable, StorageProblem.
        """
        line, self._message = self._line, self._message + 1
        line.send(self._service, get_request(GET, self._message), is_command=True)
        syntax = UID(line.accepted[self._service][1])
        encoded = encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian)
        line.send(self._service, encoded or b"", is_command=False)
        while True:
            context, command = self._command()
            if command.field == C_STORE_RQ and command.has_data:
                code = self._receive(context, command)
                line.send(context, store_response(command, code), is_command=True)
            elif command.field == C_GET_RSP:
                if command.has_data:  # which objects failed; we count what has arrived
                    self._skip()
                if self._intake.problem is not None:
                    raise self._intake.problem
                if not status.is_pending(command.status):
                    yield from said_at_the_end(line.node, command)
                    return
            else:
                raise broken(line.node, "it sent a message that was not expected")

    def _command(self) -> tuple[int, Command]:
        gathered = b""
        for fragment in self._fragments:
            if not fragment.is_command or len(gathered) > MOST_COMMAND:
                break
            gathered += fragment.content
            if fragment.is_last:
                try:
                    return fragment.context, read_command(gathered)
                except ValueError:
                    break
        raise broken(self._line.node, "it sent a command that cannot be read")

    def _skip(self) -> None:
        for fragment in self._fragments:
            if fragment.is_last:
                return

    def _receive(self, context: int, command: Command) -> int:
        """One object to the disk. Returns the status that the node is told."""
        known = self._line.accepted.get(context)
        if known is None or known[0] != command.sop_class or self._intake.problem is not None:
            self._skip()
            return status.OUT_OF_RESOURCES if self._intake.problem else status.WRONG_CLASS
        temporary = self._intake.temporary()
        try:
            with open(temporary, "wb", buffering=2**16, opener=private) as file:
                file.write(file_head(command.sop_class, command.instance, known[1]))
                head = self._write(file)
            code = self._intake.keep(temporary, command.instance, head, known[1])
        except OSError as error:
            code = self._intake.full(error, temporary)
        except BaseException:
            _remove(temporary)
            raise
        if code != status.SUCCESS:
            _remove(temporary)
        return code

    def _write(self, file: BinaryIO) -> bytes:
        """The data set's fragments; after a failed write they are still read to the last. Returns
        its first bytes."""
        failure: OSError | None = None
        head = b""
        for fragment in self._fragments:
            if fragment.is_command:
                raise broken(self._line.node, "it sent a command within an object")
            if len(head) < ENOUGH:
                head += bytes(fragment.content[:ENOUGH])
            if failure is None:
                try:
                    file.write(fragment.content)
                except OSError as error:
                    failure = error
            if fragment.is_last:
                break
        if failure is not None:
            raise failure
        return head


def _remove(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink()


def said_at_the_end(node: Node, command: Command) -> Iterator[str]:
    """What the last answer to a C-GET says beside success. Raises OperationFailed."""
    if command.status == status.SUCCESS:
        return
    if status.is_warning(command.status):
        failed = command.failed if command.failed >= 0 else "some"
        yield f"{node} could not send all of a series ({failed} objects failed)."
        return
    raise could_not_send(node, command.status, command.comment)


def identifiers(
    study: str, series: Series, wanted: Sequence[Instance], whole: bool
) -> Iterator[Dataset]:
    """What to ask for: SERIES level for all of it, as every node understands; else IMAGE level
    lists."""
    for first in range(0, 1 if whole else len(wanted), MOST_UIDS):
        identifier = Dataset()
        identifier.QueryRetrieveLevel = "SERIES" if whole else "IMAGE"
        identifier.StudyInstanceUID = study
        identifier.SeriesInstanceUID = series.identity.series
        if not whole:
            some = wanted[first : first + MOST_UIDS]
            identifier.SOPInstanceUID = [one.identity.instance for one in some]
        yield identifier


def said_of(
    node: Node, responses: Iterable[tuple[Dataset, Dataset | None]], intake: Intake
) -> Iterator[str]:
    """Read the answers to a C-MOVE to the last; a sentence for each warning.

    Raises OperationFailed, NodeTimedOut, NodeUnreachable, StorageProblem.
    """
    since = time.monotonic()
    for response, _failed in responses:
        if intake.problem is not None:
            raise intake.problem
        code = response.get("Status")
        if code is None:
            raise lost(node, "while sending images", since)
        since = time.monotonic()
        if status.is_pending(code) or code == status.SUCCESS:
            continue
        if status.is_warning(code):
            failed = text_of(response, "NumberOfFailedSuboperations") or "some"
            yield f"{node} could not send all of a series ({failed} objects failed)."
        else:
            raise could_not_send(node, code, text_of(response, "ErrorComment"))


def could_not_send(node: Node, code: int, comment: str) -> OperationFailed:
    """A retrieval that failed, by its status."""
    return OperationFailed(
        f"{node} could not send the images: {status.meaning(code, comment)}. "
        "Try again, or ask its administrator.",
        node.name,
        code,
    )
