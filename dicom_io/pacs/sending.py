"""Sending files by C-STORE, each as it is, with one outcome each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID, ImplicitVRLittleEndian
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from dicom_io.image.syntaxes import is_plain, name_of
from dicom_io.pacs import status
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import associate, cut, lost
from dicom_io.pacs.contexts import MOST_CONTEXTS
from dicom_io.pacs.node import Node
from dicom_io.pacs.relay import Relay
from dicom_io.source import Stored

_NEEDED = ("SOPClassUID", "SOPInstanceUID")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file and what its association must offer; `problem` says why it cannot be sent."""

    path: Path
    sop_class: str = ""
    uid: str = ""
    syntax: str = ""
    problem: str = ""

    @property
    def context(self) -> tuple[str, str]:
        return self.sop_class, self.syntax


class Sending:
    """One run of C-STOREs. `run` works on the network thread, `close` may come from another."""

    def __init__(self, node: Node, relay: Relay[Stored]) -> None:
        self._node = node
        self._relay = relay
        self._association: Association | None = None

    def close(self) -> None:
        """Stop: what is under way is aborted."""
        if self._association is not None:
            cut(self._association)

    def run(self, paths: Sequence[Path]) -> None:
        """Send all files. Raises NodeProblem when the connection cannot be made or breaks."""
        for batch in _batches([parcel_of(path) for path in paths]):
            contexts = _contexts(batch)
            if not contexts:  # nothing in it can be sent
                for parcel in batch:
                    self._relay.put(_unsent(parcel))
                continue
            with associate(self._node, contexts) as association:
                self._association = association
                for number, parcel in enumerate(batch, start=1):
                    if self._relay.stopped:
                        return
                    self._relay.put(self._send(association, parcel, number))

    def _send(self, association: Association, parcel: Parcel, number: int) -> Stored:
        if parcel.problem:
            return _unsent(parcel)
        accepted = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0]))
            for context in association.accepted_contexts
        }
        plain = (parcel.sop_class, str(ImplicitVRLittleEndian))
        since = time.monotonic()
        if parcel.context in accepted:
            response = association.send_c_store(parcel.path, msg_id=1 + number % 65535)
        elif plain in accepted and is_plain(parcel.syntax):
            # DICOM's default, which every node must take: same values, written another way
            response = association.send_c_store(dcmread(parcel.path), msg_id=1 + number % 65535)
        else:
            return self._refused(parcel)
        code = response.get("Status")
        if code is None:
            raise lost(self._node, "while storing", since)
        problem = ""
        if code != status.SUCCESS:
            said = status.meaning(code, text_of(response, "ErrorComment"))
            problem = f"{self._node} {'warns' if status.is_warning(code) else 'did not store it'}: "
            problem += f"{said}."
        return Stored(parcel.path, parcel.uid, code, problem)

    def _refused(self, parcel: Parcel) -> Stored:
        what, syntax = UID(parcel.sop_class).name, name_of(parcel.syntax)
        return Stored(
            parcel.path,
            parcel.uid,
            status.CLASS_NOT_SUPPORTED,
            f"{self._node} does not accept {what} in {syntax}. Ask its administrator to allow it.",
        )


def parcel_of(path: Path) -> Parcel:
    """What must be known to send a file, from its header."""
    try:
        header = dcmread(
            path, specific_tags=["SOPClassUID", "SOPInstanceUID"], stop_before_pixels=True
        )
        parcel = Parcel(
            path,
            text_of(header, "SOPClassUID"),
            text_of(header, "SOPInstanceUID"),
            str(header.file_meta.get("TransferSyntaxUID", "")),
        )
        named = str(header.file_meta.get("MediaStorageSOPInstanceUID", ""))
    except (InvalidDicomError, OSError, AttributeError, ValueError, EOFError) as error:
        reason = "it is no DICOM file" if isinstance(error, InvalidDicomError) else str(error)
        return Parcel(path, problem=f"{path.name} cannot be sent: {reason}.")
    if not all((parcel.sop_class, parcel.uid, parcel.syntax)):
        missing = "it does not say its class, its UID or its transfer syntax"
        return Parcel(path, problem=f"{path.name} cannot be sent: {missing}.")
    if named != parcel.uid:
        return Parcel(path, problem=f"{path.name} cannot be sent: its two UIDs differ.")
    return parcel


def _unsent(parcel: Parcel) -> Stored:
    return Stored(parcel.path, parcel.uid, status.CANNOT_UNDERSTAND, parcel.problem)


def _batches(parcels: Sequence[Parcel]) -> Iterator[list[Parcel]]:
    """Consecutive files whose contexts fit into one association."""
    batch: list[Parcel] = []
    for parcel in parcels:
        if len(_contexts([*batch, parcel])) > MOST_CONTEXTS:
            yield batch
            batch = []
        batch.append(parcel)
    if batch:
        yield batch


def _contexts(parcels: Sequence[Parcel]) -> list[PresentationContext]:
    """One context per class and transfer syntax, and the default one for each class that is not
    compressed."""
    pairs: dict[tuple[str, str], None] = {}
    for parcel in parcels:
        if parcel.problem:
            continue
        pairs[parcel.context] = None
        if is_plain(parcel.syntax):
            pairs[parcel.sop_class, str(ImplicitVRLittleEndian)] = None
    return [build_context(sop_class, syntax) for sop_class, syntax in pairs]
