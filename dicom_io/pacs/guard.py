"""A bound on what one PDU may claim, before a peer has proved anything about itself."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, cast

from pynetdicom.association import Association

_HEADER = 6  # type, reserved byte and length of a PDU (PS3.8 section 9.3.1)
_PIECE = 65536  # bytes read from the socket at once
_LEAST = 1 << 20  # room for an A-ASSOCIATE with many contexts


class Meter:
    """Counts the bytes of messages that are not whole yet, over all connections of one port.

    pynetdicom gathers a message in memory, however long it grows.
    """

    def __init__(self, most_each: int, most_together: int) -> None:
        self._most_each = most_each
        self._most_together = most_together
        self._pending: dict[Association, int] = {}
        self._lock = threading.Lock()

    def add(self, association: Association, count: int) -> None:
        """`count` bytes came. Raises OSError when that is too many."""
        with self._lock:
            pending = self._pending.get(association, 0) + count
            self._pending[association] = pending
            if pending > self._most_each:
                raise OSError(f"A message is longer than {self._most_each} bytes.")
            if sum(self._pending.values()) > self._most_together:
                raise OSError("Too much arrives at once.")

    def clear(self, association: Association) -> None:
        """The message is whole, or the connection closed."""
        with self._lock:
            self._pending.pop(association, None)


def guard_socket(
    association: Association, max_pdu: int, meter: Meter | None = None, patience: float = 0.0
) -> None:
    """Make the association's reads refuse a PDU longer than we offered, or 1 MiB; and, where
    `patience` is given, one that takes more seconds than that to come.

    pynetdicom believes the length that a PDU claims, up to 4 GiB, and does so before any
    association exists (spec D.3); for the rest of a PDU it waits without end. The guarded read
    raises OSError, which closes the connection.
    """
    transport = cast(Any, association.dul.socket)
    limit = max(max_pdu, _LEAST) + _HEADER

    def recv(count: int) -> bytearray:
        if count > limit:
            raise OSError(f"A PDU of {count} bytes is beyond the limit of {limit}.")
        received = bytearray()
        until = time.monotonic() + patience
        while len(received) < count:
            connection = transport.socket
            if connection is None:
                break
            if patience:
                left = until - time.monotonic()
                if left <= 0:
                    raise OSError("A PDU took too long to come.")
                connection.settimeout(left)
            piece = connection.recv(min(_PIECE, count - len(received)))
            if not piece:
                break
            if meter is not None:
                meter.add(association, len(piece))
            received += piece
        if patience and transport.socket is not None:
            transport.socket.settimeout(None)
        return received

    transport.recv = recv
    if isinstance(transport.socket, socket.socket):
        transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
