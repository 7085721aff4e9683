"""An association on a socket of its own, read by one loop: for what must be quick.

Negotiated with pynetdicom's PDUs; after that only headers of PDUs and PDVs are looked at, and what
they carry is handed on from the buffer it was read into. Source: DICOM PS3.8 section 9.3.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import PresentationContext

from dicom_io.errors import NodeProblem, NodeRefused, NodeUnreachable
from dicom_io.pacs.association import MAX_PDU, broken, nothing_answers, rejection, timed_out
from dicom_io.pacs.node import Node, checked_node
from dicom_io.pacs.tls import tls_of, why_untrusted
from dicom_io.report.header import IMPLEMENTATION_CLASS_UID, Software

# PDU types, PS3.8 section 9.3.1.
_ACCEPT, _REJECT, _DATA, _RELEASE_RQ, _RELEASE_RP, _ABORT = 2, 3, 4, 5, 6, 7
_COMMAND, _LAST = 1, 2  # bits of a PDV's header, PS3.8 annex E.2
_ROOM = 2**20  # bytes of the buffer
_LEAST_ACCEPT = 2**20  # an A-ASSOCIATE-AC with many contexts may be this long


class Fragment(NamedTuple):
    """A piece of a message; `content` is only good until the next one is asked for."""

    context: int
    is_command: bool
    is_last: bool
    content: memoryview


class Line:
    """An open association. Not for several threads, but `cut` may come from any."""

    def __init__(self, node: Node, connection: socket.socket) -> None:
        self.node = node
        self.accepted: dict[int, tuple[str, str]] = {}  # context id: class, transfer syntax
        self._connection = connection
        self._most = 16384  # bytes that the node takes in one PDU
        self._buffer = bytearray(_ROOM)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0

    def negotiate(
        self,
        contexts: Sequence[PresentationContext],
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation],
    ) -> None:
        """A-ASSOCIATE. Raises NodeRefused, NodeTimedOut, NodeUnreachable."""
        for number, context in enumerate(contexts):
            context.context_id = 2 * number + 1
        self._send(_request(self.node, contexts, roles))
        kind, content = self._pdu(_LEAST_ACCEPT)
        if kind == _REJECT and len(content) >= 4:
            raise rejection(self.node, content[2], content[3])
        if kind != _ACCEPT:
            raise broken(self.node, "at the greeting")
        answer = A_ASSOCIATE_AC()
        try:
            answer.decode(struct.pack(">BBL", kind, 0, len(content)) + bytes(content))
            primitive = answer.to_primitive()
            offered = {context.context_id: context for context in contexts}
            for result in primitive.presentation_context_definition_results_list:
                asked = offered.get(result.context_id)
                if result.result == 0 and asked is not None and result.transfer_syntax:
                    syntax = str(result.transfer_syntax[0])
                    self.accepted[asked.context_id or 0] = (str(asked.abstract_syntax), syntax)
        except (ValueError, struct.error, IndexError, KeyError, AttributeError) as error:
            raise broken(self.node, "at the greeting, which made no sense") from error
        for item in primitive.user_information:
            if isinstance(item, MaximumLengthNotification):
                self._most = item.maximum_length_received or 2**17

    def send(self, context: int, content: bytes, *, is_command: bool) -> None:
        """One message, in as many PDUs as the node asks for."""
        room = max(128, self._most - 6)
        for first in range(0, len(content), room):
            piece = content[first : first + room]
            flags = is_command * _COMMAND | (first + room >= len(content)) * _LAST
            head = struct.pack(">BBLLBB", _DATA, 0, len(piece) + 6, len(piece) + 2, context, flags)
            self._send(head + piece)

    def fragments(self) -> Iterator[Fragment]:
        """What the node sends, until it aborts or hangs up.

        Raises NodeUnreachable, NodeTimedOut.
        """
        while True:
            kind, content = self._pdu(MAX_PDU)
            if kind == _RELEASE_RQ:
                self._send(struct.pack(">BBLL", _RELEASE_RP, 0, 4, 0))
                raise broken(self.node, "it ended the association")
            if kind != _DATA:
                raise broken(self.node, "it aborted the association")
            place = 0
            while place < len(content):
                if place + 6 > len(content):
                    raise broken(self.node, "it sent what is no DICOM")
                length, context, flags = struct.unpack_from(">LBB", content, place)
                if length < 2 or place + 4 + length > len(content):
                    raise broken(self.node, "it sent what is no DICOM")
                piece = content[place + 6 : place + 4 + length]
                yield Fragment(context, bool(flags & _COMMAND), bool(flags & _LAST), piece)
                place += 4 + length

    def release(self) -> None:
        """End in peace; what goes wrong with that is nobody's concern."""
        with contextlib.suppress(NodeProblem):
            self._send(struct.pack(">BBLL", _RELEASE_RQ, 0, 4, 0))
            while self._pdu(MAX_PDU)[0] not in (_RELEASE_RP, _ABORT):
                pass

    def abort(self) -> None:
        """A-ABORT, then hang up."""
        with contextlib.suppress(NodeProblem):
            self._send(struct.pack(">BBLBBBB", _ABORT, 0, 4, 0, 0, 0, 0))
        self.cut()

    def cut(self) -> None:
        """Hang up, from any thread: whoever reads or sends is told at once."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _send(self, content: bytes) -> None:
        try:
            self._connection.sendall(content)
        except TimeoutError as error:
            raise timed_out(self.node, "while we sent") from error
        except OSError as error:
            raise broken(self.node, "while we sent") from error

    def _pdu(self, most: int) -> tuple[int, memoryview]:
        """The type of the next PDU and its content, which lies in the buffer."""
        self._need(6)
        kind, _, length = struct.unpack_from(">BBL", self._buffer, self._start)
        if length > most or kind not in range(1, 8):
            raise broken(self.node, "it sent what is no DICOM, or more than we offered to take")
        self._need(6 + length)
        content = self._view[self._start + 6 : self._start + 6 + length]
        self._start += 6 + length
        return kind, content

    def _need(self, count: int) -> None:
        """Read until `count` bytes lie in the buffer behind the start."""
        if self._start == self._end:
            self._start = self._end = 0
        if self._start + count > len(self._buffer):
            held = self._end - self._start
            if count > len(self._buffer):
                self._buffer = bytearray(self._view[self._start : self._end]).ljust(2 * count)
                self._view = memoryview(self._buffer)
            else:
                self._view[:held] = bytes(self._view[self._start : self._end])
            self._start, self._end = 0, held
        while self._end - self._start < count:
            try:
                received = self._connection.recv_into(self._view[self._end :])
                if sys.platform == "linux":
                    # A node that leaves Nagle's algorithm on waits for our ACK before it sends
                    # the rest of an object; ours would come only after 40 ms.
                    self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            except TimeoutError as error:
                raise timed_out(self.node, "while it sent") from error
            except OSError as error:
                raise broken(self.node, "while it sent") from error
            if not received:
                raise broken(self.node, "while it sent")
            self._end += received


@contextmanager
def open_line(
    node: Node,
    contexts: Sequence[PresentationContext],
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation],
) -> Iterator[Line]:
    """An association, released at the end or aborted after an error.

    Raises NodeUnreachable, NodeRefused, NodeTimedOut.
    """
    with contextlib.closing(_connection(checked_node(node))) as connection:
        line = Line(node, connection)
        try:
            line.negotiate(contexts, roles)
            yield line
        except BaseException:
            line.abort()
            raise
        line.release()


def _connection(node: Node) -> socket.socket:
    try:
        plain = socket.create_connection((node.host, node.port), timeout=node.timeout)
    except socket.gaierror as error:
        raise NodeUnreachable(
            f"The host {node.host} of {node} is not known in this network. Check its name.",
            node.name,
        ) from error
    except OSError as error:
        raise nothing_answers(node) from error
    plain.settimeout(node.answer_timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not node.tls:
        return plain
    try:
        return tls_of(node).wrap_socket(plain, server_hostname=node.host)
    except ssl.SSLError as error:
        plain.close()
        raise why_untrusted(node, error) from error
    except OSError as error:
        plain.close()
        raise NodeRefused(
            f"{node} hung up at our TLS greeting. Check the port, or turn TLS off for it.",
            node.name,
        ) from error


def _request(
    node: Node,
    contexts: Sequence[PresentationContext],
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation],
) -> bytes:
    """A-ASSOCIATE-RQ."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title = node.calling_aet
    primitive.called_ae_title = node.aet
    primitive.presentation_context_definition_list = list(contexts)
    length = MaximumLengthNotification()
    length.maximum_length_received = MAX_PDU
    uid = ImplementationClassUIDNotification()
    uid.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = Software.installed().implementation_version
    primitive.user_information = [length, uid, version, *roles]
    return A_ASSOCIATE_RQ(primitive).encode()
