"""Several archives searched at once: each study once, and nobody waits for a slow or dead one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dicom_io.errors import Cancelled, NodeProblem
from dicom_io.pacs.relay import POLL
from dicom_io.source import Found, Query, Source, Stop, never
from dicom_io.study import Study


@dataclass(frozen=True, slots=True)
class Answer:
    """One event of a search in several places.

    A study comes again, with more `sources`, when a second place has it, too. `problem` is why a
    place lacks studies or did not answer at all.
    """

    source: str
    study: Study | None = None
    sources: tuple[str, ...] = ()  # all places that have the study so far
    count: int = 0  # studies so far, each counted once
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    source: str
    found: Found | None  # None: this place has ended
    error: BaseException | None = None


def find_together(sources: Sequence[Source], query: Query, stop: Stop = never) -> Iterator[Answer]:
    """What all places answer, as it comes. A place that fails is named and the others go on.

    Raises Cancelled, and NodeProblem where the only place failed.
    """
    events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
    ended = threading.Event()

    def ask(source: Source) -> None:
        error: BaseException | None = None
        try:
            for found in source.find(query, lambda: stop() or ended.is_set()):
                events.put(_Event(source.name, found))
        except BaseException as caught:  # handed to the reader's thread
            error = caught
        events.put(_Event(source.name, None, error))

    for source in sources:
        threading.Thread(target=ask, args=(source,), name="search", daemon=True).start()
    places: dict[str, tuple[str, ...]] = {}  # by study
    left = len(sources)
    try:
        while left:
            if stop():
                raise Cancelled("Stopped.")
            try:
                event = events.get(timeout=POLL)
            except queue.Empty:
                continue
            left -= event.found is None
            yield from _answers(event, places, alone=len(sources) == 1)
    finally:
        ended.set()


def _answers(event: _Event, places: dict[str, tuple[str, ...]], *, alone: bool) -> Iterator[Answer]:
    """What one event says that is new."""
    if event.error is not None:
        if alone or not isinstance(event.error, NodeProblem):
            raise event.error
        yield Answer(event.source, count=len(places), problem=str(event.error))
    if event.found is None:
        return
    study = event.found.study
    if study is not None:
        uid = study.identity.study
        places[uid] = (*places.get(uid, ()), event.source)
        yield Answer(event.source, study, places[uid], len(places))
    if event.found.incomplete:
        yield Answer(event.source, count=len(places), problem=event.found.incomplete)
