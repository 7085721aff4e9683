"""A bound on what one PDU may claim, before a peer has proved anything about itself."""

from __future__ import annotations

import socket
from typing import Any, cast

from pynetdicom.association import Association

_HEADER = 6  # type, reserved byte and length of a PDU (PS3.8 section 9.3.1)
_PIECE = 65536  # bytes read from the socket at once
_LEAST = 1 << 20  # room for an A-ASSOCIATE with many contexts


def guard_socket(association: Association, max_pdu: int) -> None:
    """Make the association's reads refuse a PDU longer than we offered, or 1 MiB.

    pynetdicom believes the length that a PDU claims, up to 4 GiB, and does so before any
    association exists (spec D.3). The guarded read raises OSError, which closes the connection.
    """
    transport = cast(Any, association.dul.socket)
    limit = max(max_pdu, _LEAST) + _HEADER

    def recv(count: int) -> bytearray:
        if count > limit:
            raise OSError(f"A PDU of {count} bytes is beyond the limit of {limit}.")
        received = bytearray()
        while len(received) < count:
            connection = transport.socket
            if connection is None:
                break
            piece = connection.recv(min(_PIECE, count - len(received)))
            if not piece:
                break
            received += piece
        return received

    transport.recv = recv
    if isinstance(transport.socket, socket.socket):
        transport.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
