"""A DICOM port of our own: it listens in a thread and stops at once when told."""

from __future__ import annotations

from socketserver import BaseServer

from pynetdicom.association import Association
from pynetdicom.transport import ThreadedAssociationServer


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
