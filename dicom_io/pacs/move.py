"""C-MOVE: the node is told to send a series to us, and we listen only while it does.

Who may send: the node that was asked, by its address, to our title, objects of the study that was
asked for. Everything else is refused (spec D.2). Source: DICOM PS3.4 C.4.2.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from dicom_io.errors import NodeUnreachable, OperationFailed
from dicom_io.pacs.association import MAX_PDU, application_entity, associate, cut
from dicom_io.pacs.contexts import (
    STORAGE_CLASSES,
    UNCOMPRESSED,
    syntaxes_of_class,
)
from dicom_io.pacs.guard import guard_socket
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.listener import Listener, hang_up
from dicom_io.pacs.node import Node
from dicom_io.pacs.retrieval import identifiers, said_of
from dicom_io.study import Instance, Series

MOVE = StudyRootQueryRetrieveInformationModelMove
MOST_ASSOCIATIONS = 4


class MoveRetrieval:
    """C-MOVEs of one node to our own port `node.listen`."""

    def __init__(self, node: Node, intake: Intake) -> None:
        self._node = node
        self._intake = intake
        self._association: Association | None = None

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances; see `fetching.Retriever`."""
        asked = identifiers(self._intake.study, series, wanted, whole)
        contexts = [build_context(MOVE, list(UNCOMPRESSED))]
        said: list[str] = []
        with (
            receiving(self._node, self._intake),
            associate(self._node, contexts, service=MOVE) as association,
        ):
            self._association = association
            for identifier in asked:
                if self._intake.is_closed:
                    break
                answers = association.send_c_move(identifier, self._node.calling_aet, MOVE)
                try:
                    said += said_of(self._node, answers, self._intake)
                except OperationFailed as failure:
                    said.append(str(failure))
        return said

    def missing(self, wanted: Sequence[Instance]) -> list[Instance]:
        """Those of `wanted` that have not arrived."""
        return self._intake.missing(wanted)

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        self._intake.close()
        if self._association is not None:
            cut(self._association)


@contextmanager
def receiving(node: Node, intake: Intake) -> Iterator[None]:
    """Listen on `node.listen` until the end of the block. Raises NodeUnreachable.

    Only one retrieval at a time has the port; another one waits for it.
    """
    with _port(node.listen):
        address = _own_address(node)
        try:
            server: Any = _entity(node).make_server(
                (address, node.listen),
                evt_handlers=_handlers(node, intake),
                server_class=Listener,
            )
        except OSError as error:
            raise NodeUnreachable(
                f"We cannot listen on port {node.listen} for what {node} sends "
                f"({error.strerror}). End the program that has it, or change `listen`.",
                node.name,
            ) from error
        threading.Thread(target=server.serve_forever, name="receiver", daemon=True).start()
        try:
            yield
        finally:
            server.end()


_ports: dict[int, threading.Lock] = {}
_ports_lock = threading.Lock()


@contextmanager
def _port(number: int) -> Iterator[None]:
    with _ports_lock:
        lock = _ports.setdefault(number, threading.Lock())
    with lock:
        yield


def _own_address(node: Node) -> str:
    """The address of this computer that the node's network leads to: the only one we listen on."""
    try:
        kind, _, _, _, address = socket.getaddrinfo(node.host, node.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect(address)  # sends nothing
            return str(probe.getsockname()[0])
    except OSError as error:
        raise NodeUnreachable(
            f"The host {node.host} of {node} is not known in this network. Check its name.",
            node.name,
        ) from error


def _senders(node: Node) -> frozenset[str]:
    try:
        return frozenset(str(one[4][0]) for one in socket.getaddrinfo(node.host, node.port))
    except OSError:
        return frozenset()


def _entity(node: Node) -> AE:
    entity = application_entity(node.calling_aet)
    entity.require_called_aet = True
    entity.maximum_associations = MOST_ASSOCIATIONS
    entity.maximum_pdu_size = MAX_PDU
    entity.acse_timeout = 5
    entity.dimse_timeout = node.answer_timeout
    entity.network_timeout = node.answer_timeout
    entity.add_supported_context(Verification)
    for sop_class in STORAGE_CLASSES:
        entity.add_supported_context(sop_class, list(syntaxes_of_class(sop_class)))
    return entity


def _handlers(node: Node, intake: Intake) -> list[evt.EventHandlerType]:
    allowed = _senders(node)

    def opened(event: evt.Event) -> None:
        guard_socket(event.assoc, MAX_PDU)
        if event.assoc.requestor.address not in allowed:
            hang_up(event.assoc)

    return [(evt.EVT_CONN_OPEN, opened), (evt.EVT_C_STORE, intake.store)]
