"""When a waiting item is tried again by itself: after pauses that double, each a little off, so
that workstations which failed together do not all come back together."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from dicom_io.pacs.outbox import Item, State

FIRST = timedelta(seconds=30)
LONGEST = timedelta(minutes=30)
SPREAD = 0.2  # of a pause, more or less


def pause_after(item: Item) -> timedelta:
    """How long to wait after the item's last try."""
    doubled: timedelta = FIRST * 2 ** min(max(item.attempts, 1) - 1, 16)
    named = hashlib.sha256(f"{item.uid} {item.attempts}".encode()).digest()
    return min(doubled, LONGEST) * (1 + SPREAD * (named[0] / 127.5 - 1))


def is_due(item: Item, now: datetime) -> bool:
    """True when the item should be tried again. A failed one waits for a person.

    A last try that lies in the future, by a clock that was set back, does not count.
    """
    if item.is_stored or item.state is State.FAILED:
        return False
    if not item.tried_at:
        return True
    since = now - datetime.fromisoformat(item.tried_at)
    return since < timedelta(0) or since >= pause_after(item)
