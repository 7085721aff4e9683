"""A contender in a process of its own answers, fails and is missing in words."""

from __future__ import annotations

import os

import pytest

from bench.apart import Apart, Missing


class Counter:
    """A contender that counts."""

    def __init__(self, start: int) -> None:
        if start < 0:
            raise Missing("nothing counts below zero here")
        self._count = start

    def add(self, number: int) -> int:
        self._count += number
        return self._count

    def pid(self) -> int:
        return os.getpid()

    def leave(self) -> None:
        os._exit(3)


def test_it_lives_elsewhere_and_remembers() -> None:
    counter = Apart(Counter, 5)

    assert counter("pid") == counter.pid != os.getpid()
    assert [counter("add", 2), counter("add", 3)] == [7, 10]
    counter.close()


def test_what_is_missing_is_said() -> None:
    with pytest.raises(Missing, match="below zero"):
        Apart(Counter, -1)


def test_failures_are_told_and_do_not_end_it() -> None:
    counter = Apart(Counter, 1)

    with pytest.raises(RuntimeError, match="TypeError"):
        counter("add", "one")
    assert counter("add", 1) == 2
    with pytest.raises(RuntimeError, match="code 3"):
        counter("leave")
    counter.close()
