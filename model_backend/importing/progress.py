"""A line on the error stream that says how far the work is."""

from __future__ import annotations

import sys
from typing import Any, TextIO

_STEP = 10  # per cent between two lines, where the stream is no terminal


class Bar:
    """How many of `total` bytes are there. Speaks as `tqdm` does, as far as the hub's library asks.

    On a terminal one line that changes; elsewhere a line every ten per cent; silent with
    `disable`. A context; the line ends with it.
    """

    stream: TextIO | None = None  # sys.stderr, unless a test says otherwise

    def __init__(
        self, *_: Any, desc: str = "", total: float | None = None, initial: float = 0, **rest: Any
    ) -> None:
        self.desc, self.total, self.n = desc, total, float(initial)
        self.disable = bool(rest.get("disable", False))
        self._stream = self.stream or sys.stderr
        self._shown = -1

    def update(self, n: float | None = 1) -> None:
        """So many bytes more; negative where the server began anew."""
        self.n += n or 0
        if self.disable or not self.total:
            return
        share = min(max(int(100 * self.n / self.total), 0), 100)
        if self._stream.isatty():
            if share != self._shown:
                filled = "#" * (share * 30 // 100)
                print(f"\r{self.desc} [{filled:<30}] {share:3d} %", end="", file=self._stream)
                self._stream.flush()
                self._shown = share
        elif share // _STEP > self._shown // _STEP:
            print(f"{self.desc}: {share} %", file=self._stream, flush=True)
            self._shown = share

    def close(self) -> None:
        """End the line."""
        if not self.disable and self._shown >= 0 and self._stream.isatty():
            print(file=self._stream, flush=True)
            self._shown = -1

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Silent(Bar):
    """The same, seen by nobody."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **{**options, "disable": True})
