"""The model process: requests come in on standard input, events go out on standard output."""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from model_backend import wire
from model_backend.device import DEVICES, PRECISIONS, is_full
from model_backend.fallback import FallbackModel
from model_backend.folder import ModelFolder
from model_backend.request import ModelError, ModelIdentity

log = logging.getLogger(__name__)

SMALL = 64 * 2**20  # bytes of weights up to which one thread is not slower than several
LAST_WORDS = 3.0  # seconds that work in hand may take to notice that the input was closed


def main(arguments: Sequence[str] | None = None) -> int:
    """Load one model, answer until standard input closes. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="model_backend.worker", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="folder with model.json")
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0: as fits")
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    chosen = parser.parse_args(arguments)
    source, sink = _take_standard_streams()
    _log_to_standard_error()
    threads = chosen.threads or _fitting_threads(chosen.folder)
    if threads > 0:  # read when the backend's libraries are loaded, which is later
        os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    return Worker(source, sink).run(chosen.folder, chosen.device, chosen.precision)


class Worker:
    """One model and one connection. The reading thread sees a cancel while the model works."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._batches: queue.SimpleQueue[wire.Batch | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._closed = threading.Event()
        self._loaded = threading.Event()
        self._done = threading.Event()
        self._damage: ModelError | None = None

    def run(self, path: Path, device: str, precision: str = "auto") -> int:
        threading.Thread(target=self._read, name="requests", daemon=True).start()
        try:
            return self._serve(path, device, precision)
        except OSError:
            return 1  # nobody reads our output any more: the other side is gone
        finally:
            self._done.set()

    def _serve(self, path: Path, device: str, precision: str) -> int:
        try:
            model = FallbackModel(ModelFolder.read(path), device, precision)
        except Exception as error:  # the border of the process: every problem must cross it
            self._send(wire.Failed("", _as_known(error, "loading the model")))
            return 1
        self._loaded.set()
        told = model.identity
        log.info("model loaded on %s in %s", told.device, told.precision or "its own precision")
        self._send(wire.Hello(told))
        while (batch := self._batches.get()) is not None:
            self._send(self._answer(model, batch))
            self._cancelled.discard(batch.id)
        if self._damage is not None:
            self._send(wire.Failed("", self._damage))
            return 1
        return 0

    def _answer(self, model: FallbackModel, batch: wire.Batch) -> wire.Finished | wire.Failed:
        """Send the events of one batch; returns how it ended."""

        def stop() -> bool:
            return batch.id in self._cancelled or self._closed.is_set()

        try:
            known = model.identity
            for event in model.answer(batch.requests, stop):
                known = self._tell(model.identity, known)
                if stop():
                    break
                self._send(wire.Happened(batch.id, event))
            self._tell(model.identity, known)
        except OSError:
            raise
        except Exception as error:  # the border of the process, as above; the model stays loaded
            return wire.Failed(batch.id, _as_known(error, "answering"))
        return wire.Finished(batch.id)

    def _tell(self, identity: ModelIdentity, known: ModelIdentity) -> ModelIdentity:
        """Introduce the model again when it had to leave the graphics card."""
        if identity != known:
            self._send(wire.Hello(identity))
        return identity

    def _send(self, message: wire.Message) -> None:
        wire.write(self._sink, message)

    def _read(self) -> None:
        try:
            while (message := wire.read(self._source)) is not None:
                if isinstance(message, wire.Batch):
                    self._batches.put(message)
                elif isinstance(message, wire.Cancel):
                    self._cancelled.add(message.batch)
        except ModelError as error:
            self._damage = error
        except OSError:
            log.debug("the input broke off")
        if self._damage is None and not self._loaded.is_set():
            os._exit(0)  # nothing is in hand yet, and importing and loading cannot be interrupted
        self._closed.set()
        self._batches.put(None)
        if not self._done.wait(LAST_WORDS):
            os._exit(1)  # stuck in native code, and nobody waits for its answer


def _as_known(error: Exception, work: str) -> ModelError:
    """The error as one sentence for a person; what was not foreseen goes to the log first."""
    if isinstance(error, ModelError):
        return error
    # Where it happened, without the message: that may quote the question that was asked.
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s while %s\n%s", type(error).__name__, work, frames)
    if _is_out_of_memory(error):
        return ModelError(
            f"The memory was not enough while {work}. Close other programs, choose a smaller "
            "model, or draw a smaller box."
        )
    return ModelError(
        f"The model failed while {work} ({type(error).__name__}). The log says where; "
        "please report it. The next question can be asked."
    )


def _is_out_of_memory(error: Exception) -> bool:
    """True for Python's, a graphics card's and the processor allocator's way of saying it."""
    return (
        isinstance(error, MemoryError)
        or is_full(error)
        or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))
    )


def _fitting_threads(path: Path) -> int:
    """One thread for a small model, 0 (as many as there are cores) for a large one.

    The steps of a small network are so short that threads wait for one another longer than they
    work, on a busy machine many times longer (bench/cancel.py, 12 MB of weights).
    """
    weights = sum(file.stat().st_size for file in path.glob("*.safetensors"))
    return 1 if weights <= SMALL else 0


def _take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep both streams for messages alone; a stray print goes to standard error instead."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


class _JsonLines(logging.Formatter):
    """One record a line, so that the client can put it into the program's own log."""

    def format(self, record: logging.LogRecord) -> str:
        name = "worker" if record.name == "__main__" else record.name
        text = record.getMessage()
        return json.dumps({"level": record.levelname, "logger": name, "text": text})


def _log_to_standard_error() -> None:
    sink = logging.StreamHandler(sys.stderr)
    sink.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[sink], force=True)
    logging.captureWarnings(True)
    # Ctrl+C in a terminal reaches the whole group; the parent decides and closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
