"""From a signature to the proof: sign, build, check, queue, store, fetch back, compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.node import Node, parse_node
from dicom_io.pacs.outbox import Item, Outbox, State
from dicom_io.pacs.patience import is_due
from dicom_io.report.beside import Beside
from dicom_io.report.document import Reader, ReportDocument
from dicom_io.report.finish import NOTHING, Credential, finish, finish_preliminary
from dicom_io.report.signing import Readers
from dicom_io.sealing import read_unsealed
from dicom_io.source import Source
from ui.jobs import Job, Jobs

AGAIN = 10_000  # ms between two looks for what is to be tried again


@dataclass(frozen=True)
class Filed:
    """A report that is signed and on the disk, to be stored."""

    document: ReportDocument
    item: Item
    beside: tuple[Item, ...] = ()  # findings as data, key images


class Filing(QObject):
    """Signs reports and brings the outbox to the PACS; every step runs on a pool thread.

    `filed` comes when a signed report is safe on the disk, `refused` when it could not be signed;
    then nothing was queued and the draft is as it was. `item_changed` follows each item.
    """

    filed = pyqtSignal(object)  # Filed
    released = pyqtSignal(object)  # Filed, of a preliminary report: its draft stays open
    refused = pyqtSignal(object)  # Exception
    item_changed = pyqtSignal(object)  # Item
    readers_known = pyqtSignal(object)  # tuple[Reader, ...]

    def __init__(
        self,
        jobs: Jobs,
        outbox: Outbox,
        readers: Readers,
        sources: Sequence[Source],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._outbox = outbox
        self._readers = readers
        self._sources = {source.name: source for source in sources}
        self._items: dict[str, Item] = {}  # by SOP Instance UID, the oldest first
        self._deliveries: dict[str, Job] = {}
        self._signing: Job | None = None
        self._again = QTimer(self)
        self._again.setInterval(AGAIN)
        self._again.timeout.connect(self.retry_later)

    @property
    def is_signing(self) -> bool:
        return self._signing is not None and self._signing.is_running

    def items(self) -> tuple[Item, ...]:
        return tuple(self._items.values())

    def waiting(self) -> tuple[Item, ...]:
        """The signed reports that the PACS has not yet been proved to hold."""
        return tuple(item for item in self._items.values() if not item.is_stored)

    def outbox(self) -> Outbox:
        """Where things wait; for a pool thread."""
        return self._outbox

    def item_of(self, identity: Identity, preliminary: bool = False) -> Item | None:
        """The latest signed (or else preliminary) report of a study."""
        own = [item for item in self._items.values() if item.identity.same_study(identity)]
        reports = (item for item in reversed(own) if item.is_report)
        return next((item for item in reports if item.preliminary is preliminary), None)

    def is_under_way(self, item: Item) -> bool:
        """True while the item is being stored or fetched back."""
        return item.uid in self._deliveries

    @property
    def is_delivering(self) -> bool:
        """True while any item is being stored or fetched back."""
        return bool(self._deliveries)

    def read_outbox(self) -> None:
        """Look what waits on the disk, and try to deliver it."""
        self._jobs.start(self._list_items, on_item=self._found, pool="disk")
        self._again.start()

    def ask_readers(self) -> None:
        """Read who may sign here; `readers_known` tells it."""
        self._jobs.start(
            self._list_readers,
            on_item=self.readers_known.emit,
            on_failed=self.refused.emit,
            pool="disk",
            urgent=True,
        )

    def sign(
        self,
        document: ReportDocument,
        credential: Credential,
        evidence: Sequence[Dataset],
        node: Node,
        beside: Beside = NOTHING,
        before: Path | None = None,
    ) -> None:
        """Sign, build, check and queue; then store. `evidence` are headers of images, `beside`
        what the reader left on them, `before` the file of the report that this one follows."""
        if self.is_signing:
            return
        self._signing = self._jobs.start(
            partial(self._sign, document, credential, tuple(evidence), node, beside, before),
            on_item=self._filed,
            on_failed=self.refused.emit,
            pool="disk",
            urgent=True,
        )

    def release(
        self,
        document: ReportDocument,
        credential: Credential,
        evidence: Sequence[Dataset],
        node: Node,
        before: Path | None = None,
    ) -> None:
        """Queue a preliminary report in the reader's name, and store it; as `sign` does."""
        if self.is_signing:
            return
        self._signing = self._jobs.start(
            partial(self._release, document, credential, tuple(evidence), node, before),
            on_item=self._let_out,
            on_failed=self.refused.emit,
            pool="disk",
            urgent=True,
        )

    def take_in(self, item: Item) -> None:
        """Something else than a report was put into the outbox: bring it to the PACS as well."""
        self._items[item.uid] = item
        self._deliver(item)

    def retry(self, items: Sequence[Item] = ()) -> None:
        """Try again to store these items (all that wait, without any)."""
        for item in items or self.waiting():
            self._deliver(item)

    def retry_later(self) -> None:
        """Try again what is due; a failed item waits for a person."""
        now = datetime.now().astimezone()
        due = [item for item in self.waiting() if is_due(item, now)]
        if due:  # without any, all would be tried
            self.retry(due)

    def stop(self) -> None:
        """No further tries; what waits stays on the disk."""
        self._again.stop()

    def _filed(self, filed: Filed) -> None:
        self._signing = None
        for item in (filed.item, *filed.beside):
            self._items[item.uid] = item
        self.filed.emit(filed)
        for item in (filed.item, *filed.beside):
            self._deliver(item)

    def _let_out(self, filed: Filed) -> None:
        self._signing = None
        self._items[filed.item.uid] = filed.item
        self.released.emit(filed)
        self._deliver(filed.item)

    def _found(self, item: Item) -> None:
        self._items.setdefault(item.uid, item)
        self.item_changed.emit(item)
        if not item.is_stored and item.state is not State.FAILED:
            self._deliver(item)

    def _deliver(self, item: Item) -> None:
        if item.uid in self._deliveries or item.is_stored:
            return
        self._deliveries[item.uid] = self._jobs.start(
            partial(self._store, item),
            on_item=self._follow,
            on_done=partial(self._delivered, item.uid),
            on_failed=partial(self._not_delivered, item.uid),
            pool="network",
        )
        self.item_changed.emit(item)

    def _follow(self, item: Item) -> None:
        self._items[item.uid] = item
        self.item_changed.emit(item)
        if item.is_stored:  # the node answers again: what waits for it need not wait longer
            for other in self.waiting():
                if other.address == item.address and other.attempts and not _is_given_up(other):
                    self._deliver(other)

    def _delivered(self, uid: str) -> None:
        self._deliveries.pop(uid, None)
        self.item_changed.emit(self._items[uid])

    def _not_delivered(self, uid: str, error: Exception) -> None:
        self._deliveries.pop(uid, None)
        self.item_changed.emit(self._items[uid])
        self._jobs.failed.emit(error)

    # --- on pool threads ---

    def _list_items(self, cancelled: Callable[[], bool]) -> Iterator[Item]:
        yield from self._outbox.items()

    def _list_readers(self, cancelled: Callable[[], bool]) -> Iterator[tuple[Reader, ...]]:
        yield self._readers.readers()

    def _sign(
        self,
        document: ReportDocument,
        credential: Credential,
        evidence: Sequence[Dataset],
        node: Node,
        beside: Beside,
        before: Path | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Filed]:
        """Raises SigningProblem, ReportProblem and its kinds, StorageProblem and DiskFull."""
        follows = (*evidence, _read(before)) if before is not None else evidence
        done = finish(document, credential, self._readers, follows, beside)
        about = done.document.identity
        item = self._outbox.put(done.report, about, node)
        others = tuple(self._outbox.put(content, about, node) for content in done.beside)
        yield Filed(done.document, item, others)

    def _release(
        self,
        document: ReportDocument,
        credential: Credential,
        evidence: Sequence[Dataset],
        node: Node,
        before: Path | None,
        cancelled: Callable[[], bool],
    ) -> Iterator[Filed]:
        """Raises what `_sign` does."""
        follows = (*evidence, _read(before)) if before is not None else evidence
        done = finish_preliminary(document, credential, self._readers, follows)
        item = self._outbox.put(done.report, done.document.identity, node)
        yield Filed(done.document, item)

    def _store(self, item: Item, cancelled: Callable[[], bool]) -> Iterator[Item]:
        source = self._sources.get(item.node)
        if source is None:
            source = source_for(parse_node(item.address))
        yield from self._outbox.deliver(item, source, cancelled)


def _is_given_up(item: Item) -> bool:
    """True for what only a person can mend."""
    return item.state is State.FAILED


def _read(path: Path) -> Dataset:
    """A report, from the outbox or the cache."""
    return dcmread(BytesIO(read_unsealed(path)))
