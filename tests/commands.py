"""What the tests of the command line share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects, one a line, of a command with --json."""
        return [json.loads(line) for line in self.out.splitlines()]


class Wetread(Protocol):
    """`wetread("find", "--node", …)`."""

    def __call__(self, *words: object, stdin: str = ...) -> Ran: ...
