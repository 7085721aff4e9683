"""A DICOM port of our own: it listens in a thread and stops at once when told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from socketserver import BaseServer
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.events import EventHandlerType
from pynetdicom.transport import ThreadedAssociationServer

from dicom_io.errors import NodeUnreachable
from dicom_io.pacs.association import MAX_PDU
from dicom_io.pacs.guard import guard_socket
from dicom_io.pacs.node import Node


class Listener(ThreadedAssociationServer):
    """pynetdicom's server, which by itself looks for the end only twice a second."""

    def serve_forever(self, poll_interval: float = 0.05) -> None:
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        BaseServer.shutdown(self)
        self.server_close()

    def end(self) -> None:
        """Close the port, then every connection through it."""
        self.shutdown()
        for association in self.active_associations:
            hang_up(association)


def hang_up(association: Association) -> None:
    """Abort an association; one that is only a connection yet cannot be aborted and is closed."""
    if association.is_established:
        association.abort()
    elif association.dul.socket is not None:
        association.dul.socket.close()


@contextmanager
def listening(node: Node, entity: AE, handlers: Sequence[EventHandlerType]) -> Iterator[None]:
    """Listen on `node.listen` for what the node sends, and for nobody else, until the end of the
    block. Raises NodeUnreachable.

    Only one work at a time has the port; another one waits for it.
    """
    allowed = _senders(node)

    def opened(event: evt.Event) -> None:
        guard_socket(event.assoc, MAX_PDU)
        if event.assoc.requestor.address not in allowed:
            hang_up(event.assoc)

    with _port(node.listen):
        address = _own_address(node)
        try:
            server: Any = entity.make_server(
                (address, node.listen),
                evt_handlers=[(evt.EVT_CONN_OPEN, opened), *handlers],
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
