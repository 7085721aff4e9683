"""The Model protocol, and loading one by the name of its backend."""

from __future__ import annotations

import importlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

from model_backend.folder import ModelFolder
from model_backend.memory import lean
from model_backend.request import BadCheckpoint, Event, ModelIdentity, NoModel, Request

log = logging.getLogger(__name__)


class Model(Protocol):
    """A loaded model. Another one is another file here, with
    `load(folder, device, precision="auto") -> Model`."""

    @property
    def identity(self) -> ModelIdentity: ...

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        """Answer in order; each request ends with one Answer or Refusal, unless `stop` says so.

        Looks at `stop` between tokens and between the stages before them, and then ends without
        an error. Raises BadRequest before the first event when a request cannot be answered.
        The same requests give the same events.
        """
        ...


def load(folder: ModelFolder, device: str, precision: str = "auto") -> Model:
    """The model in that folder, on "cpu", "cuda", "mps" or the better of what is there ("auto"),
    with weights in "fp32", "bf16", "int8" or what suits the device and the model ("auto").

    Raises BadCheckpoint when the weights or the backend are wrong, NoModel when the packages
    that the backend needs are not installed.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", folder.backend):
        raise BadCheckpoint(f"{folder.backend[:40]!r} is no name of a backend.", "backend")
    full_name = f"{__name__}.{folder.backend}"
    begun = time.monotonic()
    check = _Check(folder)  # reads the weights once, while the libraries are imported
    try:
        module = importlib.import_module(full_name)
        imported = time.monotonic()
        check.wait()
        checked = time.monotonic()
        with lean():
            model = cast(Model, module.load(folder, device, precision))
    except ModuleNotFoundError as error:
        if error.name == full_name:
            raise BadCheckpoint(
                f"The model {folder.name} needs the backend {folder.backend}, which this Wetread "
                "does not have. Update Wetread, or choose another model.",
                "backend",
            ) from error
        if error.name is not None and error.name.startswith("model_backend."):
            raise  # a file of ours is missing, which no installing of packages mends
        raise NoModel(
            f"The model {folder.name} needs {error.name}, which is not installed here. Install it "
            'with: pip install "wetread[model]"'
        ) from error
    log.info(
        "loaded: imports %.2f s, then the weights' SHA-256 %.2f s, the weights %.2f s",
        imported - begun,
        checked - imported,
        time.monotonic() - checked,
    )
    return model


class _Check:
    """`ModelFolder.check` on a thread of its own."""

    def __init__(self, folder: ModelFolder) -> None:
        self._folder = folder
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="SHA-256", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Raise BadCheckpoint when the weights are not those that `model.json` names, OSError when
        they cannot be read."""
        self._thread.join()
        if self._problem is not None:
            raise self._problem

    def _run(self) -> None:
        try:
            self._folder.check()
        except Exception as problem:  # the border of the thread: every problem must cross it
            self._problem = problem
