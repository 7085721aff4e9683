"""The standing listener: it takes what listed senders send, within limits, and nothing else.

Who may send is told by address and AE title together; a title alone proves nothing (spec D.2). What
a sender may claim, hold open or leave half done is bounded before it has proved anything.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    Verification,
)

from dicom_io.errors import BadNode, StorageProblem
from dicom_io.identity import Identity
from dicom_io.pacs import status
from dicom_io.pacs.association import MAX_PDU, application_entity
from dicom_io.pacs.contexts import STORAGE_CLASSES, syntaxes_of_class
from dicom_io.pacs.guard import Meter, guard_socket
from dicom_io.pacs.intake import data_set_of, file_name, identity_of, write_object
from dicom_io.pacs.listener import Listener, hang_up

_MIB = 1 << 20


@dataclass(frozen=True)
class Sender:
    """Who may send: an AE title at an address or host name."""

    aet: str
    host: str


@dataclass(frozen=True)
class Limits:
    """What all senders together may cost us."""

    associations: int = 8
    associations_each: int = 4  # from one address, so that none shuts out the others
    object_bytes: int = 1024 * _MIB  # one message, which is gathered in memory
    arriving_bytes: int = 2048 * _MIB  # all messages that are not whole yet
    spare_bytes: int = 512 * _MIB  # of the disk, left free
    patience: float = 30.0  # seconds for one PDU, and for silence
    first_patience: float = 5.0  # seconds until an association is asked for


@dataclass(frozen=True)
class Listening:
    """How we listen: under which title, where, for whom, and for which studies."""

    aet: str
    port: int  # 0: a free one
    senders: tuple[Sender, ...]
    address: str = ""  # of this computer; "": all of them
    studies: frozenset[str] | None = None  # only these were asked for; None: whatever they send
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Visit:
    """One connection, when it is over: who it was, and how many objects of which study came."""

    sender: Sender
    received: tuple[tuple[Identity, int], ...]
    refused: int


Folder = Callable[[str], Path]
"""Where the files of a study lie, by its UID."""
Kept = Callable[[Identity, Path], None]
"""Called with each object once its file is whole."""


class Station:
    """A port that takes objects into `folder`. Use `listening` to open it.

    `kept` and `over` are called from the threads of the connections; `alarmed` with a sentence when
    a stranger was turned away or a limit was hit.
    """

    def __init__(
        self,
        how: Listening,
        folder: Folder,
        kept: Kept,
        *,
        over: Callable[[Visit], None] = lambda visit: None,
        alarmed: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._how = how
        self._folder = folder
        self._kept = kept
        self._over = over
        self._alarmed = alarmed
        self._allowed = _addresses(how.senders)
        self._meter = Meter(how.limits.object_bytes, how.limits.arriving_bytes)
        self._visits: dict[Association, Counter[Identity | None]] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self.port = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take objects until the end of the block. Raises StorageProblem when the port is taken."""
        try:
            server: Any = self._entity().make_server(
                (self._how.address, self._how.port),
                evt_handlers=self._handlers(),
                server_class=Listener,
            )
        except OSError as error:
            raise StorageProblem(
                f"We cannot listen on port {self._how.port} ({error.strerror}). End the program "
                "that has it, or choose another port.",
                "",
            ) from error
        self.port = int(server.server_address[1])
        threading.Thread(target=server.serve_forever, name="station", daemon=True).start()
        try:
            yield
        finally:
            server.end()

    def _entity(self) -> AE:
        limits = self._how.limits
        entity = application_entity(self._how.aet)
        entity.require_called_aet = True
        entity.require_calling_aet = sorted({sender.aet for sender in self._how.senders})
        entity.maximum_associations = limits.associations
        entity.maximum_pdu_size = MAX_PDU
        entity.acse_timeout = limits.first_patience
        entity.dimse_timeout = limits.patience
        entity.network_timeout = limits.patience
        entity.add_supported_context(Verification)
        for sop_class in STORAGE_CLASSES:
            entity.add_supported_context(sop_class, list(syntaxes_of_class(sop_class)))
        return entity

    def _handlers(self) -> list[evt.EventHandlerType]:
        return [
            (evt.EVT_CONN_OPEN, self._opened),
            (evt.EVT_CONN_CLOSE, self._closed),
            (evt.EVT_DIMSE_RECV, lambda event: self._meter.clear(event.assoc)),
            (evt.EVT_REJECTED, lambda event: self._stranger(event.assoc, "under that title")),
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_C_STORE, self._store),
        ]

    def _opened(self, event: evt.Event) -> None:
        limits = self._how.limits
        guard_socket(event.assoc, MAX_PDU, self._meter, limits.patience)
        address = str(event.assoc.requestor.address)
        with self._lock:
            open_now = sum(one.requestor.address == address for one in self._visits)
            is_welcome = address in self._allowed
            is_full = (
                open_now >= limits.associations_each or len(self._visits) >= limits.associations
            )
            if is_welcome and not is_full:
                self._visits[event.assoc] = Counter()
                return
        hang_up(event.assoc)
        if is_welcome:
            self._alarmed(f"{address} has too many connections; one was closed.")
        else:
            self._stranger(event.assoc, "from that address")

    def _closed(self, event: evt.Event) -> None:
        self._meter.clear(event.assoc)
        with self._lock:
            counts = self._visits.pop(event.assoc, None)
        if not counts:
            return
        refused = counts.pop(None, 0)
        received = tuple((one, count) for one, count in counts.items() if one is not None)
        self._over(Visit(_sender(event.assoc), received, refused))

    def _stranger(self, association: Association, why: str) -> None:
        self._alarmed(f"{association.requestor.address} was refused: nobody may send {why}.")

    def _is_listed(self, association: Association) -> bool:
        sender = _sender(association)
        return sender.aet in self._allowed.get(sender.host, frozenset())

    def _echo(self, event: evt.Event) -> int:
        return status.SUCCESS if self._is_listed(event.assoc) else status.CLASS_NOT_SUPPORTED

    def _store(self, event: evt.Event) -> int:
        identity: Identity | None = None
        answer = status.NOT_AUTHORIZED
        if self._is_listed(event.assoc):
            try:
                identity = identity_of(event)
            except (ValueError, AttributeError, EOFError, KeyError, RecursionError):
                answer = status.CANNOT_UNDERSTAND
            else:
                answer = self._take(event, identity)
        counted = identity.of_study() if identity and answer == status.SUCCESS else None
        with self._lock:
            if event.assoc in self._visits:
                self._visits[event.assoc][counted] += 1
        return answer

    def _take(self, event: evt.Event, identity: Identity) -> int:
        if self._how.studies is not None and identity.study not in self._how.studies:
            return status.NOT_AUTHORIZED
        content = event.encoded_dataset()
        try:
            path = self._folder(identity.study) / file_name(identity.instance)
            with self._writing:
                if path.exists():
                    same = data_set_of(path.read_bytes()) == data_set_of(content)
                    return status.SUCCESS if same else status.DUPLICATE
                free = shutil.disk_usage(path.parent).free
                if free < len(content) + self._how.limits.spare_bytes:
                    self._alarmed("The disk is full; what is sent is refused.")
                    return status.OUT_OF_RESOURCES
                write_object(path, content)
            self._kept(identity, path)
        except (OSError, StorageProblem):
            self._alarmed("What was sent could not be written; it is refused.")
            return status.OUT_OF_RESOURCES
        return status.SUCCESS


def _sender(association: Association) -> Sender:
    requestor = association.requestor
    return Sender(str(requestor.ae_title).strip(), str(requestor.address))


def _addresses(senders: tuple[Sender, ...]) -> dict[str, frozenset[str]]:
    """Which titles may call from which address. Raises BadNode for a host that is not known."""
    allowed: dict[str, set[str]] = {}
    for sender in senders:
        try:
            found = socket.getaddrinfo(sender.host, None)
        except OSError as error:
            raise BadNode(
                f"The host {sender.host} of the sender {sender.aet} is not known in this network. "
                "Check its name.",
                sender.aet,
            ) from error
        for one in found:
            allowed.setdefault(cast(str, one[4][0]), set()).add(sender.aet)
    return {address: frozenset(titles) for address, titles in allowed.items()}
