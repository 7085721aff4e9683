"""A contender in a process of its own, so that no other's threads and memory touch it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

FAREWELL = 5.0  # seconds that a contender may take to leave


class Missing(Exception):
    """A contender that cannot take part here; str() says why, and what to install."""


class Apart:
    """An object that `factory(*arguments)` makes in a child process; `apart("name", …)` calls it.

    Raises Missing when the factory did, RuntimeError with the child's words when a call fails.
    """

    def __init__(self, factory: Callable[..., object], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._child = context.Process(
            target=_serve, args=(theirs, factory, arguments), daemon=True, name=factory.__name__
        )
        self._child.start()
        theirs.close()
        self._answer()

    def __call__(self, method: str, *arguments: object) -> Any:
        self._ours.send((method, arguments))
        return self._answer()

    @property
    def pid(self) -> int:
        return self._child.pid or 0

    def close(self) -> None:
        self._ours.close()
        self._child.join(FAREWELL)
        if self._child.is_alive():
            self._child.kill()
            self._child.join()

    def _answer(self) -> Any:
        try:
            problem, result = self._ours.recv()
        except EOFError:
            self._child.join()
            raise RuntimeError(f"the contender ended with code {self._child.exitcode}") from None
        if problem is not None:
            raise problem
        return result


def _serve(connection: Connection, factory: Callable[..., object], arguments: Any) -> None:
    """The child: make the object, then answer calls until the pipe closes."""
    try:
        contender = factory(*arguments)
    except Missing as problem:
        connection.send((problem, None))
        return
    connection.send((None, None))
    while True:
        try:
            method, given = connection.recv()
        except EOFError:
            os._exit(0)  # without the libraries' farewells, which take seconds
        try:
            connection.send((None, getattr(contender, method)(*given)))
        except Missing as problem:
            connection.send((problem, None))
        except Exception as error:  # the border of the process: the parent must hear of it
            connection.send((RuntimeError(f"{type(error).__name__}: {error}"), None))
