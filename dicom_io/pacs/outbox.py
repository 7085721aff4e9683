"""The outbox: signed reports, presentation states and key images on disk until the archive has
proved that it holds them.

Each item is a folder of two files, `report.dcm` and `item.json`, written and synced under another
name and then renamed, so that an item is there whole or not at all. States:

    queued ──store──> sent ──fetch back, compare, ask to commit──> verified
      ^  └──────────────┴────────── failed ──deliver again─────────┘

A node that offers no storage commitment, or says nothing in time, is taken at what it gave back;
one that declines to answer for an object has not stored it.

Both files are sealed where the system has a keyring (`dicom_io.sealing`).
An item leaves the outbox only by `forget`, and only when it is verified.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicom_io.errors import (
    Cancelled,
    ClassRefused,
    FormatUnreadable,
    NodeProblem,
    NodeRefused,
    NothingFound,
    ReportProblem,
)
from dicom_io.identity import Identity
from dicom_io.pacs import status
from dicom_io.pacs.admission import UNSIGNED, as_dataset, checked
from dicom_io.pacs.answers import text_of
from dicom_io.pacs.fallback import encoded, in_class, next_class, said_of
from dicom_io.pacs.node import Node
from dicom_io.report.compare import compare
from dicom_io.report.flags import is_released
from dicom_io.sealing import open_file, read_unsealed, sealed, unsealed
from dicom_io.source import Committing, Source, Stop, Stored, never
from dicom_io.storage import (
    Migration,
    read_versioned,
    storage_problem,
    sync_folder,
    write_safely,
    write_versioned,
)

VERSION = 5
FINDINGS = "1.2.840.10008.5.1.4.1.1.88.34"  # what goes along with a report as data
PATIENCE = 5.0  # seconds in which a stored report must become retrievable
_PAUSE = 0.25  # seconds between two looks for it
_KIND = "outbox item"


class State(StrEnum):
    """How far an item has come."""

    QUEUED = "queued"
    SENT = "sent"  # the archive said success, nobody has looked yet
    VERIFIED = "verified"  # it gave back the same report
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Item:
    """One signed report on its way. `problem` is the sentence of what went wrong last."""

    folder: Path
    uid: str  # SOPInstanceUID
    identity: Identity  # the report's, to the instance
    node: str  # the name of the node it is meant for
    address: str  # AET@HOST:PORT of it
    state: State
    queued_at: str  # ISO 8601 with offset, as all times here
    sent_at: str = ""
    verified_at: str = ""
    attempts: int = 0
    coerced: tuple[str, ...] = ()  # attributes that the archive changed within its rights
    problem: str = ""
    sop_class: str = ""  # of the object as it was put in
    instead: str = ""  # in which class it was stored, and why, when not in its own
    tried_at: str = ""  # when the last attempt began
    preliminary: bool = False  # released by a reader, not signed
    committed_at: str = ""  # when the archive said that it answers for it
    commitment: str = ""  # why it did not say so, where it offers storage commitment

    @property
    def is_report(self) -> bool:
        """False for presentation states, key images and findings as data."""
        return self.sop_class not in UNSIGNED | {FINDINGS}

    @property
    def path(self) -> Path:
        """The report itself, as it lies on the disk; `dicom_io.sealing` opens it."""
        return self.folder / "report.dcm"

    def content(self) -> bytes:
        """The bytes of its DICOM file. Raises SecretProblem, FormatUnreadable, OSError."""
        return read_unsealed(self.path)

    @property
    def is_committed(self) -> bool:
        """True when the archive has also said that it answers for it."""
        return self.is_stored and bool(self.committed_at)

    @property
    def is_stored(self) -> bool:
        """True only when the archive has given back the same report."""
        return self.state is State.VERIFIED


class Outbox:
    """The items in a folder. Several processes may look; each change is one rename."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, report: Dataset | bytes, identity: Identity, node: Node) -> Item:
        """Queue a signed or released report (a data set, or the bytes of its DICOM file) for
        `node`; or a presentation state or key images, which need no signature.

        `identity` is the film's; patient and study must be the report's own. When this returns,
        the report survives a power cut. Putting the same report again gives the item that is
        there; for another node it is queued anew, since what one node holds proves nothing of
        another. Raises NotVerified for an unsigned document, ReportProblem for one that is not the
        identity's or has the UID of another, DiskFull or StorageProblem, and then nothing was
        queued: keep the draft.
        """
        dataset = as_dataset(report)
        own = checked(dataset, identity)
        content = report if isinstance(report, bytes) else encoded(dataset)
        item = Item(
            folder=self._folder / hashlib.sha256(own.instance.encode()).hexdigest()[:40],
            uid=own.instance,
            identity=own,
            node=node.name,
            address=node.address,
            state=State.QUEUED,
            queued_at=_now(),
            sop_class=text_of(dataset, "SOPClassUID"),
            preliminary=is_released(dataset),
        )
        if item.folder.exists():
            return self._known(item, content)
        self._write_new(item, content)
        return item

    def items(self) -> tuple[Item, ...]:
        """All items, the oldest first. Raises FormatTooNew or FormatUnreadable."""
        if not self._folder.is_dir():
            return ()
        folders = [one for one in self._folder.iterdir() if (one / "item.json").is_file()]
        items = [_read(one) for one in folders if not one.name.startswith(".")]
        return tuple(sorted(items, key=lambda item: (item.queued_at, item.uid)))

    def waiting(self) -> tuple[Item, ...]:
        """The items that are not proved to be stored: what the window shows as "not stored"."""
        return tuple(item for item in self.items() if not item.is_stored)

    def forget(self, item: Item) -> None:
        """Remove a verified item. Raises ValueError for any other, which must not be lost."""
        if not _read(item.folder).is_stored:
            raise ValueError("Only a verified report may leave the outbox.")
        shutil.rmtree(item.folder)

    def deliver(self, item: Item, source: Source, stop: Stop = never) -> Iterator[Item]:
        """Store the item, fetch it back, compare; yields the item after each change of it.

        Ends with a verified item, or with one whose `problem` says what went wrong: still queued
        (or sent) where trying again later may help, failed where somebody must act. Known
        problems of the node do not raise. Raises Cancelled and StorageProblem; the item then
        keeps the state that it had on disk. Can be called again at any state, also after a crash.
        """
        item = _read(item.folder)
        if item.is_stored:
            yield item
            return
        for left in item.folder.glob(".back-*"):  # of an attempt that was killed
            shutil.rmtree(left, ignore_errors=True)
        item = replace(item, attempts=item.attempts + 1, tried_at=_now(), problem="", commitment="")
        if item.state is not State.SENT:
            item = self._store(item, source, stop)
            yield _save(item)
            if item.state is not State.SENT:
                return
        item = self._verify(item, source, stop)
        if item.is_stored:  # nothing is said of it before the node has been asked
            item = _answered_for(item, source, stop)
        yield _save(item)

    def _store(self, item: Item, source: Source, stop: Stop) -> Item:
        while True:
            refused = ""
            outcomes: list[Stored] = []
            try:
                with open_file(item.path) as path:
                    outcomes = list(source.store([path], stop))
            except ClassRefused as problem:
                refused = str(problem)
            except NodeProblem as problem:
                return replace(item, state=State.QUEUED, problem=str(problem))
            if outcomes and outcomes[0].status != status.CLASS_NOT_SUPPORTED:
                return _after_storing(item, outcomes, source.name)
            other = _in_next_class(item, source.name)
            if other is None:  # the next time all of them are tried again
                item = _in_class(item, item.sop_class, instead="") if item.instead else item
                if refused:
                    return replace(item, state=State.QUEUED, problem=refused)
                return _after_storing(item, outcomes, source.name)
            item = other

    def _verify(self, item: Item, source: Source, stop: Stop) -> Item:
        """The item after looking for it at the archive."""
        back = item.folder / f".back-{uuid.uuid4().hex[:8]}"
        try:
            path, reason = _fetched_back(item, source, back, stop)
            if path is None:
                return replace(item, state=State.FAILED, problem=reason)
            outcome = compare(dcmread(BytesIO(item.content())), dcmread(path))
        except NodeProblem as problem:
            return replace(item, problem=f"Stored, but not yet verified. {problem}")
        except (InvalidDicomError, ValueError, EOFError) as error:
            unread = f"{source.name} gave back something that is no DICOM object ({error})."
            return replace(item, state=State.FAILED, problem=unread)
        finally:
            shutil.rmtree(back, ignore_errors=True)
        if not outcome.equal:
            named = "; ".join(one.rstrip(".") for one in outcome.differences[:3])
            changed = f"{source.name} holds another report than the one that was signed: {named}."
            return replace(item, state=State.FAILED, problem=changed)
        return replace(
            item, state=State.VERIFIED, verified_at=_now(), coerced=tuple(outcome.coerced)
        )

    def _known(self, item: Item, content: bytes) -> Item:
        """The item that is there under the same UID. Raises ReportProblem if it is another."""
        there = _read(item.folder)
        same = there.content() == content
        if not same and not there.instead:
            raise ReportProblem(
                "The outbox already holds another document with this UID. Sign the report again, "
                "so that it gets a UID of its own.",
                item.uid,
            )
        if there.address == item.address:
            return there
        if not same:  # the other node may take its own class
            write_safely(there.path, sealed(content, self._folder))
        return _save(replace(item, queued_at=there.queued_at, attempts=there.attempts))

    def _write_new(self, item: Item, content: bytes) -> None:
        growing = self._folder / f".new-{uuid.uuid4().hex}"
        try:
            growing.mkdir(mode=0o700, parents=True)
            write_safely(growing / "report.dcm", sealed(content, self._folder))
            _write(growing, item)
            os.rename(growing, item.folder)
            sync_folder(self._folder)
        except OSError as error:
            raise storage_problem(error, item.path) from error
        finally:
            shutil.rmtree(growing, ignore_errors=True)


def _in_next_class(item: Item, name: str) -> Item | None:
    """The item with its object in the next class of the chain; None at the chain's end."""
    dataset = dcmread(BytesIO(item.content()))
    following = next_class(dataset)
    if following is None:
        return None
    item = replace(item, sop_class=item.sop_class or text_of(dataset, "SOPClassUID"))
    return _in_class(item, following, said_of(name, item.sop_class, following))


def _in_class(item: Item, sop_class: str, instead: str) -> Item:
    """The item with its object in that class. Nobody has been sent it yet."""
    dataset = dcmread(BytesIO(item.content()))
    if text_of(dataset, "SOPClassUID") != sop_class:
        write_safely(item.path, sealed(encoded(in_class(dataset, sop_class)), item.folder.parent))
    return _save(replace(item, instead=instead))


def _after_storing(item: Item, outcomes: list[Stored], name: str) -> Item:
    if not outcomes:
        return replace(item, state=State.QUEUED, problem=f"{name} gave no answer. Send it again.")
    outcome = outcomes[0]
    accepted = outcome.status == status.SUCCESS or status.is_warning(outcome.status)
    if accepted or outcome.status == status.DUPLICATE:  # then reading it back decides
        return replace(item, state=State.SENT, sent_at=_now())
    temporary = outcome.status >> 8 == status.OUT_OF_RESOURCES >> 8
    state = State.QUEUED if temporary else State.FAILED
    return replace(item, state=state, problem=outcome.problem)


def _answered_for(item: Item, source: Source, stop: Stop) -> Item:
    """The verified item after the node was asked for storage commitment."""
    if not isinstance(source, Committing):
        return item
    sop_class = text_of(dcmread(BytesIO(item.content())), "SOPClassUID")
    try:
        answer = source.commit([(sop_class, item.uid)], stop)
    except NodeRefused:  # it offers none
        return item
    except NodeProblem as problem:
        return replace(item, commitment=str(problem))
    if item.uid in answer.failed:
        said = f"{source.name} does not answer for it: {answer.failed[item.uid]}. Send it again."
        return replace(item, state=State.FAILED, verified_at="", problem=said)
    if item.uid not in answer.committed:
        return replace(item, commitment=f"{source.name} answered for other objects only.")
    return replace(item, committed_at=_now())


def _fetched_back(item: Item, source: Source, back: Path, stop: Stop) -> tuple[Path | None, str]:
    """The file that the archive gives back for the item; or None and why.

    An archive may answer success some moments before it can be asked for the object, therefore
    the question is repeated for PATIENCE seconds.
    """
    reason = f"{source.name} said success but does not hold the report. Send it again."
    found: Path | None = None
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(NothingFound):
            for event in source.fetch(item.identity.study, back, stop, [item.identity]):
                if event.path is not None and event.identity.instance == item.uid:
                    found = event.path
                elif event.problem:
                    reason = f"{source.name} said success, but: {event.problem}"
        if found is not None:
            return found, ""
        if time.monotonic() >= until:
            return None, reason
        pause = time.monotonic() + _PAUSE
        while time.monotonic() < pause:
            if stop():
                raise Cancelled("Stopped. The report was sent and is not yet verified.")
            time.sleep(0.05)


_FORMER: dict[int, Migration] = {
    1: lambda former: former | {"sop_class": ""},
    2: lambda former: former | {"instead": ""},
    3: lambda former: former | {"committed_at": "", "commitment": ""},
    4: lambda former: former | {"tried_at": ""},
}


def _save(item: Item) -> Item:
    _write(item.folder, item)
    return item


def _write(folder: Path, item: Item) -> None:
    content: dict[str, Any] = asdict(item)
    del content["folder"]
    write_versioned(
        folder / "item.json", VERSION, content, lambda body: sealed(body, folder.parent)
    )


def _read(folder: Path) -> Item:
    path = folder / "item.json"
    content = read_versioned(path, _KIND, VERSION, _FORMER, unsealed)
    del content["version"]
    try:
        content["identity"] = Identity(**content["identity"])
        content["state"] = State(content["state"])
        content["coerced"] = tuple(content["coerced"])
        return Item(folder=folder, **content)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatUnreadable(
            f"The {_KIND} {path} is damaged ({error}). The report beside it is whole; keep it.",
            path,
        ) from error


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
