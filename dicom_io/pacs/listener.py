"""A DICOM port of our own: it listens in a thread and stops at once when told."""

from __future__ import annotations

from socketserver import BaseServer

from pynetdicom.transport import ThreadedAssociationServer


class Listener(ThreadedAssociationServer):
    """pynetdicom's server, which by itself looks for the end only twice a second."""

    def serve_forever(self, poll_interval: float = 0.05) -> None:
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        BaseServer.shutdown(self)
        self.server_close()
