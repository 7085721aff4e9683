"""Which way studies come from a node: the likeliest is tried, then the next for what is missing.

What worked is remembered for the node, so that a way that never does costs its time only once.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dicom_io.errors import NodeProblem, OperationFailed, StorageProblem
from dicom_io.pacs.fetching import Retriever
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.node import Node
from dicom_io.storage import read_versioned, write_versioned
from dicom_io.study import Instance, Series

WEB, GET, MOVE = "DICOMweb", "C-GET", "C-MOVE"
WHY = {
    WEB: "one stream brings a series, and no port of ours is needed",
    GET: "no port of ours is needed",
    MOVE: "the archive sends to our port",
}
VERSION = 1


def ways_of(node: Node) -> tuple[str, ...]:
    """The ways that the node's settings allow, the likeliest first."""
    allowed = ((WEB, bool(node.web)), (GET, bool(node.host)), (MOVE, bool(node.listen)))
    return tuple(way for way, is_open in allowed if is_open)


@dataclass(frozen=True, slots=True)
class Choice:
    """How studies come from a node, and why so."""

    way: str
    why: str = ""


class KeptChoice:
    """The choice for one node, kept in `file` where one is given. Safe for several threads."""

    _lock = threading.Lock()  # one file serves all nodes

    def __init__(self, node: Node, file: Path | None = None) -> None:
        self._node = node
        self._file = file
        self._choice: Choice | None = None

    def get(self) -> Choice:
        """What worked last, else what is tried first."""
        ways = ways_of(self._node)
        with self._lock:
            if self._choice is None:
                kept = self._read().get(self._key)
                way, why = kept if kept and kept[0] in ways else (ways[0], WHY[ways[0]])
                self._choice = Choice(way, why)
            return self._choice

    def set(self, choice: Choice) -> None:
        """Remember what worked; that it cannot be written costs no more than time."""
        with self._lock:
            if choice == self._choice:
                return
            self._choice = choice
            if self._file is not None:
                known = {**self._read(), self._key: [choice.way, choice.why]}
                with contextlib.suppress(StorageProblem):
                    write_versioned(self._file, VERSION, {"nodes": known})

    @property
    def _key(self) -> str:
        return f"{self._node.address} {self._node.web}".strip()

    def _read(self) -> dict[str, list[str]]:
        if self._file is None or not self._file.is_file():
            return {}
        try:
            nodes = read_versioned(self._file, "list of ways", VERSION).get("nodes")
        except StorageProblem:
            return {}
        if not isinstance(nodes, dict):
            return {}
        return {key: value for key, value in nodes.items() if _is_choice(value)}


def _is_choice(value: object) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)
    )


class Ways:
    """Several ways as one `Retriever`. The one that brings something is gone on with."""

    def __init__(
        self,
        node: Node,
        intake: Intake,
        ways: Sequence[tuple[str, Retriever]],
        choice: KeptChoice,
    ) -> None:
        self._node = node
        self._intake = intake
        self._choice = choice
        first = choice.get().way
        self._ways = sorted(ways, key=lambda one: one[0] != first)
        self._failures: dict[str, NodeProblem] = {}

    def whole(self, series: Series) -> list[str]:
        """Retrieve a series; see `fetching.Retriever`."""
        before = self._intake.count
        return self._try(
            lambda way: way.whole(series), lambda: self._intake.count > before, only_one=True
        )

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        """Retrieve the `wanted` instances; see `fetching.Retriever`."""

        def ask(way: Retriever) -> list[str]:
            missing = self._intake.missing(wanted)
            return way.get(series, missing, whole=whole and len(missing) == len(wanted))

        return self._try(ask, lambda: not self._intake.missing(wanted))

    def close(self) -> None:
        """Stop from another thread: when this returns, no further file appears."""
        for _, way in self._ways:
            way.close()

    def _try(
        self,
        ask: Callable[[Retriever], list[str]],
        is_done: Callable[[], bool],
        *,
        only_one: bool = False,
    ) -> list[str]:
        """Ask one way after the other until it `is_done`; a sentence that names each failure.

        Raises the failure of the only way, or one sentence of all, when nothing ever arrived.
        """
        said: dict[str, str] = {}
        raised: list[NodeProblem] = []
        for name, way in tuple(self._ways):
            before = self._intake.count
            try:
                told = ask(way)
            except NodeProblem as problem:
                told = [str(problem)]
                raised.append(problem)
                self._failures[name] = problem
                self._ways.sort(key=lambda one: one[0] in self._failures)
            if self._intake.is_closed:
                return told
            if told:
                said[name] = told[-1]
            if self._intake.count > before:
                self._worked(name, said)
            if is_done():
                return told if only_one or name in said else []
        if raised and len(raised) == len(self._ways) and not self._intake.count:
            if len(raised) == 1:
                raise raised[0]
            raise OperationFailed(self._sentence(said), self._node.name, 0)
        return [self._sentence(said)] if said else []

    def _worked(self, name: str, said: dict[str, str]) -> None:
        why = WHY[name]
        told = {**{way: str(problem) for way, problem in self._failures.items()}, **said}
        failed = [f"{way} failed: {reason}" for way, reason in told.items() if way != name]
        if failed:
            why = " ".join(failed)
        elif self._choice.get().way == name:
            return
        self._choice.set(Choice(name, why))
        if name not in self._failures:
            self._ways.sort(key=lambda one: (one[0] in self._failures, one[0] != name))

    def _sentence(self, said: dict[str, str]) -> str:
        if len(said) == 1:
            return next(iter(said.values()))
        told = " ".join(f"{way}: {reason}" for way, reason in said.items())
        return f"{self._node} sent nothing more by any way. {told}"
