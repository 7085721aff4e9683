"""Storage commitment: a node answers for objects that it holds, on the same association or by
calling us back on the port `node.listen`.

Source: DICOM PS3.4 annex J (push model).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    Verification,
)

from dicom_io.errors import NodeTimedOut, OperationFailed
from dicom_io.pacs import status
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.association import (
    MAX_PDU,
    application_entity,
    associate,
    broken,
    cut,
    lost,
    serve_peer,
)
from dicom_io.pacs.listener import listening
from dicom_io.pacs.node import Node
from dicom_io.pacs.relay import POLL, Relay
from dicom_io.report.header import new_uid
from dicom_io.source import Commitment, Stop

PATIENCE = 10.0  # seconds for a result, where we have a port on which it can come
SAME = 2.0  # seconds for one that can come on the same association only

_REQUEST = 1  # the only action type
_ALL, _SOME_FAILED = 1, 2  # event types


@dataclass
class _Result:
    """What the node says of one request, from whatever association it comes."""

    transaction: str
    commitment: Commitment | None = None

    def __post_init__(self) -> None:
        self.came = threading.Event()

    def take(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """Handle N-EVENT-REPORT. A result of another request is not ours to answer for."""
        told = event.event_information
        if text_of(told, "TransactionUID") != self.transaction:
            return status.INVALID_ARGUMENT, None
        self.commitment = Commitment(
            frozenset(
                text_of(one, "ReferencedSOPInstanceUID")
                for one in told.get("ReferencedSOPSequence") or ()
            ),
            {
                text_of(one, "ReferencedSOPInstanceUID"): status.meaning(
                    int(one.get("FailureReason") or status.PROCESSING_FAILURE)
                )
                for one in told.get("FailedSOPSequence") or ()
            },
        )
        self.came.set()
        return status.SUCCESS, None


def commit(node: Node, objects: Sequence[tuple[str, str]], stop: Stop) -> Commitment:
    """Ask the node to answer for objects, pairs of class and instance UID, and wait for it.

    Raises NodeRefused where it offers no storage commitment, OperationFailed where it refuses the
    request, NodeTimedOut where no result comes in time, other NodeProblems, and Cancelled.
    """
    relay: Relay[Commitment] = Relay()
    open_now: list[Association] = []

    def abandon() -> None:
        for association in open_now:
            cut(association)

    def work() -> None:
        relay.put(_committed(node, objects, relay, open_now))

    return next(relay.items(work, stop, abandon, wait=False))


def _committed(
    node: Node,
    objects: Sequence[tuple[str, str]],
    relay: Relay[Commitment],
    open_now: list[Association],
) -> Commitment:
    result = _Result(str(new_uid()))
    handlers = [(evt.EVT_N_EVENT_REPORT, result.take)]
    context = build_context(StorageCommitmentPushModel)
    with ExitStack() as open_ports:
        with associate(
            node, [context], service=StorageCommitmentPushModel, handlers=handlers
        ) as association:
            open_now.append(association)
            # only now: a node that offers nothing costs no port
            callback = listening(node, _entity(node), handlers) if node.listen else nullcontext()
            open_ports.enter_context(callback)
            _request(node, association, result.transaction, objects)
            serve_peer(association)
            until = time.monotonic() + (PATIENCE if node.listen else SAME)
            while not result.came.wait(POLL):
                if relay.stopped or time.monotonic() >= until:
                    break
                if not association.is_established and not node.listen:
                    raise broken(node, "before the result of a storage commitment")
            else:
                # its answer to our answer is still on the way out
                time.sleep(POLL)
    if result.commitment is None:
        raise NodeTimedOut(_unanswered(node), node.name)
    return result.commitment


def _request(
    node: Node, association: Association, transaction: str, objects: Sequence[tuple[str, str]]
) -> None:
    information = Dataset()
    information.TransactionUID = transaction
    information.ReferencedSOPSequence = [_reference(*one) for one in objects]
    since = time.monotonic()
    response, _ = association.send_n_action(
        information, _REQUEST, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
    )
    code = response.get("Status")
    if code is None:
        raise lost(node, "at a storage commitment", since)
    if code != status.SUCCESS:
        raise OperationFailed(
            f"{node} takes no storage commitment from us: {status.meaning(code)}.", node.name, code
        )


def _unanswered(node: Node) -> str:
    if node.listen:
        return (
            f"{node} did not say in time whether it answers for it. Ask its administrator whether "
            f"it sends results of storage commitment to {node.calling_aet}, port {node.listen}."
        )
    return (
        f"{node} did not say on the same connection whether it answers for it. Give the node a "
        "port of ours (`listen`), so that it can call us back."
    )


def _entity(node: Node) -> AE:
    entity = application_entity(node.calling_aet)
    entity.require_called_aet = True
    entity.maximum_associations = 4
    entity.maximum_pdu_size = MAX_PDU
    entity.acse_timeout = 5
    entity.dimse_timeout = node.answer_timeout
    entity.network_timeout = node.answer_timeout
    entity.add_supported_context(Verification)
    # the node that calls back is the provider, though it opens the association
    entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    return entity


def _reference(sop_class: str, instance: str) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = UID(sop_class)
    reference.ReferencedSOPInstanceUID = UID(instance)
    return reference


def answer_request(event: evt.Event, class_of: Callable[[str], str]) -> tuple[int, Dataset | None]:
    """Handle N-ACTION as a provider: the result follows on the same association.

    `class_of` gives the class of an object that is held, "" for one that is not.
    """
    asked = event.action_information
    if event.action_type != _REQUEST or not text_of(asked, "TransactionUID"):
        return status.INVALID_ARGUMENT, None
    held: list[Dataset] = []
    failed: list[Dataset] = []
    for one in asked.get("ReferencedSOPSequence") or ():
        wanted = text_of(one, "ReferencedSOPClassUID"), text_of(one, "ReferencedSOPInstanceUID")
        reference, found = _reference(*wanted), class_of(wanted[1])
        if found == wanted[0]:
            held.append(reference)
            continue
        reference.FailureReason = status.CLASS_CONFLICT if found else status.NO_SUCH_OBJECT
        failed.append(reference)
    result = Dataset()
    result.TransactionUID = asked.TransactionUID
    if held:
        result.ReferencedSOPSequence = held
    if failed:
        result.FailedSOPSequence = failed
    threading.Thread(
        target=_report, args=(event.assoc, result), name="commitment", daemon=True
    ).start()
    return status.SUCCESS, None


def _report(association: Association, result: Dataset) -> None:
    """Send the result. pynetdicom holds it back until the answer to N-ACTION is out."""
    kind = _SOME_FAILED if "FailedSOPSequence" in result else _ALL
    try:
        association.send_n_event_report(
            result, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
    except RuntimeError:  # the asker has gone; it asks again
        return
