"""A network that is cut: a relay between us and a server which lets so many bytes through."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dicom_io.pacs.node import Node


@dataclass
class Cutting:
    """Where it listens, and what goes through. `limit` counts the bytes of both directions of one
    connection; None lets all through. `silent`: beyond the limit bytes vanish and the connection
    stays, as when a cable is pulled."""

    node: Node
    limit: int | None = None
    silent: bool = False
    passed: int = 0  # bytes of the latest connection
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)

    def connected(self, near: socket.socket, server: Node) -> None:
        """Relay one connection, both ways."""
        far = socket.create_connection((server.host, server.port))
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.passed = 0
        self._pairs.append((near, far))
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=self._relay, args=(source, target), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(1024):
                room = len(content) if self.limit is None else self.limit - self.passed
                self.passed += len(content)
                target.sendall(content[: max(room, 0)])
                if room < len(content) and not self.silent:
                    break
        if not self.silent:
            _shut(source, target)

    def end(self) -> None:
        """Close every connection."""
        for pair in self._pairs:
            _shut(*pair)


def _shut(*sockets: socket.socket) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def cutting(server: Node) -> Iterator[Cutting]:
    """A relay to `server` on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        relay = Cutting(replace(server, port=port, timeout=2.0, answer_timeout=2.0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    relay.connected(listening.accept()[0], server)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            relay.end()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=2)
