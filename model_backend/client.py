"""The model process seen from outside: start, ask, cancel, and start again; no torch."""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from model_backend import limits, wire
from model_backend.folder import ModelFolder
from model_backend.request import Event, ModelDied, ModelError, ModelIdentity, Request

log = logging.getLogger(__name__)

LOOK = 0.05  # seconds between two looks at cancel and death
PATIENCE = 10.0  # seconds that a loaded model may take to notice a cancel before it is ended
LOADING = 300.0  # the same while it is being loaded
FAREWELL = 5.0  # seconds that the process may take to end itself
_ROOT = Path(__file__).resolve().parent.parent
# Starts the worker in another environment: that one's packages, and of ours only this folder.
_ELSEWHERE = """
import importlib.util, runpy, sys
folder = sys.argv.pop(1)
spec = importlib.util.spec_from_file_location(
    "model_backend", folder + "/__init__.py", submodule_search_locations=[folder])
sys.modules["model_backend"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["model_backend"])
runpy.run_module("model_backend.worker", run_name="__main__", alter_sys=True)
"""


def never() -> bool:
    """A `stop` for work that nobody can cancel."""
    return False


class ModelClient:
    """One model in a child process, which starts with the first `ask` and stays loaded.

    `python` is the interpreter of another environment ("" or None: our own), `threads` 0 leaves
    their number to the process, `device` and `precision` are those of `model_backend.models.load`.
    Any thread may ask, one at a time; the others wait their turn. Nothing here runs at
    construction.
    """

    def __init__(
        self,
        folder: ModelFolder,
        python: str | None = None,
        threads: int = 0,
        *,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        self.folder = folder
        options = ["--threads", str(threads), "--device", device, "--precision", precision]
        self.command = _worker_command(folder.path, python or "", options)
        self._environment = _environment(python or "")
        self._child: _Child | None = None
        self._turn = threading.Lock()
        self._asker = 0  # the thread whose turn it is
        self._closed = False

    @property
    def identity(self) -> ModelIdentity:
        """The model's; device, precision and note are known once it has been loaded.

        They change when the model has to leave a graphics card whose memory is full.
        """
        child = self._child
        return (child and child.identity) or self.folder.identity("")

    @property
    def pid(self) -> int | None:
        """The child's process number while it runs."""
        child = self._child
        return child.process.pid if child and child.process.poll() is None else None

    def ask(self, requests: Sequence[Request], stop: Callable[[], bool] = never) -> Iterator[Event]:
        """The events of these requests, as they happen; see `model_backend.request.Ask`.

        Ends early, without an error, within 50 ms of `stop()` turning true. Raises ModelError:
        NoModel and BadCheckpoint when the model cannot be loaded, BadRequest, ModelDied.
        """
        limits.check(requests)
        if not requests or not self._take_turn(stop):
            return
        try:
            child = self._ready_child(stop)
            if child is not None:
                yield from child.events_of(tuple(requests), stop)
        finally:
            self._asker = 0
            self._turn.release()

    def close(self) -> None:
        """End the child. A later `ask` is refused."""
        self._closed = True
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def __enter__(self) -> ModelClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take_turn(self, stop: Callable[[], bool]) -> bool:
        if self._asker == threading.get_ident():
            raise RuntimeError("asked while an answer to the same thread is still under way")
        while not self._turn.acquire(timeout=LOOK):
            if stop():
                return False
        self._asker = threading.get_ident()
        return True

    def _ready_child(self, stop: Callable[[], bool]) -> _Child | None:
        """A child with nothing in hand, started if need be; None when stopped meanwhile."""
        if self._closed:
            raise ModelDied("The model was closed. Start the program again to ask it.")
        child = self._child
        if child is not None and not child.is_idle(stop):
            if stop():
                return None
            child.end(0.0)
        elif child is not None and child.process.poll() is not None:
            child.end()  # it died while nobody asked; nothing was lost by that
        if child is None or child.has_ended:
            child = self._child = _Child(self.command, self._environment)
            if self._closed:  # meanwhile, by another thread
                child.end()
        return child


class _Child:
    """The process with three threads around its pipes: to it, from it, and its log."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.identity: ModelIdentity | None = None
        self.has_ended = False
        self._cancelled: dict[str, float] = {}  # batch -> when; until the process confirms it
        self._arrived: queue.SimpleQueue[wire.Message | ModelError | None] = queue.SimpleQueue()
        self._leaving: queue.SimpleQueue[list[bytes | memoryview] | None] = queue.SimpleQueue()
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise ModelDied(
                f"The model process could not be started: {command[0]} ({error.strerror}). "
                "Check the setting model.python."
            ) from error
        pipes = (self.process.stdin, self.process.stdout, self.process.stderr)
        self._threads = [
            threading.Thread(target=work, args=(pipe,), name=f"model {name}", daemon=True)
            for work, pipe, name in zip(
                (self._write, self._read, _read_log), pipes, ("in", "out", "log"), strict=True
            )
        ]
        for thread in self._threads:
            thread.start()

    def events_of(self, requests: tuple[Request, ...], stop: Callable[[], bool]) -> Iterator[Event]:
        """Ask one batch; on the way out of an unfinished one the process is told to stop."""
        batch = uuid.uuid4().hex
        self._leaving.put(wire.encode(wire.Batch(batch, requests)))
        under_way = True
        try:
            while not stop():
                message = self._next()
                match message:
                    case wire.Happened(batch=name, event=event) if name == batch:
                        yield event
                    case wire.Finished(batch=name) if name == batch:
                        under_way = False
                        return
                    case wire.Failed(batch=name, error=error) if name == batch:
                        under_way = False
                        raise error
        finally:
            if under_way and not self.has_ended:
                self._cancelled[batch] = time.monotonic()
                self._leaving.put(wire.encode(wire.Cancel(batch)))

    def is_idle(self, stop: Callable[[], bool]) -> bool:
        """Wait until what was cancelled has ended; False when `stop` or patience came first."""
        while self._cancelled and not self.has_ended:
            # While the model loads it cannot hear, and starting again would only take longer.
            patience = LOADING if self.identity is None else PATIENCE
            waited = time.monotonic() - min(self._cancelled.values())
            if stop() or waited > patience:
                return False
            try:
                self._next()
            except ModelError as error:
                log.warning("the model ended while nobody asked: %s", type(error).__name__)
        return True

    def end(self, farewell: float = FAREWELL) -> None:
        """Close its input, then wait; end it by its handle if it does not go by itself."""
        self.has_ended = True
        self._leaving.put(None)
        try:
            self.process.wait(farewell)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for thread in self._threads:
            thread.join(FAREWELL)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _next(self) -> wire.Message | None:
        """What has arrived within one look; None when nothing has. Raises when the child ended."""
        try:
            message = self._arrived.get(timeout=LOOK)
        except queue.Empty:
            if self.has_ended:
                raise ModelDied("The model was closed while it answered.") from None
            return None
        if isinstance(message, wire.Hello):
            self.identity = message.model
        elif isinstance(message, wire.Finished):
            self._cancelled.pop(message.batch, None)
        elif isinstance(message, wire.Failed):
            self._cancelled.pop(message.batch, None)
            if not message.batch:
                self.end()
                raise message.error
        elif isinstance(message, ModelError):
            self.end()
            raise message
        elif message is None:
            was_closed = self.has_ended
            self.end()
            raise ModelDied(
                "The model was closed while it answered."
                if was_closed
                else f"The model process ended unexpectedly ({_exit(self.process.returncode)}). "
                "Ask again: it is then started anew."
            )
        return message

    def _write(self, pipe: IO[bytes]) -> None:
        """Thread: a large picture may take a while to go, and the asker must go on looking."""
        try:
            with pipe:
                while (pieces := self._leaving.get()) is not None:
                    pipe.writelines(pieces)
                    pipe.flush()
        except OSError:
            log.debug("the model process takes no more messages")  # `_read` tells the asker

    def _read(self, pipe: IO[bytes]) -> None:
        try:
            while (message := wire.read(pipe)) is not None:
                self._arrived.put(message)
        except ModelError as error:
            self.process.kill()
            self._arrived.put(error)
        except (OSError, ValueError):
            log.debug("the model process was closed while it was read")
        self._arrived.put(None)


def _read_log(pipe: IO[bytes]) -> None:
    """Thread: the process's log records go into ours; any other line is a stray print."""
    try:
        while line := pipe.readline(65536):
            _log_line(line.decode("utf-8", "replace").rstrip())
    except (OSError, ValueError):
        log.debug("the model process was closed while its log was read")


def _log_line(line: str) -> None:
    try:
        record = json.loads(line)
        level = logging.getLevelNamesMapping()[record["level"]]
        name, text = str(record["logger"]), str(record["text"])
    except (ValueError, KeyError, TypeError):
        log.debug("model process: %s", line)
        return
    logging.getLogger(f"{__name__}.{name}").log(level, "%s", text)


def _worker_command(folder: Path, python: str, chosen: Sequence[str]) -> list[str]:
    options = ["--folder", str(folder), *chosen]
    if python:
        return [python, "-P", "-c", _ELSEWHERE, str(_ROOT / "model_backend"), *options]
    if getattr(sys, "frozen", False):
        return [sys.executable, "--model-worker", *options]
    return [sys.executable, "-P", "-m", "model_backend.worker", *options]


def _environment(python: str) -> dict[str, str]:
    """Ours, and a path on which the child finds this package, installed or not.

    Another interpreter gets none of our paths: it brings its own packages.
    """
    environment = dict(os.environ)
    path = environment.pop("PYTHONPATH", "")
    if python:
        environment.pop("PYTHONHOME", None)
    else:
        environment["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *([path] if path else [])])
    environment["PYTHONIOENCODING"] = "utf-8:backslashreplace"
    return environment


def _exit(code: int | None) -> str:
    if code is not None and code < 0:
        return f"ended by signal {-code}"
    return f"exit code {code}"
