"""Opening an association, with every way it can fail told in one sentence."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydicom.uid import UID
from pynetdicom import AE, _config, evt
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    ModalityWorklistInformationFind,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from pynetdicom.transport import AddressInformation, AssociationSocket

from dicom_io.errors import ClassRefused, NodeRefused, NodeTimedOut, NodeUnreachable
from dicom_io.pacs.guard import guard_socket
from dicom_io.pacs.node import Node, checked_node
from dicom_io.pacs.tls import Wrapping, handshake_problem, tls_of
from dicom_io.report.header import IMPLEMENTATION_CLASS_UID, Software

# Identifiers are patient data: they stay out of every log (PS3.15; spec D.1).
_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.STORE_SEND_CHUNKED_DATASET = True  # files are sent as they are, not decoded first
logging.getLogger("pynetdicom").setLevel(logging.ERROR)  # warnings quote what a peer wrote
logging.getLogger("pydicom").setLevel(logging.ERROR)  # its warnings quote malformed values

MAX_PDU = 131072  # bytes that we are willing to receive in one PDU

_SERVICES = {
    str(Verification): "an echo (C-ECHO)",
    str(StudyRootQueryRetrieveInformationModelFind): "searching (C-FIND)",
    str(StudyRootQueryRetrieveInformationModelGet): "retrieving by C-GET",
    str(StudyRootQueryRetrieveInformationModelMove): "retrieving by C-MOVE",
    str(StorageCommitmentPushModel): "storage commitment",
    str(ModalityWorklistInformationFind): "a modality worklist",
}

# (source, diagnostic) of an A-ASSOCIATE-RJ to what the person should do. PS3.8 table 9-21.
_REJECTIONS = {
    (1, 2): "it does not speak DICOM's application context; check the port",
    (1, 3): (
        "it does not know our AE title {node.calling_aet}; ask its administrator to add "
        "{node.calling_aet}"
    ),
    (1, 7): "it is not called {node.aet}; check the node's AE title (upper and lower case count)",
    (2, 2): "it does not support our protocol version",
    (3, 1): "it is busy; try again in a minute",
    (3, 2): "it has too many connections; try again in a minute",
}


class _Gate(threading.Event):
    """Keeps pynetdicom's own reader away from the answers to our requests.

    An association has a thread that serves what the peer asks of us. pynetdicom pauses it during
    a request and lets it run again after each; when requests follow one another closely, it now
    and then wakes late and swallows the first answer of the next one (pynetdicom issue 875), so
    that a study seems to be missing. We ask and are never asked: it waits here until we are done.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self._is_open = False

    def wait(self, timeout: float | None = None) -> bool:
        self.reached.set()
        return super().wait(timeout)

    def set(self) -> None:
        if self._is_open:
            super().set()

    def open(self) -> None:
        self._is_open = True
        super().set()


class _Entity(AE):
    """An AE that closes its socket when a connection fails; pynetdicom 3.0 leaves it open then
    (it shuts a socket down first, which fails for one that was never connected)."""

    _raw: socket.socket | None = None

    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: Any
    ) -> AssociationSocket:
        transport = super()._create_socket(assoc, address, tls_args)
        self._raw = transport.socket
        return transport

    def close_socket(self) -> None:
        if self._raw is not None:
            self._raw.close()


def application_entity(title: str) -> _Entity:
    """This program as an application entity that calls itself `title`."""
    entity = _Entity(ae_title=title)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = Software.installed().implementation_version
    return entity


def _caller_of(node: Node) -> _Entity:
    """This program, under the title and with the patience that the node's settings say."""
    entity = application_entity(node.calling_aet)
    entity.connection_timeout = node.timeout
    entity.acse_timeout = node.timeout
    entity.dimse_timeout = node.answer_timeout
    entity.network_timeout = node.answer_timeout
    return entity


@contextmanager
def associate(
    node: Node,
    contexts: Sequence[PresentationContext],
    *,
    service: str = "",
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
    handlers: Sequence[tuple[Any, ...]] = (),
) -> Iterator[Association]:
    """An open association with `node`, released at the end, or aborted after an error.

    At most 128 contexts (PS3.8 section 9.3.2). `service` is the UID of the one without which the
    association is of no use. Raises NodeUnreachable, NodeRefused, NodeTimedOut.
    """
    checked_node(node)
    opened: list[bool] = []

    def connection_opened(event: evt.Event) -> None:
        opened.append(True)
        guard_socket(event.assoc, MAX_PDU)

    entity = _caller_of(node)
    wrapping = Wrapping(tls_of(node)) if node.tls else None
    began = time.monotonic()
    try:
        association = entity.associate(
            node.host,
            node.port,
            contexts=list(contexts),
            ae_title=node.aet,
            max_pdu=MAX_PDU,
            ext_neg=list(roles),
            evt_handlers=[(evt.EVT_CONN_OPEN, connection_opened), *handlers],
            tls_args=(wrapping, node.host) if wrapping else None,  # type: ignore[arg-type]  # all it calls
        )
    except (socket.gaierror, OSError) as error:
        raise NodeUnreachable(
            f"The host {node.host} of {node} is not known in this network. Check its name.",
            node.name,
        ) from error
    try:
        if not association.is_established:
            raise _why_not(node, association, bool(opened), began)
        yield from _while_open(node, association, service)
    finally:
        entity.close_socket()
        if wrapping is not None:
            wrapping.close()


def _while_open(node: Node, association: Association, service: str) -> Iterator[Association]:
    """The association, once; released after use, aborted after an error."""
    accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
    if service and service not in accepted:
        association.release()
        raise not_offered(node, service)
    gate = _Gate()
    association._reactor_checkpoint = gate
    gate.reached.wait(node.timeout)
    try:
        yield association
    except BaseException:
        association.abort()
        raise
    else:
        if association.is_established:
            association.release()
    finally:
        gate.open()


def serve_peer(association: Association) -> None:
    """Our last request has been answered: from here on the node may ask us something."""
    gate = association._reactor_checkpoint
    if isinstance(gate, _Gate):
        gate.open()


def not_offered(node: Node, service: str) -> NodeRefused:
    """The node accepted the association, but not what it was for."""
    return NodeRefused(
        f"{node} does not offer {_SERVICES.get(service, UID(service).name)}. "
        f"Ask its administrator what {node.calling_aet} may do.",
        node.name,
    )


def _why_not(
    node: Node, association: Association, opened: bool, began: float
) -> NodeUnreachable | NodeRefused | NodeTimedOut:
    if not opened:
        if node.tls and (problem := handshake_problem(node)):
            return problem
        return nothing_answers(node)
    if association.is_rejected:
        answer = association.acceptor.primitive
        return rejection(
            node, getattr(answer, "result_source", 0), getattr(answer, "diagnostic", 0)
        )
    if association.acceptor.primitive is not None:  # it accepted, but none of what we asked for
        return ClassRefused(
            f"{node} is there but offers none of the services asked for. Ask its administrator "
            f"what {node.calling_aet} may do.",
            node.name,
        )
    if time.monotonic() - began >= 0.9 * node.timeout:
        return timed_out(node, "the connection")
    return NodeRefused(
        f"{node} closed the connection without an answer. Check that the port is its DICOM port "
        "and does not ask for TLS.",
        node.name,
    )


def rejection(node: Node, source: int, diagnostic: int) -> NodeRefused:
    """Why the node rejected the association, by the numbers that it gave (PS3.8 table 9-21)."""
    reason = _REJECTIONS.get((source, diagnostic), "it gave no reason; ask its administrator")
    return NodeRefused(f"{node} refused us: {reason.format(node=node)}.", node.name)


def nothing_answers(node: Node) -> NodeUnreachable:
    """No connection could be made."""
    return NodeUnreachable(
        f"Nothing answers at {node}. Check host and port, that the node is running, and "
        "that no firewall stands between.",
        node.name,
    )


def timed_out(node: Node, during: str) -> NodeTimedOut:
    """The node kept silent for longer than its time-out."""
    return NodeTimedOut(
        f"{node} accepted the connection and then did not answer ({during}). Try again; "
        "if it stays silent, check that the port is its DICOM port.",
        node.name,
    )


def broken(node: Node, during: str) -> NodeUnreachable:
    """The connection ended in the middle of an operation."""
    return NodeUnreachable(
        f"{node} broke off the connection ({during}). Try again; what had arrived is kept.",
        node.name,
    )


def lost(node: Node, during: str, since: float) -> NodeTimedOut | NodeUnreachable:
    """Why no answer came, by the time.monotonic() at which the waiting began."""
    silent = time.monotonic() - since >= 0.9 * node.answer_timeout
    return timed_out(node, during) if silent else broken(node, during)


def cut(association: Association) -> None:
    """Abort from another thread, and wake the one that waits for an answer."""
    association.abort()
    association.dimse.msg_queue.put((None, None))
