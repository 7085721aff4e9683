"""The audit: an append-only record of who did what to which study (DICOM PS3.15 A.5).

It holds patient identifiers, which is its purpose, and therefore has a folder of its own that only
its owner reads; the application log never holds any.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any

from dicom_io.errors import FormatTooNew, FormatUnreadable, StorageProblem
from dicom_io.identity import Identity
from dicom_io.storage import storage_problem

VERSION = 1


class Event(Enum):
    """What happened: the EventID of PS3.15 A.5, the type where one is meant, the action code."""

    APPLICATION_START = ("110100", "110120", "E")
    APPLICATION_STOP = ("110100", "110121", "E")
    LOGIN = ("110114", "110122", "E")
    LOGOUT = ("110114", "110123", "E")
    QUERY = ("110112", "", "E")
    BEGIN_TRANSFER = ("110102", "", "E")
    RECEIVED = ("110104", "", "C")
    SENT = ("110104", "", "R")
    ACCESSED = ("110103", "", "R")
    ACCESSED_BY_MODEL = ("110103", "99WETREAD:infer", "R")
    CREATED = ("110103", "", "C")
    EDITED = ("110103", "", "U")
    VERIFIED = ("110103", "99WETREAD:verify", "U")
    EXPORTED = ("110106", "", "R")
    EXPORTED_TO_MODEL = ("110106", "99WETREAD:infer", "R")  # pixels left this computer
    MODEL_LOADED = ("110100", "99WETREAD:load", "E")
    MODEL_UNLOADED = ("110100", "99WETREAD:unload", "E")
    MODELS_CHANGED = ("110113", "110131", "E")  # software configuration: imported, removed
    NODES_CHANGED = ("110113", "110128", "E")  # network configuration
    IMPORTED = ("110107", "", "C")
    SECURITY_ALERT = ("110113", "", "E")
    AUDIT_READ = ("110101", "", "R")

    @property
    def code(self) -> str:
        return self.value[0]

    @property
    def type(self) -> str:
        return self.value[1]

    @property
    def action(self) -> str:
        return self.value[2]


class Outcome(IntEnum):
    """EventOutcomeIndicator of PS3.15 A.5."""

    SUCCESS = 0
    MINOR_FAILURE = 4
    SERIOUS_FAILURE = 8
    MAJOR_FAILURE = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit as it was read back."""

    time: str  # ISO 8601 with offset
    event: str  # name of an `Event`
    outcome: int
    user: str
    identity: Identity | None
    details: tuple[tuple[str, str], ...]


class AuditLog:
    """The folder of the audit: one file of JSON lines each month, only ever appended to.

    Several processes may write at once; each line is one write to a file opened for appending.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = datetime.now) -> None:
        self.folder = folder
        self._clock = clock
        self._lock = threading.Lock()

    def record(
        self,
        event: Event,
        identity: Identity | None = None,
        *,
        user: str = "",
        outcome: Outcome = Outcome.SUCCESS,
        **details: str | int | float,
    ) -> None:
        """Append one event; when this returns the line is on the disk.

        `details` are short facts beside it (a model's hash, a node's name, a count), never report
        text and never a credential. Raises StorageProblem or DiskFull when it cannot be written:
        an action without its audit is the caller's to refuse or to report.
        """
        moment = self._clock().astimezone()
        line = {
            "version": VERSION,
            "time": moment.isoformat(timespec="milliseconds"),
            "event": event.name,
            "code": event.code,
            "type": event.type,
            "action": event.action,
            "outcome": int(outcome),
            "user": user,
            "identity": asdict(identity) if identity is not None else None,
            "details": {name: str(value) for name, value in details.items()},
        }
        body = json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        with self._lock:
            self._append(self.folder / f"audit-{moment:%Y-%m}.jsonl", body)

    def entries(self) -> Iterator[Entry]:
        """All entries, oldest first. Raises FormatUnreadable at a damaged line, FormatTooNew at
        one of a later version."""
        for path in sorted(self.folder.glob("audit-*.jsonl")):
            text = path.read_bytes().decode("utf-8", "replace")
            for number, line in enumerate(text.split("\n"), 1):
                if line:
                    yield _entry(line, path, number)

    def _append(self, path: Path, body: bytes) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as error:
            raise storage_problem(error, path) from error
        try:
            before = _ends_without_newline(descriptor)
            written = os.write(descriptor, b"\n" + body if before else body)
            if written < len(body):
                raise StorageProblem(
                    f"{path.name} could be written only in part. Make room on the disk.", path
                )
            os.fsync(descriptor)
        except OSError as error:
            raise storage_problem(error, path) from error
        finally:
            os.close(descriptor)


def _ends_without_newline(descriptor: int) -> bool:
    """True after a line that was cut short, so that the next one does not join it."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"


def _entry(line: str, path: Path, number: int) -> Entry:
    try:
        content: dict[str, Any] = json.loads(line)
        version = content["version"]
        if not isinstance(version, int):
            raise TypeError("version")
        if version > VERSION:
            raise FormatTooNew(
                f"Line {number} of the audit {path} was written by a later Wetread. "
                "Update Wetread to read it.",
                path,
            )
        identity = content["identity"]
        return Entry(
            time=str(content["time"]),
            event=str(content["event"]),
            outcome=int(content["outcome"]),
            user=str(content["user"]),
            identity=Identity(**identity) if identity is not None else None,
            details=tuple((str(k), str(v)) for k, v in content["details"].items()),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatUnreadable(
            f"Line {number} of the audit {path} is damaged. Keep the file and ask for help.", path
        ) from error
